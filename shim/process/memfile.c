/* SPDX-License-Identifier: MIT */
/*
 * Files in memory. A descriptor lives only from memfile_open() to
 * memfile_close(), and never passes to another program.
 */
#include "process/memfile.h"

#include <linux/memfd.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process/write_all.h"

int memfile_open(const char *bytes, size_t len, char path[MEMFILE_PATH_SIZE])
{
	/* memfd_create(3) asks for a glibc of 2.27. */
	int fd = (int)syscall(SYS_memfd_create, "pinshim", MFD_CLOEXEC);

	snprintf(path, MEMFILE_PATH_SIZE, "/proc/self/fd/%d", fd);
	if (fd >= 0 && write_all(fd, bytes, len) == 0 && access(path, R_OK) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

void memfile_close(int fd)
{
	close(fd);
}

/* SPDX-License-Identifier: MIT */
/*
 * A folder is a file that is synced like others.
 */
#include "cmd/sync_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include "cmd/cmd.h"

int sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rv = -1;

	if (fd >= 0 && fsync(fd) == 0)
		rv = 0;
	else
		complain_file(path);
	if (fd >= 0)
		close(fd);
	return rv;
}

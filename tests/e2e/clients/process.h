/* SPDX-License-Identifier: MIT */
/*
 * What the kernel knows of a process that a library could change: signals,
 * threads, descriptors and the like, one fact a line.
 */
#ifndef PINSHIM_TEST_PROCESS_H
#define PINSHIM_TEST_PROCESS_H

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static inline void state_of_process(void)
{
	char line[256], link[64], target[256];
	FILE *status = fopen("/proc/self/status", "re");
	DIR *fds = opendir("/proc/self/fd");
	struct dirent *entry;
	ssize_t len;
	int n = 0;

	while (fgets(line, sizeof(line), status))
		if ((!strncmp(line, "Sig", 3) && line[3] != 'Q') || !strncmp(line, "Threads", 7) ||
		    !strncmp(line, "Umask", 5) || !strncmp(line, "Seccomp", 7))
			fputs(line, stdout);
	fclose(status);
	while ((entry = readdir(fds))) {
		snprintf(link, sizeof(link), "/proc/self/fd/%.16s", entry->d_name);
		len = readlink(link, target, sizeof(target) - 1);
		n += len > 0;
	}
	closedir(fds);
	printf("descriptors=%d\n", n);
}

#endif

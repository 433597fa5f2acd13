/* SPDX-License-Identifier: MIT */
/*
 * To be preloaded: when something has been moved to $MEDDLE_AT, the shell runs
 * $MEDDLE before the process goes on. With $NO_EXCHANGE the file system cannot
 * exchange what has two names. What is moved, and what is put on the disk, is listed
 * in $ORDER.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note(const char *what, const char *path)
{
	const char *order = getenv("ORDER");
	FILE *f = order ? fopen(order, "a") : NULL;

	if (f && (fprintf(f, "%s %s\n", what, path) < 0 || fclose(f) != 0))
		abort();
}

int fsync(int fd)
{
	int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
	char link[32], path[4096] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) < 0)
		abort();
	note("sync", path);
	return real(fd);
}

int rename(const char *a, const char *b)
{
	int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
	const char *at = getenv("MEDDLE_AT");
	int rv = real(a, b);

	if (rv == 0)
		note("move", b);
	if (rv == 0 && at && !strcmp(b, at)) {
		unsetenv("LD_PRELOAD");
		if (system(getenv("MEDDLE")) != 0)
			abort();
	}
	return rv;
}

int renameat2(int from, const char *a, int to, const char *b, unsigned flags)
{
	int (*real)(int, const char *, int, const char *, unsigned) = dlsym(RTLD_NEXT, "renameat2");

	int rv;

	if (getenv("NO_EXCHANGE") && flags) {
		errno = EINVAL;
		return -1;
	}
	rv = real(from, a, to, b, flags);
	if (rv == 0)
		note("exchange", b);
	return rv;
}

/* SPDX-License-Identifier: MIT */
/*
 * To be preloaded: when something has been moved to $MEDDLE_AT, the shell runs
 * $MEDDLE before the process goes on. With $NO_EXCHANGE the file system cannot
 * exchange what has two names.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int rename(const char *a, const char *b)
{
	int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
	const char *at = getenv("MEDDLE_AT");
	int rv = real(a, b);

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

	if (!getenv("NO_EXCHANGE") || !flags)
		return real(from, a, to, b, flags);
	errno = EINVAL;
	return -1;
}

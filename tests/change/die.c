/* SPDX-License-Identifier: MIT */
/*
 * To be preloaded: the process ends before its $DIE_AT-th call that changes a
 * file system, as if the machine had been switched off.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void step(void)
{
	static int n;
	const char *at = getenv("DIE_AT");

	if (at && ++n == atoi(at))
		_exit(99);
}

#define STEP(name, parameters, arguments)                        \
	int name parameters                                      \
	{                                                        \
		int(*real) parameters = dlsym(RTLD_NEXT, #name); \
                                                                 \
		step();                                          \
		return real arguments;                           \
	}
#define OPEN(name)                                                             \
	int name(const char *path, int flags, ...)                             \
	{                                                                      \
		int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #name); \
		mode_t mode;                                                   \
		va_list args;                                                  \
                                                                               \
		va_start(args, flags);                                         \
		mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;             \
		va_end(args);                                                  \
		if (flags & O_CREAT)                                           \
			step();                                                \
		return real(path, flags, mode);                                \
	}

STEP(rename, (const char *a, const char *b), (a, b))
STEP(renameat2, (int i, const char *a, int k, const char *b, unsigned flags), (i, a, k, b, flags))
STEP(mkdir, (const char *path, mode_t mode), (path, mode))
STEP(unlink, (const char *path), (path))
STEP(remove, (const char *path), (path))
STEP(link, (const char *a, const char *b), (a, b))
STEP(fsync, (int fd), (fd))
OPEN(open)
OPEN(open64)

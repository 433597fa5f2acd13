/* SPDX-License-Identifier: MIT */
/*
 * To be preloaded before the library: writes every path that it looks at or opens
 * to the file $COUNT_TO, a line each.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int open_fn(const char *path, int flags, ...);

static void note(const char *call, const char *path)
{
	open_fn *real = (open_fn *)dlsym(RTLD_NEXT, "open");
	const char *to = getenv("COUNT_TO");
	int fd = to ? real(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;

	if (fd < 0)
		return;
	dprintf(fd, "%s %s\n", call, path);
	close(fd);
}

#define STAT(name, type)                                                     \
	int name(const char *restrict path, struct type *restrict st)        \
	{                                                                    \
		int (*real)(const char *, void *) = dlsym(RTLD_NEXT, #name); \
                                                                             \
		note("stat", path);                                          \
		return real(path, st);                                       \
	}
#define OPEN(name)                                                  \
	int name(const char *path, int flags, ...)                  \
	{                                                           \
		open_fn *real = (open_fn *)dlsym(RTLD_NEXT, #name); \
		mode_t mode;                                        \
		va_list args;                                       \
                                                                    \
		va_start(args, flags);                              \
		mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;  \
		va_end(args);                                       \
		note("open", path);                                 \
		return real(path, flags, mode);                     \
	}

STAT(stat, stat)
STAT(lstat, stat)
STAT(stat64, stat64)
STAT(lstat64, stat64)
OPEN(open)
OPEN(open64)

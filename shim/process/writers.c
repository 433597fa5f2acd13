/* SPDX-License-Identifier: MIT */
/*
 * Only what root alone may write binds every user: the file and each folder from
 * which it, or a folder, could be replaced.
 */
#include "process/writers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static bool fail(struct writers_fault *fault,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vasprintf(&fault->message, format, args) < 0)
		fault->message = NULL;
	va_end(args);
	return false;
}

static bool is_root_alone(const char *path, struct writers_fault *fault)
{
	if (stat(path, &fault->was) < 0)
		return fail(fault, "%s: cannot be examined: %m; make it readable", path);
	if (fault->was.st_uid == 0 && !(fault->was.st_mode & (S_IWGRP | S_IWOTH)))
		return true;
	fault->path = strdup(path);
	if (fault->was.st_uid != 0)
		return fail(fault,
			    "%s: is owned by uid %u, who could change the host's policy; chown it "
			    "to root",
			    path, (unsigned)fault->was.st_uid);
	return fail(fault,
		    "%s: can be written by others than root (mode %04o), so could the host's "
		    "policy; chmod go-w it",
		    path, (unsigned)(fault->was.st_mode & 07777));
}

bool writers_only_root(const char *path, struct writers_fault *fault)
{
	char *real = realpath(path, NULL);
	bool only_root = true;

	*fault = (struct writers_fault){ .path = NULL };
	if (!real)
		return fail(fault, "%s: cannot be resolved: %m; make it readable", path);
	while (only_root && *real) {
		only_root = is_root_alone(real, fault);
		*strrchr(real, '/') = '\0';
	}
	free(real);
	return only_root && is_root_alone("/", fault);
}

void writers_fault_free(struct writers_fault *fault)
{
	free(fault->path);
	free(fault->message);
}

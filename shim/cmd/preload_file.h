/* SPDX-License-Identifier: MIT */
/*
 * The file /etc/ld.so.preload of this system, or of one below another root
 * folder: read, and replaced in one step. Whoever looks finds the old text or
 * the new one, also after a crash. Knows nothing of what is in it.
 */
#ifndef PINSHIM_CMD_PRELOAD_FILE_H
#define PINSHIM_CMD_PRELOAD_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#define PRELOAD_FILE "/etc/ld.so.preload"

struct preload_file {
	char name[PATH_MAX]; /* for people: below the root folder */
	char real[PATH_MAX]; /* what is written: where a symbolic link leads */
	char *unsafe;	     /* why others than root could change it, or not all read it; or NULL */
	char *text;	     /* "" when there is no file; from malloc(3) */
	bool there, link;
	struct stat st;
	int lock;
};

/*
 * Reads it. ROOT: a root folder without a slash at its end, "" for this system's.
 * With LOCK nobody else who asks for it gets it until preload_file_close(). 0, or
 * -1 after a complaint. preload_file_close() in either case.
 */
int preload_file_read(const char *root, bool lock, struct preload_file *out);
void preload_file_close(struct preload_file *f);

/*
 * Puts TEXT in its place, with its owner, mode and extended attributes; "" takes
 * the file away. Not when it has changed since it was read. 0, or -1 after a
 * complaint: then it is as before, unless it says otherwise.
 */
int preload_file_replace(const struct preload_file *f, const char *text);

#endif

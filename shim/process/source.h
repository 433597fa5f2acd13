/* SPDX-License-Identifier: MIT */
/*
 * The files of one policy: found, checked for who may write them, read whole
 * and parsed. The library and the command load policies through here alone, so
 * that they cannot disagree. Keeps nothing, decides nothing, logs nothing.
 */
#ifndef PINSHIM_SOURCE_H
#define PINSHIM_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "pure/policy.h"

#define SOURCE_HOST_DIR "/etc/pinshim"

/* What stat(2) said of a path when it was read. `ino' 0: it was not there. */
struct source_stamp {
	char *path;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
};

/* A file that a policy names and that is kept with it, such as a ca-file. */
struct source_file {
	char *path;
	char *bytes;
	size_t len;
};

struct source {
	char *path; /* of the policy: a file, a folder, or SOURCE_HOST_DIR */
	bool host;
	const struct policy *policy; /* sealed read-only; NULL when the policy is bad */
	char *error;		     /* "FILE:LINE: what is wrong; what to write", or NULL */
	bool absent;		     /* nothing is there: for the host's policy that means none */
	bool empty;    /* a file is: that is an error, unless it is just being written */
	bool shortage; /* it is bad for want of something that may come: to be read again */
	struct source_stamp *stamps; /* all that a change of the policy would change */
	size_t n_stamps;
	struct source_file *files; /* every ca-file, read */
	size_t n_files;
};

/*
 * Loads the policy at PATH, a file or a folder of *.ini (for HOST:
 * SOURCE_HOST_DIR's policy.ini and policy.d). Files that change while they are
 * read, or that are younger than the file system's clock can tell apart, are
 * read again; that takes some 20 ms at most unless they go on changing.
 *
 * Always returns a source, to be freed with source_free(), unless memory ran
 * out (NULL).
 */
struct source *source_load(const char *path, bool host);
void source_free(struct source *s);

/* The policy that refuses the names in LIST (policy_refusing()); NULL when memory ran out. */
struct source *source_of_refused(const char *list);

/* What $PINSHIM_REFUSE's policy is called wherever a policy's path is told. */
#define SOURCE_REFUSE "PINSHIM_REFUSE"

/* Whether anything that was read is no longer what it was: one stat(2) a stamp. */
bool source_changed(const struct source *s);

/* The file PATH among those read with the policy, or NULL. */
const struct source_file *source_file(const struct source *s, const char *path);

/*
 * The elements of a colon-separated list of policies as absolute paths, in a
 * NULL-terminated array that one free(3) releases; NULL when memory ran out.
 * An empty element stays an empty string: it names nothing.
 */
char **source_list(const char *list);

#endif

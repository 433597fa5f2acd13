/* SPDX-License-Identifier: MIT */
/*
 * The file of known keys, which `tofu = yes' fills: found, made, checked for
 * who may write it, read whole, locked, added to and replaced. Keeps nothing
 * but its own path, leaves no descriptor open, and raises no signal.
 */
#ifndef PINSHIM_KNOWN_FILE_H
#define PINSHIM_KNOWN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "pure/known_line.h"

struct known_entry {
	struct known_line line;
	unsigned number; /* of the line, from 1 */
};

/* The file as it was read. */
struct known_file {
	struct known_file *next; /* for whoever keeps it */
	char *error;		 /* "FILE:LINE: what is wrong; what to write", or NULL */
	bool absent;		 /* there is none: nothing is known */
	bool young;		 /* may yet change without another time or size */
	struct stat stamp;
	char *text; /* all whole lines; what stands behind the last newline is none */
	size_t len;
	unsigned lines;
	char *words;		     /* what the entries point to */
	struct known_entry *entries; /* in the order of their names */
	size_t n;
};

/*
 * The file's path: `known' in $PINSHIM_STATE, else for root in /var/lib/pinshim,
 * else in $XDG_STATE_HOME/pinshim or ~/.local/state/pinshim. Found out at the
 * first look, and kept. Where there is no such folder it is "known".
 */
const char *known_file_path(void);

/* Reads it; to be freed with known_file_free(). NULL only when memory ran out. */
struct known_file *known_file_read(void);
void known_file_free(struct known_file *f);

/* Whether the file is no longer what was read, or may not be: one stat(2). */
bool known_file_changed(const struct known_file *f);

const struct known_entry *known_file_find(const struct known_file *f, const char *name);

/* The file while nobody else may change it. */
struct known_edit {
	int folder, lock;
	struct known_file *now; /* without an error */
};

/*
 * Locks the file, which is made with its folder where it is not there, and reads
 * it. Waits a few seconds for others. 0, or -1 with *ERROR, which the caller
 * frees: what is wrong, and what to do; NULL when memory ran out.
 */
int known_file_begin(struct known_edit *edit, char **error);
void known_file_end(struct known_edit *edit);

/* Adds whole lines with one write, all or none of them. 0, or -1 as above. */
int known_file_append(const struct known_edit *edit, const char *lines, size_t len, char **error);

/* Puts another text in the file's place, at once and to stay. 0, or -1 as above. */
int known_file_replace(const struct known_edit *edit, const char *text, size_t len, char **error);

#endif

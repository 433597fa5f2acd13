/* SPDX-License-Identifier: MIT */
/*
 * The text of an ld.so.preload: which entries glibc's loader finds in it, and
 * how it reads with and without the shim. Bytes in, bytes out.
 */
#ifndef PINSHIM_CMD_PRELOAD_TEXT_H
#define PINSHIM_CMD_PRELOAD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define PRELOAD_SEPARATORS " \t\n:"

struct preload_entry {
	size_t at, len; /* in the text */
	bool ours;	/* a copy of the shim's library, whatever its folder */
	bool misread;	/* it stands in a comment, which the loader overlooks */
};

struct preload_entries {
	struct preload_entry *entries;
	size_t n;
};

/* The entries of TEXT as the loader reads them. 0, or -1 when memory ran out. */
int preload_entries_find(const char *text, struct preload_entries *out);
void preload_entries_free(struct preload_entries *e);

/*
 * TEXT with ENTRY in it once and no other copy of the shim: where the first copy
 * stood, else on a line of its own at the end. Everything else stays as it is, and
 * no comment becomes an entry, unless it was one before the entry came.
 * TEXT without any copy of the shim. Both from malloc(3), NULL when memory ran out.
 */
char *preload_with(const char *text, const char *entry);
char *preload_without(const char *text);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Public suffixes: names such as `co.uk' under which anyone may register. Used
 * for a warning only; nothing is ever decided by it.
 */
#ifndef PINSHIM_CMD_SUFFIX_H
#define PINSHIM_CMD_SUFFIX_H

#include <stdbool.h>
#include <stdio.h>

#include "pure/name.h"

#define SUFFIX_SIZE (NAME_SIZE + 2)

/*
 * Whether the names that `*.NAME' covers, or `**.NAME' with SUBTREE, belong to
 * different owners, by the list of this system, if it has one. SUFFIX gets the
 * public suffix that shows it: NAME, "*.NAME", or one that ends in NAME.
 */
bool spans_owners(const char *name, bool subtree, char suffix[SUFFIX_SIZE]);

/* The same by LIST, or NULL: there is none. */
bool spans_owners_by(FILE *list, const char *name, bool subtree, char suffix[SUFFIX_SIZE]);

#endif

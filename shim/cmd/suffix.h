/* SPDX-License-Identifier: MIT */
/*
 * Public suffixes: names such as `co.uk' under which anyone may register. Used
 * for a warning only; nothing is ever decided by it.
 */
#ifndef PINSHIM_CMD_SUFFIX_H
#define PINSHIM_CMD_SUFFIX_H

#include <stdbool.h>

/* Whether NAME, in normal form, is one: by the list of this system, if it has one. */
bool is_public_suffix(const char *name);

#endif

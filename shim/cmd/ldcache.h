/* SPDX-License-Identifier: MIT */
/*
 * The dynamic loader's index of this system's libraries, /etc/ld.so.cache, as
 * ldconfig(8) writes it. Finds paths and opens none of them.
 */
#ifndef PINSHIM_CMD_LDCACHE_H
#define PINSHIM_CMD_LDCACHE_H

#include <stddef.h>

struct ldcache;

#define LDCACHE_FILE "/etc/ld.so.cache"

/* Reads the index at PATH. NULL where there is none, or it cannot be understood. */
struct ldcache *ldcache_read(const char *path);
void ldcache_free(struct ldcache *c);

/* The path of the I-th library that C (or NULL) has under NAME, of whatever machine; or NULL. */
const char *ldcache_find(const struct ldcache *c, const char *name, size_t i);

#endif

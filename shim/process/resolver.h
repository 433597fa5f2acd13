/* SPDX-License-Identifier: MIT */
/*
 * Which names the program resolved to an address, for connections that say no
 * name themselves. Safe in threads, in signal handlers and across fork(2): there
 * is no lock. Takes no memory before the first name, and reads no policy.
 */
#ifndef PINSHIM_RESOLVER_H
#define PINSHIM_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "pure/name.h"

/*
 * So many pairs of a name and an address are remembered at least, those that
 * were resolved last. Of older ones the oldest are forgotten first.
 */
#define RESOLVER_KEPT 65536

/*
 * The form in which the name that the program ASKED for is remembered: its
 * normal form, or what name_printable() makes of it. False when it is an address,
 * in any spelling that resolvers take for one (inet_aton(3), zones), or "".
 */
bool resolver_name(const char *asked, char out[NAME_SIZE]);

/*
 * Remembers that NAME, from resolver_name(), led to the address at BYTES: four
 * of AF_INET or sixteen of AF_INET6, in network order; other families have no
 * addresses. Changes errno.
 */
void resolver_add(const char *name, int family, const void *bytes);

/*
 * Calls EACH with ARG and every name that led to the address, the last first,
 * some perhaps twice; NAME is gone afterwards. False when names may be missing,
 * because memory ran out once.
 */
bool resolver_names(int family, const void *bytes, void (*each)(void *arg, const char *name),
		    void *arg);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The one normal form of host names and addresses. Policies and connections
 * are both brought into it here and nowhere else, so that they compare with
 * strcmp(3). Pure: no system call, no OpenSSL, no locale.
 */
#ifndef PINSHIM_NAME_H
#define PINSHIM_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_MAX_LEN 253 /* RFC 1035 section 2.3.4, as text without a trailing dot */
#define NAME_SIZE    (NAME_MAX_LEN + 1)

enum name_kind {
	NAME_BAD = 0,
	NAME_HOST,    /* "api.example.com" */
	NAME_ADDRESS, /* "192.0.2.7", "2001:db8::7" */
};

/*
 * Writes the normal form of the LEN bytes at TEXT to OUT: ASCII lower case, no
 * trailing dot, addresses as inet_ntop(3) prints them (RFC 5952), an IPv4-mapped
 * IPv6 address as the IPv4 address (RFC 4291 section 2.5.5.2).
 *
 * Returns what the name is. For NAME_BAD, OUT is "" and *WHY (when WHY is not
 * NULL) is a constant sentence fragment: what is wrong; what to write.
 */
enum name_kind name_normalise(const char *text, size_t len, char out[NAME_SIZE], const char **why);

/*
 * Writes to OUT what can be shown of TEXT, which is NAME_BAD: '?' in place of
 * what is not printable ASCII, and at the end where TEXT is cut. That is no name
 * either.
 */
void name_printable(const char *text, char out[NAME_SIZE]);

/*
 * The name behind the first dot of HOST, a normal-form host name, or NULL when
 * it has a single label. Points into HOST.
 */
const char *name_parent(const char *host);

#endif

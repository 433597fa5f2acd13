/* SPDX-License-Identifier: MIT */
/*
 * What the library told of one handshake, as far as `pinshim check' wants to
 * know it: a copy that lasts, with hashes and times as such. Judges nothing.
 */
#ifndef PINSHIM_CMD_SEEN_H
#define PINSHIM_CMD_SEEN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "pure/pin.h"

#define SEEN_TEXT 512
#define SEEN_MOST 32 /* certificates of one chain; more are left out */

struct seen_cert {
	uint8_t key[PIN_LEN], cert[PIN_LEN]; /* zeros: unknown */
	char subject[SEEN_TEXT], issuer[SEEN_TEXT];
	int64_t not_before, not_after; /* 0: unknown */
};

struct seen_chain {
	struct seen_cert certs[SEEN_MOST]; /* leaf first */
	size_t n;
};

struct seen {
	char verdict[32], reason[32], likely[32]; /* the words of the events; "": none */
	char policy[PATH_MAX];			  /* the file that decided */
	unsigned line;				  /* and its line; 0: none */
	char error[SEEN_TEXT];
	char matched_kind[16]; /* "pin", "pin-cert", "pin-ca"; "": none */
	unsigned matched_line;
	bool backup; /* what matched is not the first pin */
	uint8_t matched[PIN_LEN];
	struct seen_chain served, validated;
};

/*
 * Reads the last handshake that is told in FILE, lines of JSON. 0, or -1 when
 * none is, or after a complaint that calls the file NAME.
 */
int seen_read(FILE *file, const char *name, struct seen *out);

#endif

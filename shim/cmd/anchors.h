/* SPDX-License-Identifier: MIT */
/*
 * What a ca-file is worth today. Reads its certificates as the library does, and
 * verifies nothing with them.
 */
#ifndef PINSHIM_CMD_ANCHORS_H
#define PINSHIM_CMD_ANCHORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct anchors {
	unsigned count;	 /* of certificates */
	bool unreadable; /* something in it is none: the library then takes none of them */
	int64_t end;	 /* when the last of them ends, in seconds since the epoch */
};

/* Reads the LEN bytes of a PEM file. */
struct anchors anchors_read(const char *bytes, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Eight bytes a step, each of which keeps different states different: an xor, a
 * product with an odd number, an xor with what is shifted.
 */
#include "pure/check.h"

#include <string.h>

#define FACTOR 0x9e3779b97f4a7c15u /* 2^64 over the golden ratio: its bits look random */

static uint64_t step(uint64_t check, uint64_t word)
{
	check = (check ^ word) * FACTOR;
	return check ^ check >> 32;
}

uint64_t check_words(uint64_t check, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint64_t word;

	/* A text and the same one with NULs behind it differ. */
	check = step(check, len);
	for (; len >= sizeof(word); len -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		check = step(check, word);
	}
	if (len == 0)
		return check;
	word = 0;
	memcpy(&word, at, len);
	return step(check, word);
}

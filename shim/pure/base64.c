/* SPDX-License-Identifier: MIT */
/*
 * Reads base64, whole or not at all: what is not padded or not canonical is
 * never completed or cut.
 */
#include "pure/base64.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

/* The alphabet's inverse, plus one: 0 is no digit. A table, because big policies are mostly pins.
 */
// clang-format off
static const int8_t digits[UCHAR_MAX + 1] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
		24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
		48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['+'] = 63,
	['/'] = 64,
};
// clang-format on

int base64_digit(char c)
{
	return digits[(unsigned char)c] - 1;
}

/* The 24 bits of four digits; false when one is none. */
static inline bool decode_four(const char *text, uint32_t *bits)
{
	/* Each is one too many in the table. */
	const uint32_t ones = 1u << 18 | 1u << 12 | 1u << 6 | 1u;
	const uint32_t a = (uint32_t)digits[(unsigned char)text[0]];
	const uint32_t b = (uint32_t)digits[(unsigned char)text[1]];
	const uint32_t c = (uint32_t)digits[(unsigned char)text[2]];
	const uint32_t d = (uint32_t)digits[(unsigned char)text[3]];

	*bits = (a << 18) + (b << 12) + (c << 6) + d - ones;
	return a && b && c && d;
}

/* The first N bytes of BITS, as far as there is room. */
static inline void put(uint32_t bits, size_t n, uint8_t *out, size_t at, size_t most)
{
	if (at < most)
		out[at] = (uint8_t)(bits >> 16);
	if (n > 1 && at + 1 < most)
		out[at + 1] = (uint8_t)(bits >> 8);
	if (n > 2 && at + 2 < most)
		out[at + 2] = (uint8_t)bits;
}

long base64_decode(const char *text, size_t len, uint8_t *out, size_t most)
{
	char last[4] = "AAAA"; /* zeros, for what is padding */
	size_t padding = 0, n = 0;
	uint32_t bits;

	while (padding < 2 && padding < len && text[len - padding - 1] == '=')
		padding++;
	if (len == 0 || len % 4 != 0 || len > LONG_MAX)
		return -1;
	for (; len > 4; len -= 4, text += 4, n += 3) {
		if (!decode_four(text, &bits))
			return -1;
		put(bits, 3, out, n, most);
	}
	memcpy(last, text, 4 - padding);
	/* What the padding stands for must not have left bits behind. */
	if (!decode_four(last, &bits) || (bits & ((1u << 8 * padding) - 1)))
		return -1;
	put(bits, 3 - padding, out, n, most);
	return (long)(n + 3 - padding);
}

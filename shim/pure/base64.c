/* SPDX-License-Identifier: MIT */
/*
 * Reads base64, whole or not at all: what is not padded or not canonical is
 * never completed or cut.
 */
#include "pure/base64.h"

#include <limits.h>

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

long base64_decode(const char *text, size_t len, uint8_t *out, size_t most)
{
	size_t padding = 0, n = 0;
	uint32_t bits = 0;

	while (padding < 2 && padding < len && text[len - padding - 1] == '=')
		padding++;
	if (len == 0 || len % 4 != 0 || len > LONG_MAX)
		return -1;
	for (size_t i = 0; i < len - padding; i++) {
		int digit = base64_digit(text[i]);

		if (digit < 0)
			return -1;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4 == 0)
			continue;
		if (n < most)
			out[n] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
		n++;
	}
	/* What the padding stands for must not have left bits behind. */
	return bits & ((1u << 2 * padding) - 1) ? -1 : (long)n;
}

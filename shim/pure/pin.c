/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes the text of pins. A pin is read whole or not at all: what is
 * not padded, not canonical or of another length is never completed or cut.
 */
#include "pure/pin.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SCHEME	   "sha256/"
#define SCHEME_LEN (sizeof(SCHEME) - 1)
#define DIGITS	   43		     /* base64 digits of 32 bytes; one '=' follows */
#define HEX_LEN	   (PIN_LEN * 3 - 1) /* "AA:BB:...:FF" */
#define HINT	   "'pinshim pin HOST' prints one"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

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

static int digit_base64(char c)
{
	return digits[(unsigned char)c] - 1;
}

static int digit_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Pairs of hex digits with single colons between them, at least two pairs. */
static bool looks_hex(const char *text, size_t len)
{
	if (len < 5 || len % 3 != 2)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool good = i % 3 == 2 ? text[i] == ':' : digit_hex(text[i]) >= 0;

		if (!good)
			return false;
	}
	return true;
}

static int parse_hex(const char *text, size_t len, uint8_t out[PIN_LEN], char *why, size_t why_size)
{
	if (len != HEX_LEN) {
		snprintf(why, why_size, "is %zu bytes, not %d; " HINT, (len + 1) / 3, PIN_LEN);
		return -1;
	}
	for (size_t i = 0; i < PIN_LEN; i++)
		out[i] = (uint8_t)(digit_hex(text[3 * i]) * 16 + digit_hex(text[3 * i + 1]));
	return 0;
}

static int parse_base64(const char *text, size_t len, uint8_t out[PIN_LEN], char *why,
			size_t why_size)
{
	size_t n = 0; /* digits */
	size_t padding = 0;
	uint8_t pin[PIN_LEN + 1] = { 0 };
	uint32_t bits = 0;

	for (; n < len && digit_base64(text[n]) >= 0; n++) {
		bits = bits << 6 | (uint32_t)digit_base64(text[n]);
		if (n % 4 != 0 && n <= DIGITS)
			pin[n / 4 * 3 + n % 4 - 1] = (uint8_t)(bits >> (6 - 2 * (n % 4)));
	}
	while (n + padding < len && text[n + padding] == '=')
		padding++;
	if (n + padding < len) {
		snprintf(why, why_size, "is not base64; " HINT);
		return -1;
	}
	if (n != DIGITS) {
		snprintf(why, why_size, "is %zu bytes, not %d; " HINT, n * 3 / 4, PIN_LEN);
		return -1;
	}
	if (padding != 1) {
		snprintf(why, why_size, "is not padded; end it with one '='");
		return -1;
	}
	if (bits & 3) {
		snprintf(why, why_size, "is not canonical base64: bits are left over; " HINT);
		return -1;
	}
	memcpy(out, pin, PIN_LEN);
	return 0;
}

int pin_parse(const char *text, size_t len, bool hex, uint8_t out[PIN_LEN], char *why,
	      size_t why_size)
{
	if (len < SCHEME_LEN || memcmp(text, SCHEME, SCHEME_LEN) != 0) {
		bool is_hex = looks_hex(text, len);

		if (is_hex && hex)
			return parse_hex(text, len, out, why, why_size);
		snprintf(why, why_size, "%s; " HINT,
			 is_hex ? "is the hex form, which only pin-cert takes"
				: "does not begin with '" SCHEME "'");
		return -1;
	}
	text += SCHEME_LEN;
	len -= SCHEME_LEN;
	/* The second slash of curl's form, unless it is the first digit. */
	if (len != DIGITS + 1 && len > 0 && text[0] == '/') {
		text++;
		len--;
	}
	return parse_base64(text, len, out, why, why_size);
}

char *pin_format(const uint8_t pin[PIN_LEN], char out[PIN_TEXT_SIZE])
{
	char *to = out + SCHEME_LEN;
	uint32_t bits = 0;

	memcpy(out, SCHEME, SCHEME_LEN);
	for (size_t i = 0; i < PIN_LEN; i++) {
		bits = bits << 8 | pin[i];
		*to++ = alphabet[bits >> (2 + 2 * (i % 3)) & 63];
		if (i % 3 == 2)
			*to++ = alphabet[bits & 63];
	}
	*to++ = alphabet[bits << 2 & 63]; /* 32 % 3 == 2: four bits are left */
	*to++ = '=';
	*to = '\0';
	return out;
}

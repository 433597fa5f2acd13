/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes the text of pins. A pin is read whole or not at all: what is
 * not padded, not canonical or of another length is never completed or cut.
 */
#include "pure/pin.h"

#include <stdio.h>
#include <string.h>

#include "pure/base64.h"

#define SCHEME	   "sha256/"
#define SCHEME_LEN (sizeof(SCHEME) - 1)
#define DIGITS	   43		     /* base64 digits of 32 bytes; one '=' follows */
#define HEX_LEN	   (PIN_LEN * 3 - 1) /* "AA:BB:...:FF" */
#define HINT	   "'pinshim pin HOST' prints one"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

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

/* Why TEXT is not the base64 of a pin. */
static void explain_base64(const char *text, size_t len, char *why, size_t why_size)
{
	size_t n = 0; /* digits */
	size_t padding = 0;

	while (n < len && base64_digit(text[n]) >= 0)
		n++;
	while (n + padding < len && text[n + padding] == '=')
		padding++;
	if (n + padding < len)
		snprintf(why, why_size, "is not base64; " HINT);
	else if (n != DIGITS)
		snprintf(why, why_size, "is %zu bytes, not %d; " HINT, n * 3 / 4, PIN_LEN);
	else if (padding != 1)
		snprintf(why, why_size, "is not padded; end it with one '='");
	else
		snprintf(why, why_size, "is not canonical base64: bits are left over; " HINT);
}

static int parse_base64(const char *text, size_t len, uint8_t out[PIN_LEN], char *why,
			size_t why_size)
{
	uint8_t pin[PIN_LEN];

	if (base64_decode(text, len, pin, PIN_LEN) != PIN_LEN) {
		explain_base64(text, len, why, why_size);
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

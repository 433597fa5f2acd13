/* SPDX-License-Identifier: MIT */
/*
 * The text of a pin: "sha256/" and the canonical, padded base64 (RFC 4648
 * section 4) of 32 bytes, as in RFC 7469 and OkHttp. Pure.
 */
#ifndef PINSHIM_PIN_H
#define PINSHIM_PIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PIN_LEN	      32
#define PIN_TEXT_SIZE (7 + 44 + 1) /* "sha256/", base64, NUL */

/*
 * Reads the LEN bytes at TEXT as a pin into OUT. "sha256//BASE64", curl's form,
 * is read too; with HEX also "AA:BB:..", 32 pairs, as `openssl x509
 * -fingerprint -sha256' prints. The whole of TEXT must be the pin.
 *
 * Returns 0, or -1 with WHY (of WHY_SIZE bytes) saying in a fragment what is
 * wrong and what to write, for instance "is 3 bytes, not 32; 'pinshim pin HOST'
 * prints one". OUT is untouched on error.
 */
int pin_parse(const char *text, size_t len, bool hex, uint8_t out[PIN_LEN], char *why,
	      size_t why_size);

/* Writes "sha256/BASE64" and a NUL to OUT, and returns OUT. */
char *pin_format(const uint8_t pin[PIN_LEN], char out[PIN_TEXT_SIZE]);

#endif

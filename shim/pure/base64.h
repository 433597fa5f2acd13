/* SPDX-License-Identifier: MIT */
/*
 * The digits of base64 (RFC 4648 section 4). Pure.
 */
#ifndef PINSHIM_BASE64_H
#define PINSHIM_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* The value of the digit C, or -1. */
int base64_digit(char c);

/*
 * Decodes the LEN characters at TEXT, padded and canonical, and writes their
 * first MOST bytes to OUT. Returns how many bytes the whole is, or -1 when it is
 * not base64.
 */
long base64_decode(const char *text, size_t len, uint8_t *out, size_t most);

#endif

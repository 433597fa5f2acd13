/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a short keyed hash that nobody
 * without the key can find collisions of. Pure.
 */
#ifndef PINSHIM_SIPHASH_H
#define PINSHIM_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_LEN 16

uint64_t siphash(const void *bytes, size_t len, const uint8_t key[SIPHASH_KEY_LEN]);

#endif

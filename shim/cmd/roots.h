/* SPDX-License-Identifier: MIT */
/*
 * The keys of the root certificates that this system trusts, where OpenSSL looks
 * for them. For remarks only: nothing is verified with them.
 */
#ifndef PINSHIM_CMD_ROOTS_H
#define PINSHIM_CMD_ROOTS_H

#include <stdbool.h>

#include "pure/pin.h"

/* Whether KEY is one of them. The first call reads them, which takes some 10 ms. */
bool is_root_key(const uint8_t key[PIN_LEN]);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Encrypted Client Hello (RFC 9849), of which libssl has both ends from 4.0 on:
 * the name is hidden inside, and another stands outside.
 */
#include "matrix.h"

const struct scenario ech_scenarios[] = { { 0 } };

/* SPDX-License-Identifier: MIT */
/*
 * The proof that a library pins: a handshake with a wrong pin is refused before
 * any data leaves, and one with the right pin passes. The server is here, so
 * that it knows.
 */
#ifndef PINSHIM_CMD_PROOF_H
#define PINSHIM_CMD_PROOF_H

#include "cmd/trial.h"

/* 0 when it is proved; -1 after a complaint. */
int proof_make(const struct trial *t);

#endif

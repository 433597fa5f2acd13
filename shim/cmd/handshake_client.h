/* SPDX-License-Identifier: MIT */
/* What handshake.c and the client that it runs must agree on: the verb, and the line it prints. */
#ifndef PINSHIM_CMD_HANDSHAKE_CLIENT_H
#define PINSHIM_CMD_HANDSHAKE_CLIENT_H

#include "cmd/handshake.h"

/* The verb that runs the client. It is for this command alone, and no help shows it. */
#define HANDSHAKE_VERB "-handshake"

/* argv: the verb, HOST, PORT, NAME or "", what to say or "". Returns the exit code. */
int handshake_client(int argc, char **argv);

void handshake_print(enum handshake_end end, const char *why);

#endif

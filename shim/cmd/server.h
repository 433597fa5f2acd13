/* SPDX-License-Identifier: MIT */
/*
 * The TLS servers that the command itself asks: what HOST[:PORT] means, and a
 * connection to it. Speaks no TLS and prints nothing but what is wrong with HOST.
 */
#ifndef PINSHIM_CMD_SERVER_H
#define PINSHIM_CMD_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "pure/name.h"

#define SERVER_TIMEOUT_S 10 /* for connecting, and for each read and write */

struct server {
	enum name_kind kind;  /* NAME_HOST or NAME_ADDRESS */
	char name[NAME_SIZE]; /* in its normal form */
	char port[6];
};

/* Whether TEXT is a number from 1 to 65535. */
bool server_is_port(const char *text);

/*
 * Reads HOST, HOST:PORT, an address of either kind, [ADDRESS] or [ADDRESS]:PORT.
 * 0, or -1 after a complaint.
 */
int server_parse(const char *text, struct server *out);

/* A connected socket with SERVER_TIMEOUT_S on reads and writes, or -1 with WHY. */
int server_connect(const struct server *to, char *why, size_t why_size);

#endif

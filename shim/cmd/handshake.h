/* SPDX-License-Identifier: MIT */
/*
 * One TLS handshake under the library, made by this very command in a process
 * of its own: what the library will do to a program, seen from outside. The
 * client verifies nothing itself, so that only the library can refuse.
 */
#ifndef PINSHIM_CMD_HANDSHAKE_H
#define PINSHIM_CMD_HANDSHAKE_H

#include "cmd/child.h"

struct handshake {
	const char *library; /* to preload; NULL: what this system preloads by itself */
	const char *host;    /* a host name or an address, and */
	const char *port;    /* a number: where to connect to */
	const char *name;    /* to send as SNI; NULL: none */
	const char *say;     /* what to send when the handshake is done; NULL: nothing */
	/* VARIABLE=VALUE..., NULL-terminated, such as PINSHIM_POLICY; or NULL. The client's
	 * environment has nothing else in it but PATH, LD_PRELOAD and LC_ALL. */
	const char *const *variables;
	int (*prepare)(void *data); /* as in struct child */
	void *data;
};

enum handshake_end {
	HANDSHAKE_NOT_RUN = 0, /* the client could not be run, or did not end well */
	HANDSHAKE_NO_CONNECTION,
	HANDSHAKE_FAILED,   /* not by the library: the server speaks no TLS, hung up ... */
	HANDSHAKE_REFUSED,  /* by the library */
	HANDSHAKE_ACCEPTED, /* by the library, or it was not there */
};

/*
 * Makes the handshake. WHY gets one line for all but HANDSHAKE_ACCEPTED: the
 * cause as the library tells programs, or what else is wrong. The client gives
 * up after some 10 seconds of silence.
 */
enum handshake_end handshake_make(const struct handshake *h, char *why, size_t why_size);

/*
 * The same in two steps, for a caller that is the server: in between the client
 * runs. After -1 (errno) handshake_wait() must not be called.
 */
int handshake_start(const struct handshake *h, struct child *client);
enum handshake_end handshake_wait(struct child *client, char *why, size_t why_size);

#endif

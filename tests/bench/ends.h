/* SPDX-License-Identifier: MIT */
/*
 * What the programs of the benchmark share: contexts of an ordinary verifying client and of a
 * server, the clock, and an end with one message. None of them knows of the shim; what is
 * preloaded, and which policy holds, is up to the environment.
 */
#ifndef BENCH_ENDS_H
#define BENCH_ENDS_H

#include <openssl/ssl.h>

#include <stdbool.h>

#define HOST "localhost"

struct kind {
	const char *name;
	int version;
	int resumed;
	int tickets;
};

/* The kind of handshake that is called NAME; ends the program when there is none. */
const struct kind *find_kind(const char *name);

/* Prints WHAT and OpenSSL's errors, and ends the program. */
void fail(const char *what) __attribute__((noreturn));

/* Both speak KIND's version of TLS alone; the client trusts the certificates in the file ANCHOR. */
SSL_CTX *server_context(const struct kind *kind, const char *chain, const char *key);
SSL_CTX *client_context(const struct kind *kind, const char *anchor);

/* A new client that sends and verifies HOST, before its handshake. */
SSL *new_client(SSL_CTX *ctx);

/* Goes on with a handshake over memory: whether it is done. Ends the program when it fails. */
bool step(SSL *ssl);

/* Nanoseconds on a clock that only goes forward; of processor time that this thread, and that all
 * threads of this process spent. */
double now(void);
double thread_time(void);
double process_time(void);

#endif

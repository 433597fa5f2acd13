/* SPDX-License-Identifier: MIT */
/*
 * Both ends of a connection in one process. The client is the thread that runs a
 * scenario; each server's end has a thread of its own, which counts what it was
 * sent. A test that breaks exits with 2. Nothing here knows of the shim.
 */
#ifndef PINSHIM_MATRIX_ENDS_H
#define PINSHIM_MATRIX_ENDS_H

#define OPENSSL_SUPPRESS_DEPRECATED /* SRP, and what 4.0 has better names for */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>

#define NAME	   "api.example.com" /* what the policies are about */
#define OTHER_NAME "localhost"	     /* a name that none of them has a section for */

#define ADDRESS "127.0.0.9" /* an address that they are about, too */

#define HONEST "api" /* the certificate that the right pin is of */
#define THIEF  "www" /* another that the client's anchors stand for */

#define QUIC_VERSION 0x00000001 /* RFC 9000 section 15; not a version of TLS */

/* What the client sends once it trusts the server; only this is counted as data. */
#define SECRET "secret\n"
#define BANNER "hello\n"
#define ANSWER "ok\n"

/* Lines that make the server do something, after which its count starts anew. */
#define DO_RENEGOTIATE "renegotiate\n"
#define DO_ABBREVIATED "renegotiate abbreviated\n"
#define DO_CERTIFICATE "show your certificate\n"
#define DO_THIEF       "become the thief\n"
#define DO_ASK	       "ask for mine from now on\n"

struct end {
	SSL_CTX *ctx;
	int listener, fd;
	pthread_t thread;
	bool quic;
	volatile bool stop; /* QUIC: the client is done */

	/* What the server saw; to be read after end_join(). */
	bool done;	 /* a handshake was completed */
	size_t early;	 /* bytes of early data */
	size_t data;	 /* bytes of application data, without the lines above */
	size_t commands; /* how many of those lines */
	bool reused;
	bool client_certificate;
	unsigned identity; /* messages in which the client showed or proved who it is */
	char sni[256];
};

/* Says what went wrong with the test itself, and exits. */
void broken(const char *what) __attribute__((noreturn));

/* Facts on standard output. */
void fact(const char *key, const char *value);
void number(const char *key, long value);

/* Contexts for VERSION: TLS1_2_VERSION, TLS1_3_VERSION, DTLS1_2_VERSION or QUIC_VERSION. */
SSL_CTX *client_context(int version);
SSL_CTX *server_context(int version, const char *certificate);

/* CERTIFICATE is the name of files in the folder of tests/lib/pki.sh. */
void show_certificate(SSL_CTX *ctx, const char *certificate);

/* The same for one connection. */
void become(SSL *ssl, const char *certificate);

/* Makes a server ask its clients for certificates, and take any. */
void ask_for_certificate(SSL_CTX *server);

/*
 * A server's end that waits for one connection at PORT. Further
 * calls end the one before, so that there is always the last.
 */
struct end *end_start(SSL_CTX *ctx, int version, int *port);

/* Where the servers are; 127.0.0.1 unless somebody wants another. */
extern const char *end_address;

/* A server's end without a thread, for a scenario that does itself what servers do. */
struct end *end_by_hand(void);

/* The last server's end, when it has seen all that there is to see. */
const struct end *end_join(void);

/* An SSL of CTX, connected to a new server's end, under a name (NULL: none). */
SSL *dial(SSL_CTX *ctx, SSL_CTX *server, int version, const char *name);

/* The same for QUIC, with an SSL of a listener of CTX. */
SSL *dial_from_listener(SSL_CTX *ctx, SSL_CTX *server, const char *name);

/* Connects SSL to a new server's end. */
void dial_again(SSL *ssl, SSL_CTX *server, int version);
void set_name(SSL *ssl, const char *name);

/* The shutdown of a connection that is no longer needed; SSL stays. */
void hang_up(SSL *ssl);

#endif

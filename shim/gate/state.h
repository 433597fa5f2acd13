/* SPDX-License-Identifier: MIT */
/*
 * What the shim remembers on OpenSSL's objects, in their ex_data: the program's
 * own callbacks, which ours stand in front of, the SNI of a ClientHello, and
 * the verdict under which a session was made.
 */
#ifndef PINSHIM_STATE_H
#define PINSHIM_STATE_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "loader/openssl.h"
#include "pure/pin.h"

/* The longest name that SSL_set_tlsext_host_name() takes (TLSEXT_MAXLEN_host_name). */
#define SNI_MOST 255

/* What tells a server's key from others; none has no parts. */
struct key_parts {
	size_t size;
	uint8_t bytes[640]; /* RSA of 4096 bits takes 540 */
};

struct state_ctx {
	openssl_verify_cb *verify; /* the program's, or NULL: X509_verify_cert() */
	void *verify_arg;
	/* The last leaf's key, and its hash: most contexts serve one server. */
	atomic_flag last_in_use; /* by one thread at a time */
	struct key_parts last;
	uint8_t key_of_last[PIN_LEN];
};

enum state_early { EARLY_NONE = 0, EARLY_WANTED, EARLY_REFUSED };

/* Copied by SSL_dup(), so it holds no pointer of its own. */
struct state_ssl {
	bool secret_cb;		/* SSL_set_session_secret_cb() is in use (EAP-FAST) */
	enum state_early early; /* whether the ClientHello being made takes early data along */
	int64_t looked;		/* when for changed policies, in ms; 0: not for this handshake */
	uint64_t hello;		/* the ClientHello for which that was; 0: a session, so far */
	bool recorded;		/* a ClientHello was made, with the SNI below */
	char sni[SNI_MOST + 1]; /* "" when it had none */
	struct {
		sa_family_t family; /* AF_UNSPEC: not told */
		in_port_t port;	    /* in network order */
		uint8_t bytes[16];
	} peer; /* SSL_set1_initial_peer_addr() */
};

/* The state of an object; NULL when it has none. */
struct state_ctx *state_of_ctx(struct openssl *lib, const SSL_CTX *ctx);
struct state_ssl *state_of_ssl(struct openssl *lib, const SSL *ssl);

/*
 * The same, made when there is none; NULL only when memory ran out. With the first
 * of a context all indexes are taken that a handshake needs.
 */
struct state_ctx *state_make_ctx(struct openssl *lib, SSL_CTX *ctx);
struct state_ssl *state_make_ssl(struct openssl *lib, SSL *ssl);

/*
 * The verdict of a session: a token that names the very policies and names under
 * which it was accepted, 0 for none. A number, not a pointer: sessions are
 * copied without asking, and outlive policies. It is lost in i2d_SSL_SESSION(),
 * and cannot be set where the program took the lowest ex_data index first.
 */
uintptr_t state_verdict(struct openssl *lib, const SSL_SESSION *session);
void state_set_verdict(struct openssl *lib, SSL_SESSION *session, uintptr_t token);

/* The SSL that CTX verifies for, or NULL. */
SSL *state_ssl_of_store_ctx(struct openssl *lib, const X509_STORE_CTX *ctx);

#endif

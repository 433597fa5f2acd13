/* SPDX-License-Identifier: MIT */
/*
 * An SSL becomes plain bytes: the names it is meant for, the keys and
 * certificates that the server showed. Decides nothing, and leaves OpenSSL's
 * objects as they were.
 */
#ifndef PINSHIM_PEER_H
#define PINSHIM_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/openssl.h"
#include "process/event.h"
#include "pure/name.h"
#include "pure/verdict.h"

struct peer_name {
	char text[NAME_SIZE]; /* normal form; of a NAME_BAD one its printable part */
	enum name_kind kind;
	enum name_source source;
	bool beside; /* an address with names beside it: only a section of its own judges it */
};

struct peer_names {
	size_t n, size;
	struct peer_name *list; /* `few', or from malloc(3) */
	struct peer_name few[2];
	bool failed;	/* memory ran out: some are missing */
	bool unsettled; /* there will be an address, but there is none yet */
};

/* Where names may stand besides SSL itself. Each may be NULL. */
struct peer_names_told {
	const char *sent;	  /* the SNI of the ClientHello; "": it had none */
	bool sent_is_all;	  /* and no other name counts */
	const char *now;	  /* the SNI that SSL has by now */
	X509_VERIFY_PARAM *param; /* what the certificate is verified by; NULL: none came */
	bool param_is_own;	  /* and what the program may have put there in place of SSL's */
};

/*
 * All names of a client handshake, each once: SNI, then those that the program
 * gave OpenSSL to verify; where no host name or address is among these, the
 * host of the connect BIO besides, what the program resolved to the server's
 * address, and this address. To be freed with peer_names_free().
 */
void peer_names(struct openssl *lib, SSL *ssl, const struct peer_names_told *told,
		struct peer_names *out);
void peer_names_free(struct peer_names *names);

/* The server's port, 0 where SSL has no socket with a peer. */
unsigned peer_port(struct openssl *lib, SSL *ssl);

/* SHA-256 of the DER SubjectPublicKeyInfo (RFC 7469 section 2.4). 0 or -1. */
int peer_key_of_cert(struct openssl *lib, X509 *cert, uint8_t out[PIN_LEN]);
int peer_key_of_raw(struct openssl *lib, EVP_PKEY *key, uint8_t out[PIN_LEN]);

/*
 * The same of the certificate that the server of SSL has shown. Nothing is hashed
 * where it has the key that was last shown to the same SSL_CTX, which remembers it.
 */
int peer_key_of_leaf(struct openssl *lib, SSL *ssl, X509 *leaf, uint8_t out[PIN_LEN]);

/* SHA-256 of the DER certificate. 0 or -1. */
int peer_digest_of_cert(struct openssl *lib, X509 *cert, uint8_t out[PIN_LEN]);

/* Whether CERT is for NAME (RFC 6125), and whether its own key has signed it. */
bool peer_is_for(struct openssl *lib, X509 *cert, const struct peer_name *name);
bool peer_is_self_signed(struct openssl *lib, X509 *cert);

/* A certificate as events show it. 0 or -1. */
int peer_describe(struct openssl *lib, X509 *cert, struct event_cert *out);

/* The number of certificates in CHAIN (may be NULL), and the I-th. */
int peer_chain_len(const struct openssl *lib, const STACK_OF(X509) * chain);
X509 *peer_chain_cert(const struct openssl *lib, const STACK_OF(X509) * chain, int i);

#endif

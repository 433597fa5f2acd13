/* SPDX-License-Identifier: MIT */
/*
 * One libssl, with the libcrypto that it uses, as a table of functions. A
 * process may hold several; each SSL, SSL_CTX and SSL_METHOD is handled by the
 * one that made it, and by no other.
 */
#ifndef PINSHIM_OPENSSL_H
#define PINSHIM_OPENSSL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <openssl/ct.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/* What the headers of some line do not declare, or have only as a macro. */
#undef ERR_put_error
void ERR_put_error(int lib, int func, int reason, const char *file, int line);
EVP_PKEY *X509_STORE_CTX_get0_rpk(const X509_STORE_CTX *ctx);
int X509_VERIFY_PARAM_add1_ip_asc(X509_VERIFY_PARAM *param, const char *ipasc);
int SSL_is_quic(const SSL *s);
int SSL_set1_initial_peer_addr(SSL *s, const BIO_ADDR *peer_addr);
int SSL_set_quic_tls_early_data_enabled(SSL *s, int enabled);
int SSL_ech_get1_status(SSL *s, char **inner_sni, char **outer_sni);

typedef int openssl_security_cb(const SSL *s, const SSL_CTX *ctx, int op, int bits, int nid,
				void *other, void *ex);
typedef int openssl_verify_cb(X509_STORE_CTX *ctx, void *arg);

struct openssl {
#define MUST(name) __typeof__(name) *name;
#define MAY(name)  __typeof__(name) *name;
#include "loader/openssl.def"
#undef MUST
#undef MAY
	uintptr_t low, high;		   /* where libssl is mapped */
	uintptr_t crypto_low, crypto_high; /* and its libcrypto */
	const char *path;		   /* libssl's file */
	const char *lacks;		   /* the first MUST that is absent, or NULL: complete */
	/* The gate's: ex_data indexes, -1 until taken. */
	_Atomic int ssl_index, ctx_index, session_index;
	_Atomic(EVP_MD *) sha256;	  /* fetched once, 3.0 and later */
	_Atomic(X509_STORE *) anchors[2]; /* the default file's: by the environment, compiled in */
	atomic_bool params_proved;	  /* see gate/param.c */
	atomic_bool words_known;	  /* there, too */
	_Atomic size_t addresses_at;	  /* and this */
	atomic_bool early_data;		  /* early data was asked for */
};

/* More different libssl in one process than this are refused. */
#define OPENSSL_MOST 8

/*
 * The libssl that owns METHOD, or that made OBJECT (an SSL or an SSL_CTX).
 * NULL when none does: then the call is none of our business and goes on to
 * openssl_next(). One too many is a table that lacks everything. Never touches
 * dlerror(3). What is found stays mapped: libssl is linked with -z nodelete, or
 * pins itself (OPENSSL_init_ssl, 1.1.1 and later).
 */
struct openssl *openssl_of_method(const SSL_METHOD *method);
struct openssl *openssl_of(const void *object);

/* Whether FUNCTION, which has the name NAME, is a libssl's or, if it may be, a libcrypto's. */
bool openssl_defines(const char *name, const void *function);

/* Any libssl known so far, or NULL. */
struct openssl *openssl_any(void);

/* The next definition of an interposed symbol behind our own, or NULL. */
void *openssl_next(const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The exported side of the fence: each function has the name and type that
 * OpenSSL's and libc's headers give it, and one statement. Nothing is decided, printed or
 * looked up here.
 */
#include "gate/on.h"
#include "gate/on_resolve.h"

/* For `pinshim host status' and what(1), in the file alone. */
__attribute__((used)) static const char version[] = "@(#)pinshim " PINSHIM_VERSION;

/* A function of hooks.def that is missing below, or not exported, does not link. */
#pragma GCC visibility push(default)

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method)
{
	return on_ctx_new(method);
}

SSL_CTX *SSL_CTX_new_ex(OSSL_LIB_CTX *libctx, const char *propq, const SSL_METHOD *method)
{
	return on_ctx_new_ex(libctx, propq, method);
}

void SSL_CTX_set_cert_verify_callback(SSL_CTX *ctx, int (*cb)(X509_STORE_CTX *, void *), void *arg)
{
	on_ctx_set_cert_verify_callback(ctx, cb, arg);
}

void SSL_CTX_set_security_callback(SSL_CTX *ctx, openssl_security_cb *cb)
{
	on_ctx_set_security_callback(ctx, cb);
}

openssl_security_cb *SSL_CTX_get_security_callback(const SSL_CTX *ctx)
{
	return on_ctx_get_security_callback(ctx);
}

void SSL_set_security_callback(SSL *ssl, openssl_security_cb *cb)
{
	on_set_security_callback(ssl, cb);
}

openssl_security_cb *SSL_get_security_callback(const SSL *ssl)
{
	return on_get_security_callback(ssl);
}

int SSL_get_verify_mode(const SSL *ssl)
{
	return on_get_verify_mode(ssl);
}

int SSL_set_session(SSL *ssl, SSL_SESSION *session)
{
	return on_set_session(ssl, session);
}

int SSL_set_session_secret_cb(SSL *ssl, tls_session_secret_cb_fn cb, void *arg)
{
	return on_set_session_secret_cb(ssl, cb, arg);
}

int SSL_connect(SSL *ssl)
{
	return on_connect(ssl);
}

int SSL_do_handshake(SSL *ssl)
{
	return on_do_handshake(ssl);
}

int SSL_write_early_data(SSL *ssl, const void *data, size_t len, size_t *written)
{
	return on_write_early_data(ssl, data, len, written);
}

int SSL_set_quic_tls_early_data_enabled(SSL *ssl, int enabled)
{
	return on_set_quic_tls_early_data_enabled(ssl, enabled);
}

int SSL_set1_initial_peer_addr(SSL *ssl, const BIO_ADDR *peer)
{
	return on_set1_initial_peer_addr(ssl, peer);
}

const char *X509_verify_cert_error_string(long code)
{
	return on_verify_cert_error_string(code);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **list)
{
	return on_getaddrinfo(node, service, hints, list);
}

struct hostent *gethostbyname(const char *name)
{
	return on_gethostbyname(name);
}

struct hostent *gethostbyname2(const char *name, int family)
{
	return on_gethostbyname2(name, family);
}

int gethostbyname_r(const char *name, struct hostent *host, char *buffer, size_t size,
		    struct hostent **result, int *error)
{
	return on_gethostbyname_r(name, host, buffer, size, result, error);
}

int gethostbyname2_r(const char *name, int family, struct hostent *host, char *buffer, size_t size,
		     struct hostent **result, int *error)
{
	return on_gethostbyname2_r(name, family, host, buffer, size, result, error);
}

#pragma GCC visibility pop

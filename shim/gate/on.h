/* SPDX-License-Identifier: MIT */
/*
 * What happens when the program calls an interposed function, one on_...() for
 * each in entry/hooks.def. Where no policy is in force, and for objects that no
 * libssl owns, the call goes on untouched.
 */
#ifndef PINSHIM_ON_H
#define PINSHIM_ON_H

#include "loader/openssl.h"

/* Whether policies are in force. The first call reads them, behind the program's back. */
bool on_active(void);

SSL_CTX *on_ctx_new(const SSL_METHOD *method);
SSL_CTX *on_ctx_new_ex(OSSL_LIB_CTX *libctx, const char *propq, const SSL_METHOD *method);
void on_ctx_set_cert_verify_callback(SSL_CTX *ctx, openssl_verify_cb *cb, void *arg);
void on_ctx_set_security_callback(SSL_CTX *ctx, openssl_security_cb *cb);
openssl_security_cb *on_ctx_get_security_callback(const SSL_CTX *ctx);
void on_set_security_callback(SSL *ssl, openssl_security_cb *cb);
openssl_security_cb *on_get_security_callback(const SSL *ssl);
int on_get_verify_mode(const SSL *ssl);
int on_set_session(SSL *ssl, SSL_SESSION *session);
int on_set_session_secret_cb(SSL *ssl, tls_session_secret_cb_fn cb, void *arg);
int on_connect(SSL *ssl);
int on_do_handshake(SSL *ssl);
int on_write_early_data(SSL *ssl, const void *data, size_t len, size_t *written);
int on_set_quic_tls_early_data_enabled(SSL *ssl, int enabled);
int on_set1_initial_peer_addr(SSL *ssl, const BIO_ADDR *peer);
const char *on_verify_cert_error_string(long code);

#endif

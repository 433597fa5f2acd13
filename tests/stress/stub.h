/* SPDX-License-Identifier: MIT */
/*
 * The part of OpenSSL's interface that stub.c has. OpenSSL's own headers are not
 * included: the program is meant to run against the stub alone.
 */
#ifndef PINSHIM_TEST_STUB_H
#define PINSHIM_TEST_STUB_H

struct stub_method;
struct stub_ctx;
struct stub_ssl;

const struct stub_method *TLS_client_method(void);
struct stub_ctx *SSL_CTX_new(const struct stub_method *method);
void SSL_CTX_free(struct stub_ctx *ctx);
struct stub_ssl *SSL_new(struct stub_ctx *ctx);
void SSL_free(struct stub_ssl *ssl);
int SSL_connect(struct stub_ssl *ssl);
void SSL_CTX_set_cert_verify_callback(struct stub_ctx *ctx, int (*cb)(void *, void *), void *arg);

#endif

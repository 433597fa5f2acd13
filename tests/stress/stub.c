/* SPDX-License-Identifier: MIT */
/*
 * Libraries that only look like OpenSSL. As a libssl of another age (STUB
 * 1) it has what makes one, and lacks most of the rest; as STUB 2 it is like
 * libgnutls-openssl, whose few functions bear OpenSSL's names.
 */
#include "stub.h"

#include <stdlib.h>

struct stub_method {
	int version;
};

struct stub_ctx {
	long flags;
	const struct stub_method *method;
};

struct stub_ssl {
	const struct stub_method *method;
	struct stub_ctx *ctx;
};

static const struct stub_method the_method = { 3 };

const struct stub_method *TLS_client_method(void)
{
	return &the_method;
}

struct stub_ctx *SSL_CTX_new(const struct stub_method *method)
{
	struct stub_ctx *ctx = calloc(1, sizeof(*ctx) + 64);

	if (ctx)
		ctx->method = method;
	return ctx;
}

void SSL_CTX_free(struct stub_ctx *ctx)
{
	free(ctx);
}

struct stub_ssl *SSL_new(struct stub_ctx *ctx)
{
	struct stub_ssl *ssl = calloc(1, sizeof(*ssl) + 64);

	if (ssl) {
		ssl->method = ctx->method;
		ssl->ctx = ctx;
	}
	return ssl;
}

void SSL_free(struct stub_ssl *ssl)
{
	free(ssl);
}

int SSL_connect(struct stub_ssl *ssl)
{
	return ssl->ctx->method->version == 3 ? 1 : 0;
}

#if STUB == 1
int installed;

void SSL_CTX_set_cert_verify_callback(struct stub_ctx *ctx, int (*cb)(void *, void *), void *arg)
{
	(void)arg;
	installed += ctx && cb;
}
#endif

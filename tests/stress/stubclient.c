/* SPDX-License-Identifier: MIT */
/*
 * A client of stub.c: says what its SSL_connect came back with.
 */
#include <stdio.h>

#include "stub.h"

int main(void)
{
	struct stub_ctx *ctx = SSL_CTX_new(TLS_client_method());
	struct stub_ssl *ssl = ctx ? SSL_new(ctx) : NULL;

	if (!ssl)
		return 2;
	printf("connect=%d\n", SSL_connect(ssl));
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return 0;
}

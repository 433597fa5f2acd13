/* SPDX-License-Identifier: MIT */
/* See ends.h. */
#include "ends.h"

#include <openssl/err.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct kind *find_kind(const char *name)
{
	static const struct kind kinds[] = {
		{ .name = "full13", .version = TLS1_3_VERSION },
		{ .name = "full12", .version = TLS1_2_VERSION },
		{ .name = "ticket13", .version = TLS1_3_VERSION, .resumed = 1, .tickets = 1 },
		{ .name = "id12", .version = TLS1_2_VERSION, .resumed = 1 },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	fail("a kind of handshake is full13, full12, ticket13 or id12");
}

void fail(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static int speak(SSL_CTX *ctx, const struct kind *kind)
{
	return SSL_CTX_set_min_proto_version(ctx, kind->version) == 1 &&
	       SSL_CTX_set_max_proto_version(ctx, kind->version) == 1;
}

SSL_CTX *server_context(const struct kind *kind, const char *chain, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx || !speak(ctx, kind) || SSL_CTX_use_certificate_chain_file(ctx, chain) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_set_num_tickets(ctx, kind->tickets) != 1)
		fail("server");
	if (!kind->tickets)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(ctx,
				       kind->resumed ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF);
	return ctx;
}

SSL_CTX *client_context(const struct kind *kind, const char *anchor)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx || !speak(ctx, kind) || SSL_CTX_load_verify_locations(ctx, anchor, NULL) != 1)
		fail("client");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return ctx;
}

SSL *new_client(SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);

	if (!ssl || SSL_set_tlsext_host_name(ssl, HOST) != 1 || SSL_set1_host(ssl, HOST) != 1)
		fail("client");
	SSL_set_connect_state(ssl);
	return ssl;
}

bool step(SSL *ssl)
{
	int rv = SSL_do_handshake(ssl);

	if (rv != 1 && SSL_get_error(ssl, rv) != SSL_ERROR_WANT_READ)
		fail("handshake");
	return rv == 1;
}

static double read_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

double thread_time(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

double process_time(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

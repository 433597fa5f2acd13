/* SPDX-License-Identifier: MIT */
/*
 * Full TLS 1.3 handshakes of a verifying client, one after the other: server and client in one
 * process, over memory, nothing resumed. Prints nanoseconds a handshake. Which of them the shim
 * judges is up to the environment; this program must never know of it.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define HOST "localhost"

static void fail(const char *what)
{
	fprintf(stderr, "handshake: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static SSL_CTX *server_context(const char *certificate, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx || SSL_CTX_use_certificate_file(ctx, certificate, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_set_num_tickets(ctx, 0) != 1)
		fail("server");
	return ctx;
}

static SSL_CTX *client_context(const char *anchor)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx || SSL_CTX_load_verify_locations(ctx, anchor, NULL) != 1 ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1)
		fail("client");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return ctx;
}

/* Not static: a profiler is told to count inside these alone, what a client and a server pay. */
int client_step(SSL **client, SSL_CTX *ctx, BIO *wire);
int server_step(SSL **server, SSL_CTX *ctx, BIO *wire);

static int step(SSL *ssl)
{
	int rv = SSL_do_handshake(ssl);

	if (rv != 1 && SSL_get_error(ssl, rv) != SSL_ERROR_WANT_READ)
		fail("handshake");
	return rv == 1;
}

__attribute__((noinline)) int client_step(SSL **client, SSL_CTX *ctx, BIO *wire)
{
	if (!*client) {
		*client = SSL_new(ctx);
		if (!*client || SSL_set_tlsext_host_name(*client, HOST) != 1 ||
		    SSL_set1_host(*client, HOST) != 1)
			fail("client");
		SSL_set_bio(*client, wire, wire);
		SSL_set_connect_state(*client);
	}
	return step(*client);
}

__attribute__((noinline)) int server_step(SSL **server, SSL_CTX *ctx, BIO *wire)
{
	if (!*server) {
		*server = SSL_new(ctx);
		if (!*server)
			fail("server");
		SSL_set_bio(*server, wire, wire);
		SSL_set_accept_state(*server);
	}
	return step(*server);
}

static void handshake(SSL_CTX *client_ctx, SSL_CTX *server_ctx)
{
	BIO *client_end, *server_end;
	SSL *client = NULL, *server = NULL;
	int client_done, server_done;

	if (BIO_new_bio_pair(&client_end, 0, &server_end, 0) != 1)
		fail("memory");
	do {
		client_done = client_step(&client, client_ctx, client_end);
		server_done = server_step(&server, server_ctx, server_end);
	} while (!client_done || !server_done);
	if (SSL_session_reused(client) || SSL_version(client) != TLS1_3_VERSION)
		fail("not a full TLS 1.3 handshake");
	SSL_free(client);
	SSL_free(server);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
	SSL_CTX *client, *server;
	double start;
	int count;

	if (argc != 4) {
		fprintf(stderr, "usage: handshake COUNT CERTIFICATE KEY\n");
		return 2;
	}
	count = atoi(argv[1]);
	client = client_context(argv[2]);
	server = server_context(argv[2], argv[3]);
	handshake(client, server); /* what is done once is not counted */
	start = now();
	for (int i = 0; i < count; i++)
		handshake(client, server);
	printf("%.0f\n", (now() - start) / count);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	return 0;
}

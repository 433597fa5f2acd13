/* SPDX-License-Identifier: MIT */
/*
 * A client and a server in one process that take turns, joined by a socket pair,
 * so that what has to happen in the middle of a handshake does. The programs
 * that include this say what each of the two does. It must never know of the
 * shim.
 */
#ifndef PINSHIM_TEST_ENDS_H
#define PINSHIM_TEST_ENDS_H

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECRET "secret"
#define ANSWER "answer"

/* Both ends take turns; a handshake that needs more of them than this hangs. */
#define MOST_TURNS 100

static const char *pki;
static const char *certificate; /* of the server that the last connection goes to */
static const char *name;	/* the name of the last connection; NULL: none */

/* The server of the connection that this thread is at. */
static __thread struct {
	SSL *ssl;
	bool early; /* early data may still come */
	char got[64];
	size_t n;
} server;

_Noreturn static inline void broken(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(2);
}

/* Gives CTX the key and the chain of CERT. */
static inline void identify(SSL_CTX *ctx, const char *cert)
{
	char chain[4096], key[4096];

	snprintf(chain, sizeof(chain), "%s/%s-chain.pem", pki, cert);
	snprintf(key, sizeof(key), "%s/%s.key", pki, cert);
	if (!ctx || SSL_CTX_use_certificate_chain_file(ctx, chain) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		broken(chain);
}

/* Makes CTX trust all the CAs there are, so that only the pins tell the servers apart. */
static inline void trust(SSL_CTX *ctx)
{
	char anchors[4096];

	snprintf(anchors, sizeof(anchors), "%s/ca.pem", pki);
	if (!ctx || SSL_CTX_load_verify_locations(ctx, anchors, NULL) != 1)
		broken(anchors);
}

static inline void set_name(SSL *ssl, const char *sni)
{
	if (SSL_set_tlsext_host_name(ssl, sni) != 1)
		broken("SSL_set_tlsext_host_name");
}

static inline void new_server(SSL_CTX *ctx)
{
	memset(&server, 0, sizeof(server));
	server.ssl = SSL_new(ctx);
	if (!server.ssl)
		broken("SSL_new");
	SSL_set_accept_state(server.ssl);
}

/* Connects SSL to a new server, under a name. */
static inline void dial(SSL *ssl, SSL_CTX *to, const char *sni)
{
	int ends[2];

	new_server(to);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) ||
	    SSL_set_fd(ssl, ends[0]) != 1 || SSL_set_fd(server.ssl, ends[1]) != 1)
		broken("socketpair");
	set_name(ssl, sni);
}

static inline SSL *meet(SSL_CTX *ctx, SSL_CTX *to, const char *sni)
{
	SSL *ssl = SSL_new(ctx);

	if (!ssl)
		broken("SSL_new");
	dial(ssl, to, sni);
	return ssl;
}

/* The server's turn: it goes on as far as it can. */
static inline void serve(void)
{
	size_t n = 0;

	while (server.early && SSL_read_early_data(server.ssl, server.got + server.n,
						   sizeof(server.got) - 1 - server.n,
						   &n) == SSL_READ_EARLY_DATA_SUCCESS)
		server.n += n;
	while (SSL_read_ex(server.ssl, server.got + server.n, sizeof(server.got) - 1 - server.n,
			   &n) == 1) {
		server.n += n;
		SSL_write(server.ssl, ANSWER, sizeof(ANSWER) - 1);
	}
	/* The queue is the client's too. */
	ERR_clear_error();
}

static inline int shake(SSL *ssl)
{
	for (int i = 0; i < MOST_TURNS; i++) {
		int rc = SSL_connect(ssl);

		if (rc == 1 || SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ)
			return rc;
		serve();
	}
	broken("the handshake does not end");
	return -1;
}

/* Whether SECRET could be sent. */
static inline bool talk(SSL *ssl)
{
	char answer[sizeof(ANSWER)];

	if (shake(ssl) != 1 || SSL_write(ssl, SECRET, sizeof(SECRET) - 1) <= 0)
		return false;
	serve();
	/* TLS 1.3: the tickets come first. */
	return SSL_read(ssl, answer, sizeof(answer)) > 0;
}

static inline void hang_up(SSL *ssl)
{
	SSL_shutdown(ssl);
	close(SSL_get_fd(ssl));
	close(SSL_get_fd(server.ssl));
	SSL_free(server.ssl);
}

static inline void print_error(void)
{
	unsigned long error = ERR_peek_error();

	printf("error=%s\n", error ? ERR_reason_error_string(error) : "none");
}

#endif

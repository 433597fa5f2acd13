/* SPDX-License-Identifier: MIT */
/*
 * The client: one handshake, one line on standard output. It is an ordinary
 * program under the library, and learns of a refusal as every program does.
 */
#include "cmd/handshake_client.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/server.h"

#define WHY_SIZE 512

static int set_up(SSL *ssl, int fd, const char *name)
{
	if (!ssl || SSL_set_fd(ssl, fd) != 1)
		return -1;
	return !*name || SSL_set_tlsext_host_name(ssl, name) == 1 ? 0 : -1;
}

static enum handshake_end connect_tls(SSL *ssl, const char **why)
{
	long result;
	int rv;

	ERR_clear_error();
	rv = SSL_connect(ssl);
	*why = "";
	if (rv == 1)
		return HANDSHAKE_ACCEPTED;
	result = SSL_get_verify_result(ssl);
	*why = X509_verify_cert_error_string(result);
	/* Nothing is verified here, so this result is the library's. */
	if (result == X509_V_ERR_APPLICATION_VERIFICATION)
		return HANDSHAKE_REFUSED;
	*why = ERR_reason_error_string(ERR_peek_error());
	if (SSL_get_error(ssl, rv) == SSL_ERROR_WANT_READ)
		*why = "no answer in time";
	if (!*why)
		*why = "the connection was closed";
	return HANDSHAKE_FAILED;
}

/* Tickets that nobody has read would make close(2) reset the connection, and what was said be lost.
 */
static void say_and_listen(SSL *ssl, const char *text)
{
	char answer[256];

	if (SSL_write(ssl, text, (int)strlen(text)) > 0 && SSL_shutdown(ssl) >= 0)
		while (SSL_read(ssl, answer, sizeof(answer)) > 0)
			continue;
}

static int talk(SSL_CTX *ctx, int fd, const char *name, const char *say)
{
	SSL *ssl = SSL_new(ctx);
	enum handshake_end end;
	const char *why;
	int rv = -1;

	if (set_up(ssl, fd, name) == 0) {
		end = connect_tls(ssl, &why);
		if (end == HANDSHAKE_ACCEPTED && *say)
			say_and_listen(ssl, say);
		handshake_print(end, why);
		rv = 0;
	}
	SSL_free(ssl);
	return rv;
}

int handshake_client(int argc, char **argv)
{
	struct server to = { 0 };
	char why[WHY_SIZE];
	SSL_CTX *ctx;
	int fd, rv = -1;

	if (argc != 5 || strlen(argv[1]) >= sizeof(to.name) || strlen(argv[2]) >= sizeof(to.port))
		return EXIT_USAGE;
	strcpy(to.name, argv[1]);
	strcpy(to.port, argv[2]);
	signal(SIGPIPE, SIG_IGN);
	fd = server_connect(&to, why, sizeof(why));
	if (fd < 0) {
		handshake_print(HANDSHAKE_NO_CONNECTION, why);
		return EXIT_SUCCESS;
	}
	ctx = SSL_CTX_new(TLS_client_method());
	if (ctx) {
		/* Where the library looks for CAs that servers do not send. */
		SSL_CTX_set_default_verify_paths(ctx);
		rv = talk(ctx, fd, argv[3], argv[4]);
	}
	if (rv < 0)
		complain("OpenSSL cannot be set up: %s", ERR_reason_error_string(ERR_peek_error()));
	SSL_CTX_free(ctx);
	close(fd);
	return rv < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

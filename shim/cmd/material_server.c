/* SPDX-License-Identifier: MIT */
/*
 * Asks a TLS server for its certificates. Takes whatever is served, since what
 * is served is the question; whether it verified is told, and decides nothing.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/material.h"
#include "cmd/server.h"

#define PATIENCE_S 15 /* for all of a handshake: a server may send one byte after the other */
#define WHY_SIZE   512

static int asked;
static volatile sig_atomic_t gave_up;

static void give_up(int signal)
{
	(void)signal;
	gave_up = 1;
	shutdown(asked, SHUT_RDWR);
}

static int handshake(SSL *ssl, int fd, const struct server *to)
{
	const char *reason;
	int rv;

	if (!ssl || SSL_set_fd(ssl, fd) != 1 ||
	    (to->kind == NAME_HOST && SSL_set_tlsext_host_name(ssl, to->name) != 1)) {
		complain("out of memory");
		return -1;
	}
	asked = fd;
	signal(SIGALRM, give_up);
	alarm(PATIENCE_S);
	ERR_clear_error();
	rv = SSL_connect(ssl);
	alarm(0);
	if (rv == 1)
		return 0;
	reason = ERR_reason_error_string(ERR_peek_error());
	if (gave_up || SSL_get_error(ssl, rv) == SSL_ERROR_WANT_READ)
		reason = "no answer in time";
	complain("no TLS handshake with '%s' port %s: %s", to->name, to->port,
		 reason ? reason : "the connection was closed");
	return -1;
}

static void remark(const SSL *ssl, const struct server *to, struct material *m)
{
	X509 *leaf = sk_X509_value(m->chain, 0);
	long result = SSL_get_verify_result(ssl);
	bool fits;

	if (result == X509_V_OK)
		snprintf(m->chain_remark, REMARK_SIZE,
			 "its chain verified against this system's trust anchors");
	else
		snprintf(m->chain_remark, REMARK_SIZE, "its chain did NOT verify here: %s",
			 X509_verify_cert_error_string(result));
	fits = to->kind == NAME_HOST ? X509_check_host(leaf, to->name, 0, 0, NULL) == 1
				     : X509_check_ip_asc(leaf, to->name, 0) == 1;
	snprintf(m->name_remark, REMARK_SIZE, "the certificate is %s for %s",
		 fits ? "valid" : "NOT valid", to->name);
}

static int take_served(const SSL *ssl, const struct server *to, struct material *out)
{
	STACK_OF(X509) *served = SSL_get_peer_cert_chain(ssl);

	if (sk_X509_num(served) < 1) {
		complain("'%s' port %s served no certificate", to->name, to->port);
		return -1;
	}
	if (material_take_chain(out, X509_chain_up_ref(served)) < 0)
		return -1;
	remark(ssl, to, out);
	strcpy(out->title, to->name);
	return 0;
}

static int fetch(SSL_CTX *ctx, const struct server *to, struct material *out)
{
	SSL *ssl = NULL;
	char why[WHY_SIZE];
	int rv = -1, fd = server_connect(to, why, sizeof(why));

	if (fd < 0) {
		complain("%s", why);
		return -1;
	}
	ssl = SSL_new(ctx);
	if (handshake(ssl, fd, to) == 0)
		rv = take_served(ssl, to, out);
	SSL_free(ssl);
	close(fd);
	return rv;
}

int material_fetch(const char *text, struct material *out)
{
	struct server target;
	SSL_CTX *ctx;
	int rv = -1;

	if (server_parse(text, &target) < 0)
		return EXIT_USAGE;
	signal(SIGPIPE, SIG_IGN); /* a server that hangs up is an error like others */
	ctx = SSL_CTX_new(TLS_client_method());
	if (ctx && SSL_CTX_set_default_verify_paths(ctx) == 1)
		rv = fetch(ctx, &target, out);
	else
		complain("OpenSSL cannot be set up: %s", ERR_reason_error_string(ERR_peek_error()));
	SSL_CTX_free(ctx);
	return rv ? EXIT_FAILURE : 0;
}

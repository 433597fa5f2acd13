/* SPDX-License-Identifier: MIT */
/*
 * Asks a TLS server for its certificates. Takes whatever is served, since what
 * is served is the question; whether it verified is told, and decides nothing.
 */
#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/material.h"

#define TIMEOUT_S 10

struct target {
	enum name_kind kind;
	char name[NAME_SIZE];
	char port[6];
};

static int parse_port(const char *text, char port[6])
{
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 5 || text[len] || atoi(text) < 1 || atoi(text) > 65535)
		return -1;
	strcpy(port, text);
	return 0;
}

/* HOST, HOST:PORT, an address of either kind, [ADDRESS] or [ADDRESS]:PORT. */
static int parse_target(const char *text, struct target *out)
{
	const char *host = text, *end = text + strlen(text), *colon = strchr(text, ':');
	const char *why;

	strcpy(out->port, "443");
	if (*text == '[' && strchr(text, ']')) {
		host++;
		end = strchr(text, ']');
		colon = end[1] ? end + 1 : NULL;
	} else if (colon && strchr(colon + 1, ':')) {
		colon = NULL; /* those of an IPv6 address */
	} else if (colon) {
		end = colon;
	}
	if (colon && (*colon != ':' || parse_port(colon + 1, out->port) < 0)) {
		complain("'%s': '%s' is not a port; write HOST:PORT with a PORT from 1 to 65535",
			 text, *colon == ':' ? colon + 1 : colon);
		return -1;
	}
	out->kind = name_normalise(host, (size_t)(end - host), out->name, &why);
	if (out->kind != NAME_BAD)
		return 0;
	complain("'%s' is no file, and the host name '%.*s' %s", text, (int)(end - host), host,
		 why);
	return -1;
}

static int connect_one(const struct addrinfo *address)
{
	const struct timeval timeout = { .tv_sec = TIMEOUT_S };
	int error, fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	/* On Linux SO_SNDTIMEO holds for connect(2) too, which then fails with EINPROGRESS. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0 &&
	    connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return fd;
	error = errno == EINPROGRESS ? ETIMEDOUT : errno;
	close(fd);
	errno = error;
	return -1;
}

static int connect_to(const struct target *to)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list;
	int fd = -1, error = getaddrinfo(to->name, to->port, &hints, &list);

	if (error) {
		complain("'%s' cannot be resolved: %s", to->name, gai_strerror(error));
		return -1;
	}
	for (const struct addrinfo *a = list; fd < 0 && a; a = a->ai_next)
		fd = connect_one(a);
	if (fd < 0)
		complain("no connection to '%s' port %s: %s", to->name, to->port, strerror(errno));
	freeaddrinfo(list);
	return fd;
}

static int handshake(SSL *ssl, int fd, const struct target *to)
{
	const char *reason;
	int rv;

	if (!ssl || SSL_set_fd(ssl, fd) != 1 ||
	    (to->kind == NAME_HOST && SSL_set_tlsext_host_name(ssl, to->name) != 1)) {
		complain("out of memory");
		return -1;
	}
	ERR_clear_error();
	rv = SSL_connect(ssl);
	if (rv == 1)
		return 0;
	reason = ERR_reason_error_string(ERR_peek_error());
	if (SSL_get_error(ssl, rv) == SSL_ERROR_WANT_READ)
		reason = "no answer in time";
	complain("no TLS handshake with '%s' port %s: %s", to->name, to->port,
		 reason ? reason : "the connection was closed");
	return -1;
}

static void remark(const SSL *ssl, const struct target *to, struct material *m)
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

static int take_served(const SSL *ssl, const struct target *to, struct material *out)
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

static int fetch(SSL_CTX *ctx, const struct target *to, struct material *out)
{
	SSL *ssl = NULL;
	int rv = -1, fd = connect_to(to);

	if (fd < 0)
		return -1;
	ssl = SSL_new(ctx);
	if (handshake(ssl, fd, to) == 0)
		rv = take_served(ssl, to, out);
	SSL_free(ssl);
	close(fd);
	return rv;
}

int material_fetch(const char *text, struct material *out)
{
	struct target target;
	SSL_CTX *ctx;
	int rv = -1;

	if (parse_target(text, &target) < 0)
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

/* SPDX-License-Identifier: MIT */
/*
 * The server for what Python's cannot do: pre-shared keys, anonymous suites and
 * early data: server PORT_FILE RECORD_FILE CHAIN KEY [CIPHERS|eap-fast]. It records as
 * tests/lib/server.py does, one JSON line a connection, and answers every line
 * with `ok'. It must never lose a connection: SIGTERM ends it only when the
 * listen queue is empty.
 */
#include "psk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t stop;
static bool eap_fast;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static void broken(const char *what)
{
	fprintf(stderr, "server: %s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(2);
}

static SSL_CTX *context(const char *chain, const char *key, const char *ciphers)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx || SSL_CTX_use_certificate_chain_file(ctx, chain) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		broken(chain);
	if (ciphers && !eap_fast && SSL_CTX_set_cipher_list(ctx, ciphers) != 1)
		broken(ciphers);
	SSL_CTX_set_dh_auto(ctx, 1);
	SSL_CTX_set_options(ctx, SSL_OP_NO_ANTI_REPLAY);
	SSL_CTX_set_psk_find_session_callback(ctx, psk_find_session);
	SSL_CTX_set_psk_server_callback(ctx, psk_find_key);
	SSL_CTX_set_srp_username_callback(ctx, srp_find_user);
	SSL_CTX_set_max_early_data(ctx, PSK_EARLY_DATA);
	SSL_CTX_set_recv_max_early_data(ctx, PSK_EARLY_DATA);
	return ctx;
}

static size_t read_early_data(SSL *ssl)
{
	char buffer[1024];
	size_t total = 0, n;
	int rc;

	do {
		rc = SSL_read_early_data(ssl, buffer, sizeof(buffer), &n);
		if (rc == SSL_READ_EARLY_DATA_SUCCESS)
			total += n;
	} while (rc == SSL_READ_EARLY_DATA_SUCCESS);
	return total;
}

static void serve(SSL_CTX *ctx, int fd, FILE *record)
{
	SSL *ssl = SSL_new(ctx);
	const char *handshake = "ok", *sni;
	char buffer[1024];
	size_t data;
	int n;

	SSL_set_fd(ssl, fd);
	SSL_set_accept_state(ssl);
	if (eap_fast) {
		SSL_set_session_ticket_ext_cb(ssl, eap_take_ticket, NULL);
		SSL_set_session_secret_cb(ssl, eap_give_secret, NULL);
	}
	data = read_early_data(ssl);
	if (SSL_do_handshake(ssl) == 1) {
		while ((n = SSL_read(ssl, buffer, sizeof(buffer))) > 0) {
			data += (size_t)n;
			SSL_write(ssl, "ok\n", 3);
		}
	} else {
		handshake = ERR_peek_error() ? ERR_reason_error_string(ERR_peek_error()) : "EOF";
	}
	sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	fprintf(record,
		"{\"handshake\": \"%s\", \"sni\": \"%s\", \"version\": \"%s\", \"reused\": %s, "
		"\"data\": %zu, \"cipher\": \"%s\"}\n",
		handshake, sni ? sni : "", SSL_get_version(ssl),
		SSL_session_reused(ssl) ? "true" : "false", data, SSL_get_cipher(ssl));
	fflush(record);
	ERR_clear_error();
	SSL_free(ssl);
	close(fd);
}

/* The port file appears whole: readers wait for its name. */
static void tell_port(int listener, const char *path)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	char new[4096];
	FILE *file;

	snprintf(new, sizeof(new), "%s.new", path);
	file = fopen(new, "we");
	if (!file || getsockname(listener, (struct sockaddr *)&address, &len))
		broken(new);
	fprintf(file, "%d\n", ntohs(address.sin_port));
	fclose(file);
	if (rename(new, path))
		broken(path);
}

int main(int argc, char **argv)
{
	struct sockaddr_in loopback = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sigaction action = { .sa_handler = on_term };
	struct timespec now = { 0 };
	struct pollfd ready = { .events = POLLIN };
	sigset_t term, none;
	SSL_CTX *ctx;
	FILE *record;
	int queued;

	if (argc < 5) {
		fputs("usage: server PORT_FILE RECORD_FILE CHAIN KEY [CIPHERS|eap-fast]\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	sigaction(SIGTERM, &action, NULL);
	eap_fast = argv[5] && !strcmp(argv[5], "eap-fast");
	ctx = context(argv[3], argv[4], argv[5]);
	record = fopen(argv[2], "ae");
	ready.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!record || bind(ready.fd, (struct sockaddr *)&loopback, sizeof(loopback)) ||
	    listen(ready.fd, 16))
		broken("listen");
	tell_port(ready.fd, argv[1]);
	/* SIGTERM comes only inside ppoll: once it has come, only what is queued is taken. */
	do {
		queued = ppoll(&ready, 1, stop ? &now : NULL, &none);
		if (queued > 0)
			serve(ctx, accept(ready.fd, NULL, NULL), record);
	} while (queued > 0 || !stop);
	fclose(record);
	return 0;
}

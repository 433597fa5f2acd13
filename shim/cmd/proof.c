/* SPDX-License-Identifier: MIT */
/*
 * A TLS server on loopback with a key that exists in memory alone, and two
 * policies for the client: one pins that key, the other one does not. What the
 * client says counts as little as what the server saw: both must be right.
 */
#include "cmd/proof.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/handshake.h"
#include "cmd/material.h"
#include "cmd/server.h"

#define NAME	   "proof.pinshim.invalid" /* RFC 6761: nobody's */
#define TEXT	   "data of the program"
#define WHY_SIZE   1024
#define VALID_S	   86400
#define PATIENCE_S 20

/* What the server saw of one client. */
struct seen {
	bool asked, finished;
	char data[sizeof(TEXT) + 1];
};

static X509 *make_certificate(EVP_PKEY *key)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();

	if (cert && name && X509_set_version(cert, 2) == 1 &&
	    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), -VALID_S) &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), VALID_S) &&
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)NAME, -1,
				       -1, 0) == 1 &&
	    X509_set_subject_name(cert, name) == 1 && X509_set_issuer_name(cert, name) == 1 &&
	    X509_set_pubkey(cert, key) == 1 && X509_sign(cert, key, EVP_sha256()) > 0) {
		X509_NAME_free(name);
		return cert;
	}
	X509_NAME_free(name);
	X509_free(cert);
	return NULL;
}

static EVP_PKEY *make_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	if (ctx && EVP_PKEY_keygen_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1) == 1)
		EVP_PKEY_keygen(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* A server's context with a new key, whose pin goes to PIN. */
static SSL_CTX *make_server(uint8_t pin[PIN_LEN])
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = make_key();
	X509 *cert = key ? make_certificate(key) : NULL;

	if (!ctx || !cert || SSL_CTX_use_certificate(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
	    material_hash_key(X509_get_X509_PUBKEY(cert), pin) < 0) {
		complain("OpenSSL cannot make a server for the proof: %s",
			 ERR_reason_error_string(ERR_peek_error()));
		SSL_CTX_free(ctx);
		ctx = NULL;
	}
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

static int listen_on_loopback(char port[6])
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 &&
	    listen(fd, 1) == 0 && getsockname(fd, (struct sockaddr *)&at, &len) == 0) {
		snprintf(port, 6, "%u", (unsigned)ntohs(at.sin_port));
		return fd;
	}
	complain("the proof cannot listen on loopback: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static void serve(SSL_CTX *ctx, int fd, struct seen *seen)
{
	const struct timeval timeout = { .tv_sec = SERVER_TIMEOUT_S };
	SSL *ssl = SSL_new(ctx);
	int n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	seen->asked = true;
	if (ssl && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1) {
		seen->finished = true;
		n = SSL_read(ssl, seen->data, sizeof(seen->data) - 1);
		seen->data[n > 0 ? n : 0] = '\0';
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	ERR_clear_error();
}

/* Serves one connection, unless the client ends before it makes one. */
static void serve_one(SSL_CTX *ctx, int listener, const struct child *client, struct seen *seen)
{
	struct pollfd polls[] = { { listener, POLLIN, 0 }, { client->fds[0], POLLIN, 0 } };
	int fd;

	if (poll(polls, 2, PATIENCE_S * 1000) <= 0 || !(polls[0].revents & POLLIN))
		return;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	serve(ctx, fd, seen);
	close(fd);
}

/* One handshake under a policy with PIN. */
static enum handshake_end attempt(const struct trial *t, SSL_CTX *ctx, const uint8_t pin[PIN_LEN],
				  struct seen *seen, char why[WHY_SIZE])
{
	struct stage stage = trial_stage(t, true, false);
	struct handshake h = {
		.library = t->unstaged ? t->library : NULL,
		.host = "127.0.0.1",
		.name = NAME,
		.say = TEXT,
		.prepare = stage_enter,
		.data = &stage,
	};
	char text[PIN_TEXT_SIZE], port[6], policy[64];
	/* It lives as long as the client: not CLOEXEC. */
	int file = memfd_create("pinshim proof", 0), listener = listen_on_loopback(port);
	enum handshake_end end = HANDSHAKE_NOT_RUN;
	struct child client;

	stage.without_policy = true;
	h.port = port;
	h.variables = (const char *const[]){ policy, "PINSHIM_LOG=none", NULL };
	snprintf(policy, sizeof(policy), "PINSHIM_POLICY=/proc/self/fd/%d", file);
	snprintf(why, WHY_SIZE, "it could not be set up");
	if (file >= 0 && listener >= 0 && fchmod(file, 0600) == 0 &&
	    dprintf(file, "[%s]\npin = %s\n", NAME, pin_format(pin, text)) > 0) {
		if (handshake_start(&h, &client) == 0) {
			serve_one(ctx, listener, &client, seen);
			end = handshake_wait(&client, why, WHY_SIZE);
		} else {
			snprintf(why, WHY_SIZE, "the client cannot be run: %s", strerror(errno));
		}
	}
	if (file >= 0)
		close(file);
	if (listener >= 0)
		close(listener);
	return end;
}

static int prove_refusal(const struct trial *t, SSL_CTX *ctx, const uint8_t pin[PIN_LEN])
{
	uint8_t wrong[PIN_LEN];
	struct seen seen = { 0 };
	enum handshake_end end;
	char why[WHY_SIZE];

	memcpy(wrong, pin, PIN_LEN);
	wrong[0] ^= 1;
	end = attempt(t, ctx, wrong, &seen, why);
	if (end == HANDSHAKE_REFUSED && seen.asked && !seen.finished && !*seen.data)
		return 0;
	if (end == HANDSHAKE_ACCEPTED || seen.finished)
		complain("'%s' does not refuse a wrong pin: the server %s", t->library,
			 *seen.data ? "got the program's data" : "finished the handshake");
	else
		complain("a handshake under '%s' with a wrong pin does not end as a refusal: %s",
			 t->library, why);
	return -1;
}

static int prove_acceptance(const struct trial *t, SSL_CTX *ctx, const uint8_t pin[PIN_LEN])
{
	struct seen seen = { 0 };
	char why[WHY_SIZE];

	if (attempt(t, ctx, pin, &seen, why) == HANDSHAKE_ACCEPTED && !strcmp(seen.data, TEXT))
		return 0;
	complain("a handshake under '%s' with the right pin does not pass: %s", t->library,
		 *why ? why : "the server did not get the program's data");
	return -1;
}

int proof_make(const struct trial *t)
{
	uint8_t pin[PIN_LEN];
	SSL_CTX *ctx = make_server(pin);
	int rv = -1;

	signal(SIGPIPE, SIG_IGN); /* a client that refuses hangs up */
	if (ctx && prove_refusal(t, ctx, pin) == 0 && prove_acceptance(t, ctx, pin) == 0)
		rv = 0;
	SSL_CTX_free(ctx);
	return rv;
}

/* SPDX-License-Identifier: MIT */
/*
 * A TLS client and a TLS server in one process, joined by memory: handshakes
 * without sockets, as many as one likes. The certificates are made in memory.
 */
#ifndef PINSHIM_TEST_PAIR_H
#define PINSHIM_TEST_PAIR_H

#include <dirent.h>
#include <stdatomic.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "../unit/certs.h"

#define NAME "api.example.com"

/* A server's identity under a root of its own. */
struct identity {
	EVP_PKEY *root_key, *key;
	X509 *root, *cert;
};

/* A key and a certificate under the root that ID has. */
static inline void make_leaf(struct identity *id)
{
	id->key = ec_key();
	id->cert = new_cert(&(struct spec){ .cn = NAME,
					    .san = "DNS:*.example.com",
					    .key = id->key,
					    .signer = id->root_key,
					    .issuer_name_of = id->root });
}

static inline void make_identity(struct identity *id)
{
	id->root_key = ec_key();
	id->root = new_cert(&(struct spec){ .cn = "Root", .ca = true, .key = id->root_key });
	make_leaf(id);
}

/* Another server under the root of FIRST. */
static inline void make_sibling(struct identity *id, const struct identity *first)
{
	*id = *first;
	MUST_HOLD(EVP_PKEY_up_ref(id->root_key) == 1 && X509_up_ref(id->root) == 1);
	make_leaf(id);
}

static inline void free_identity(struct identity *id)
{
	EVP_PKEY_free(id->root_key);
	EVP_PKEY_free(id->key);
	X509_free(id->root);
	X509_free(id->cert);
}

/* "sha256/..." of the key of CERT, made without the code under test. */
static inline void pin_text(X509 *cert, char out[64])
{
	uint8_t pin[PIN_LEN];

	true_pin(cert, pin);
	strcpy(out, "sha256/");
	EVP_EncodeBlock((unsigned char *)out + 7, pin, PIN_LEN);
}

/* Replaces the policy that $PINSHIM_POLICY names in one step. */
static inline void put_policy(const char *text)
{
	const char *path = getenv("PINSHIM_POLICY");
	char temporary[4096];
	FILE *file;

	if (!path)
		return;
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	file = fopen(temporary, "w");
	MUST_HOLD(file && fputs(text, file) >= 0 && fclose(file) == 0);
	MUST_HOLD(rename(temporary, path) == 0);
}

static inline SSL_CTX *server_of(const struct identity *id)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	MUST_HOLD(ctx && SSL_CTX_use_certificate(ctx, id->cert) == 1);
	MUST_HOLD(SSL_CTX_use_PrivateKey(ctx, id->key) == 1);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return ctx;
}

/* A client that trusts ID's root; VERIFY is SSL_VERIFY_PEER or SSL_VERIFY_NONE. */
static inline SSL_CTX *client_of(const struct identity *id, int verify)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	MUST_HOLD(ctx && X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), id->root) == 1);
	SSL_CTX_set_verify(ctx, verify, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return ctx;
}

/* What the process holds: descriptors and threads are entries of /proc/self/fd and task. */
static inline int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	MUST_HOLD(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Page by page: statm is only about right on some kernels. */
static inline long resident_kb(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	long kb = -1;

	MUST_HOLD(file);
	while (kb < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "Rss: %ld", &kb);
	fclose(file);
	MUST_HOLD(kb >= 0);
	return kb;
}

/* Whether a call has merely to wait for the other side. */
static inline bool waits(SSL *ssl, int rv)
{
	int error = SSL_get_error(ssl, rv);

	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

/* Both sides go on until one fails or both are through. */
static inline bool connect_both(SSL *client, SSL *server)
{
	int c = 0, s = 0;

	for (int i = 0; i < 20 && (c != 1 || s != 1); i++) {
		if (c != 1) {
			c = SSL_connect(client);
			if (c != 1 && !waits(client, c))
				return false;
		}
		if (s != 1) {
			s = SSL_accept(server);
			if (s != 1 && !waits(server, s))
				return false;
		}
	}
	return c == 1 && s == 1;
}

/*
 * One connection: handshake, a line in each direction. With SESSION, *SESSION is
 * offered when there is one, and becomes the new one. *RESUMED may be NULL.
 * Returns whether the line got through; a refusal must be one in every respect.
 */
static inline bool talk(SSL_CTX *client_ctx, SSL_CTX *server_ctx, const char *name,
			SSL_SESSION **session, bool *resumed)
{
	SSL *client = SSL_new(client_ctx), *server = SSL_new(server_ctx);
	BIO *to = NULL, *from = NULL;
	char line[8];
	bool ok;

	MUST_HOLD(client && server && BIO_new_bio_pair(&to, 0, &from, 0) == 1);
	SSL_set_bio(client, to, to);
	SSL_set_bio(server, from, from);
	SSL_set_accept_state(server);
	MUST_HOLD(SSL_set_tlsext_host_name(client, name) == 1);
	if (session && *session)
		MUST_HOLD(SSL_set_session(client, *session) == 1);
	ERR_clear_error();
	ok = connect_both(client, server);
	if (ok) {
		MUST_HOLD(SSL_write(client, "ask", 4) == 4 && SSL_read(server, line, 8) == 4);
		MUST_HOLD(SSL_write(server, "say", 4) == 4 && SSL_read(client, line, 8) == 4);
		MUST_HOLD(SSL_get_verify_result(client) == X509_V_OK);
	} else {
		MUST_HOLD(ERR_GET_REASON(ERR_peek_error()) == SSL_R_CERTIFICATE_VERIFY_FAILED);
		MUST_HOLD(SSL_get_verify_result(client) == X509_V_ERR_APPLICATION_VERIFICATION);
		MUST_HOLD(SSL_read(server, line, 8) <= 0);
		ERR_clear_error();
	}
	if (resumed)
		*resumed = ok && SSL_session_reused(client);
	if (session && ok) {
		SSL_SESSION_free(*session);
		*session = SSL_get1_session(client);
	}
	SSL_shutdown(client);
	SSL_free(client);
	SSL_free(server);
	return ok;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Connections that send no name: the one that OpenSSL is told to verify, wherever
 * that was told, or the server's address.
 */
#include <string.h>

#include "matrix.h"

static X509_VERIFY_PARAM *param_of_store(SSL_CTX *ctx)
{
	return X509_STORE_get0_param(SSL_CTX_get_cert_store(ctx));
}

static void verify_host(X509_VERIFY_PARAM *param, const char *name)
{
	if (X509_VERIFY_PARAM_set1_host(param, name, 0) != 1)
		broken("X509_VERIFY_PARAM_set1_host");
}

/* HOW is where the name stands. */
static void verified_name(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version);
	SSL *ssl;

	if (!strcmp(s->how, "store"))
		verify_host(param_of_store(ctx), NAME);
	if (!strcmp(s->how, "context"))
		verify_host(SSL_CTX_get0_param(ctx), NAME);
	ssl = dial(ctx, server_context(s->version, HONEST), s->version, NULL);
	if (!strcmp(s->how, "connection"))
		SSL_set1_host(ssl, NAME);
	if (!strcmp(s->how, "second")) {
		SSL_set1_host(ssl, OTHER_NAME);
		SSL_add1_host(ssl, NAME);
	}
	if (!strcmp(s->how, "beside")) {
		SSL_set1_host(ssl, NAME);
		set_name(ssl, OTHER_NAME);
	}
	finish(s, ssl);
}

/* A session under the name that is verified, and then the same again. */
static void resumed(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version), *to = server_context(s->version, HONEST);
	SSL_SESSION *session;
	SSL *ssl;

	if (s->how)
		verify_host(param_of_store(ctx), NAME);
	ssl = dial(ctx, to, s->version, NULL);
	if (!s->how)
		SSL_set1_host(ssl, NAME);
	before(s, ssl, talk_connect(ssl));
	session = SSL_get1_session(ssl);
	hang_up(ssl);
	ssl = dial(ctx, to, s->version, NULL);
	if (!s->how)
		SSL_set1_host(ssl, NAME);
	SSL_set_session(ssl, session);
	finish(s, ssl);
}

static X509_STORE *store_with_name(int version)
{
	SSL_CTX *ctx = client_context(version);

	verify_host(param_of_store(ctx), NAME);
	return SSL_CTX_get_cert_store(ctx);
}

/* A connection with a store of its own to verify by, to which a session came without one. */
static void own_store(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version), *to = server_context(s->version, HONEST);
	SSL_SESSION *session = NULL;
	SSL *ssl;

	if (s->other) {
		ssl = dial(ctx, to, s->version, NULL);
		before(s, ssl, s->version == QUIC_VERSION ? talk_quic(ssl) : talk_connect(ssl));
		session = SSL_get1_session(ssl);
		hang_up(ssl);
	}
	ssl = dial(ctx, to, s->version, NULL);
	SSL_set1_verify_cert_store(ssl, store_with_name(s->version));
	SSL_set_session(ssl, session);
	finish(s, ssl);
}

/* An address to verify, or nothing at all: then it is the server's. */
static void address(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version), *to = server_context(s->version, HONEST);
	SSL *ssl;

	/* No certificate is for it. */
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	if (!s->how)
		end_address = ADDRESS;
	ssl = dial(ctx, to, s->version, NULL);
	if (s->how && X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), ADDRESS) != 1)
		broken("X509_VERIFY_PARAM_set1_ip_asc");
	finish(s, ssl);
}

#if OPENSSL_VERSION_NUMBER >= 0x40000000L
/* Of several addresses to verify, in which object HOW says, the last is the one. */
static void addresses(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version), *to = server_context(s->version, HONEST);
	X509_VERIFY_PARAM *param = s->how ? param_of_store(ctx) : SSL_CTX_get0_param(ctx);

	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	if (X509_VERIFY_PARAM_add1_ip_asc(param, "127.0.0.1") != 1 ||
	    X509_VERIFY_PARAM_add1_ip_asc(param, "::1") != 1 ||
	    X509_VERIFY_PARAM_add1_ip_asc(param, ADDRESS) != 1)
		broken("X509_VERIFY_PARAM_add1_ip_asc");
	finish(s, dial(ctx, to, s->version, NULL));
}
#endif

#define VERIFIED(text, v, how)                                        \
	{                                                             \
		text, CERTIFICATE, verified_name, v, how, false, NULL \
	}

const struct scenario name_scenarios[] = {
	VERIFIED("1.2: name to verify", TLS1_2_VERSION, "connection"),
	VERIFIED("1.3: name to verify", TLS1_3_VERSION, "connection"),
	VERIFIED("1.3: name to verify, the second", TLS1_3_VERSION, "second"),
	VERIFIED("1.3: name to verify, beside another that is sent", TLS1_3_VERSION, "beside"),
	VERIFIED("1.3: name to verify, of the context", TLS1_3_VERSION, "context"),
	VERIFIED("1.3: name to verify, of the store", TLS1_3_VERSION, "store"),
	{ "1.2: name to verify, resumed", CERTIFICATE, resumed, .version = TLS1_2_VERSION },
	{ "1.3: name to verify, resumed", CERTIFICATE, resumed, .version = TLS1_3_VERSION },
	{ "1.3: name to verify, of the store, resumed", CERTIFICATE, resumed,
	  .version = TLS1_3_VERSION, .how = "store" },
	{ "1.3: name to verify, of the connection's store", CERTIFICATE, own_store,
	  .version = TLS1_3_VERSION },
	{ "1.3: name to verify, of the connection's store, session of another name", CERTIFICATE,
	  own_store, .version = TLS1_3_VERSION, .other = true },
	{ "1.3: name to verify, of the connection's store, session of another name, by SSL_write",
	  CERTIFICATE, own_store, .version = TLS1_3_VERSION, .other = true, .talk = talk_write },
	{ "1.3: address to verify", CERTIFICATE, address, .version = TLS1_3_VERSION,
	  .how = "verified" },
#if OPENSSL_VERSION_NUMBER >= 0x40000000L
	{ "1.3: several addresses to verify", CERTIFICATE, addresses, .version = TLS1_3_VERSION },
	{ "1.3: several addresses to verify, of the store", CERTIFICATE, addresses,
	  .version = TLS1_3_VERSION, .how = "store" },
#endif
	{ "1.3: address of the server", CERTIFICATE, address, .version = TLS1_3_VERSION },
	{ "1.3: address of the server, by SSL_write", CERTIFICATE, address,
	  .version = TLS1_3_VERSION, .talk = talk_write },
	{ "DTLS: address of the server", CERTIFICATE, address, .version = DTLS1_2_VERSION },
#if OPENSSL_VERSION_NUMBER >= 0x30500000L && !defined(OPENSSL_NO_QUIC)
	{ "QUIC: address of the server", CERTIFICATE, address, .version = QUIC_VERSION,
	  .talk = talk_quic },
	{ "QUIC: name to verify, of the connection's store, session of another name", CERTIFICATE,
	  own_store, .version = QUIC_VERSION, .other = true, .talk = talk_quic },
#endif
	{ 0 },
};

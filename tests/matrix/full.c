/* SPDX-License-Identifier: MIT */
/*
 * Full handshakes in which the server shows a certificate or a raw public key,
 * under every kind of verification that a program can ask for.
 */
#include <openssl/x509.h>
#include <string.h>

#include "keys.h"
#include "matrix.h"

static int say_yes(int ok, X509_STORE_CTX *store)
{
	(void)ok, (void)store;
	return 1;
}

static int own_yes(X509_STORE_CTX *store, void *arg)
{
	(void)store, (void)arg;
	return 1;
}

static void connect_with(const struct scenario *s, SSL_CTX *ctx, SSL_CTX *to)
{
	finish(s, dial(ctx, to, s->version, NAME));
}

/* HOW is how the program verifies. */
static void full(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version);

	if (s->how && !strcmp(s->how, "none"))
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	else if (s->how && !strcmp(s->how, "callback"))
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, say_yes);
	else if (s->how)
		SSL_CTX_set_cert_verify_callback(ctx, own_yes, NULL);
	if (s->how && !strcmp(s->how, "own, without a store"))
		SSL_CTX_set_cert_store(ctx, NULL);
	connect_with(s, ctx, server_context(s->version, HONEST));
}

/* HOW is the cipher suite; its certificate has an RSA key with the honest server's name. */
static void rsa(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version), *to = server_context(s->version, "rsa");

	if (SSL_CTX_set_cipher_list(ctx, s->how) != 1 ||
	    SSL_CTX_set_cipher_list(to, "ALL:PSK:SRP:@SECLEVEL=0") != 1)
		broken(s->how);
	if (strstr(s->how, "PSK"))
		keys_use_callback(ctx);
	if (strstr(s->how, "SRP"))
		keys_use_srp(ctx);
	connect_with(s, ctx, to);
}

static void hello_retry(const struct scenario *s)
{
	SSL_CTX *to = server_context(s->version, HONEST);

	if (SSL_CTX_set1_groups_list(to, "P-521") != 1)
		broken("P-521");
	connect_with(s, client_context(s->version), to);
}

/* DANE (RFC 6698): the program's own pin, of the same key, and no anchors. */
static void dane(const struct scenario *s)
{
	static const uint8_t usage_end_entity = 3, selector_key = 1, matching_sha256 = 1;
	SSL_CTX *ctx = client_context(s->version), *to = server_context(s->version, HONEST);
	X509 *cert = SSL_CTX_get0_certificate(to);
	unsigned char *der = NULL, digest[32];
	unsigned len = sizeof(digest);
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	SSL *ssl;

	if (n <= 0 || EVP_Digest(der, (size_t)n, digest, &len, EVP_sha256(), NULL) != 1 ||
	    SSL_CTX_dane_enable(ctx) != 1)
		broken("DANE");
	ssl = dial(ctx, to, s->version, NULL);
	if (SSL_dane_enable(ssl, NAME) != 1 ||
	    SSL_dane_tlsa_add(ssl, usage_end_entity, selector_key, matching_sha256, digest, len) !=
		    1)
		broken("SSL_dane_enable");
	finish(s, ssl);
}

/* The context is another of the program's by the time that the certificate comes. */
static void other_context(const SSL *ssl, int where, int rc)
{
	(void)rc;
	if (where & SSL_CB_HANDSHAKE_START)
		SSL_set_SSL_CTX((SSL *)ssl, SSL_get_app_data(ssl));
}

static void set_context(const struct scenario *s)
{
	SSL *ssl = dial(client_context(s->version), server_context(s->version, HONEST), s->version,
			NAME);
	SSL_CTX *other = client_context(s->version);

	if (s->how) {
		SSL_set_app_data(ssl, (char *)other);
		SSL_set_info_callback(ssl, other_context);
	} else {
		SSL_set_SSL_CTX(ssl, other);
	}
	finish(s, ssl);
}

/* The callback of the context, when the certificate comes, is the one that counts. */
static void late_callback(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version);
	SSL *ssl = dial(ctx, server_context(s->version, HONEST), s->version, NAME);

	SSL_CTX_set_cert_verify_callback(ctx, own_yes, NULL);
	finish(s, ssl);
}

/* The context is the program's no more, but the connection's. */
static void freed_context(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version);
	SSL *ssl = dial(ctx, server_context(s->version, HONEST), s->version, NAME);

	SSL_CTX_free(ctx);
	finish(s, ssl);
}

/* A copy, made before the handshake, connects in the place of the first. */
static void duplicate(const struct scenario *s)
{
	SSL *first = SSL_new(client_context(s->version)), *ssl;

	SSL_set_connect_state(first);
	ssl = SSL_dup(first);
	if (!ssl)
		broken("SSL_dup");
	dial_again(ssl, server_context(s->version, HONEST), s->version);
	set_name(ssl, NAME);
	finish(s, ssl);
}

#if OPENSSL_VERSION_NUMBER >= 0x30200000L
/* RFC 7250: the server shows its key alone. */
static void raw_key(const struct scenario *s)
{
	static const unsigned char types[] = { TLSEXT_cert_type_rpk };
	SSL_CTX *ctx = client_context(s->version), *to = server_context(s->version, HONEST);

	if (SSL_CTX_set1_server_cert_type(ctx, types, sizeof(types)) != 1 ||
	    SSL_CTX_set1_server_cert_type(to, types, sizeof(types)) != 1)
		broken("the type of certificate");
	/* Nobody stands for a bare key. */
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	connect_with(s, ctx, to);
}
#endif

#if OPENSSL_VERSION_NUMBER >= 0x30500000L && !defined(OPENSSL_NO_QUIC)
/* An SSL that is no connection takes what only connections have a use for, and does nothing. */
static void beside_listener(const struct scenario *s)
{
	SSL *listener = SSL_new_listener(server_context(s->version, HONEST), 0);
	SSL_SESSION *session = SSL_SESSION_new();
	size_t n;

	if (!listener || !session)
		broken("SSL_new_listener");
	number("its verify mode", SSL_get_verify_mode(listener));
	number("its session", SSL_set_session(listener, session));
	number("its early data", SSL_write_early_data(listener, SECRET, sizeof(SECRET) - 1, &n));
	number("its handshake", SSL_do_handshake(listener));
	ERR_clear_error();
	connect_with(s, client_context(s->version), server_context(s->version, HONEST));
}
#endif

const struct scenario full_scenarios[] = {
	{ "1.2: full", CERTIFICATE, full, .version = TLS1_2_VERSION },
	{ "1.3: full", CERTIFICATE, full, .version = TLS1_3_VERSION },
	{ "DTLS: full", CERTIFICATE, full, .version = DTLS1_2_VERSION },
	{ "1.2: full, verifies nothing", CERTIFICATE, full, .version = TLS1_2_VERSION,
	  .how = "none" },
	{ "1.3: full, verifies nothing", CERTIFICATE, full, .version = TLS1_3_VERSION,
	  .how = "none" },
	{ "DTLS: full, verifies nothing", CERTIFICATE, full, .version = DTLS1_2_VERSION,
	  .how = "none" },
	{ "1.2: full, own verify callback", CERTIFICATE, full, .version = TLS1_2_VERSION,
	  .how = "callback" },
	{ "1.3: full, own verify callback", CERTIFICATE, full, .version = TLS1_3_VERSION,
	  .how = "callback" },
	{ "1.2: full, own verification", CERTIFICATE, full, .version = TLS1_2_VERSION,
	  .how = "own" },
	{ "1.3: full, own verification", CERTIFICATE, full, .version = TLS1_3_VERSION,
	  .how = "own" },
	{ "1.2: full, own verification without a store", CERTIFICATE, full,
	  .version = TLS1_2_VERSION, .how = "own, without a store" },
	{ "1.3: full, own verification without a store", CERTIFICATE, full,
	  .version = TLS1_3_VERSION, .how = "own, without a store" },
#if OPENSSL_VERSION_NUMBER >= 0x30500000L && !defined(OPENSSL_NO_QUIC)
	{ "QUIC: full", CERTIFICATE, full, .version = QUIC_VERSION, .talk = talk_quic },
	{ "QUIC: full, verifies nothing", CERTIFICATE, full, .version = QUIC_VERSION, .how = "none",
	  .talk = talk_quic },
	{ "QUIC: full, own verification", CERTIFICATE, full, .version = QUIC_VERSION, .how = "own",
	  .talk = talk_quic },
	{ "QUIC: full, beside a listener", CERTIFICATE, beside_listener, .version = QUIC_VERSION,
	  .talk = talk_quic },
#endif
	{ "1.2: RSA key exchange", CERTIFICATE, rsa, .version = TLS1_2_VERSION, .how = "kRSA" },
	{ "1.2: RSA-PSK", CERTIFICATE, rsa, .version = TLS1_2_VERSION, .how = "kRSAPSK" },
#ifndef OPENSSL_NO_SRP
	{ "1.2: SRP-RSA", CERTIFICATE, rsa, .version = TLS1_2_VERSION,
	  .how = "kSRP+aRSA:@SECLEVEL=0" },
#endif
	{ "1.3: second ClientHello", CERTIFICATE, hello_retry, .version = TLS1_3_VERSION },
	{ "1.2: DANE", CERTIFICATE, dane, .version = TLS1_2_VERSION },
	{ "1.3: DANE", CERTIFICATE, dane, .version = TLS1_3_VERSION },
	{ "DTLS: DANE", CERTIFICATE, dane, .version = DTLS1_2_VERSION },
#if OPENSSL_VERSION_NUMBER >= 0x30200000L
	{ "1.2: raw public key", CERTIFICATE, raw_key, .version = TLS1_2_VERSION },
	{ "1.3: raw public key", CERTIFICATE, raw_key, .version = TLS1_3_VERSION },
#endif
	{ "1.2: SSL_set_SSL_CTX", CERTIFICATE, set_context, .version = TLS1_2_VERSION },
	{ "1.3: SSL_set_SSL_CTX", CERTIFICATE, set_context, .version = TLS1_3_VERSION },
	{ "1.2: SSL_set_SSL_CTX in mid-flight", CERTIFICATE, set_context, .version = TLS1_2_VERSION,
	  .how = "late" },
	{ "1.3: SSL_set_SSL_CTX in mid-flight", CERTIFICATE, set_context, .version = TLS1_3_VERSION,
	  .how = "late" },
	{ "1.2: own verification set late", CERTIFICATE, late_callback, .version = TLS1_2_VERSION },
	{ "1.3: own verification set late", CERTIFICATE, late_callback, .version = TLS1_3_VERSION },
	{ "1.3: context freed early", CERTIFICATE, freed_context, .version = TLS1_3_VERSION },
	{ "1.2: SSL_dup", CERTIFICATE, duplicate, .version = TLS1_2_VERSION },
	{ "1.3: SSL_dup", CERTIFICATE, duplicate, .version = TLS1_3_VERSION },
	{ 0 },
};

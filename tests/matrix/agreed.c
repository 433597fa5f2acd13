/* SPDX-License-Identifier: MIT */
/*
 * Handshakes that rest on a key agreed on beforehand, or on none: no certificate
 * comes, so that nothing can match a pin.
 */
#include <string.h>

#include "keys.h"
#include "matrix.h"

#define EVERY_SUITE "ALL:PSK:SRP:aNULL:@SECLEVEL=0"

/* HOW is the cipher string of TLS 1.2, and says what kind of keys it takes. */
static void suite(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version), *to = server_context(s->version, HONEST);

	/* Programs that use anonymous suites do not verify. */
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	keys_use_callback(ctx);
	if (SSL_CTX_set_cipher_list(ctx, s->how) != 1 ||
	    SSL_CTX_set_cipher_list(to, EVERY_SUITE) != 1)
		broken(s->how);
	finish(s, dial(ctx, to, s->version, NAME));
}

#ifndef OPENSSL_NO_SRP
static void srp(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version), *to = server_context(s->version, HONEST);

	keys_use_srp(ctx);
	if (SSL_CTX_set_cipher_list(ctx, s->how) != 1 ||
	    SSL_CTX_set_cipher_list(to, EVERY_SUITE) != 1)
		broken(s->how);
	finish(s, dial(ctx, to, s->version, NAME));
}
#endif

static void psk_session(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version);

	keys_use_session(ctx);
	finish(s, dial(ctx, server_context(s->version, HONEST), s->version, NAME));
}

static void psk_callback(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version);

	SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256");
	keys_use_callback(ctx);
	finish(s, dial(ctx, server_context(s->version, HONEST), s->version, NAME));
}

static int allow_all(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
		     void *ex)
{
	(void)ssl, (void)ctx, (void)op, (void)bits, (void)nid, (void)other, (void)ex;
	return 1;
}

/* The program decides itself what is secure; HOW is where it says so. */
static void own_security(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version);
	SSL *ssl;

	keys_use_session(ctx);
	if (!strcmp(s->how, "context"))
		SSL_CTX_set_security_callback(ctx, allow_all);
	ssl = dial(ctx, server_context(s->version, HONEST), s->version, NAME);
	if (!strcmp(s->how, "connection"))
		SSL_set_security_callback(ssl, allow_all);
	finish(s, ssl);
}

static void eap_fast(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version);
	SSL *ssl;

	keys_take_secret();
	ssl = dial(ctx, server_context(s->version, HONEST), s->version, NAME);
	keys_use_secret(ssl);
	finish(s, ssl);
}

#define ROW(name, run, version, how, talk)                           \
	{                                                            \
		name, NO_CERTIFICATE, run, version, how, false, talk \
	}

#define EACH_WAY(name, run, version, how)   \
	ROW(name, run, version, how, NULL), \
		ROW(name ", by SSL_write", run, version, how, talk_write)

const struct scenario key_scenarios[] = {
	EACH_WAY("1.2: PSK", suite, TLS1_2_VERSION, "kPSK"),
	EACH_WAY("1.2: DHE-PSK", suite, TLS1_2_VERSION, "kDHEPSK:@SECLEVEL=0"),
	EACH_WAY("1.2: ECDHE-PSK", suite, TLS1_2_VERSION, "kECDHEPSK"),
	EACH_WAY("1.2: anonymous DH", suite, TLS1_2_VERSION, "ADH:@SECLEVEL=0"),
	EACH_WAY("1.2: anonymous ECDH", suite, TLS1_2_VERSION, "AECDH:@SECLEVEL=0"),
	EACH_WAY("DTLS: PSK", suite, DTLS1_2_VERSION, "kPSK"),
	EACH_WAY("DTLS: anonymous ECDH", suite, DTLS1_2_VERSION, "AECDH:@SECLEVEL=0"),
#ifndef OPENSSL_NO_SRP
	EACH_WAY("1.2: SRP", srp, TLS1_2_VERSION, "aSRP:@SECLEVEL=0"),
#endif
	EACH_WAY("1.2: EAP-FAST", eap_fast, TLS1_2_VERSION, NULL),
	EACH_WAY("1.3: external PSK", psk_session, TLS1_3_VERSION, NULL),
	EACH_WAY("1.3: external PSK, older callback", psk_callback, TLS1_3_VERSION, NULL),
	EACH_WAY("1.3: external PSK, own security callback", own_security, TLS1_3_VERSION,
		 "context"),
	EACH_WAY("1.3: external PSK, own security callback on the connection", own_security,
		 TLS1_3_VERSION, "connection"),
	{ 0 },
};

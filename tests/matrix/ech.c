/* SPDX-License-Identifier: MIT */
/*
 * Encrypted Client Hello (RFC 9849), of which libssl has both ends from 4.0 on:
 * the name is hidden inside, and another stands outside.
 */
#include <string.h>

#include "matrix.h"

#if OPENSSL_VERSION_NUMBER >= 0x40000000L && !defined(OPENSSL_NO_ECH)
#include <openssl/ech.h>

/* A key of a server whose name on the outside is the other one. */
static OSSL_ECHSTORE *new_key(void)
{
	static const OSSL_HPKE_SUITE suite = OSSL_HPKE_SUITE_DEFAULT;
	OSSL_ECHSTORE *store = OSSL_ECHSTORE_new(NULL, NULL);

	if (!store ||
	    OSSL_ECHSTORE_new_config(store, OSSL_ECH_CURRENT_VERSION, 0, OTHER_NAME, suite) != 1)
		broken("OSSL_ECHSTORE_new_config");
	return store;
}

/* The same, which the server also gives to clients that came with another. */
static OSSL_ECHSTORE *for_retry(OSSL_ECHSTORE *key)
{
	OSSL_ECHSTORE *store = OSSL_ECHSTORE_new(NULL, NULL);
	BIO *pem = BIO_new(BIO_s_mem());

	if (!store || OSSL_ECHSTORE_write_pem(key, OSSL_ECHSTORE_LAST, pem) != 1 ||
	    OSSL_ECHSTORE_read_pem(store, pem, OSSL_ECH_FOR_RETRY) != 1)
		broken("OSSL_ECHSTORE_read_pem");
	BIO_free(pem);
	return store;
}

static bool is(const struct scenario *s, const char *word)
{
	return strstr(s->how, word) != NULL;
}

/* HOW: the server's key, or another, or none; what the server gives for another try; what the
 * server speaks; a name to verify. */
static void hidden(const struct scenario *s)
{
	const int served = is(s, "older server") ? TLS1_2_VERSION : s->version;
	SSL_CTX *ctx = client_context(s->version), *to = server_context(served, HONEST);
	OSSL_ECHSTORE *store = new_key();
	unsigned char *retry = NULL;
	size_t len = 0;
	SSL *ssl;
	bool ok;

	SSL_CTX_set1_echstore(to, is(s, "another try") ? for_retry(store) : store);
	if (is(s, "retry"))
		SSL_CTX_set1_groups_list(to, "P-521");
	SSL_CTX_set_min_proto_version(ctx, served);
	ssl = dial(ctx, to, s->version, NAME);
	if (is(s, "grease"))
		SSL_set_options(ssl, SSL_OP_ECH_GREASE);
	else
		SSL_set1_echstore(ssl, is(s, "wrong key") ? new_key() : store);
	if (is(s, "nothing"))
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	if (is(s, "verifies"))
		SSL_set1_host(ssl, NAME);
	ok = talk(s, ssl);
	if (ok)
		completed();
	SSL_ech_get1_retry_config(ssl, &retry, &len);
	number("keys for another try", (long)len);
	outcome(ssl, ok);
}

#define ROW(name, kind, how, talk)                                   \
	{                                                            \
		name, kind, hidden, TLS1_3_VERSION, how, false, talk \
	}

const struct scenario ech_scenarios[] = {
	ROW("1.3: ECH", CERTIFICATE, "", NULL),
	ROW("1.3: ECH, by SSL_write", CERTIFICATE, "", talk_write),
	ROW("1.3: ECH, verifies nothing", CERTIFICATE, "nothing", NULL),
	ROW("1.3: ECH, verifies a name", CERTIFICATE, "verifies", NULL),
	ROW("1.3: ECH, second ClientHello", CERTIFICATE, "retry", NULL),
	ROW("1.3: ECH, GREASE", CERTIFICATE, "grease", NULL),
	ROW("1.3: ECH, rejected", NEVER, "wrong key", NULL),
	ROW("1.3: ECH, rejected, by SSL_write", NEVER, "wrong key", talk_write),
	ROW("1.3: ECH, rejected, verifies a name", NEVER, "wrong key verifies", NULL),
	ROW("1.3: ECH, rejected, second ClientHello", NEVER, "wrong key retry", NULL),
	ROW("1.3: ECH, rejected, with keys for another try", NEVER, "wrong key another try", NULL),
	ROW("1.3: ECH, rejected, with keys for another try, verifies nothing", NEVER,
	    "wrong key another try nothing", NULL),
	ROW("1.3: ECH, rejected by a server of 1.2", NEVER, "older server", NULL),
	{ 0 },
};

#else

const struct scenario ech_scenarios[] = { { 0 } };

#endif

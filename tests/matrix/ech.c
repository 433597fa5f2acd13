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

static void encrypt_to(SSL *ssl, OSSL_ECHSTORE *store)
{
	char *name = NULL, *config = NULL;
	int private, retry;
	time_t age;

	if (OSSL_ECHSTORE_get1_info(store, 0, &age, &name, &config, &private, &retry) != 1 ||
	    SSL_set1_ech_config_list(ssl, (unsigned char *)config, strlen(config)) != 1)
		broken("SSL_set1_ech_config_list");
	OPENSSL_free(name);
	OPENSSL_free(config);
}

/* HOW: with the server's key, or with another, or none; or a name that OpenSSL verifies. */
static void hidden(const struct scenario *s)
{
	SSL_CTX *to = server_context(s->version, HONEST);
	OSSL_ECHSTORE *store = new_key();
	SSL *ssl;

	SSL_CTX_set1_echstore(to, store);
	ssl = dial(client_context(s->version), to, s->version, NAME);
	if (strstr(s->how, "grease"))
		SSL_set_options(ssl, SSL_OP_ECH_GREASE);
	else
		encrypt_to(ssl, strstr(s->how, "wrong key") ? new_key() : store);
	if (strstr(s->how, "verifies"))
		SSL_set1_host(ssl, NAME);
	finish(s, ssl);
}

const struct scenario ech_scenarios[] = {
	{ "1.3: ECH", CERTIFICATE, hidden, .version = TLS1_3_VERSION, .how = "" },
	{ "1.3: ECH, by SSL_write", CERTIFICATE, hidden, .version = TLS1_3_VERSION, .how = "",
	  .talk = talk_write },
	{ "1.3: ECH, verifies a name", CERTIFICATE, hidden, .version = TLS1_3_VERSION,
	  .how = "verifies" },
	{ "1.3: ECH, GREASE", CERTIFICATE, hidden, .version = TLS1_3_VERSION, .how = "grease" },
	{ "1.3: ECH, rejected", NEVER, hidden, .version = TLS1_3_VERSION, .how = "wrong key" },
	{ "1.3: ECH, rejected, verifies a name", NEVER, hidden, .version = TLS1_3_VERSION,
	  .how = "wrong key verifies" },
	{ 0 },
};

#else

const struct scenario ech_scenarios[] = { { 0 } };

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The callbacks by which both ends find the keys that they agreed on. Scenarios
 * that use them are elsewhere.
 */
#include "keys.h"

#include <stdint.h>
#include <string.h>

#include "../e2e/clients/psk.h"

static bool takes_secret;

static int find_psk_session(SSL *ssl, const unsigned char *id, size_t len, SSL_SESSION **session)
{
	*session = NULL;
	if (len == sizeof(PSK_IDENTITY) - 1 && !memcmp(id, PSK_IDENTITY, len))
		*session = psk_session(ssl);
	return 1;
}

static unsigned find_psk(SSL *ssl, const char *identity, unsigned char *psk, unsigned max)
{
	(void)ssl;
	if (strcmp(identity, PSK_OLD_IDENTITY) || max < sizeof(psk_key))
		return 0;
	memcpy(psk, psk_key, sizeof(psk_key));
	return sizeof(psk_key);
}

static int use_psk_session(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *len,
			   SSL_SESSION **session)
{
	(void)md;
	*session = psk_session(ssl);
	*id = (const unsigned char *)PSK_IDENTITY;
	*len = sizeof(PSK_IDENTITY) - 1;
	return *session != NULL;
}

static unsigned use_psk(SSL *ssl, const char *hint, char *identity, unsigned max_identity,
			unsigned char *psk, unsigned max_psk)
{
	(void)ssl, (void)hint;
	if (max_identity < sizeof(PSK_OLD_IDENTITY) || max_psk < sizeof(psk_key))
		return 0;
	memcpy(identity, PSK_OLD_IDENTITY, sizeof(PSK_OLD_IDENTITY));
	memcpy(psk, psk_key, sizeof(psk_key));
	return sizeof(psk_key);
}

static int take_ticket(SSL *ssl, const unsigned char *data, int len, void *arg)
{
	(void)ssl, (void)data, (void)len, (void)arg;
	return 1;
}

/* For both ends: the server also chooses the suite. */
static int give_secret(SSL *ssl, void *secret, int *len, STACK_OF(SSL_CIPHER) * peer_ciphers,
		       const SSL_CIPHER **cipher, void *arg)
{
	(void)ssl, (void)arg;
	memcpy(secret, eap_secret, sizeof(eap_secret));
	*len = sizeof(eap_secret);
	if (peer_ciphers)
		*cipher = sk_SSL_CIPHER_value(peer_ciphers, 0);
	return 1;
}

#ifndef OPENSSL_NO_SRP
static int find_srp(SSL *ssl, int *alert, void *arg)
{
	(void)alert, (void)arg;
	return SSL_set_srp_server_param_pw(ssl, SRP_USER, SRP_PASSWORD, "1024") == 1
		       ? SSL_ERROR_NONE
		       : SSL3_AL_FATAL;
}

static void prepare_srp(SSL_CTX *ctx)
{
	SSL_CTX_set_srp_username_callback(ctx, find_srp);
}

void keys_use_srp(SSL_CTX *ctx)
{
	SSL_CTX_set_srp_username(ctx, (char *)SRP_USER);
	SSL_CTX_set_srp_password(ctx, (char *)SRP_PASSWORD);
}
#else
static void prepare_srp(SSL_CTX *ctx)
{
	(void)ctx;
}

void keys_use_srp(SSL_CTX *ctx)
{
	(void)ctx;
	broken("this OpenSSL has no SRP");
}
#endif

void keys_prepare_server(SSL_CTX *ctx, int version)
{
	SSL_CTX_set_dh_auto(ctx, 1);
	SSL_CTX_set_psk_find_session_callback(ctx, find_psk_session);
	SSL_CTX_set_psk_server_callback(ctx, find_psk);
	if (version == TLS1_2_VERSION)
		prepare_srp(ctx);
}

void keys_take_secret(void)
{
	takes_secret = true;
}

void keys_prepare(SSL *ssl)
{
	if (!takes_secret)
		return;
	SSL_set_session_ticket_ext_cb(ssl, take_ticket, NULL);
	SSL_set_session_secret_cb(ssl, give_secret, NULL);
}

void keys_use_session(SSL_CTX *ctx)
{
	SSL_CTX_set_psk_use_session_callback(ctx, use_psk_session);
}

/* RFC 9001 section 4.6.1 */
static int use_unlimited_session(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *len,
				 SSL_SESSION **session)
{
	return use_psk_session(ssl, md, id, len, session) &&
	       SSL_SESSION_set_max_early_data(*session, UINT32_MAX) == 1;
}

void keys_use_unlimited_session(SSL_CTX *ctx)
{
	SSL_CTX_set_psk_use_session_callback(ctx, use_unlimited_session);
}

void keys_use_callback(SSL_CTX *ctx)
{
	SSL_CTX_set_psk_client_callback(ctx, use_psk);
}

void keys_use_secret(SSL *ssl)
{
	SSL_set_session_ticket_ext(ssl, (void *)PSK_IDENTITY, sizeof(PSK_IDENTITY) - 1);
	SSL_set_session_secret_cb(ssl, give_secret, NULL);
}

void keys_allow_early_data(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_ANTI_REPLAY);
	SSL_CTX_set_max_early_data(ctx, PSK_EARLY_DATA);
	SSL_CTX_set_recv_max_early_data(ctx, PSK_EARLY_DATA);
}

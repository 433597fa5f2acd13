/* SPDX-License-Identifier: MIT */
/*
 * Sets the callbacks by which both ends find the keys that they agreed on.
 * Scenarios that use them are elsewhere.
 */
#include "keys.h"

#include <stdint.h>
#include <string.h>

#include "../e2e/clients/psk.h"

static bool takes_secret;

#ifndef OPENSSL_NO_SRP
static void prepare_srp(SSL_CTX *ctx)
{
	SSL_CTX_set_srp_username_callback(ctx, srp_find_user);
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
	SSL_CTX_set_psk_find_session_callback(ctx, psk_find_session);
	SSL_CTX_set_psk_server_callback(ctx, psk_find_key);
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
	SSL_set_session_ticket_ext_cb(ssl, eap_take_ticket, NULL);
	SSL_set_session_secret_cb(ssl, eap_give_secret, NULL);
}

void keys_use_session(SSL_CTX *ctx)
{
	SSL_CTX_set_psk_use_session_callback(ctx, psk_use_session);
}

/* RFC 9001 section 4.6.1 */
static int use_unlimited_session(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *len,
				 SSL_SESSION **session)
{
	return psk_use_session(ssl, md, id, len, session) &&
	       SSL_SESSION_set_max_early_data(*session, UINT32_MAX) == 1;
}

void keys_use_unlimited_session(SSL_CTX *ctx)
{
	SSL_CTX_set_psk_use_session_callback(ctx, use_unlimited_session);
}

void keys_use_callback(SSL_CTX *ctx)
{
	SSL_CTX_set_psk_client_callback(ctx, psk_use_key);
}

void keys_use_secret(SSL *ssl)
{
	SSL_set_session_ticket_ext(ssl, (void *)PSK_IDENTITY, sizeof(PSK_IDENTITY) - 1);
	SSL_set_session_secret_cb(ssl, eap_give_secret, NULL);
}

void keys_allow_early_data(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_ANTI_REPLAY);
	SSL_CTX_set_max_early_data(ctx, PSK_EARLY_DATA);
	SSL_CTX_set_recv_max_early_data(ctx, PSK_EARLY_DATA);
}

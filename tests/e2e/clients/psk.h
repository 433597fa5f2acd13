/* SPDX-License-Identifier: MIT */
/*
 * The keys that client and server of the tests agreed on beforehand, one
 * also as a TLS 1.3 session that allows early data, and the callbacks by which
 * both ends find them. They must never be used elsewhere.
 */
#ifndef PINSHIM_TEST_PSK_H
#define PINSHIM_TEST_PSK_H

#define OPENSSL_SUPPRESS_DEPRECATED /* SRP */
#include <openssl/ssl.h>
#include <string.h>

#define PSK_IDENTITY	 "a session" /* given by the callbacks of TLS 1.3 */
#define PSK_OLD_IDENTITY "a key"     /* given by those of TLS 1.2, which 1.3 takes too */
#define PSK_EARLY_DATA	 4096

#define SRP_USER     "user"
#define SRP_PASSWORD "secret"

static const unsigned char psk_key[32] = "0123456789abcdef0123456789abcde";

static const unsigned char eap_secret[SSL_MAX_MASTER_KEY_LENGTH] = "a master secret";

static inline SSL_SESSION *psk_session(SSL *ssl)
{
	static const unsigned char aes_256_gcm_sha384[] = { 0x13, 0x02 };
	SSL_SESSION *session = SSL_SESSION_new();

	SSL_SESSION_set1_master_key(session, psk_key, sizeof(psk_key));
	SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, aes_256_gcm_sha384));
	SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION);
	SSL_SESSION_set_max_early_data(session, PSK_EARLY_DATA);
	return session;
}

/* --- the server's */

static inline int psk_find_session(SSL *ssl, const unsigned char *id, size_t len,
				   SSL_SESSION **session)
{
	*session = NULL;
	if (len == sizeof(PSK_IDENTITY) - 1 && !memcmp(id, PSK_IDENTITY, len))
		*session = psk_session(ssl);
	return 1;
}

static inline unsigned psk_find_key(SSL *ssl, const char *identity, unsigned char *psk,
				    unsigned max)
{
	(void)ssl;
	if (strcmp(identity, PSK_OLD_IDENTITY) || max < sizeof(psk_key))
		return 0;
	memcpy(psk, psk_key, sizeof(psk_key));
	return sizeof(psk_key);
}

#ifndef OPENSSL_NO_SRP
static inline int srp_find_user(SSL *ssl, int *alert, void *arg)
{
	(void)alert, (void)arg;
	return SSL_set_srp_server_param_pw(ssl, SRP_USER, SRP_PASSWORD, "1024") == 1
		       ? SSL_ERROR_NONE
		       : SSL3_AL_FATAL;
}
#endif

static inline int eap_take_ticket(SSL *ssl, const unsigned char *data, int len, void *arg)
{
	(void)ssl, (void)data, (void)len, (void)arg;
	return 1;
}

/* --- the client's */

static inline int psk_use_session(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *len,
				  SSL_SESSION **session)
{
	(void)md;
	*session = psk_session(ssl);
	*id = (const unsigned char *)PSK_IDENTITY;
	*len = sizeof(PSK_IDENTITY) - 1;
	return *session != NULL;
}

static inline unsigned psk_use_key(SSL *ssl, const char *hint, char *identity,
				   unsigned max_identity, unsigned char *psk, unsigned max_psk)
{
	(void)ssl, (void)hint;
	if (max_identity < sizeof(PSK_OLD_IDENTITY) || max_psk < sizeof(psk_key))
		return 0;
	memcpy(identity, PSK_OLD_IDENTITY, sizeof(PSK_OLD_IDENTITY));
	memcpy(psk, psk_key, sizeof(psk_key));
	return sizeof(psk_key);
}

/* --- of both; the server also chooses the suite */

static inline int eap_give_secret(SSL *ssl, void *secret, int *len,
				  STACK_OF(SSL_CIPHER) * peer_ciphers, const SSL_CIPHER **cipher,
				  void *arg)
{
	(void)ssl, (void)arg;
	memcpy(secret, eap_secret, sizeof(eap_secret));
	*len = sizeof(eap_secret);
	if (peer_ciphers)
		*cipher = sk_SSL_CIPHER_value(peer_ciphers, 0);
	return 1;
}

#endif

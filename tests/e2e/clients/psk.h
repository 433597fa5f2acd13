/* SPDX-License-Identifier: MIT */
/*
 * The keys that client and server of the tests agreed on beforehand, one
 * also as a TLS 1.3 session that allows early data. They must never be used
 * elsewhere.
 */
#ifndef PINSHIM_TEST_PSK_H
#define PINSHIM_TEST_PSK_H

#define OPENSSL_SUPPRESS_DEPRECATED /* SRP */
#include <openssl/ssl.h>

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

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Keys that both ends agreed on beforehand, in every form that TLS has for them:
 * handshakes in which no certificate comes.
 */
#ifndef PINSHIM_MATRIX_KEYS_H
#define PINSHIM_MATRIX_KEYS_H

#include "ends.h"

/* The server's side of all of them, which does no harm where the client asks for none. */
void keys_prepare_server(SSL_CTX *ctx, int version);
void keys_prepare(SSL *ssl);

/* EAP-FAST: the SSLs of further servers take the secret. */
void keys_take_secret(void);

/* The client's. */
void keys_use_session(SSL_CTX *ctx);	       /* TLS 1.3, SSL_CTX_set_psk_use_session_callback() */
void keys_use_unlimited_session(SSL_CTX *ctx); /* the same, for the early data of QUIC */
void keys_use_callback(SSL_CTX *ctx);	       /* SSL_CTX_set_psk_client_callback() */
void keys_use_srp(SSL_CTX *ctx);
void keys_use_secret(SSL *ssl); /* EAP-FAST */

/* Early data may be sent to a server of CTX. */
void keys_allow_early_data(SSL_CTX *ctx);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The two gates that every client handshake has to pass, inside libssl:
 *
 * - the certificate gate, the callback that verifies certificates. libssl calls
 *   it for every certificate or raw key of a server, also under SSL_VERIFY_NONE
 *   (ssl_verify_cert_chain(), ssl/ssl_cert.c);
 * - the completion gate, the security callback's SSL_SECOP_CIPHER_CHECK, whose
 *   only caller is the processing of ServerHello (set_client_ciphersuite(),
 *   ssl/statem/statem_clnt.c). It sees the handshakes without a certificate.
 */
#ifndef PINSHIM_GATE_H
#define PINSHIM_GATE_H

#include <stdbool.h>

#include "loader/openssl.h"

/*
 * Puts both gates on CTX, once. What was there as the program's own stays so,
 * behind them. 0, or -1 when memory ran out.
 */
int gate_install(struct openssl *lib, SSL_CTX *ctx);

/* Puts the gates on SSL and its SSL_CTX where they are missing: made where we did not see it. */
int gate_adopt(struct openssl *lib, SSL *ssl);

/*
 * Whether SSL may go on with SESSION, which it would offer to the server: true
 * when no policy demands anything, or when the session carries the verdict that
 * its names need. Nothing is told.
 */
bool gate_session_is_good(struct openssl *lib, SSL *ssl, SSL_SESSION *session);

/*
 * What a program finds after a refusal outside the certificate gate: "certificate
 * verify failed" in the error queue, X509_V_ERR_APPLICATION_VERIFICATION.
 */
void gate_raise(struct openssl *lib, SSL *ssl);

/* What it finds where an object could not be made for want of memory, in the error queue. */
void gate_raise_no_memory(struct openssl *lib);

/* What the program set where MODE, which may be a gate's, is found now. */
int gate_verify_mode(int mode);

/*
 * A ClientHello is being made: keeps the name that it sends, and judges early
 * data that would leave with it. Whether it may leave.
 */
bool gate_hello(struct openssl *lib, SSL *ssl);

/* The completion gate: what the answer to SSL_SECOP_CIPHER_CHECK shall be. */
int gate_completion(struct openssl *lib, SSL *ssl, const SSL_CIPHER *cipher);

#endif

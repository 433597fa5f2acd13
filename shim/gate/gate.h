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

/* What the program set where MODE, which may be a gate's, is found now. */
int gate_verify_mode(int mode);

/*
 * The security callback to be set in place of PROGRAM, which it asks before it
 * judges: the same one for the same PROGRAM each time. NULL for NULL.
 */
openssl_security_cb *gate_before(struct openssl *lib, openssl_security_cb *program);

/* What the program, or the library, set where PRESENT is found now. */
openssl_security_cb *gate_behind(openssl_security_cb *present);

#endif

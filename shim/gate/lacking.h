/* SPDX-License-Identifier: MIT */
/*
 * An OpenSSL that lacks a function the shim must have: what its clients do
 * cannot be judged, so it is refused, as far as that library lets us.
 */
#ifndef PINSHIM_LACKING_H
#define PINSHIM_LACKING_H

#include "loader/openssl.h"

/* Makes CTX refuse every server's certificate. Clients' certificates are verified as ever. */
void lacking_install(struct openssl *lib, SSL_CTX *ctx);

/* Tells that a handshake of LIB is refused, that of SSL (may be NULL), for want of WHAT. */
void lacking_tell(const struct openssl *lib, const SSL *ssl, const char *what);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The security callback (SSL_CTX_set_security_callback(), ssl_security() in
 * libssl): how ours stands in front of the program's own, and calls the gates
 * for the two operations that concern them.
 */
#ifndef PINSHIM_SECURITY_H
#define PINSHIM_SECURITY_H

#include <stdbool.h>

#include "loader/openssl.h"

/*
 * The security callback to be set in place of PROGRAM, which it asks before it
 * judges: the same one for the same PROGRAM each time. NULL for NULL.
 */
openssl_security_cb *security_before(struct openssl *lib, openssl_security_cb *program);

/* What the program, or the library, set where PRESENT is found now. */
openssl_security_cb *security_behind(openssl_security_cb *present);

/* Whether CB is one of ours, for LIB. */
bool security_is_ours(const struct openssl *lib, openssl_security_cb *cb);

#endif

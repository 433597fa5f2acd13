/* SPDX-License-Identifier: MIT */
/*
 * QUIC (RFC 9000), of which libssl has a client from 3.2 and a server from 3.5
 * on. Without a server there are no scenarios.
 */
#ifndef PINSHIM_MATRIX_QUIC_H
#define PINSHIM_MATRIX_QUIC_H

#include <netinet/in.h>

#include "ends.h"

const SSL_METHOD *quic_client_method(void);
const SSL_METHOD *quic_server_method(void);
void quic_prepare_server(SSL_CTX *ctx);

/* A client's SSL, with an unconnected socket, is to go to THERE. */
void quic_aim(SSL *ssl, const struct sockaddr_in *there);

/* A client's SSL of a listener with the socket FD. */
SSL *quic_new_from_listener(SSL_CTX *ctx, int fd);

/* The thread of a server's end (struct end *). */
void *quic_serve(void *arg);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Both ends of QUIC. The server's does not block, since there is no end of file
 * to wait for: it takes turns with its own stop sign.
 */
#include "quic.h"

#include <string.h>
#include <unistd.h>

#if OPENSSL_VERSION_NUMBER >= 0x30500000L && !defined(OPENSSL_NO_QUIC)
#include <openssl/quic.h>

static const unsigned char protocol[] = "\6matrix";

const SSL_METHOD *quic_client_method(void)
{
	return OSSL_QUIC_client_method();
}

const SSL_METHOD *quic_server_method(void)
{
	return OSSL_QUIC_server_method();
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *len,
			   const unsigned char *in, unsigned in_len, void *arg)
{
	(void)ssl, (void)arg;
	return SSL_select_next_proto((unsigned char **)out, len, protocol, sizeof(protocol) - 1, in,
				     in_len) == OPENSSL_NPN_NEGOTIATED
		       ? SSL_TLSEXT_ERR_OK
		       : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void quic_prepare_server(SSL_CTX *ctx)
{
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
}

void quic_aim(SSL *ssl, const struct sockaddr_in *there)
{
	BIO_ADDR *peer = BIO_ADDR_new();

	if (!peer ||
	    !BIO_ADDR_rawmake(peer, AF_INET, &there->sin_addr, sizeof(there->sin_addr),
			      there->sin_port) ||
	    SSL_set1_initial_peer_addr(ssl, peer) != 1 ||
	    SSL_set_alpn_protos(ssl, protocol, sizeof(protocol) - 1) != 0)
		broken("quic_aim");
	BIO_ADDR_free(peer);
}

SSL *quic_new_from_listener(SSL_CTX *ctx, int fd)
{
	SSL *listener = SSL_new_listener(ctx, 0), *ssl;

	if (!listener || SSL_set_fd(listener, fd) != 1)
		broken("SSL_new_listener");
	ssl = SSL_new_from_listener(listener, 0);
	if (!ssl)
		broken("SSL_new_from_listener");
	return ssl;
}

static void talk(struct end *e, SSL *ssl)
{
	char line[64];
	size_t n;

	if (SSL_read_ex(ssl, line, sizeof(line) - 1, &n) != 1)
		return;
	e->data += n;
	SSL_write_ex(ssl, ANSWER, sizeof(ANSWER) - 1, &n);
}

void *quic_serve(void *arg)
{
	struct end *e = arg;
	SSL *listener = SSL_new_listener(e->ctx, 0), *ssl = NULL;
	const char *sni;
	int rest = 20;

	if (!listener || SSL_set_fd(listener, e->fd) != 1 || SSL_listen(listener) != 1 ||
	    SSL_set_blocking_mode(listener, 0) != 1)
		broken("SSL_new_listener");
	/* Also what has come by the time of the stop sign counts. */
	while (!e->stop || rest--) {
		SSL_handle_events(listener);
		if (!ssl)
			ssl = SSL_accept_connection(listener, SSL_ACCEPT_CONNECTION_NO_BLOCK);
		if (ssl) {
			SSL_set_blocking_mode(ssl, 0);
			e->done = SSL_is_init_finished(ssl);
			talk(e, ssl);
		}
		usleep(500);
	}
	if (ssl) {
		e->reused = SSL_session_reused(ssl);
		sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
		strncpy(e->sni, sni ? sni : "", sizeof(e->sni) - 1);
	}
	SSL_free(ssl);
	SSL_free(listener);
	close(e->fd);
	ERR_clear_error();
	return NULL;
}

#else

const SSL_METHOD *quic_client_method(void)
{
	return NULL;
}

const SSL_METHOD *quic_server_method(void)
{
	return NULL;
}

void quic_prepare_server(SSL_CTX *ctx)
{
	(void)ctx;
}

void quic_aim(SSL *ssl, const struct sockaddr_in *there)
{
	(void)ssl, (void)there;
}

SSL *quic_new_from_listener(SSL_CTX *ctx, int fd)
{
	(void)ctx, (void)fd;
	return NULL;
}

void *quic_serve(void *arg)
{
	return arg;
}

#endif

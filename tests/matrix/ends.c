/* SPDX-License-Identifier: MIT */
/*
 * The servers, and how clients find them: contexts, sockets, threads. What is
 * tried with them is in the files of scenarios.
 */
#include "ends.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keys.h"
#include "quic.h"

/* No wait of the tests is longer: then something is broken. */
static const struct timeval patience = { .tv_sec = 50 };

static struct end *last;

const char *end_address = "127.0.0.1";

void broken(const char *what)
{
	fprintf(stderr, "matrix: %s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(2);
}

void fact(const char *key, const char *value)
{
	printf("%s=%s\n", key, value ? value : "none");
}

void number(const char *key, long value)
{
	printf("%s=%ld\n", key, value);
}

static const char *in_pki(const char *certificate, const char *ending, char path[4096])
{
	snprintf(path, 4096, "%s/%s%s", getenv("PKI"), certificate, ending);
	return path;
}

void show_certificate(SSL_CTX *ctx, const char *certificate)
{
	char path[4096];

	if (SSL_CTX_use_certificate_chain_file(ctx, in_pki(certificate, "-chain.pem", path)) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, in_pki(certificate, ".key", path), SSL_FILETYPE_PEM) !=
		    1)
		broken(path);
}

void become(SSL *ssl, const char *certificate)
{
	char path[4096];

	if (SSL_use_certificate_chain_file(ssl, in_pki(certificate, "-chain.pem", path)) != 1 ||
	    SSL_use_PrivateKey_file(ssl, in_pki(certificate, ".key", path), SSL_FILETYPE_PEM) != 1)
		broken(path);
}

static int take_any(int ok, X509_STORE_CTX *ctx)
{
	(void)ok;
	(void)ctx;
	return 1;
}

void ask_for_certificate(SSL_CTX *server)
{
	SSL_CTX_set_verify(server, SSL_VERIFY_PEER, take_any);
}

static SSL_CTX *new_context(const SSL_METHOD *method, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (!ctx)
		broken("SSL_CTX_new");
	if (version != QUIC_VERSION && (SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
					SSL_CTX_set_max_proto_version(ctx, version) != 1))
		broken("the version");
	return ctx;
}

SSL_CTX *client_context(int version)
{
	const SSL_METHOD *method = version == DTLS1_2_VERSION ? DTLS_client_method()
				   : version == QUIC_VERSION  ? quic_client_method()
							      : TLS_client_method();
	SSL_CTX *ctx = new_context(method, version);
	char path[4096];

	/* It verifies: only the pins tell the servers apart. */
	if (SSL_CTX_load_verify_locations(ctx, in_pki("ca", ".pem", path), NULL) != 1)
		broken(path);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return ctx;
}

SSL_CTX *server_context(int version, const char *certificate)
{
	const SSL_METHOD *method = version == DTLS1_2_VERSION ? DTLS_server_method()
				   : version == QUIC_VERSION  ? quic_server_method()
							      : TLS_server_method();
	SSL_CTX *ctx = new_context(method, version);

	show_certificate(ctx, certificate);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"matrix", 6);
	if (version == QUIC_VERSION)
		quic_prepare_server(ctx);
	else
		keys_prepare_server(ctx, version);
	return ctx;
}

/* --- the server's end of a stream or of datagrams */

static void read_early_data(struct end *e, SSL *ssl)
{
	char buffer[1024];
	size_t n;
	int rc;

	do {
		rc = SSL_read_early_data(ssl, buffer, sizeof(buffer), &n);
		if (rc == SSL_READ_EARLY_DATA_SUCCESS)
			e->early += n;
	} while (rc == SSL_READ_EARLY_DATA_SUCCESS);
}

/* Whether LINE was one for the server itself; its answer comes when it was done. */
static bool obey(SSL *ssl, const char *line)
{
	if (!strcmp(line, DO_RENEGOTIATE) || !strcmp(line, DO_ABBREVIATED)) {
		if (!strcmp(line, DO_ABBREVIATED))
			SSL_renegotiate_abbreviated(ssl);
		else
			SSL_renegotiate(ssl);
		SSL_do_handshake(ssl);
	} else if (!strcmp(line, DO_CERTIFICATE)) {
		SSL_set_verify(ssl, SSL_VERIFY_PEER, take_any);
		SSL_verify_client_post_handshake(ssl);
		SSL_do_handshake(ssl);
	} else if (!strcmp(line, DO_THIEF)) {
		become(ssl, THIEF);
	} else if (!strcmp(line, DO_ASK)) {
		SSL_set_verify(ssl, SSL_VERIFY_PEER, take_any);
	} else {
		return false;
	}
	return true;
}

/* RFC 8879, 3.2 and later. */
#define COMPRESSED_CERTIFICATE 25

/* A Certificate may also be empty, and say that there is none. */
static void see_message(int sent, int version, int type, const void *bytes, size_t len, SSL *ssl,
			void *arg)
{
	const size_t most_of_empty = 100;
	const unsigned char *message = bytes;
	struct end *e = arg;

	(void)version, (void)ssl;
	if (sent || type != SSL3_RT_HANDSHAKE)
		return;
	if ((message[0] == SSL3_MT_CERTIFICATE && len > most_of_empty) ||
	    message[0] == COMPRESSED_CERTIFICATE || message[0] == SSL3_MT_CERTIFICATE_VERIFY)
		e->identity++;
}

static void talk(struct end *e, SSL *ssl)
{
	char line[64];
	int n;

	SSL_write(ssl, BANNER, sizeof(BANNER) - 1);
	while ((n = SSL_read(ssl, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		e->data += (size_t)n;
		if (obey(ssl, line)) {
			e->data = 0;
			e->commands++;
		}
		if (SSL_write(ssl, ANSWER, sizeof(ANSWER) - 1) <= 0)
			break;
	}
}

static void *serve(void *arg)
{
	struct end *e = arg;
	SSL *ssl = SSL_new(e->ctx);
	const char *sni;
	X509 *cert;

	if (e->listener >= 0)
		e->fd = accept(e->listener, NULL, NULL);
	setsockopt(e->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	SSL_set_fd(ssl, e->fd);
	SSL_set_accept_state(ssl);
	keys_prepare(ssl);
	SSL_set_msg_callback(ssl, see_message);
	SSL_set_msg_callback_arg(ssl, e);
	if (SSL_get_max_early_data(ssl))
		read_early_data(e, ssl);
	e->done = SSL_do_handshake(ssl) == 1;
	if (e->done)
		talk(e, ssl);
	e->reused = SSL_session_reused(ssl);
	cert = SSL_get_peer_certificate(ssl);
	e->client_certificate = cert != NULL;
	X509_free(cert);
	sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	snprintf(e->sni, sizeof(e->sni), "%s", sni ? sni : "");
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(e->fd);
	ERR_clear_error();
	return NULL;
}

const struct end *end_join(void)
{
	if (last && last->thread) {
		last->stop = true;
		pthread_join(last->thread, NULL);
		last->thread = 0;
		if (last->listener >= 0)
			close(last->listener);
	}
	return last;
}

static int bound_socket(int type, struct sockaddr_in *address)
{
	const struct sockaddr_in loopback = { .sin_family = AF_INET,
					      .sin_addr.s_addr = inet_addr(end_address) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*address);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)) ||
	    getsockname(fd, (struct sockaddr *)address, &len))
		broken("bind");
	return fd;
}

struct end *end_by_hand(void)
{
	struct end *e = calloc(1, sizeof(*e));

	end_join();
	free(last);
	last = e;
	e->listener = -1;
	return e;
}

struct end *end_start(SSL_CTX *ctx, int version, int *port)
{
	struct sockaddr_in address;
	struct end *e = end_by_hand();
	void *(*run)(void *) = version == QUIC_VERSION ? quic_serve : serve;

	e->ctx = ctx;
	if (version == DTLS1_2_VERSION || version == QUIC_VERSION) {
		e->fd = bound_socket(SOCK_DGRAM, &address);
	} else {
		e->listener = bound_socket(SOCK_STREAM, &address);
		if (listen(e->listener, 1))
			broken("listen");
	}
	*port = ntohs(address.sin_port);
	if (version != DTLS1_2_VERSION && pthread_create(&e->thread, NULL, run, e))
		broken("pthread_create");
	return e;
}

/* Both ends of datagrams have to know each other before the first one is read. */
static void pair_datagrams(struct end *e, int fd, const struct sockaddr_in *ours)
{
	if (connect(e->fd, (const struct sockaddr *)ours, sizeof(*ours)) ||
	    pthread_create(&e->thread, NULL, serve, e))
		broken("datagrams");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

void dial_again(SSL *ssl, SSL_CTX *server, int version)
{
	struct sockaddr_in there = { .sin_family = AF_INET,
				     .sin_addr.s_addr = inet_addr(end_address) };
	struct sockaddr_in ours;
	bool stream = version == TLS1_2_VERSION || version == TLS1_3_VERSION;
	int fd = bound_socket(stream ? SOCK_STREAM : SOCK_DGRAM, &ours), port;
	struct end *e = end_start(server, version, &port);

	there.sin_port = htons((in_port_t)port);
	if (version == QUIC_VERSION) {
		if (SSL_set_fd(ssl, fd) != 1)
			broken("SSL_set_fd");
		quic_aim(ssl, &there);
		return;
	}
	if (connect(fd, (const struct sockaddr *)&there, sizeof(there)))
		broken("connect");
	if (stream) {
		if (SSL_set_fd(ssl, fd) != 1)
			broken("SSL_set_fd");
		return;
	}
	pair_datagrams(e, fd, &ours);
	BIO *bio = BIO_new_dgram(fd, BIO_NOCLOSE);
	BIO_ctrl_set_connected(bio, &there);
	SSL_set_bio(ssl, bio, bio);
}

void set_name(SSL *ssl, const char *name)
{
	if (name && SSL_set_tlsext_host_name(ssl, name) != 1)
		broken("SSL_set_tlsext_host_name");
}

SSL *dial(SSL_CTX *ctx, SSL_CTX *server, int version, const char *name)
{
	SSL *ssl = SSL_new(ctx);

	if (!ssl)
		broken("SSL_new");
	dial_again(ssl, server, version);
	set_name(ssl, name);
	return ssl;
}

SSL *dial_from_listener(SSL_CTX *ctx, SSL_CTX *server, const char *name)
{
	struct sockaddr_in there = { .sin_family = AF_INET,
				     .sin_addr.s_addr = inet_addr(end_address) };
	struct sockaddr_in ours;
	int fd = bound_socket(SOCK_DGRAM, &ours), port;
	SSL *ssl;

	end_start(server, QUIC_VERSION, &port);
	there.sin_port = htons((in_port_t)port);
	ssl = quic_new_from_listener(ctx, fd);
	quic_aim(ssl, &there);
	set_name(ssl, name);
	return ssl;
}

void hang_up(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	SSL_shutdown(ssl);
	if (fd >= 0) {
		shutdown(fd, SHUT_RDWR);
		close(fd);
	}
	end_join();
}

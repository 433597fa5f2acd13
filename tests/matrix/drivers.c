/* SPDX-License-Identifier: MIT */
/*
 * Every function that can drive a client handshake. Most of them call none of
 * libssl's public functions for it.
 */
#include <openssl/async.h>
#include <stdio.h>
#include <string.h>

#include "matrix.h"

static bool talk_read(SSL *ssl)
{
	SSL_set_connect_state(ssl);
	return exchange(ssl);
}

static bool talk_peek(SSL *ssl)
{
	char byte;

	SSL_set_connect_state(ssl);
	return SSL_peek(ssl, &byte, 1) == 1 && exchange(ssl);
}

static bool talk_peek_ex(SSL *ssl)
{
	char byte;
	size_t n;

	SSL_set_connect_state(ssl);
	return SSL_peek_ex(ssl, &byte, 1, &n) == 1 && exchange(ssl);
}

static bool talk_read_ex(SSL *ssl)
{
	char line[sizeof(BANNER)];
	size_t n;

	SSL_set_connect_state(ssl);
	return SSL_read_ex(ssl, line, sizeof(BANNER) - 1, &n) == 1 && say(ssl, SECRET) &&
	       hear(ssl, ANSWER);
}

static bool talk_write_ex(SSL *ssl)
{
	size_t n;

	SSL_set_connect_state(ssl);
	return SSL_write_ex(ssl, SECRET, sizeof(SECRET) - 1, &n) == 1 && hear(ssl, BANNER ANSWER);
}

static bool bio_hear(BIO *bio, const char *text)
{
	char buffer[64];
	int len = (int)strlen(text), n = 0, rc;

	while (n < len) {
		rc = BIO_read(bio, buffer + n, len - n);
		if (rc <= 0)
			return false;
		n += rc;
	}
	return true;
}

static bool bio_talk(BIO *bio)
{
	return BIO_puts(bio, SECRET) > 0 && BIO_flush(bio) > 0 && bio_hear(bio, BANNER ANSWER);
}

/* A BIO of the program's own making above the SSL. */
static bool talk_bio(SSL *ssl)
{
	BIO *bio = BIO_new(BIO_f_ssl());
	bool ok;

	SSL_set_connect_state(ssl);
	BIO_set_ssl(bio, ssl, BIO_NOCLOSE);
	ok = bio_talk(bio);
	BIO_free(bio);
	return ok;
}

static bool talk_bio_do_handshake(SSL *ssl)
{
	BIO *bio = BIO_new(BIO_f_ssl());
	bool ok;

	SSL_set_connect_state(ssl);
	BIO_set_ssl(bio, ssl, BIO_NOCLOSE);
	ok = BIO_do_handshake(bio) == 1 && bio_talk(bio);
	BIO_free(bio);
	return ok;
}

static int pauses;

static void pause_job(const SSL *ssl, int where, int rc)
{
	(void)ssl, (void)rc;
	if (where & SSL_CB_LOOP && pauses++ < 3)
		ASYNC_pause_job();
}

/* The handshake runs on another stack, and is left and entered again in the middle. */
static bool talk_async(SSL *ssl)
{
	int rc;

	if (!ASYNC_is_capable())
		broken("async");
	SSL_set_mode(ssl, SSL_MODE_ASYNC);
	SSL_set_info_callback(ssl, pause_job);
	do
		rc = SSL_connect(ssl);
	while (rc < 0 && SSL_get_error(ssl, rc) == SSL_ERROR_WANT_ASYNC);
	SSL_clear_mode(ssl, SSL_MODE_ASYNC);
	return rc == 1 && exchange(ssl);
}

#if OPENSSL_VERSION_NUMBER >= 0x30500000L && !defined(OPENSSL_NO_QUIC)
bool talk_quic_do_handshake(SSL *ssl)
{
	SSL_set_connect_state(ssl);
	return SSL_do_handshake(ssl) == 1 && say(ssl, SECRET) && hear(ssl, ANSWER);
}

bool talk_quic_write(SSL *ssl)
{
	SSL_set_connect_state(ssl);
	return say(ssl, SECRET) && hear(ssl, ANSWER);
}

/* The client's connection is one of a listener's, whose socket it shares. */
static void from_listener(const struct scenario *s)
{
	finish(s, dial_from_listener(client_context(s->version), server_context(s->version, HONEST),
				     NAME));
}
#endif

static void drive(const struct scenario *s)
{
	finish(s, dial(client_context(s->version), server_context(s->version, HONEST), s->version,
		       NAME));
}

/* BIOs that do all of it, the connection as well; HOW says which. */
static void connect_bio(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version), *to = server_context(s->version, HONEST);
	bool buffered = s->how && !strcmp(s->how, "buffered"), ok;
	BIO *bio = buffered ? BIO_new_buffer_ssl_connect(ctx) : BIO_new_ssl_connect(ctx);
	char address[32];
	SSL *ssl = NULL;
	int port;

	end_start(to, s->version, &port);
	snprintf(address, sizeof(address), "127.0.0.1:%d", port);
	BIO_set_conn_hostname(bio, address);
	BIO_get_ssl(bio, &ssl);
	set_name(ssl, NAME);
	if (s->how && !strcmp(s->how, "handshake"))
		ok = BIO_do_handshake(bio) == 1 && bio_talk(bio);
	else
		ok = bio_talk(bio);
	if (ok)
		completed();
	outcome(ssl, ok);
}

#define ROW(name, version, talk)                                     \
	{                                                            \
		name, CERTIFICATE, drive, version, NULL, false, talk \
	}

#define EACH_VERSION(way, talk) \
	ROW("1.2: by " way, TLS1_2_VERSION, talk), ROW("1.3: by " way, TLS1_3_VERSION, talk)

const struct scenario driver_scenarios[] = {
	EACH_VERSION("SSL_do_handshake", talk_do_handshake),
	EACH_VERSION("SSL_read", talk_read),
	EACH_VERSION("SSL_read_ex", talk_read_ex),
	EACH_VERSION("SSL_peek", talk_peek),
	EACH_VERSION("SSL_peek_ex", talk_peek_ex),
	EACH_VERSION("SSL_write", talk_write),
	EACH_VERSION("SSL_write_ex", talk_write_ex),
	EACH_VERSION("BIO_f_ssl", talk_bio),
	EACH_VERSION("BIO_do_handshake", talk_bio_do_handshake),
	EACH_VERSION("an asynchronous job", talk_async),
	{ "1.2: by BIO_new_ssl_connect", CERTIFICATE, connect_bio, .version = TLS1_2_VERSION },
	{ "1.3: by BIO_new_ssl_connect", CERTIFICATE, connect_bio, .version = TLS1_3_VERSION },
	{ "1.3: by BIO_do_connect", CERTIFICATE, connect_bio, .version = TLS1_3_VERSION,
	  .how = "handshake" },
	{ "1.2: by BIO_new_buffer_ssl_connect", CERTIFICATE, connect_bio, .version = TLS1_2_VERSION,
	  .how = "buffered" },
	{ "1.3: by BIO_new_buffer_ssl_connect", CERTIFICATE, connect_bio, .version = TLS1_3_VERSION,
	  .how = "buffered" },
#if OPENSSL_VERSION_NUMBER >= 0x30500000L && !defined(OPENSSL_NO_QUIC)
	ROW("QUIC: by SSL_do_handshake", QUIC_VERSION, talk_quic_do_handshake),
	ROW("QUIC: by SSL_write", QUIC_VERSION, talk_quic_write),
	{ "QUIC: from a listener", CERTIFICATE, from_listener, .version = QUIC_VERSION,
	  .talk = talk_quic },
#endif
	{ "DTLS: by SSL_write", CERTIFICATE, drive, .version = DTLS1_2_VERSION,
	  .talk = talk_write },
	{ "DTLS: by SSL_read", CERTIFICATE, drive, .version = DTLS1_2_VERSION, .talk = talk_read },
	{ 0 },
};

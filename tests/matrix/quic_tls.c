/* SPDX-License-Identifier: MIT */
/*
 * TLS for a QUIC that is not libssl's (SSL_set_quic_tls_cbs(), 3.5 and later):
 * libssl makes the messages and the secrets, and the program carries and uses
 * them. What a server got is what the program had a secret to send it with.
 */
#include <string.h>

#include "keys.h"
#include "matrix.h"

#if OPENSSL_VERSION_NUMBER >= 0x30500000L
#include <openssl/core_dispatch.h>

/* OSSL_RECORD_PROTECTION_LEVEL_* and the direction, as the callbacks give them. */
enum { LEVEL_EARLY = 1, LEVEL_APPLICATION = 3, LEVELS, TO_READ = 0, TO_SEND = 1 };

/* One side: the messages of each level that it has not read yet, and what it has secrets for. */
struct side {
	struct side *other;
	struct queue {
		unsigned char bytes[8192];
		size_t n;
	} queues[LEVELS];
	uint32_t level[2]; /* of what it reads and sends now */
	bool may_send_early;
};

static struct queue *incoming(void *arg)
{
	struct side *side = arg;

	return &side->queues[side->level[TO_READ]];
}

static int take_message(SSL *ssl, const unsigned char *bytes, size_t len, size_t *consumed,
			void *arg)
{
	struct side *side = arg;
	struct queue *to = &side->other->queues[side->level[TO_SEND]];

	(void)ssl;
	if (to->n + len > sizeof(to->bytes))
		broken("a queue is full");
	memcpy(to->bytes + to->n, bytes, len);
	to->n += len;
	*consumed = len;
	return 1;
}

static int give_messages(SSL *ssl, const unsigned char **bytes, size_t *len, void *arg)
{
	(void)ssl;
	*bytes = incoming(arg)->bytes;
	*len = incoming(arg)->n;
	return 1;
}

static int forget_messages(SSL *ssl, size_t len, void *arg)
{
	struct queue *from = incoming(arg);

	(void)ssl;
	memmove(from->bytes, from->bytes + len, from->n - len);
	from->n -= len;
	return 1;
}

static int take_secret(SSL *ssl, uint32_t level, int direction, const unsigned char *secret,
		       size_t len, void *arg)
{
	struct side *side = arg;

	(void)ssl, (void)secret, (void)len;
	/* No message is sent under that one. */
	if (level != LEVEL_EARLY)
		side->level[direction] = level;
	else if (direction == TO_SEND)
		side->may_send_early = true;
	return 1;
}

static int take_parameters(SSL *ssl, const unsigned char *bytes, size_t len, void *arg)
{
	(void)ssl, (void)bytes, (void)len, (void)arg;
	return 1;
}

static int take_alert(SSL *ssl, unsigned char code, void *arg)
{
	(void)ssl, (void)code, (void)arg;
	return 1;
}

static const OSSL_DISPATCH callbacks[] = {
	{ OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_SEND, (void (*)(void))take_message },
	{ OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_RECV_RCD, (void (*)(void))give_messages },
	{ OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_RELEASE_RCD, (void (*)(void))forget_messages },
	{ OSSL_FUNC_SSL_QUIC_TLS_YIELD_SECRET, (void (*)(void))take_secret },
	{ OSSL_FUNC_SSL_QUIC_TLS_GOT_TRANSPORT_PARAMS, (void (*)(void))take_parameters },
	{ OSSL_FUNC_SSL_QUIC_TLS_ALERT, (void (*)(void))take_alert },
	{ 0, NULL },
};

static SSL *side_of(SSL_CTX *ctx, struct side *side, struct side *other)
{
	static const unsigned char parameters[] = "none";
	SSL *ssl = SSL_new(ctx);

	side->other = other;
	if (!ssl || SSL_set_quic_tls_cbs(ssl, callbacks, side) != 1 ||
	    SSL_set_quic_tls_transport_params(ssl, parameters, sizeof(parameters)) != 1)
		broken("SSL_set_quic_tls_cbs");
	return ssl;
}

/* Both sides in turns, until they are done or no more is to be said. */
static bool shake(SSL *client, SSL *server)
{
	int rc = 0;

	for (int i = 0; i < 20 && rc != 1; i++) {
		rc = SSL_do_handshake(client);
		if (rc != 1 && SSL_get_error(client, rc) != SSL_ERROR_WANT_READ)
			return false;
		if (SSL_do_handshake(server) != 1)
			ERR_clear_error();
	}
	return rc == 1;
}

/* What the server would have got; there is none to ask. */
static void tell(const struct side *ours, SSL *client, bool ok)
{
	struct end *e = end_by_hand();

	e->early = ours->may_send_early ? sizeof(SECRET) - 1 : 0;
	e->data = ours->level[TO_SEND] == LEVEL_APPLICATION ? sizeof(SECRET) - 1 : 0;
	outcome(client, ok);
}

static void another_quic(const struct scenario *s)
{
	struct side ours = { .other = NULL }, theirs = { .other = NULL };
	SSL *client = side_of(client_context(s->version), &ours, &theirs);
	SSL *server = side_of(server_context(s->version, HONEST), &theirs, &ours);
	bool ok;

	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	set_name(client, NAME);
	ok = shake(client, server);
	if (ok)
		completed();
	SSL_free(server);
	tell(&ours, client, ok);
}

/* Early data on an external PSK: the program has its secret with the ClientHello. */
static void another_quic_early(const struct scenario *s)
{
	struct side ours = { .other = NULL }, theirs = { .other = NULL };
	SSL_CTX *ctx = client_context(s->version);
	SSL *client;
	int rc;

	keys_use_unlimited_session(ctx);
	client = side_of(ctx, &ours, &theirs);
	SSL_set_connect_state(client);
	set_name(client, NAME);
	if (SSL_set_quic_tls_early_data_enabled(client, 1) != 1)
		broken("SSL_set_quic_tls_early_data_enabled");
	rc = SSL_do_handshake(client);
	tell(&ours, client, SSL_get_error(client, rc) == SSL_ERROR_WANT_READ);
}

const struct scenario quic_tls_scenarios[] = {
	{ "1.3: TLS for another's QUIC", CERTIFICATE, another_quic, .version = TLS1_3_VERSION },
	{ "1.3: TLS for another's QUIC, early data on an external PSK", NO_CERTIFICATE,
	  another_quic_early, .version = TLS1_3_VERSION },
	{ 0 },
};

#else

const struct scenario quic_tls_scenarios[] = { { 0 } };

#endif

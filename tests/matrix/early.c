/* SPDX-License-Identifier: MIT */
/*
 * Early data (RFC 8446 section 2.3): it leaves together with the ClientHello,
 * before anything is known of the server.
 */
#include <string.h>

#include "keys.h"
#include "matrix.h"

/* The early data is the same secret; what follows is an ordinary exchange. */
static bool talk_early(SSL *ssl)
{
	size_t n;

	return SSL_write_early_data(ssl, SECRET, sizeof(SECRET) - 1, &n) == 1 && talk_connect(ssl);
}

/* A program that does not let a failure keep it from going on. */
static bool talk_early_and_write(SSL *ssl)
{
	size_t n;

	SSL_write_early_data(ssl, SECRET, sizeof(SECRET) - 1, &n);
	return say(ssl, SECRET) && hear(ssl, BANNER ANSWER);
}

static void on_ticket(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version), *to = server_context(s->version, HONEST);
	SSL_SESSION *session;
	SSL *ssl;

	keys_allow_early_data(to);
	ssl = dial(ctx, to, s->version, s->other ? OTHER_NAME : NAME);
	before(s, ssl, talk_connect(ssl));
	session = SSL_get1_session(ssl);
	if (s->how && !strcmp(s->how, "der"))
		session = through_der(session);
	hang_up(ssl);
	ssl = dial(ctx, to, s->version, NAME);
	SSL_set_session(ssl, session);
	finish(s, ssl);
}

static void on_psk(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version), *to = server_context(s->version, HONEST);

	keys_allow_early_data(to);
	keys_use_session(ctx);
	finish(s, dial(ctx, to, s->version, NAME));
}

const struct scenario early_scenarios[] = {
	{ "1.3: early data on a ticket", CERTIFICATE, on_ticket, .version = TLS1_3_VERSION,
	  .talk = talk_early },
	{ "1.3: early data on a ticket of another name", EARLY, on_ticket,
	  .version = TLS1_3_VERSION, .other = true, .talk = talk_early },
	{ "1.3: early data on a ticket of another name, SSL_write goes on", EARLY, on_ticket,
	  .version = TLS1_3_VERSION, .other = true, .talk = talk_early_and_write },
	{ "1.3: early data on a ticket from a file", CERTIFICATE, on_ticket,
	  .version = TLS1_3_VERSION, .how = "der", .talk = talk_early },
	{ "1.3: early data on a ticket from a file, of another name", EARLY, on_ticket,
	  .version = TLS1_3_VERSION, .how = "der", true, talk_early },
	{ "1.3: early data on an external PSK", NO_CERTIFICATE, on_psk, .version = TLS1_3_VERSION,
	  .talk = talk_early },
	{ "1.3: early data on an external PSK, SSL_write goes on", NO_CERTIFICATE, on_psk,
	  .version = TLS1_3_VERSION, .talk = talk_early_and_write },
	{ 0 },
};

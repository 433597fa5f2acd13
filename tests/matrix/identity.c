/* SPDX-License-Identifier: MIT */
/*
 * Clients that show a certificate of their own when the server asks for it. It
 * tells who they are, so that none may be sent before the server was accepted:
 * tests/matrix/run.py takes one that was for a leak. One that is asked for after
 * the handshake is among renegotiation_scenarios.
 */
#include <string.h>

#include "matrix.h"

#define OWN "client"

static bool is(const struct scenario *s, const char *word)
{
	return s->how && strstr(s->how, word);
}

static int choose(SSL *ssl, void *arg)
{
	(void)arg;
	become(ssl, OWN);
	return 1;
}

static SSL_CTX *client_with_certificate(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version);

	if (is(s, "chosen"))
		SSL_CTX_set_cert_cb(ctx, choose, NULL);
	else
		show_certificate(ctx, OWN);
	if (is(s, "none"))
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	return ctx;
}

static SSL_CTX *server_that_asks(const struct scenario *s)
{
	SSL_CTX *to = server_context(s->version, HONEST);

	ask_for_certificate(to);
	return to;
}

static void full(const struct scenario *s)
{
	finish(s, dial(client_with_certificate(s), server_that_asks(s), s->version, NAME));
}

/* It is asked for in a second handshake, HOW: by a thief. */
static void renegotiated(const struct scenario *s)
{
	SSL_CTX *to = server_context(s->version, HONEST);
	SSL *ssl;
	bool ok;

#ifdef SSL_OP_ALLOW_CLIENT_RENEGOTIATION
	SSL_CTX_set_options(to, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
#endif
	ssl = dial(client_with_certificate(s), to, s->version, NAME);
	before(s, ssl, talk(s, ssl));
	if (is(s, "thief") && !(say(ssl, DO_THIEF) && hear(ssl, ANSWER)))
		broken(DO_THIEF);
	if (!say(ssl, DO_ASK) || !hear(ssl, ANSWER))
		broken(DO_ASK);
	ok = SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) == 1 && say(ssl, SECRET) &&
	     hear(ssl, ANSWER);
	if (ok)
		completed();
	outcome(ssl, ok);
}

/* A session of another name, which is taken off, or which this server does not know. */
static void resumed(const struct scenario *s)
{
	SSL_CTX *ctx = client_with_certificate(s);
	SSL *ssl = dial(ctx, server_that_asks(s), s->version, OTHER_NAME);
	SSL_SESSION *session;

	before(s, ssl, talk(s, ssl));
	session = SSL_get1_session(ssl);
	hang_up(ssl);
	ssl = dial(ctx, server_that_asks(s), s->version, NAME);
	SSL_set_session(ssl, session);
	finish(s, ssl);
}

const struct scenario identity_scenarios[] = {
	{ "1.2: client certificate", CERTIFICATE, full, .version = TLS1_2_VERSION },
	{ "1.3: client certificate", CERTIFICATE, full, .version = TLS1_3_VERSION },
	{ "DTLS: client certificate", CERTIFICATE, full, .version = DTLS1_2_VERSION },
	{ "1.2: client certificate, verifies nothing", CERTIFICATE, full, .version = TLS1_2_VERSION,
	  .how = "none" },
	{ "1.3: client certificate, verifies nothing", CERTIFICATE, full, .version = TLS1_3_VERSION,
	  .how = "none" },
	{ "DTLS: client certificate, verifies nothing", CERTIFICATE, full,
	  .version = DTLS1_2_VERSION, .how = "none" },
	{ "1.2: client certificate chosen when asked, by SSL_write", CERTIFICATE, full,
	  .version = TLS1_2_VERSION, .how = "chosen none", .talk = talk_write },
	{ "1.3: client certificate chosen when asked, by SSL_write", CERTIFICATE, full,
	  .version = TLS1_3_VERSION, .how = "chosen none", .talk = talk_write },
	{ "1.2: client certificate in a renegotiation", CERTIFICATE, renegotiated,
	  .version = TLS1_2_VERSION },
	{ "1.2: client certificate in a renegotiation, for a thief", LATE_THIEF, renegotiated,
	  .version = TLS1_2_VERSION, .how = "thief none" },
	{ "1.2: client certificate, session of another name", CERTIFICATE, resumed,
	  .version = TLS1_2_VERSION, .other = true },
	{ "1.3: client certificate, session of another name", CERTIFICATE, resumed,
	  .version = TLS1_3_VERSION, .other = true },
	{ 0 },
};

/* SPDX-License-Identifier: MIT */
/*
 * Second handshakes on one connection: renegotiation (RFC 5246 section 7.4.1),
 * asked for by the client or by the server, full or abbreviated, with the
 * server's certificate or suddenly another; and the client's own certificate
 * after the handshake (RFC 8446 section 4.6.2).
 */
#include <string.h>

#include "keys.h"
#include "matrix.h"

#ifndef SSL_OP_ALLOW_CLIENT_RENEGOTIATION
#define SSL_OP_ALLOW_CLIENT_RENEGOTIATION 0 /* 1.1.1 always does */
#endif

static bool is(const struct scenario *s, const char *word)
{
	return s->how && strstr(s->how, word);
}

/* Says LINE to the server, which obeys. */
static bool order(SSL *ssl, const char *line)
{
	return say(ssl, line) && hear(ssl, ANSWER);
}

static bool renegotiate(const struct scenario *s, SSL *ssl)
{
	bool abbreviated = is(s, "abbreviated");

	/* Its HelloRequest is met, and the handshake driven, while its answer is waited for. */
	if (is(s, "server"))
		return order(ssl, abbreviated ? DO_ABBREVIATED : DO_RENEGOTIATE);
	if (abbreviated)
		SSL_renegotiate_abbreviated(ssl);
	else
		SSL_renegotiate(ssl);
	return is(s, "write") || SSL_do_handshake(ssl) == 1;
}

static void twice(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version), *to = server_context(s->version, HONEST);
	SSL *ssl;
	bool ok;

	SSL_CTX_set_options(to, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
	/* Asked, a client offers its session, whatever it is asked for. */
	if (is(s, "server") && !is(s, "abbreviated"))
		SSL_CTX_set_options(to, SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
	if (is(s, "thief"))
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	ssl = dial(ctx, to, s->version, NAME);
	before(s, ssl, talk(s, ssl));
	if (is(s, "thief") && !order(ssl, DO_THIEF))
		broken(DO_THIEF);
	ok = renegotiate(s, ssl) && say(ssl, SECRET) && hear(ssl, ANSWER);
	if (ok)
		completed();
	outcome(ssl, ok);
}

/* The client has a certificate, and is asked for it when all is said. */
static void client_certificate(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version);
	SSL *ssl;
	bool ok;

	show_certificate(ctx, "client");
	SSL_CTX_set_post_handshake_auth(ctx, 1);
	ssl = dial(ctx, server_context(s->version, HONEST), s->version, NAME);
	before(s, ssl, talk(s, ssl));
	ok = order(ssl, DO_CERTIFICATE) && say(ssl, SECRET) && hear(ssl, ANSWER);
	outcome(ssl, ok);
}

const struct scenario renegotiation_scenarios[] = {
	{ "1.2: renegotiation", CERTIFICATE, twice, .version = TLS1_2_VERSION },
	{ "1.2: renegotiation, by SSL_write", CERTIFICATE, twice, .version = TLS1_2_VERSION,
	  .how = "write" },
	{ "1.2: renegotiation, abbreviated", CERTIFICATE, twice, .version = TLS1_2_VERSION,
	  .how = "abbreviated" },
	{ "1.2: renegotiation, abbreviated, by SSL_write", CERTIFICATE, twice,
	  .version = TLS1_2_VERSION, .how = "abbreviated write" },
	{ "1.2: renegotiation that the server asks for", CERTIFICATE, twice,
	  .version = TLS1_2_VERSION, .how = "server" },
	{ "1.2: renegotiation that the server asks for, abbreviated", CERTIFICATE, twice,
	  .version = TLS1_2_VERSION, .how = "server abbreviated" },
	{ "1.2: renegotiation with a thief", LATE_THIEF, twice, .version = TLS1_2_VERSION,
	  .how = "thief" },
	{ "1.2: renegotiation with a thief, by SSL_write", LATE_THIEF, twice,
	  .version = TLS1_2_VERSION, .how = "thief write" },
	{ "1.2: renegotiation that a thief asks for", LATE_THIEF, twice, .version = TLS1_2_VERSION,
	  .how = "thief server" },
	{ "1.3: client certificate after the handshake", CERTIFICATE, client_certificate,
	  .version = TLS1_3_VERSION },
	{ 0 },
};

/* SPDX-License-Identifier: MIT */
/*
 * Resumed sessions: every way in which a server can keep one, times every way in
 * which it can come to the second connection, from one with the same name or
 * with another.
 */
#include <string.h>
#include <unistd.h>

#include "matrix.h"

static const char *first_name(const struct scenario *s)
{
	return s->other ? OTHER_NAME : NAME;
}

/* What a server of VERSION keeps: a session with an id, or nothing, having sent a ticket. */
static SSL_CTX *keeper(const struct scenario *s, bool ids)
{
	SSL_CTX *to = server_context(s->version, HONEST);

	if (ids)
		SSL_CTX_set_options(to, SSL_OP_NO_TICKET);
	return to;
}

static bool is(const char *how, const char *word)
{
	return strstr(how, word) != NULL;
}

static void reuse_ssl(const struct scenario *s, SSL *ssl, SSL_CTX *to)
{
	int fd = SSL_get_fd(ssl);

	SSL_shutdown(ssl);
	close(fd);
	if (SSL_clear(ssl) != 1)
		broken("SSL_clear");
	dial_again(ssl, to, s->version);
	set_name(ssl, NAME);
	finish(s, ssl);
}

static SSL *second(const struct scenario *s, SSL_CTX *ctx, SSL_CTX *to, SSL *one,
		   SSL_SESSION *session)
{
	SSL *ssl = SSL_new(ctx);

	/* Before anything is known of the connection. */
	if (is(s->how, "first") && SSL_set_session(ssl, session) != 1)
		broken("SSL_set_session");
	if (is(s->how, "dup")) {
		set_name(ssl, NAME);
		SSL_set_connect_state(ssl);
		SSL_set_session(ssl, session);
		ssl = SSL_dup(ssl);
		if (!ssl)
			broken("SSL_dup");
	}
	dial_again(ssl, to, s->version);
	set_name(ssl, NAME);
	if (is(s->how, "copy"))
		SSL_copy_session_id(ssl, one);
	if (is(s->how, "set"))
		SSL_set_session(ssl, session);
	return ssl;
}

/* HOW: ids or tickets, and how the session travels. */
static void resume(const struct scenario *s)
{
	SSL_CTX *ctx = client_context(s->version), *to = keeper(s, is(s->how, "ids"));
	SSL *one = dial(ctx, to, s->version, first_name(s));
	bool ok = s->version == QUIC_VERSION ? talk_quic(one) : talk_connect(one);
	SSL_SESSION *session;

	before(s, one, ok);
	session = SSL_get1_session(one);
	if (SSL_SESSION_is_resumable(session) != 1)
		broken("the session is not resumable");
	if (is(s->how, "der"))
		session = through_der(session);
	if (is(s->how, "clear"))
		reuse_ssl(s, one, to);
	hang_up(one);
	finish(s, second(s, ctx, to, one, session));
}

#define ROW(name, version, how, other, talk)                         \
	{                                                            \
		name, CERTIFICATE, resume, version, how, other, talk \
	}

#define WAYS(kept, v, k)                                                                           \
	ROW(kept ", SSL_set_session", v, k " set", false, NULL),                                   \
		ROW(kept ", SSL_set_session, of another name", v, k " set", true, NULL),           \
		ROW(kept ", SSL_set_session, of another name, by SSL_write", v, k " set", true,    \
		    talk_write),                                                                   \
		ROW(kept ", set before its name", v, k " first", false, NULL),                     \
		ROW(kept ", set before its name, of another name", v, k " first", true, NULL),     \
		ROW(kept ", set before its name, of another name, by SSL_write", v, k " first",    \
		    true, talk_write),                                                             \
		ROW(kept ", from a file", v, k " der set", false, NULL),                           \
		ROW(kept ", from a file, of another name", v, k " der set", true, NULL),           \
		ROW(kept ", from a file, of another name, by SSL_write", v, k " der set", true,    \
		    talk_write),                                                                   \
		ROW(kept ", from a file, set before its name", v, k " der first", false, NULL),    \
		ROW(kept ", from a file, set before its name, of another name", v, k " der first", \
		    true, NULL),                                                                   \
		ROW(kept ", from a file, set before its name, of another name, by SSL_write", v,   \
		    k " der first", true, talk_write),                                             \
		ROW(kept ", SSL_copy_session_id", v, k " copy", false, NULL),                      \
		ROW(kept ", SSL_copy_session_id, of another name", v, k " copy", true, NULL),      \
		ROW(kept ", SSL_copy_session_id, of another name, by SSL_write", v, k " copy",     \
		    true, talk_write),                                                             \
		ROW(kept ", SSL_dup", v, k " dup", false, NULL),                                   \
		ROW(kept ", SSL_dup, of another name", v, k " dup", true, NULL),                   \
		ROW(kept ", SSL_dup, of another name, by SSL_write", v, k " dup", true,            \
		    talk_write),                                                                   \
		ROW(kept ", SSL_clear", v, k " clear", false, NULL),                               \
		ROW(kept ", SSL_clear, of another name", v, k " clear", true, NULL),               \
		ROW(kept ", SSL_clear, of another name, by SSL_write", v, k " clear", true,        \
		    talk_write)

const struct scenario resumption_scenarios[] = {
	WAYS("1.2: session id", TLS1_2_VERSION, "ids"),
	WAYS("1.2: ticket", TLS1_2_VERSION, "tickets"),
	WAYS("1.3: ticket", TLS1_3_VERSION, "tickets"),
	WAYS("1.3: stateful ticket", TLS1_3_VERSION, "ids"),
	WAYS("DTLS: session id", DTLS1_2_VERSION, "ids"),
	WAYS("DTLS: ticket", DTLS1_2_VERSION, "tickets"),
#if OPENSSL_VERSION_NUMBER >= 0x30500000L && !defined(OPENSSL_NO_QUIC)
	ROW("QUIC: ticket", QUIC_VERSION, "tickets set", false, talk_quic),
	ROW("QUIC: ticket, of another name", QUIC_VERSION, "tickets set", true, talk_quic),
	ROW("QUIC: ticket, of another name, by SSL_do_handshake", QUIC_VERSION, "tickets first",
	    true, talk_quic_do_handshake),
	ROW("QUIC: ticket, of another name, by SSL_write", QUIC_VERSION, "tickets first", true,
	    talk_quic_write),
	ROW("QUIC: ticket, set before its name", QUIC_VERSION, "tickets first", true, talk_quic),
	ROW("QUIC: ticket, from a file", QUIC_VERSION, "tickets der set", false, talk_quic),
	ROW("QUIC: ticket, from a file, of another name", QUIC_VERSION, "tickets der set", true,
	    talk_quic),
#endif
	{ 0 },
};

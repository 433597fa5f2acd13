/* SPDX-License-Identifier: MIT */
/*
 * A scenario is one way in which a client handshake can come about. Its table
 * row says what has to become of it under the policies; tests/matrix/run.py
 * holds the shim to that.
 */
#ifndef PINSHIM_MATRIX_H
#define PINSHIM_MATRIX_H

#include <stdbool.h>

#include "ends.h"

enum kind {
	CERTIFICATE = 1, /* the server shows its certificate, now or when the session was made */
	NO_CERTIFICATE,	 /* nothing that a pin could match */
	EARLY,		 /* one too, but what would be sent early rests on another name's session */
	LATE_THIEF,	 /* the honest server first, then one with another certificate */
	NEVER,		 /* libssl itself ends it, whatever the policy */
};

struct scenario {
	const char *name;
	enum kind kind;
	void (*run)(const struct scenario *s);
	int version;
	const char *how; /* a detail, as the function has it */
	bool other;	 /* a session comes from a connection under another name */
	bool (*talk)(SSL *ssl);
};

/* Tables of scenarios, each ended by a row without a name. */
extern const struct scenario full_scenarios[], driver_scenarios[], resumption_scenarios[],
	key_scenarios[], early_scenarios[], renegotiation_scenarios[], ech_scenarios[],
	name_scenarios[], quic_tls_scenarios[], identity_scenarios[];

/*
 * Ways to talk, which also drive the handshake: the banner comes, SECRET goes,
 * its answer comes. False when anything failed.
 */
bool talk_connect(SSL *ssl);
bool talk_do_handshake(SSL *ssl);
bool talk_write(SSL *ssl);
bool talk_quic(SSL *ssl);
bool talk_quic_do_handshake(SSL *ssl);
bool talk_quic_write(SSL *ssl);

/* The rest of a talk, after the handshake. */
bool exchange(SSL *ssl);

/* Reads exactly TEXT. */
bool hear(SSL *ssl, const char *text);
bool say(SSL *ssl, const char *text);

/* The session as it comes out of a file. */
SSL_SESSION *through_der(SSL_SESSION *session);

/* That of S, or SSL_connect(). */
bool talk(const struct scenario *s, SSL *ssl);

/* A client handshake under NAME has been completed. */
void completed(void);

/* Says how the connection went that a scenario is about, and what its server saw. */
void outcome(SSL *ssl, bool ok);

/* Talks, and says how it went. */
void finish(const struct scenario *s, SSL *ssl);

/*
 * A connection that comes before: it has to work, or the scenario ends here with
 * its outcome. It stays open.
 */
void before(const struct scenario *s, SSL *ssl, bool ok);

#endif

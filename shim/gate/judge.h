/* SPDX-License-Identifier: MIT */
/*
 * Judging one client handshake: every policy in force, every name, what the
 * server showed; and telling the outcome. Called from inside libssl by both
 * gates. Changes no object of the program's.
 */
#ifndef PINSHIM_JUDGE_H
#define PINSHIM_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "gate/peer.h"
#include "loader/openssl.h"
#include "pure/verdict.h"

/* What there is to judge by. All of it belongs to the caller. */
struct judge_case {
	struct openssl *lib;
	SSL *ssl;
	struct peer_names_told names;
	bool name_lost; /* what was sent is not known: refused */
	bool early;	/* data leaves with the ClientHello: what is not known yet counts as bad */
	const char *failure; /* what went wrong before, for which it is refused; or NULL */

	/* A full handshake, with a certificate or a raw public key (RFC 7250). */
	X509 *leaf;
	EVP_PKEY *raw_key;
	STACK_OF(X509) * served;
	STACK_OF(X509) * verified; /* the chain that the program's verification built */
	X509_STORE *program_store;
	bool failing; /* the program itself refuses it: nothing is learned */

	/*
	 * The session that is being made has a key already: an old one, without an
	 * id, which libssl goes on with when the server does not resume it. What is
	 * shown now does not vouch for that key: refused.
	 */
	bool key_before;

	/*
	 * The completion gate told this handshake, before it could know that a certificate
	 * follows: where every handshake is told, only a refusal is told again.
	 */
	bool told;

	/* A resumed one. Without any of these nothing was shown. */
	SSL_SESSION *session;
};

/*
 * The verdict. With TELL, whatever has to be logged is logged, and a refusal
 * becomes event_last_cause(). *TOKEN (may be NULL) becomes what the session
 * shall carry: 0 when it may not be resumed unseen.
 *
 * The error queue is left as it was; errno is not.
 */
enum verdict judge(const struct judge_case *c, bool tell, uintptr_t *token);

/* Whether any policy demands anything of the names of C, so that somebody has to judge it. */
bool judge_is_wanted(const struct judge_case *c);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Verifications of the shim's own, for `pin-ca' and `verify = full': in stores
 * of its own, without the program's callbacks and flags. What the server sent
 * and what stores hold only supplies certificates; belief comes from the pin,
 * or from the trust anchors of the policy.
 */
#ifndef PINSHIM_CHAIN_H
#define PINSHIM_CHAIN_H

#include "gate/peer.h"
#include "loader/openssl.h"
#include "process/store.h"
#include "pure/verdict.h"

/* What is to be verified. All of it belongs to the caller. */
struct chain_task {
	struct openssl *lib;
	SSL *ssl;
	X509 *leaf;
	STACK_OF(X509) * served;     /* as the server sent it */
	X509_STORE *program_store;   /* where the program keeps its trust anchors; may be NULL */
	const struct source *source; /* the policy: whose it is, and its ca-files */
	const struct policy_section *section;
	const struct peer_name *name;
};

/*
 * Whether the leaf's chain ends in a trust anchor, within its dates, for TLS
 * servers, for the name (RFC 5280 section 6, RFC 6125). Anchors: the section's
 * ca-file; else the program's, then OpenSSL's defaults; for the host's policy
 * OpenSSL's compiled-in defaults alone. On CHECK_PASSED *VALIDATED is the chain,
 * leaf first, to be freed with chain_free(); VALIDATED may be NULL.
 */
enum check chain_full(const struct chain_task *task, STACK_OF(X509) * *validated);

/*
 * A `pin-ca' of the section whose CA, as the one trust anchor, verifies the leaf:
 * chain, dates, purpose and name. NULL: none does. A copy of the CA in
 * a store goes before one that the server sent, which is passed over when there
 * is one (CVE-2016-2402 tells what believing the server leads to).
 */
const struct policy_pin *chain_ca(const struct chain_task *task, STACK_OF(X509) * *validated);

void chain_free(struct openssl *lib, STACK_OF(X509) * chain);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A handshake while it is judged, and the telling of what came of it: to the
 * logs of each policy, and where every handshake is recorded. For judge.c alone.
 * Telling decides nothing.
 */
#ifndef PINSHIM_TRIAL_H
#define PINSHIM_TRIAL_H

#include "gate/chain.h"
#include "gate/ct.h"
#include "gate/judge.h"
#include "process/event.h"
#include "process/known.h"
#include "process/store.h"

/* A case while it is judged. */
struct trial {
	const struct judge_case *c;
	const struct store_set *set;
	struct peer_names names;
	int64_t now;
	bool tell;
	bool told_cause;
	bool resumable; /* the session carries this very verdict */
	/* Some snapshot was found damaged. It is told at the LAST attempt alone. */
	bool damaged;
	bool last;
	uintptr_t token;
	/* Of each of the names what is known, once a policy asks; NULL: no memory for it. */
	struct tofu *known;
	bool known_lost;   /* that could not be found out */
	char *known_error; /* why; NULL: no memory */
	/* Gathered once, when first demanded. */
	bool key_known, cert_known;
	uint8_t key[PIN_LEN], cert[PIN_LEN];
	struct event_cert *served;
	size_t n_served;
	bool served_known;
	/* Where every handshake is recorded: the worst of all policies and names, to be told at the
	 * end. */
	bool recorded, kept;
	struct event worst;
	struct event_cert *worst_validated;
};

/* What was found out for one policy and name. */
struct findings {
	struct evidence evidence;
	STACK_OF(X509) * validated;
	uint8_t (*chain)[PIN_LEN];
	struct ct_count ct;
};

/* What a verification of our own needs to know. POLICY NULL: none is in force for it. */
struct chain_task trial_task(const struct trial *t, const struct store_policy *policy,
			     const struct demand *d, const struct peer_name *name);

/*
 * Tells E, the judgement of one policy on NAME, where that policy wants it told,
 * and keeps it, if nothing worse was, for trial_record(). F may get the chain
 * that was verified for the message.
 */
void trial_tell(struct trial *t, struct event *e, const struct peer_name *name, struct findings *f);

/* Tells the handshake where all are told, once: what is worst of it, or that nobody objected. */
void trial_record(struct trial *t);

#endif

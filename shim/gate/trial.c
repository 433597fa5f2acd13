/* SPDX-License-Identifier: MIT */
/*
 * Telling what came of a handshake. What was served is described once, and only
 * when somebody is told.
 */
#include "gate/trial.h"

#include <stdlib.h>

#include "gate/hint.h"
#include "gate/peer.h"

/* Whose policy it is that none had anything to say of. */
static const struct source nobody;

struct chain_task trial_task(const struct trial *t, const struct store_policy *policy,
			     const struct demand *d, const struct peer_name *name)
{
	const struct judge_case *c = t->c;

	return (struct chain_task){
		.lib = c->lib,
		.ssl = c->ssl,
		.leaf = c->leaf,
		.served = c->served,
		.program_store = c->program_store,
		.source = policy ? policy->source : &nobody,
		.section = d->section,
		.name = name,
	};
}

static struct event_cert *describe_chain(struct openssl *lib, STACK_OF(X509) * chain, size_t *n)
{
	int len = peer_chain_len(lib, chain);
	struct event_cert *certs = len ? calloc((size_t)len, sizeof(*certs)) : NULL;

	*n = 0;
	for (int i = 0; certs && i < len; i++)
		if (peer_describe(lib, peer_chain_cert(lib, chain, i), &certs[*n]) == 0)
			++*n;
	return certs;
}

/* What the server showed now, or the leaf it showed when the session was made. */
static struct event_cert *describe_served(const struct judge_case *c, size_t *n)
{
	X509 *leaf = c->session ? c->lib->SSL_SESSION_get0_peer(c->session) : NULL;
	struct event_cert *certs;

	*n = 0;
	if (!leaf && !c->raw_key)
		return describe_chain(c->lib, c->served, n);
	certs = calloc(1, sizeof(*certs));
	if (!certs)
		return NULL;
	certs->raw_key = !leaf;
	if ((leaf ? peer_describe(c->lib, leaf, certs)
		  : peer_key_of_raw(c->lib, c->raw_key, certs->key)) == 0)
		*n = 1;
	return certs;
}

static void describe(struct trial *t, struct event *e)
{
	const struct judge_case *c = t->c;

	if (!t->served_known)
		t->served = describe_served(c, &t->n_served);
	t->served_known = true;
	e->served = t->served;
	e->n_served = t->n_served;
	e->port = peer_port(c->lib, c->ssl);
	e->resumed = c->session != NULL;
	e->tls_version = c->lib->SSL_get_version(c->ssl);
	e->library = c->lib->path;
}

static bool is_explained(const struct event *e)
{
	return e->judgement.verdict <= VERDICT_WOULD_REFUSE && e->policy &&
	       e->policy->source->policy && e->judgement.reason != REASON_SIMULATED;
}

/* Finds out whether the chain verifies, and why something is objected to. */
static void explain(struct trial *t, struct event *e, const struct peer_name *name,
		    struct findings *f)
{
	struct chain_task task = trial_task(t, e->policy, &e->judgement.demand, name);

	if (!f->validated)
		chain_full(&task, &f->validated);
	if (is_explained(e))
		e->likely = hint_likely(&task, &e->judgement, &f->evidence, f->validated, t->now);
}

/*
 * Whether E says more of the handshake than what is kept of it: what is worse, then a section, then
 * the later policy, which is the program's own.
 */
static bool is_worst(const struct trial *t, const struct event *e)
{
	const struct judgement *worst = &t->worst.judgement, *j = &e->judgement;

	if (!t->recorded)
		return false;
	if (!t->kept)
		return true;
	if (j->verdict != worst->verdict)
		return j->verdict < worst->verdict;
	return j->demand.section && (!worst->demand.section || e->name == t->worst.name);
}

void trial_tell(struct trial *t, struct event *e, const struct peer_name *name, struct findings *f)
{
	struct event_cert *validated;
	bool wanted, worst;

	e->name = name ? name->text : NULL;
	e->source = name ? name->source : NAME_FROM_NONE;
	worst = is_worst(t, e);
	if (e->judgement.verdict == VERDICT_REFUSED && !t->told_cause) {
		event_set_cause(e);
		t->told_cause = true;
	}
	wanted = event_wanted(e);
	if (!wanted && !worst)
		return;
	describe(t, e);
	wanted = wanted && event_due(e);
	if (!wanted && !worst)
		return;
	if (t->c->leaf && name && (worst || is_explained(e)))
		explain(t, e, name, f);
	validated = describe_chain(t->c->lib, f->validated, &e->n_validated);
	e->validated = validated;
	if (wanted)
		event_tell(e);
	if (worst) {
		free(t->worst_validated);
		t->worst_validated = validated;
		t->worst = *e;
		t->worst.suppressed = 0;
		t->kept = true;
	} else {
		free(validated);
	}
}

void trial_record(struct trial *t)
{
	const struct peer_name *name = t->names.n ? &t->names.list[0] : NULL;
	struct event e = { .judgement.verdict = VERDICT_UNJUDGED };
	struct findings f = { .evidence = { 0 } };

	e.judgement.reason = name ? REASON_UNLISTED : REASON_UNNAMED;
	if (!t->kept)
		trial_tell(t, &e, name, &f);
	chain_free(t->c->lib, f.validated);
	event_record(&t->worst);
}

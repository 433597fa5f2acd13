/* SPDX-License-Identifier: MIT */
/*
 * One handshake before all policies. Evidence is gathered as far as somebody
 * demands it; for the common pin that is one hash of the leaf's key.
 */
#include "gate/judge.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

#include "gate/chain.h"
#include "gate/ct.h"
#include "gate/peer.h"
#include "gate/state.h"
#include "gate/trial.h"
#include "process/event.h"
#include "process/known.h"
#include "process/store.h"
#include "pure/siphash.h"

static int gather_leaf(struct trial *t, unsigned needs)
{
	const struct judge_case *c = t->c;

	if (needs & NEED_KEY && !t->key_known) {
		int rv = c->raw_key ? peer_key_of_raw(c->lib, c->raw_key, t->key)
				    : peer_key_of_leaf(c->lib, c->ssl, c->leaf, t->key);

		if (rv < 0)
			return -1;
		t->key_known = true;
	}
	if (needs & NEED_CERT && !t->cert_known && !c->raw_key) {
		if (peer_digest_of_cert(c->lib, c->leaf, t->cert) < 0)
			return -1;
		t->cert_known = true;
	}
	return 0;
}

static int add_keys(struct trial *t, STACK_OF(X509) * chain, struct findings *f)
{
	struct openssl *lib = t->c->lib;

	for (int i = 0; i < peer_chain_len(lib, chain); i++, f->evidence.chain_len++)
		if (peer_key_of_cert(lib, peer_chain_cert(lib, chain, i),
				     f->chain[f->evidence.chain_len]) < 0)
			return -1;
	return 0;
}

/* Every key that was served, that the program verified, and that we did. */
static int gather_chain(struct trial *t, struct findings *f)
{
	const struct judge_case *c = t->c;
	int n = 1 + peer_chain_len(c->lib, c->served) + peer_chain_len(c->lib, c->verified) +
		peer_chain_len(c->lib, f->validated);

	f->chain = calloc((size_t)n, PIN_LEN);
	if (!f->chain)
		return -1;
	memcpy(f->chain[0], t->key, PIN_LEN);
	f->evidence.chain_len = 1;
	f->evidence.chain = (const uint8_t(*)[PIN_LEN])f->chain;
	if (add_keys(t, c->served, f) < 0 || add_keys(t, c->verified, f) < 0)
		return -1;
	return add_keys(t, f->validated, f);
}

/* What is known of NAME, for the demand D; NULL where nobody asks. */
static const struct tofu *known_of(const struct trial *t, const struct demand *d,
				   const struct peer_name *name)
{
	return d->needs & NEED_TOFU && t->known ? &t->known[name - t->names.list] : NULL;
}

/* Whether a key that is met for the first time may be this name's. */
static enum check check_owner(struct openssl *lib, X509 *leaf, const struct peer_name *name)
{
	if (peer_is_for(lib, leaf, name) || peer_is_self_signed(lib, leaf))
		return CHECK_PASSED;
	return CHECK_WRONG_NAME;
}

/* Of a leaf that was not verified no SCT is looked at. */
static void gather_ct(struct trial *t, const struct store_policy *policy, struct findings *f)
{
	if (f->evidence.full != CHECK_PASSED)
		return;
	f->ct = ct_count(t->c->lib, policy->source, f->validated);
	f->evidence.ct_logs = f->ct.logs;
	f->evidence.ct_unknown = f->ct.failure != NULL;
}

static int gather(struct trial *t, const struct store_policy *policy, const struct demand *d,
		  const struct peer_name *name, struct findings *f)
{
	const struct judge_case *c = t->c;
	struct chain_task task = trial_task(t, policy, d, name);

	f->evidence.certificate = c->leaf != NULL;
	f->evidence.raw_key = c->raw_key != NULL;
	if (!c->leaf && !c->raw_key)
		return 0;
	if (gather_leaf(t, d->needs) < 0)
		return -1;
	memcpy(f->evidence.key, t->key, PIN_LEN);
	memcpy(f->evidence.cert, t->cert, PIN_LEN);
	if (d->needs & NEED_FULL && c->leaf)
		f->evidence.full = chain_full(&task, &f->validated);
	if (d->needs & NEED_CT)
		gather_ct(t, policy, f);
	if (d->needs & NEED_CA && c->leaf)
		f->evidence.ca = chain_ca(&task, f->validated ? NULL : &f->validated);
	f->evidence.tofu = known_of(t, d, name);
	if (f->evidence.tofu && f->evidence.tofu->state == TOFU_UNKNOWN && c->leaf)
		f->evidence.owner = check_owner(c->lib, c->leaf, name);
	return d->needs & NEED_CHAIN ? gather_chain(t, f) : 0;
}

/*
 * A session that came without our verdict rests on certificates that nobody has
 * seen but for the leaf, which is enough only where nothing but `pin' decides.
 */
static int gather_session(struct trial *t, const struct demand *d, struct findings *f)
{
	const struct judge_case *c = t->c;
	X509 *leaf = c->lib->SSL_SESSION_get0_peer(c->session);

	f->evidence.unseen = leaf || d->section;
	if (!leaf || d->needs != NEED_KEY)
		return 0;
	if (peer_key_of_cert(c->lib, leaf, f->evidence.key) < 0)
		return -1;
	f->evidence.certificate = true;
	f->evidence.unseen = false;
	return 0;
}

/* Accepted when the session was made; only the words of the event are found again. */
static void judge_again(const struct demand *d, struct judgement *out)
{
	out->demand = *d;
	out->place = d->section ? d->section->place : (struct policy_place){ 0 };
	out->verdict = VERDICT_ACCEPTED;
	out->reason = d->expired ? REASON_EXPIRED_POLICY : REASON_CHECKS_PASSED;
}

static void cap(struct judgement *j, enum policy_mode most)
{
	if (most != MODE_REPORT)
		return;
	j->learn = false;
	if (j->verdict == VERDICT_REFUSED)
		j->verdict = VERDICT_WOULD_REFUSE;
	if (j->verdict == VERDICT_LEARNED)
		j->verdict = VERDICT_ACCEPTED;
}

/* Whether POLICY, which is not bad, demands anything of NAME; what, is in OUT. */
static bool demands(const struct trial *t, const struct store_policy *policy,
		    const struct peer_name *name, struct demand *out)
{
	if (policy->exempt || policy->cap == MODE_OFF)
		return false;
	verdict_demand(policy->source->policy, name ? name->text : NULL,
		       name ? name->kind : NAME_BAD, t->now, out);
	if (out->damaged)
		return true;
	if (name && name->beside && !out->section)
		return false;
	return !out->blank;
}

/* A section that says not to look is worth telling where every handshake is told. */
static void tell_exempted(struct trial *t, struct event *e, const struct demand *d,
			  const struct peer_name *name)
{
	struct findings f = { .evidence = { 0 } };

	if (!t->recorded || !d->blank || !d->section)
		return;
	verdict_judge(d, &f.evidence, &e->judgement);
	e->judgement.place = d->section->place;
	trial_tell(t, e, name, &f);
	chain_free(t->c->lib, f.validated);
}

/* Whether the verdict is not to be told, since POLICY can be asked again without its snapshot. */
static bool is_to_be_mended(struct trial *t, const struct store_policy *policy, bool damaged)
{
	if (!damaged)
		return false;
	store_distrust(policy);
	t->damaged = true;
	return !t->last;
}

static enum verdict try_policy(struct trial *t, const struct store_policy *policy,
			       const struct peer_name *name)
{
	struct event event = { .policy = policy };
	struct judgement *j = &event.judgement;
	struct findings f = { .evidence = { 0 } };
	struct demand d = { .blank = false };
	int gathered;

	if (!demands(t, policy, name, &d)) {
		tell_exempted(t, &event, &d, name);
		return VERDICT_UNJUDGED;
	}
	if (is_to_be_mended(t, policy, d.damaged))
		return VERDICT_REFUSED;
	if (t->resumable && !d.damaged) {
		judge_again(&d, j);
	} else {
		gathered =
			t->c->session ? gather_session(t, &d, &f) : gather(t, policy, &d, name, &f);
		if (gathered == 0) {
			verdict_judge(&d, &f.evidence, j);
			if (j->reason == REASON_INTERNAL_ERROR)
				event.failure = f.ct.failure;
			event.scts = f.ct.scts;
			event.logs = f.ct.logs;
			cap(j, policy->cap);
		} else {
			j->demand = d;
		}
	}
	if (j->damaged)
		event.failure = "the policy's snapshot is damaged";
	if (j->learn)
		t->known[name - t->names.list].due = true;
	if (j->reason == REASON_INTERNAL_ERROR && d.needs & NEED_TOFU && t->known_lost)
		event.failure = t->known_error ? t->known_error : "out of memory";
	if (t->tell && !is_to_be_mended(t, policy, j->damaged))
		trial_tell(t, &event, name, &f);
	chain_free(t->c->lib, f.validated);
	free(f.chain);
	return j->verdict;
}

static enum verdict try_bad_policy(struct trial *t, const struct store_policy *policy,
				   const struct peer_name *name)
{
	struct event event = { .policy = policy };
	struct findings f = { .evidence = { 0 } };

	event.judgement.reason = REASON_BAD_POLICY;
	if (t->tell)
		trial_tell(t, &event, name, &f);
	chain_free(t->c->lib, f.validated);
	return VERDICT_REFUSED;
}

static enum verdict try_name(struct trial *t, const struct peer_name *name)
{
	enum verdict worst = VERDICT_UNJUDGED;

	for (size_t i = 0; i < t->set->n; i++) {
		const struct store_policy *policy = &t->set->policies[i];
		enum verdict v = policy->source->policy ? try_policy(t, policy, name)
							: try_bad_policy(t, policy, name);

		if (v < worst)
			worst = v;
	}
	return worst;
}

/* Asks the store of known keys, once, for all names. */
static void look_up_known(struct trial *t)
{
	t->known = calloc(t->names.n + 1, sizeof(*t->known));
	for (size_t i = 0; t->known && i < t->names.n; i++)
		t->known[i].name = t->names.list[i].text;
	if (t->known)
		known_look_up(t->known, t->names.n, &t->known_error);
	t->known_lost = !t->known || t->known[0].state == TOFU_FAILED;
}

/*
 * What one policy and name, of which KNOWN is known, add to a token: a keyed hash
 * of all that may tell it from others.
 */
static uint64_t term(const struct store_policy *policy, const struct peer_name *name, bool expired,
		     const struct tofu *known)
{
	/* Random bytes that the kernel gives each program: secret, and the same after fork(2). */
	const uint8_t *key = (const uint8_t *)getauxval(AT_RANDOM);
	const size_t len = name ? strlen(name->text) : 0;
	unsigned char bytes[sizeof(policy->serial) + 3 + PIN_LEN + NAME_SIZE], *next = bytes;

	memcpy(next, &policy->serial, sizeof(policy->serial));
	next += sizeof(policy->serial);
	*next++ = expired;
	*next++ = name ? (unsigned char)name->kind : NAME_BAD;
	*next++ = known && known->state >= TOFU_KNOWN;
	if (next[-1]) {
		memcpy(next, known->key, PIN_LEN);
		next += PIN_LEN;
	}
	memcpy(next, name ? name->text : "", len);
	return siphash(bytes, (size_t)(next - bytes) + len, key);
}

/*
 * The token of a session accepted under these policies for these names, with what
 * is known of them; 0 when nobody demands anything of it. A sum, since the
 * resolver's names have no order.
 *
 * Where addresses have 32 bits it has no more, and they are enough: who gets a
 * session with another token offered for these names can neither choose nor see
 * a token, nor try one out but by a handshake with this very process, of which
 * one in 2^31 succeeds.
 */
static uintptr_t make_token(struct trial *t)
{
	const struct peer_name *name = t->names.n ? t->names.list : NULL;
	const struct store_policy *policy;
	bool demanded = false;
	struct demand d;
	uint64_t sum = 0;

	for (size_t i = 0; i < t->names.n || i == 0; i++, name++) {
		for (policy = t->set->policies; policy < t->set->policies + t->set->n; policy++) {
			if (!policy->source->policy || !demands(t, policy, name, &d) ||
			    is_to_be_mended(t, policy, d.damaged))
				continue;
			if (d.needs & NEED_TOFU && !t->known)
				look_up_known(t);
			sum += term(policy, name, d.expired, known_of(t, &d, name));
			demanded = true;
		}
	}
	return demanded ? (uintptr_t)sum | 1 : 0;
}

/* Whether any policy demands anything. */
static bool is_demanded(const struct trial *t)
{
	struct demand d;

	for (size_t i = 0; i < t->names.n || i == 0; i++)
		for (size_t p = 0; p < t->set->n; p++)
			if (demands(t, &t->set->policies[p], t->names.n ? &t->names.list[i] : NULL,
				    &d))
				return true;
	return false;
}

/* Refuses for what went wrong here, and tells it in the name of the first policy. */
static enum verdict fail(struct trial *t, const char *what)
{
	struct findings f = { .evidence = { 0 } };
	struct event event = { .failure = what };

	if (!t->tell)
		return VERDICT_REFUSED;
	event.policy = &t->set->policies[0];
	trial_tell(t, &event, t->names.n ? &t->names.list[0] : NULL, &f);
	chain_free(t->c->lib, f.validated);
	return VERDICT_REFUSED;
}

/* Whether POLICY would refuse anything of some name, whichever it is. */
static bool can_refuse(const struct store_policy *policy, int64_t now)
{
	const struct policy *rules = policy->source->policy;

	if (policy->exempt || policy->cap != MODE_ENFORCE)
		return false;
	return !rules || rules->mode == MODE_ENFORCE || policy_enforces(rules, now);
}

static bool can_any_refuse(const struct trial *t)
{
	for (size_t i = 0; i < t->set->n; i++)
		if (can_refuse(&t->set->policies[i], t->now))
			return true;
	return false;
}

static enum verdict try_names(struct trial *t)
{
	enum verdict worst = VERDICT_UNJUDGED, v;

	for (size_t i = 0; i < t->names.n || i == 0; i++) {
		v = try_name(t, t->names.n ? &t->names.list[i] : NULL);
		if (v < worst)
			worst = v;
	}
	return worst;
}

/* Whether this is a first use that may be kept, should everybody accept it. */
static bool may_learn(const struct trial *t)
{
	bool first = false;

	for (size_t i = 0; t->known && i < t->names.n; i++)
		first = first || t->known[i].state == TOFU_UNKNOWN;
	return first && t->tell && t->c->leaf && !t->c->failing;
}

/*
 * Keeps the key for the names that are to have it, if all policies accept it for
 * all names. What came of that is then judged like any other evidence.
 */
static void learn(struct trial *t)
{
	bool due = false, recorded = t->recorded;

	t->tell = t->recorded = false;
	if (try_names(t) >= VERDICT_ACCEPTED)
		for (size_t i = 0; i < t->names.n; i++)
			due = due || t->known[i].due;
	t->tell = true;
	t->recorded = recorded;
	if (!due)
		return;
	known_learn(t->known, t->names.n, t->key, &t->known_error);
	for (size_t i = 0; i < t->names.n; i++)
		t->known_lost = t->known_lost || t->known[i].state == TOFU_FAILED;
	t->token = make_token(t);
}

static enum verdict judge_all(struct trial *t)
{
	SSL_SESSION *session = t->c->session;

	/* Then it is only told. */
	if (!t->set->n)
		return VERDICT_UNJUDGED;
	if (t->names.failed)
		return fail(t, "out of memory");
	if (t->c->failure)
		return fail(t, t->c->failure);
	t->token = make_token(t);
	if (t->damaged && !t->last) /* before anything is told */
		return VERDICT_REFUSED;
	if (t->c->name_lost)
		return fail(t, "the name that was sent is not known");
	if (t->c->early && t->names.unsettled && can_any_refuse(t))
		return fail(t, "the server's address is not known yet");
	if (t->token && t->c->key_before)
		return fail(t, "the session has a key of an earlier handshake");
	if (session && t->token && !t->known_lost)
		t->resumable = state_verdict(t->c->lib, session) == t->token &&
			       t->c->lib->SSL_SESSION_get_master_key(session, NULL, 0) > 0;
	if (may_learn(t))
		learn(t);
	return try_names(t);
}

/*
 * Takes the policies in force and the names. Where nothing is told, nothing raises
 * errors either; then no mark is set, which in 1.1.1 would take the place of the
 * program's.
 */
static void open_trial(struct trial *t)
{
	if (t->tell)
		t->c->lib->ERR_set_mark();
	t->set = store_enter();
	peer_names(t->c->lib, t->c->ssl, &t->c->names, &t->names);
}

static void close_trial(struct trial *t)
{
	peer_names_free(&t->names);
	store_leave();
	free(t->known);
	free(t->known_error);
	if (t->tell)
		t->c->lib->ERR_pop_to_mark();
}

/*
 * Judges C before the policies in force. False when a snapshot was found damaged:
 * it is distrusted from now on, and C to be judged once more. At the LAST attempt
 * that refuses.
 */
static bool judge_once(const struct judge_case *c, bool tell_it, bool last, enum verdict *verdict,
		       uintptr_t *token)
{
	struct trial t = { .c = c, .tell = tell_it, .last = last, .now = (int64_t)time(NULL) };
	bool mend;

	t.recorded = tell_it && store_events();
	open_trial(&t);
	*verdict = judge_all(&t);
	mend = t.damaged && !last;
	if (!mend && t.recorded && (*verdict == VERDICT_REFUSED || !c->told))
		trial_record(&t);
	free(t.served);
	free(t.worst_validated);
	close_trial(&t);
	*token = *verdict > VERDICT_WOULD_REFUSE ? t.token : 0;
	return !mend;
}

enum verdict judge(const struct judge_case *c, bool tell_it, uintptr_t *token)
{
	int cancel = PTHREAD_CANCEL_ENABLE;
	enum verdict verdict;
	uintptr_t made = 0;

	/* Files are read and written, where without us a thread would not end (pthread_cancel(3)).
	 */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	if (tell_it)
		event_forget_cause();
	if (!judge_once(c, tell_it, false, &verdict, &made)) {
		store_refresh();
		ct_prepare(c->lib);
		judge_once(c, tell_it, true, &verdict, &made);
	}
	pthread_setcancelstate(cancel, NULL);
	if (token)
		*token = made;
	return verdict;
}

static bool any_bad(const struct store_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (!set->policies[i].source->policy)
			return true;
	return false;
}

bool judge_is_wanted(const struct judge_case *c)
{
	struct trial t = { .c = c, .now = (int64_t)time(NULL) };
	bool wanted;

	open_trial(&t);
	wanted = t.names.failed || any_bad(t.set) || is_demanded(&t);
	close_trial(&t);
	return wanted;
}

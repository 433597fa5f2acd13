/* SPDX-License-Identifier: MIT */
/*
 * One policy, one name and the evidence become a verdict. Two judges, of which
 * the more severe stands: the policy's own `deny', for every name, and what
 * decides for this name. What cannot be judged is refused, never let through.
 */
#include "pure/verdict.h"

#include <string.h>

#include "pure/revoked.h"

/* Whether the lists that `revoked' names are not in the block: then nothing can be judged. */
static bool lacks_lists(const struct policy *p)
{
	return p->revoked.count > 0 && p->revoked_keys.at == 0;
}

/* Whether keys are denied for every name; the policy's own `mode = off' lifts that. */
static bool denies_all(const struct policy *p)
{
	return p->mode != MODE_OFF &&
	       (p->deny.count > 0 || p->revoked_keys.count > 0 || lacks_lists(p));
}

static unsigned section_needs(const struct policy *p, const struct policy_section *s)
{
	static const unsigned needs_of[] = {
		[PIN_KEY] = NEED_KEY,
		[PIN_CERT] = NEED_CERT,
		[PIN_CA] = NEED_CA,
		[PIN_DENY] = NEED_KEY | NEED_CHAIN,
	};
	size_t n;
	const struct policy_pin *pins = policy_pins(p, s->pins, &n);
	unsigned needs = 0;

	for (size_t i = 0; i < n; i++)
		needs |= needs_of[pins[i].kind];
	if (s->verify == VERIFY_FULL || s->ct)
		needs |= NEED_FULL;
	if (s->ct)
		needs |= NEED_CT;
	if (s->tofu)
		needs |= NEED_KEY | NEED_TOFU;
	return needs;
}

void verdict_demand(const struct policy *p, const char *name, enum name_kind kind, int64_t now,
		    struct demand *out)
{
	const struct policy_section *s = NULL;
	enum policy_action action = name ? p->unlisted : p->unnamed;
	bool silent; /* what decides for this name says nothing about it */

	memset(out, 0, sizeof(*out));
	out->policy = p;
	out->named = name != NULL;
	out->mode = p->mode;
	if (name && !policy_find(p, name, kind, &s)) {
		out->damaged = true;
		return;
	}
	out->section = s;
	out->expired = s && now >= policy_expires(s);
	if (s)
		out->mode = out->expired ? s->after_expiry : s->mode;
	silent = s ? out->mode == MODE_OFF && !out->expired
		   : action == ACTION_ALLOW || p->mode == MODE_OFF;
	out->blank = silent && !denies_all(p);
	if (denies_all(p))
		out->needs |= NEED_KEY | NEED_CHAIN;
	if (s && out->mode != MODE_OFF)
		out->needs |= section_needs(p, s);
}

/* What an objection leads to under MODE, which is not off. */
static enum verdict objection(enum policy_mode mode)
{
	return mode == MODE_ENFORCE ? VERDICT_REFUSED : VERDICT_WOULD_REFUSE;
}

static void decide(struct judgement *j, enum verdict verdict, enum reason reason,
		   struct policy_place place)
{
	j->verdict = verdict;
	j->reason = reason;
	j->place = place;
}

static bool has_key(const struct evidence *e)
{
	return e->certificate || e->raw_key;
}

static bool same(const uint8_t a[PIN_LEN], const uint8_t b[PIN_LEN])
{
	return memcmp(a, b, PIN_LEN) == 0;
}

static bool is_served(const struct evidence *e, const uint8_t key[PIN_LEN])
{
	if (has_key(e) && same(e->key, key))
		return true;
	for (size_t i = 0; i < e->chain_len; i++) {
		if (same(e->chain[i], key))
			return true;
	}
	return false;
}

/* The first `deny' of SPAN that meets a key of the evidence, or NULL. */
static const struct policy_pin *find_denied(const struct policy *p, struct policy_span span,
					    const struct evidence *e)
{
	size_t n;
	const struct policy_pin *pins = policy_pins(p, span, &n);

	for (size_t i = 0; i < n; i++) {
		if (pins[i].kind == PIN_DENY && is_served(e, pins[i].sha256))
			return &pins[i];
	}
	return NULL;
}

/*
 * The line of a `revoked' list that meets a key of the evidence, or NULL; false
 * when the lists are damaged.
 */
static bool find_revoked(const struct policy *p, const struct evidence *e,
			 const struct policy_pin **found)
{
	*found = NULL;
	if (has_key(e) && !revoked_find(p, e->key, found))
		return false;
	for (size_t i = 0; i < e->chain_len && !*found; i++)
		if (!revoked_find(p, e->chain[i], found))
			return false;
	return true;
}

/* The policy's own `deny' and `revoked'. Whether they object, or are damaged. */
static bool judge_keys(const struct demand *d, const struct evidence *e, struct judgement *j)
{
	const struct policy *p = d->policy;
	const struct policy_place nowhere = { .file = p->path };

	if (!denies_all(p))
		return false;
	j->pin = find_denied(p, p->deny, e);
	if (!j->pin && !find_revoked(p, e, &j->pin)) {
		decide(j, VERDICT_REFUSED, REASON_INTERNAL_ERROR, nowhere);
		j->damaged = true;
		return true;
	}
	if (j->pin) {
		decide(j, objection(p->mode), REASON_DENIED_KEY, j->pin->place);
		return true;
	}
	if (e->unseen) {
		decide(j, objection(p->mode), REASON_NO_CERTIFICATE, nowhere);
		return true;
	}
	return false;
}

/* A name without a section, or no name. */
static void judge_stranger(const struct demand *d, struct judgement *j)
{
	const struct policy *p = d->policy;
	enum policy_action action = d->named ? p->unlisted : p->unnamed;
	enum reason reason = d->named ? REASON_UNLISTED : REASON_UNNAMED;
	struct policy_place place = d->named ? p->unlisted_place : p->unnamed_place;

	switch (action) {
	case ACTION_REFUSE:
		decide(j, objection(p->mode), reason, place);
		return;
	case ACTION_REPORT:
		decide(j, objection(MODE_REPORT), reason, place);
		return;
	case ACTION_ALLOW:
		decide(j, VERDICT_UNJUDGED, reason, place);
		return;
	}
}

static bool pin_matches(const struct policy_pin *pin, const struct evidence *e)
{
	switch ((enum pin_kind)pin->kind) {
	case PIN_KEY:
		return has_key(e) && same(e->key, pin->sha256);
	case PIN_CERT:
		return e->certificate && same(e->cert, pin->sha256);
	case PIN_CA:
		return e->certificate && e->ca == pin;
	case PIN_DENY:
	case PIN_REVOKED:
		return false;
	}
	return false;
}

/*
 * Looks at the section's pins. J gets the first that matches. Returns why they do
 * not hold, or the reason to accept.
 */
static enum reason judge_pins(const struct demand *d, const struct evidence *e, struct judgement *j)
{
	const unsigned certificate_kinds = 1u << PIN_CERT | 1u << PIN_CA;
	const struct policy_section *s = d->section;
	size_t n;
	const struct policy_pin *pins = policy_pins(d->policy, s->pins, &n);
	const struct policy_pin *first = NULL;
	unsigned listed = 0;
	unsigned matched = 0;
	unsigned missing;

	for (size_t i = 0; i < n; i++) {
		if (pins[i].kind == PIN_DENY)
			continue;
		if (!first)
			first = &pins[i];
		listed |= 1u << pins[i].kind;
		if (!pin_matches(&pins[i], e))
			continue;
		matched |= 1u << pins[i].kind;
		if (!j->pin)
			j->pin = &pins[i];
	}
	if (listed == 0)
		return REASON_CHECKS_PASSED;
	missing = listed & ~matched;
	if (missing == 0 || (s->match == MATCH_ANY && matched != 0)) {
		j->backup = j->pin != first;
		return REASON_PIN_MATCH;
	}
	j->pin = NULL;
	if (!e->certificate && (missing & certificate_kinds) &&
	    (s->match == MATCH_EVERY || !(missing & 1u << PIN_KEY)))
		return REASON_NO_CERTIFICATE;
	return REASON_NO_PIN_MATCH;
}

/* The conditions besides pins: why they do not hold, or REASON_CHECKS_PASSED. */
static enum reason judge_conditions(const struct demand *d, const struct evidence *e)
{
	const struct policy_section *s = d->section;
	bool full = s->verify == VERIFY_FULL || s->ct;

	if (!has_key(e) || (full && !e->certificate))
		return REASON_NO_CERTIFICATE;
	if (full && e->full == CHECK_WRONG_NAME)
		return REASON_NAME_MISMATCH;
	if (full && e->full != CHECK_PASSED)
		return REASON_CHAIN_NOT_VERIFIED;
	if (s->ct && e->ct_unknown)
		return REASON_INTERNAL_ERROR;
	if (s->ct && e->ct_logs < CT_LOGS_WANTED)
		return REASON_CT_MISSING;
	return REASON_CHECKS_PASSED;
}

/* Whether the key is the one that is known of the name, or may be the first. */
static enum reason judge_known(const struct evidence *e)
{
	const struct tofu *t = e->tofu;

	switch (t ? t->state : TOFU_FAILED) {
	case TOFU_FAILED:
		return REASON_INTERNAL_ERROR;
	case TOFU_KNOWN:
		return same(t->key, e->key) ? REASON_PIN_MATCH : REASON_TOFU_CHANGED;
	case TOFU_LEARNED:
		return same(t->key, e->key) ? REASON_TOFU_FIRST_USE : REASON_TOFU_CHANGED;
	case TOFU_UNKNOWN:
		break;
	}
	/* A bare key is nobody's: it can be recognised, not met for the first time. */
	if (!e->certificate)
		return REASON_NO_CERTIFICATE;
	return e->owner == CHECK_PASSED ? REASON_TOFU_FIRST_USE : REASON_NAME_MISMATCH;
}

/*
 * `tofu' beside the section's own pins, of which OF_PINS was found: one more kind
 * under `every'; under `any' an alternative, in which a key is recognised but
 * never met for the first time, since the section itself says which keys are.
 */
static enum reason judge_tofu(const struct demand *d, const struct evidence *e, enum reason of_pins,
			      struct judgement *j)
{
	bool every = d->section->match == MATCH_EVERY;
	enum reason reason;

	if (of_pins == REASON_PIN_MATCH ? !every : every && of_pins != REASON_CHECKS_PASSED)
		return of_pins;
	reason = judge_known(e);
	if (of_pins != REASON_CHECKS_PASSED && of_pins != REASON_PIN_MATCH &&
	    reason != REASON_PIN_MATCH && reason != REASON_TOFU_CHANGED &&
	    reason != REASON_INTERNAL_ERROR)
		return of_pins;
	j->tofu = e->tofu;
	return reason;
}

static enum reason judge_pins_and_tofu(const struct demand *d, const struct evidence *e,
				       struct judgement *j)
{
	enum reason reason = judge_pins(d, e, j);

	return d->section->tofu ? judge_tofu(d, e, reason, j) : reason;
}

static void accept(struct judgement *j, const struct demand *d, enum reason reason)
{
	const struct policy_place place = d->section->place;
	bool first = reason == REASON_TOFU_FIRST_USE && d->mode == MODE_ENFORCE && j->tofu;

	j->learn = first && j->tofu->state == TOFU_UNKNOWN;
	if (first && j->tofu->state == TOFU_LEARNED)
		decide(j, VERDICT_LEARNED, reason, place);
	else
		decide(j, VERDICT_ACCEPTED, d->expired ? REASON_EXPIRED_POLICY : reason, place);
}

static void judge_section(const struct demand *d, const struct evidence *e, struct judgement *j)
{
	const struct policy_section *s = d->section;
	enum reason reason;

	if (s->simulated) {
		decide(j, VERDICT_REFUSED, REASON_SIMULATED, s->place);
		return;
	}
	if (d->mode == MODE_OFF && d->expired) {
		decide(j, VERDICT_ACCEPTED, REASON_EXPIRED_POLICY, s->place);
		return;
	}
	if (d->mode == MODE_OFF) {
		decide(j, VERDICT_UNJUDGED, REASON_CHECKS_PASSED, s->place);
		return;
	}
	j->pin = find_denied(d->policy, s->pins, e);
	if (j->pin) {
		decide(j, objection(d->mode), REASON_DENIED_KEY, j->pin->place);
		return;
	}
	reason = judge_conditions(d, e);
	if (reason == REASON_CHECKS_PASSED)
		reason = judge_pins_and_tofu(d, e, j);
	if (reason == REASON_CHECKS_PASSED || reason == REASON_PIN_MATCH ||
	    reason == REASON_TOFU_FIRST_USE)
		accept(j, d, reason);
	else
		decide(j, objection(d->mode), reason, s->place);
}

void verdict_judge(const struct demand *d, const struct evidence *e, struct judgement *out)
{
	const struct policy_place nowhere = { .file = d->policy->path };
	struct judgement of_keys = { .demand = *d };
	struct judgement of_name = { .demand = *d };
	bool objected;

	*out = (struct judgement){ .demand = *d, .place = nowhere };
	if (d->blank) {
		decide(out, VERDICT_UNJUDGED, REASON_CHECKS_PASSED, nowhere);
		return;
	}
	if (d->damaged) {
		out->damaged = true;
		return;
	}
	/* A denied key is looked for among all that was served and in all lists, or not at all. */
	if ((d->needs & NEED_CHAIN) && e->certificate && e->chain_len == 0)
		return;
	if (lacks_lists(d->policy))
		return;
	objected = judge_keys(d, e, &of_keys);
	if (d->section)
		judge_section(d, e, &of_name);
	else
		judge_stranger(d, &of_name);
	*out = objected && of_keys.verdict <= of_name.verdict ? of_keys : of_name;
}

const char *verdict_word(enum verdict v)
{
	static const char *const words[] = {
		[VERDICT_REFUSED] = "refused",	 [VERDICT_WOULD_REFUSE] = "would-refuse",
		[VERDICT_LEARNED] = "learned",	 [VERDICT_ACCEPTED] = "accepted",
		[VERDICT_UNJUDGED] = "unjudged",
	};

	return words[v];
}

const char *reason_word(enum reason r)
{
	static const char *const words[] = {
		[REASON_INTERNAL_ERROR] = "internal-error",
		[REASON_BAD_POLICY] = "bad-policy",
		[REASON_DENIED_KEY] = "denied-key",
		[REASON_NO_CERTIFICATE] = "no-certificate",
		[REASON_NO_PIN_MATCH] = "no-pin-match",
		[REASON_CHAIN_NOT_VERIFIED] = "chain-not-verified",
		[REASON_NAME_MISMATCH] = "name-mismatch",
		[REASON_CT_MISSING] = "ct-missing",
		[REASON_SIMULATED] = "simulated",
		[REASON_UNLISTED] = "unlisted",
		[REASON_UNNAMED] = "unnamed",
		[REASON_EXPIRED_POLICY] = "expired-policy",
		[REASON_TOFU_CHANGED] = "tofu-changed",
		[REASON_TOFU_FIRST_USE] = "tofu-first-use",
		[REASON_PIN_MATCH] = "pin-match",
		[REASON_CHECKS_PASSED] = "checks-passed",
	};

	return words[r];
}

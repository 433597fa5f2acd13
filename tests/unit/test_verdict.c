/* SPDX-License-Identifier: MIT */
/*
 * The decision: what a policy demands, and the verdict for every kind of evidence.
 * Keys are named by one byte: key N is 32 times N. `pin = N' in a table below
 * stands for the whole pin.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pure/revoked.h"
#include "pure/verdict.h"

#define NOW 1800000000 /* 2027-01-15 */
#define S   "[a.example]\n"

/* Reads TEXT, in which "@N" stands for the pin of key N, up to a '|'; returns what is behind it. */
static const char *expand(const char *text, char *whole, size_t *len)
{
	for (*len = 0; *text && *text != '|'; text++) {
		uint8_t key[PIN_LEN];

		if (*text != '@') {
			whole[(*len)++] = *text;
			continue;
		}
		memset(key, *++text - '0', sizeof(key));
		*len += strlen(pin_format(key, whole + *len));
	}
	return *text ? text + 1 : NULL;
}

/* Reads a policy; behind a '|' comes its list of revoked keys, r.txt. */
static struct policy *parse(const char *text)
{
	char error[POLICY_ERROR_SIZE];
	char whole[4096];
	struct policy_text file = { "p.ini", whole, 0 }, list = { "r.txt", whole, 0 };
	const char *rest = expand(text, whole, &file.len);
	struct policy *p = policy_parse(&file, 1, "p.ini", false, error);

	if (p && rest) {
		expand(rest, whole, &list.len);
		p = revoked_add(NULL, p, &list, 1, error);
	}
	if (!p)
		fail_msg("refused: %s", error);
	return p;
}

/* --- what is demanded --------------------------------------------------------------------- */

static void demands(void **state)
{
	static const struct {
		const char *policy;
		const char *name; /* NULL: none */
		bool blank;
		unsigned needs;
	} cases[] = {
		/* A leaf alone must be enough where nothing but `pin' decides. */
		{ S "pin = @1\npin = @2\n", "a.example", false, NEED_KEY },
		{ "unlisted = refuse\nunnamed = refuse\n" S "pin = @1\n", "a.example", false,
		  NEED_KEY },
		{ S "pin = @1\nmode = report\n", "a.example", false, NEED_KEY },
		{ S "pin = @1\n[b.example]\ndeny = @2\n", "a.example", false, NEED_KEY },
		{ S "pin = @1\ndeny = @2\n", "a.example", false, NEED_KEY | NEED_CHAIN },
		{ "deny = @2\n" S "pin = @1\n", "a.example", false, NEED_KEY | NEED_CHAIN },
		{ "revoked = /r\n" S "pin = @1\n|@2", "a.example", false, NEED_KEY | NEED_CHAIN },
		/* Of an empty list nothing is demanded; without the list nothing is known. */
		{ "revoked = /r\n" S "pin = @1\n|; none\n", "a.example", false, NEED_KEY },
		{ "revoked = /r\n" S "pin = @1\n", "a.example", false, NEED_KEY | NEED_CHAIN },
		{ S "pin = @1\npin-cert = @1\n", "a.example", false, NEED_KEY | NEED_CERT },
		{ S "pin = @1\npin-ca = @1\n", "a.example", false, NEED_KEY | NEED_CA },
		{ S "pin = @1\nverify = full\n", "a.example", false, NEED_KEY | NEED_FULL },
		{ S "pin = @1\ntofu = yes\n", "a.example", false, NEED_KEY | NEED_TOFU },
		{ "ct-logs = /c\n" S "pin = @1\nct = require\n", "a.example", false,
		  NEED_KEY | NEED_FULL | NEED_CT },
		{ S "pin-cert = @1\n", "a.example", false, NEED_CERT },
		{ S "pin-ca = @1\n", "a.example", false, NEED_CA },
		{ S "verify = full\n", "a.example", false, NEED_FULL },
		{ S "tofu = yes\n", "a.example", false, NEED_KEY | NEED_TOFU },
		{ S "tofu = yes\nmode = off\n", "a.example", true, 0 },
		/* Nobody's business. */
		{ S "pin = @1\n", "b.example", true, 0 },
		{ S "pin = @1\n", NULL, true, 0 },
		{ S "mode = off\n", "a.example", true, 0 },
		{ S "mode = off\npin = @1\ndeny = @1\n", "a.example", true, 0 },
		{ "mode = off\nunlisted = refuse\ndeny = @1\n" S "pin = @1\n", "a.example", true,
		  0 },
		{ "mode = off\nunlisted = refuse\ndeny = @1\nrevoked = /r\n", "b.example", true,
		  0 },
		{ "unlisted = refuse\n", NULL, true, 0 },
		{ "unnamed = refuse\n", "b.example", true, 0 },
		/* A section's own mode overrides the policy's; the top's deny stays lifted. */
		{ "mode = off\nunlisted = refuse\ndeny = @1\n" S "pin = @1\nmode = enforce\n",
		  "a.example", false, NEED_KEY },
		/* A top-level deny is everybody's. */
		{ "deny = @1\n" S "pin = @1\n", "b.example", false, NEED_KEY | NEED_CHAIN },
		{ "deny = @1\n" S "mode = off\n", "a.example", false, NEED_KEY | NEED_CHAIN },
		{ "deny = @1\n", NULL, false, NEED_KEY | NEED_CHAIN },
		{ "revoked = /r\n|@1", NULL, false, NEED_KEY | NEED_CHAIN },
		{ "revoked = /r\n|; none\n", NULL, true, 0 },
		{ "unlisted = refuse\n", "b.example", false, 0 },
		{ "unlisted = report\n", "b.example", false, 0 },
		{ "unnamed = refuse\n", NULL, false, 0 },
		{ "unnamed = report\n", NULL, false, 0 },
		/* An expired section is used, and logged, even when it does nothing. */
		{ S "pin = @1\nexpires = 2020-01-01\nafter-expiry = off\n", "a.example", false, 0 },
		{ S "pin = @1\nexpires = 2020-01-01\n", "a.example", false, NEED_KEY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy *p = parse(cases[i].policy);
		struct demand d;

		memset(&d, 0xff, sizeof(d));
		verdict_demand(p, cases[i].name, NAME_HOST, NOW, &d);
		if (d.blank != cases[i].blank || d.needs != cases[i].needs)
			fail_msg("%s\n%s: blank %d, needs %#x", cases[i].policy,
				 cases[i].name ? cases[i].name : "no name", d.blank, d.needs);
		assert_ptr_equal(d.policy, p);
		assert_int_equal(d.named, cases[i].name != NULL);
		assert_int_equal(d.section != NULL,
				 cases[i].name && strstr(cases[i].policy, cases[i].name));
		free(p);
	}
}

static void a_section_expires_at_midnight(void **state)
{
	static const struct {
		const char *policy;
		int64_t now;
		bool expired;
		enum policy_mode mode;
	} cases[] = {
		{ S "pin = @1\nexpires = 2027-01-15\n", 1799971199, false, MODE_ENFORCE },
		{ S "pin = @1\nexpires = 2027-01-15\n", 1799971200, true, MODE_REPORT },
		{ S "pin = @1\nexpires = 2027-01-15\nafter-expiry = enforce\n", 1799971200, true,
		  MODE_ENFORCE },
		{ S "pin = @1\nexpires = 2027-01-15\nafter-expiry = off\n", 1799971200, true,
		  MODE_OFF },
		{ "after-expiry = off\n" S "pin = @1\nexpires = 2027-01-15\n", 1799971200, true,
		  MODE_OFF },
		{ S "pin = @1\nmode = off\nexpires = 2027-01-15\n", 1799971199, false, MODE_OFF },
		{ S "pin = @1\nmode = off\nexpires = 2027-01-15\n", 1799971200, true, MODE_REPORT },
		{ S "pin = @1\n", INT64_MAX - 1, false, MODE_ENFORCE },
		{ "mode = report\n" S "pin = @1\n", 0, false, MODE_REPORT },
		{ "mode = report\n" S "pin = @1\nmode = enforce\n", 0, false, MODE_ENFORCE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy *p = parse(cases[i].policy);
		struct demand d;

		verdict_demand(p, "a.example", NAME_HOST, cases[i].now, &d);
		assert_int_equal(d.expired, cases[i].expired);
		assert_int_equal(d.mode, cases[i].mode);
		free(p);
	}
}

/* --- verdicts ----------------------------------------------------------------------------- */

/* The server's leaf has key 1 and certificate 5, its CA has key 3. */
enum served {
	CERTIFICATE,
	RAW_KEY,
	NOTHING,
};

struct expectation {
	const char *policy;
	const char *name;
	enum served served;
	enum check full;
	uint32_t ca_line; /* of the pin-ca that anchors the chain, or 0 */
	enum verdict verdict;
	enum reason reason;
	uint32_t line;	   /* that decided */
	uint32_t pin_line; /* of the pin that matched or denies, or 0 */
	bool backup;
	const char *file; /* that `line' stands in; NULL: p.ini */
	unsigned ct_logs;
	bool ct_unknown;
	enum tofu_state tofu; /* what the store has for the name: */
	uint8_t known;	      /* this key */
	enum check owner;
	bool learn;
};

static const struct policy_pin *pin_at(const struct policy *p, const struct policy_section *s,
				       uint32_t line)
{
	size_t n;
	const struct policy_pin *pins = policy_pins(p, s->pins, &n);

	for (size_t i = 0; i < n; i++) {
		if (pins[i].place.line == line)
			return &pins[i];
	}
	fail_msg("no pin in line %u", line);
	return NULL;
}

static void judge(const struct expectation *x)
{
	static uint8_t chain[3][PIN_LEN];
	struct evidence e = {
		.certificate = x->served == CERTIFICATE,
		.raw_key = x->served == RAW_KEY,
		.full = x->full,
		.ct_logs = x->ct_logs,
		.ct_unknown = x->ct_unknown,
	};
	struct tofu tofu = { .name = x->name, .state = x->tofu };
	struct policy *p = parse(x->policy);
	struct judgement j;
	struct demand d;

	memset(tofu.key, x->known, PIN_LEN);
	e.tofu = &tofu;
	e.owner = x->owner;
	memset(&j, 0xff, sizeof(j));
	memset(chain[0], 2, PIN_LEN);
	memset(chain[1], 1, PIN_LEN);
	memset(chain[2], 3, PIN_LEN);
	verdict_demand(p, x->name, NAME_HOST, NOW, &d);
	if (x->served != NOTHING)
		memset(e.key, 1, PIN_LEN);
	if (x->served == CERTIFICATE) {
		memset(e.cert, 5, PIN_LEN);
		e.chain = chain;
		e.chain_len = 3;
	}
	if (x->ca_line)
		e.ca = pin_at(p, d.section, x->ca_line);
	verdict_judge(&d, &e, &j);
	if (j.verdict != x->verdict || j.reason != x->reason || j.place.line != x->line ||
	    (j.pin ? j.pin->place.line : 0) != x->pin_line || j.backup != x->backup ||
	    j.learn != x->learn)
		fail_msg("%s\n%s, served %d: %s, %s, line %u, pin in line %u, backup %d, "
			 "learn %d",
			 x->policy, x->name ? x->name : "no name", x->served,
			 verdict_word(j.verdict), reason_word(j.reason), j.place.line,
			 j.pin ? j.pin->place.line : 0, j.backup, j.learn);
	assert_string_equal(policy_string(p, j.place.file), x->file ? x->file : "p.ini");
	assert_ptr_equal(j.demand.policy, p);
	assert_ptr_equal(j.demand.section, d.section);
	free(p);
}

static void judge_all(const struct expectation *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		judge(&table[i]);
}

#define JUDGE_ALL(table) judge_all(table, sizeof(table) / sizeof((table)[0]))
#define A		 "a.example"
#define B		 "b.example"

static void pins(void **state)
{
	static const struct expectation table[] = {
		{ S "pin = @1\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED, REASON_PIN_MATCH,
		  .line = 1, .pin_line = 2 },
		{ S "pin = @9\npin = @1\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED,
		  REASON_PIN_MATCH, .line = 1, .pin_line = 3, .backup = true },
		{ S "deny = @9\npin = @1\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED,
		  REASON_PIN_MATCH, .line = 1, .pin_line = 3 },
		{ S "pin = @9\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_NO_PIN_MATCH,
		  .line = 1 },
		/* Only the leaf's key counts, not one from the chain, nor the certificate's hash.
		 */
		{ S "pin = @2\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_NO_PIN_MATCH,
		  .line = 1 },
		{ S "pin = @3\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_NO_PIN_MATCH,
		  .line = 1 },
		{ S "pin = @5\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_NO_PIN_MATCH,
		  .line = 1 },
		{ S "pin-cert = @5\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED, REASON_PIN_MATCH,
		  .line = 1, .pin_line = 2 },
		{ S "pin-cert = @1\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_NO_PIN_MATCH,
		  .line = 1 },
		/* A CA counts when a chain was verified up to it, not because it was served. */
		{ S "pin-ca = @3\n", A, CERTIFICATE, 0, 2, VERDICT_ACCEPTED, REASON_PIN_MATCH,
		  .line = 1, .pin_line = 2 },
		{ S "pin-ca = @3\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_NO_PIN_MATCH,
		  .line = 1 },
		{ S "pin-ca = @3\n", A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_REFUSED,
		  REASON_NO_PIN_MATCH, .line = 1 },
		{ S "pin-ca = @8\npin-ca = @3\n", A, CERTIFICATE, 0, 3, VERDICT_ACCEPTED,
		  REASON_PIN_MATCH, .line = 1, .pin_line = 3, .backup = true },
		/* An anchor that is no pin-ca of the section proves nothing. */
		{ S "pin = @9\npin-ca = @3\n", A, CERTIFICATE, 0, 2, VERDICT_REFUSED,
		  REASON_NO_PIN_MATCH, .line = 1 },
		{ S "pin = @9\npin-cert = @5\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED,
		  REASON_PIN_MATCH, .line = 1, .pin_line = 3, .backup = true },
		{ S "pin = @1\nmode = report\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED,
		  REASON_PIN_MATCH, .line = 1, .pin_line = 2 },
		{ S "pin = @9\nmode = report\n", A, CERTIFICATE, 0, 0, VERDICT_WOULD_REFUSE,
		  REASON_NO_PIN_MATCH, .line = 1 },
		{ "mode = report\n" S "pin = @9\n", A, CERTIFICATE, 0, 0, VERDICT_WOULD_REFUSE,
		  REASON_NO_PIN_MATCH, .line = 2 },
		{ "mode = report\n" S "mode = enforce\npin = @9\n", A, CERTIFICATE, 0, 0,
		  VERDICT_REFUSED, REASON_NO_PIN_MATCH, .line = 2 },
	};

	(void)state;
	JUDGE_ALL(table);
}

static void match_every(void **state)
{
	static const struct expectation table[] = {
		{ S "match = every\npin = @1\npin-cert = @5\n", A, CERTIFICATE, 0, 0,
		  VERDICT_ACCEPTED, REASON_PIN_MATCH, .line = 1, .pin_line = 3 },
		{ S "match = every\npin = @9\npin = @1\npin-cert = @5\n", A, CERTIFICATE, 0, 0,
		  VERDICT_ACCEPTED, REASON_PIN_MATCH, .line = 1, .pin_line = 4, .backup = true },
		{ S "match = every\npin = @1\npin-cert = @6\n", A, CERTIFICATE, 0, 0,
		  VERDICT_REFUSED, REASON_NO_PIN_MATCH, .line = 1 },
		{ S "match = every\npin = @9\npin-cert = @5\n", A, CERTIFICATE, 0, 0,
		  VERDICT_REFUSED, REASON_NO_PIN_MATCH, .line = 1 },
		{ S "match = every\npin = @1\npin-ca = @3\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED,
		  REASON_NO_PIN_MATCH, .line = 1 },
		{ S "match = every\npin = @1\npin-ca = @3\n", A, CERTIFICATE, 0, 4,
		  VERDICT_ACCEPTED, REASON_PIN_MATCH, .line = 1, .pin_line = 3 },
		{ S "match = every\npin = @1\ndeny = @9\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED,
		  REASON_PIN_MATCH, .line = 1, .pin_line = 3 },
		{ S "match = every\npin = @1\npin-cert = @5\n", A, RAW_KEY, 0, 0, VERDICT_REFUSED,
		  REASON_NO_CERTIFICATE, .line = 1 },
		{ S "match = every\npin = @9\n", A, RAW_KEY, 0, 0, VERDICT_REFUSED,
		  REASON_NO_PIN_MATCH, .line = 1 },
	};

	(void)state;
	JUDGE_ALL(table);
}

static void without_a_certificate(void **state)
{
	static const struct expectation table[] = {
		{ S "pin = @1\n", A, NOTHING, 0, 0, VERDICT_REFUSED, REASON_NO_CERTIFICATE,
		  .line = 1 },
		{ S "pin = @0\npin-cert = @0\n", A, NOTHING, 0, 0, VERDICT_REFUSED,
		  REASON_NO_CERTIFICATE, .line = 1 },
		{ S "pin = @1\nmode = report\n", A, NOTHING, 0, 0, VERDICT_WOULD_REFUSE,
		  REASON_NO_CERTIFICATE, .line = 1 },
		{ S "deny = @9\n", A, NOTHING, 0, 0, VERDICT_REFUSED, REASON_NO_CERTIFICATE,
		  .line = 1 },
		{ S "deny = @0\n", A, NOTHING, 0, 0, VERDICT_REFUSED, REASON_NO_CERTIFICATE,
		  .line = 1 },
		{ S "verify = full\n", A, NOTHING, CHECK_PASSED, 0, VERDICT_REFUSED,
		  REASON_NO_CERTIFICATE, .line = 1 },
		{ "deny = @9\n", B, NOTHING, 0, 0, VERDICT_UNJUDGED, REASON_UNLISTED, .line = 0 },
		{ "deny = @0\n", B, NOTHING, 0, 0, VERDICT_UNJUDGED, REASON_UNLISTED, .line = 0 },
		{ S "mode = off\n", A, NOTHING, 0, 0, VERDICT_UNJUDGED, REASON_CHECKS_PASSED,
		  .line = 0 },
		/* A raw public key. */
		{ S "pin = @1\n", A, RAW_KEY, 0, 0, VERDICT_ACCEPTED, REASON_PIN_MATCH, .line = 1,
		  .pin_line = 2 },
		{ S "pin = @9\n", A, RAW_KEY, 0, 0, VERDICT_REFUSED, REASON_NO_PIN_MATCH,
		  .line = 1 },
		{ S "pin-cert = @5\npin = @1\n", A, RAW_KEY, 0, 0, VERDICT_ACCEPTED,
		  REASON_PIN_MATCH, .line = 1, .pin_line = 3, .backup = true },
		{ S "pin-cert = @5\npin = @9\n", A, RAW_KEY, 0, 0, VERDICT_REFUSED,
		  REASON_NO_PIN_MATCH, .line = 1 },
		{ S "pin-cert = @0\n", A, RAW_KEY, 0, 0, VERDICT_REFUSED, REASON_NO_CERTIFICATE,
		  .line = 1 },
		{ S "pin-ca = @3\n", A, RAW_KEY, 0, 2, VERDICT_REFUSED, REASON_NO_CERTIFICATE,
		  .line = 1 },
		{ S "pin = @1\nverify = full\n", A, RAW_KEY, CHECK_PASSED, 0, VERDICT_REFUSED,
		  REASON_NO_CERTIFICATE, .line = 1 },
		{ "ct-logs = /c\n" S "pin = @1\nct = require\n", A, RAW_KEY, CHECK_PASSED, 0,
		  VERDICT_REFUSED, REASON_NO_CERTIFICATE, .line = 2 },
		{ S "pin = @1\ndeny = @1\n", A, RAW_KEY, 0, 0, VERDICT_REFUSED, REASON_DENIED_KEY,
		  .line = 3, .pin_line = 3 },
		{ "deny = @1\n" S "pin = @1\n", A, RAW_KEY, 0, 0, VERDICT_REFUSED,
		  REASON_DENIED_KEY, .line = 1, .pin_line = 1 },
		{ S "deny = @9\n", A, RAW_KEY, 0, 0, VERDICT_ACCEPTED, REASON_CHECKS_PASSED,
		  .line = 1 },
	};

	(void)state;
	JUDGE_ALL(table);
}

static void denied_keys(void **state)
{
	static const struct expectation table[] = {
		/* Wherever it stands, and whatever is pinned. */
		{ S "pin = @1\ndeny = @1\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED,
		  REASON_DENIED_KEY, .line = 3, .pin_line = 3 },
		{ S "pin = @1\ndeny = @2\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED,
		  REASON_DENIED_KEY, .line = 3, .pin_line = 3 },
		{ S "pin = @1\ndeny = @9\ndeny = @3\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED,
		  REASON_DENIED_KEY, .line = 4, .pin_line = 4 },
		{ S "pin = @1\ndeny = @9\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED,
		  REASON_PIN_MATCH, .line = 1, .pin_line = 2 },
		{ S "pin = @1\ndeny = @1\nmode = report\n", A, CERTIFICATE, 0, 0,
		  VERDICT_WOULD_REFUSE, REASON_DENIED_KEY, .line = 3, .pin_line = 3 },
		{ S "deny = @1\nmode = off\n", A, CERTIFICATE, 0, 0, VERDICT_UNJUDGED,
		  REASON_CHECKS_PASSED, .line = 0 },
		{ S "deny = @9\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED, REASON_CHECKS_PASSED,
		  .line = 1 },
		/* Denied first, then everything else. */
		{ S "deny = @3\npin = @9\nverify = full\n", A, CERTIFICATE, CHECK_FAILED, 0,
		  VERDICT_REFUSED, REASON_DENIED_KEY, .line = 2, .pin_line = 2 },
		/* At the top: for every name, under the policy's own mode. */
		{ "deny = @3\n" S "pin = @1\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED,
		  REASON_DENIED_KEY, .line = 1, .pin_line = 1 },
		{ "deny = @9\ndeny = @3\n" S "pin = @1\n", B, CERTIFICATE, 0, 0, VERDICT_REFUSED,
		  REASON_DENIED_KEY, .line = 2, .pin_line = 2 },
		{ "deny = @3\n", NULL, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_DENIED_KEY,
		  .line = 1, .pin_line = 1 },
		{ "deny = @3\n" S "mode = off\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED,
		  REASON_DENIED_KEY, .line = 1, .pin_line = 1 },
		{ "deny = @3\n" S "mode = report\npin = @9\n", A, CERTIFICATE, 0, 0,
		  VERDICT_REFUSED, REASON_DENIED_KEY, .line = 1, .pin_line = 1 },
		{ "deny = @3\n" S "pin = @1\nexpires = 2020-01-01\nafter-expiry = off\n", A,
		  CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_DENIED_KEY, .line = 1, .pin_line = 1 },
		{ "deny = @9\n" S "pin = @1\n", B, CERTIFICATE, 0, 0, VERDICT_UNJUDGED,
		  REASON_UNLISTED, .line = 0 },
		{ "deny = @9\n" S "mode = off\n", A, CERTIFICATE, 0, 0, VERDICT_UNJUDGED,
		  REASON_CHECKS_PASSED, .line = 2 },
		{ "deny = @9\n" S "pin = @1\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED,
		  REASON_PIN_MATCH, .line = 2, .pin_line = 3 },
		{ "mode = off\ndeny = @3\n" S "pin = @9\n", A, CERTIFICATE, 0, 0, VERDICT_UNJUDGED,
		  REASON_CHECKS_PASSED, .line = 0 },
		{ "mode = off\ndeny = @3\n" S "mode = enforce\npin = @1\n", A, CERTIFICATE, 0, 0,
		  VERDICT_ACCEPTED, REASON_PIN_MATCH, .line = 3, .pin_line = 5 },
		{ "mode = off\ndeny = @3\n" S "mode = enforce\npin = @9\n", A, CERTIFICATE, 0, 0,
		  VERDICT_REFUSED, REASON_NO_PIN_MATCH, .line = 3 },
		/* The more severe stands; of two equal ones the top's. */
		{ "mode = report\ndeny = @3\n" S "pin = @1\n", A, CERTIFICATE, 0, 0,
		  VERDICT_WOULD_REFUSE, REASON_DENIED_KEY, .line = 2, .pin_line = 2 },
		{ "mode = report\ndeny = @3\n" S "mode = enforce\npin = @9\n", A, CERTIFICATE, 0, 0,
		  VERDICT_REFUSED, REASON_NO_PIN_MATCH, .line = 3 },
		{ "mode = report\ndeny = @3\n" S "pin = @9\n", A, CERTIFICATE, 0, 0,
		  VERDICT_WOULD_REFUSE, REASON_DENIED_KEY, .line = 2, .pin_line = 2 },
		{ "deny = @3\n" S "deny = @3\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED,
		  REASON_DENIED_KEY, .line = 1, .pin_line = 1 },
		{ "deny = @3\nunlisted = refuse\n", B, CERTIFICATE, 0, 0, VERDICT_REFUSED,
		  REASON_DENIED_KEY, .line = 1, .pin_line = 1 },
	};

	(void)state;
	JUDGE_ALL(table);
}

static void conditions(void **state)
{
	static const struct expectation table[] = {
		{ S "verify = full\n", A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_ACCEPTED,
		  REASON_CHECKS_PASSED, .line = 1 },
		{ S "verify = full\n", A, CERTIFICATE, CHECK_NOT_MADE, 0, VERDICT_REFUSED,
		  REASON_CHAIN_NOT_VERIFIED, .line = 1 },
		{ S "verify = full\n", A, CERTIFICATE, CHECK_FAILED, 0, VERDICT_REFUSED,
		  REASON_CHAIN_NOT_VERIFIED, .line = 1 },
		{ S "verify = full\n", A, CERTIFICATE, CHECK_WRONG_NAME, 0, VERDICT_REFUSED,
		  REASON_NAME_MISMATCH, .line = 1 },
		{ S "verify = full\nmode = report\n", A, CERTIFICATE, CHECK_FAILED, 0,
		  VERDICT_WOULD_REFUSE, REASON_CHAIN_NOT_VERIFIED, .line = 1 },
		/* A condition holds besides the pins, also where any one pin is enough. */
		{ S "verify = full\npin = @1\n", A, CERTIFICATE, CHECK_FAILED, 0, VERDICT_REFUSED,
		  REASON_CHAIN_NOT_VERIFIED, .line = 1 },
		{ S "verify = full\npin = @1\n", A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_ACCEPTED,
		  REASON_PIN_MATCH, .line = 1, .pin_line = 3 },
		{ S "verify = full\npin = @9\n", A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_REFUSED,
		  REASON_NO_PIN_MATCH, .line = 1 },
		{ S "verify = full\npin = @9\n", A, CERTIFICATE, CHECK_WRONG_NAME, 0,
		  VERDICT_REFUSED, REASON_NAME_MISMATCH, .line = 1 },
		{ S "verify = program\npin = @1\n", A, CERTIFICATE, CHECK_FAILED, 0,
		  VERDICT_ACCEPTED, REASON_PIN_MATCH, .line = 1, .pin_line = 3 },
	};

	(void)state;
	JUDGE_ALL(table);
}

#define CT "ct-logs = /c\n" S "ct = require\n"

static void certificate_transparency(void **state)
{
	static const struct expectation table[] = {
		{ CT, A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_REFUSED, REASON_CT_MISSING,
		  .line = 2 },
		{ CT, A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_REFUSED, REASON_CT_MISSING,
		  .line = 2, .ct_logs = 1 },
		{ CT, A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_ACCEPTED, REASON_CHECKS_PASSED,
		  .line = 2, .ct_logs = 2 },
		{ CT, A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_ACCEPTED, REASON_CHECKS_PASSED,
		  .line = 2, .ct_logs = 9 },
		{ CT, A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_REFUSED, REASON_INTERNAL_ERROR,
		  .line = 2, .ct_logs = 2, .ct_unknown = true },
		{ CT "mode = report\n", A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_WOULD_REFUSE,
		  REASON_CT_MISSING, .line = 2 },
		{ CT "mode = report\n", A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_WOULD_REFUSE,
		  REASON_INTERNAL_ERROR, .line = 2, .ct_unknown = true },
		/* It implies the checks of `verify = full', and stands beside the pins. */
		{ CT, A, CERTIFICATE, CHECK_FAILED, 0, VERDICT_REFUSED, REASON_CHAIN_NOT_VERIFIED,
		  .line = 2, .ct_logs = 2 },
		{ CT, A, CERTIFICATE, CHECK_WRONG_NAME, 0, VERDICT_REFUSED, REASON_NAME_MISMATCH,
		  .line = 2, .ct_logs = 2 },
		{ CT "pin = @1\n", A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_REFUSED,
		  REASON_CT_MISSING, .line = 2, .ct_logs = 1 },
		{ CT "pin = @9\n", A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_REFUSED,
		  REASON_NO_PIN_MATCH, .line = 2, .ct_logs = 2 },
		{ CT "pin = @1\n", A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_ACCEPTED,
		  REASON_PIN_MATCH, .line = 2, .pin_line = 4, .ct_logs = 2 },
		{ CT "pin = @1\n", A, RAW_KEY, CHECK_PASSED, 0, VERDICT_REFUSED,
		  REASON_NO_CERTIFICATE, .line = 2, .ct_logs = 2 },
	};

	(void)state;
	JUDGE_ALL(table);
}

#define R	   "revoked = /r\n"
#define IN_LIST(n) .line = (n), .pin_line = (n), .file = "r.txt"

/* As if each key of the list stood in a `deny' above the sections. */
static void revoked(void **state)
{
	static const struct expectation table[] = {
		{ R S "pin = @1\n|@9\n@1\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED,
		  REASON_DENIED_KEY, IN_LIST(2) },
		{ R S "pin = @1\n|@9\n\n@2\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED,
		  REASON_DENIED_KEY, IN_LIST(3) },
		{ R S "pin = @1\n|@3\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_DENIED_KEY,
		  IN_LIST(1) },
		{ R S "pin = @1\n|@9\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED, REASON_PIN_MATCH,
		  .line = 2, .pin_line = 3 },
		{ R S "pin = @1\n|@1\n", A, RAW_KEY, 0, 0, VERDICT_REFUSED, REASON_DENIED_KEY,
		  IN_LIST(1) },
		{ R S "pin = @1\n|@9\n", A, RAW_KEY, 0, 0, VERDICT_ACCEPTED, REASON_PIN_MATCH,
		  .line = 2, .pin_line = 3 },
		{ R S "mode = off\n|@1\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_DENIED_KEY,
		  IN_LIST(1) },
		{ R S "mode = report\npin = @1\n|@1\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED,
		  REASON_DENIED_KEY, IN_LIST(1) },
		{ R "|@1\n", B, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_DENIED_KEY, IN_LIST(1) },
		{ R "|@1\n", NULL, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_DENIED_KEY,
		  IN_LIST(1) },
		{ R "|@9\n", B, CERTIFICATE, 0, 0, VERDICT_UNJUDGED, REASON_UNLISTED, .line = 0 },
		{ R "|@1\n", B, NOTHING, 0, 0, VERDICT_UNJUDGED, REASON_UNLISTED, .line = 0 },
		{ "mode = report\n" R "|@1\n", NULL, CERTIFICATE, 0, 0, VERDICT_WOULD_REFUSE,
		  REASON_DENIED_KEY, IN_LIST(1) },
		{ "mode = off\n" R "|@1\n", B, CERTIFICATE, 0, 0, VERDICT_UNJUDGED,
		  REASON_CHECKS_PASSED, .line = 0 },
		{ R "deny = @3\n|@1\n", B, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_DENIED_KEY,
		  .line = 2, .pin_line = 2 },
		/* Without its list a policy knows not whom to refuse. */
		{ R S "pin = @1\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_INTERNAL_ERROR,
		  .line = 0 },
		{ R, NULL, NOTHING, 0, 0, VERDICT_REFUSED, REASON_INTERNAL_ERROR, .line = 0 },
	};

	(void)state;
	JUDGE_ALL(table);
}

#define T	  S "tofu = yes\n"
#define FIRST	  .tofu = TOFU_UNKNOWN, .owner = CHECK_PASSED
#define KNOWN(n)  .tofu = TOFU_KNOWN, .known = (n)
#define LEARNT(n) .tofu = TOFU_LEARNED, .known = (n)

static void first_use(void **state)
{
	static const struct expectation table[] = {
		{ T, A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED, REASON_TOFU_FIRST_USE, .line = 1,
		  .learn = true, FIRST },
		{ T, A, CERTIFICATE, 0, 0, VERDICT_LEARNED, REASON_TOFU_FIRST_USE, .line = 1,
		  LEARNT(1) },
		{ T, A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED, REASON_PIN_MATCH, .line = 1,
		  KNOWN(1) },
		{ T, A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_TOFU_CHANGED, .line = 1,
		  KNOWN(3) },
		{ T, A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_TOFU_CHANGED, .line = 1,
		  LEARNT(3) },
		{ T, A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_INTERNAL_ERROR, .line = 1,
		  .tofu = TOFU_FAILED, .known = 1, .owner = CHECK_PASSED },
		/* Not this server's certificate. What is known is known without that. */
		{ T, A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_NAME_MISMATCH, .line = 1,
		  .tofu = TOFU_UNKNOWN, .owner = CHECK_WRONG_NAME },
		{ T, A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_NAME_MISMATCH, .line = 1,
		  .tofu = TOFU_UNKNOWN },
		{ T, A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED, REASON_PIN_MATCH, .line = 1, KNOWN(1),
		  .owner = CHECK_WRONG_NAME },
		{ T, A, RAW_KEY, 0, 0, VERDICT_REFUSED, REASON_NO_CERTIFICATE, .line = 1, FIRST },
		{ T, A, RAW_KEY, 0, 0, VERDICT_ACCEPTED, REASON_PIN_MATCH, .line = 1, KNOWN(1) },
		{ T, A, RAW_KEY, 0, 0, VERDICT_REFUSED, REASON_TOFU_CHANGED, .line = 1, KNOWN(3) },
		{ T, A, NOTHING, 0, 0, VERDICT_REFUSED, REASON_NO_CERTIFICATE, .line = 1, FIRST },
		{ T, A, NOTHING, 0, 0, VERDICT_REFUSED, REASON_NO_CERTIFICATE, .line = 1,
		  KNOWN(0) },
		/* Everything else goes first. */
		{ T "deny = @3\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_DENIED_KEY,
		  .line = 3, .pin_line = 3, FIRST },
		{ T "deny = @1\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_DENIED_KEY,
		  .line = 3, .pin_line = 3, KNOWN(1) },
		{ "deny = @3\n" T, A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_DENIED_KEY,
		  .line = 1, .pin_line = 1, FIRST },
		{ T "verify = full\n", A, CERTIFICATE, CHECK_FAILED, 0, VERDICT_REFUSED,
		  REASON_CHAIN_NOT_VERIFIED, .line = 1, FIRST },
		{ T "verify = full\n", A, CERTIFICATE, CHECK_FAILED, 0, VERDICT_REFUSED,
		  REASON_CHAIN_NOT_VERIFIED, .line = 1, KNOWN(1) },
		{ T "verify = full\n", A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_ACCEPTED,
		  REASON_TOFU_FIRST_USE, .line = 1, .learn = true, FIRST },
		/* Where nothing is enforced nothing is learned. */
		{ T "mode = report\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED,
		  REASON_TOFU_FIRST_USE, .line = 1, FIRST },
		{ T "mode = report\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED,
		  REASON_TOFU_FIRST_USE, .line = 1, LEARNT(1) },
		{ T "mode = report\n", A, CERTIFICATE, 0, 0, VERDICT_WOULD_REFUSE,
		  REASON_TOFU_CHANGED, .line = 1, KNOWN(3) },
		{ T "mode = report\n", A, CERTIFICATE, 0, 0, VERDICT_WOULD_REFUSE,
		  REASON_INTERNAL_ERROR, .line = 1, .tofu = TOFU_FAILED },
		{ T "mode = off\n", A, CERTIFICATE, 0, 0, VERDICT_UNJUDGED, REASON_CHECKS_PASSED,
		  .line = 0, KNOWN(3) },
		{ "mode = report\ndeny = @3\n" T "mode = enforce\n", A, CERTIFICATE, 0, 0,
		  VERDICT_WOULD_REFUSE, REASON_DENIED_KEY, .line = 2, .pin_line = 2, FIRST },
		{ T "expires = 2020-01-01\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED,
		  REASON_EXPIRED_POLICY, .line = 1, FIRST },
		{ T "expires = 2020-01-01\nafter-expiry = enforce\n", A, CERTIFICATE, 0, 0,
		  VERDICT_ACCEPTED, REASON_EXPIRED_POLICY, .line = 1, .learn = true, FIRST },
		{ T "expires = 2020-01-01\nafter-expiry = enforce\n", A, CERTIFICATE, 0, 0,
		  VERDICT_LEARNED, REASON_TOFU_FIRST_USE, .line = 1, LEARNT(1) },
	};

	(void)state;
	JUDGE_ALL(table);
}

/* No key is learned without the logs. */
static void first_use_and_transparency(void **state)
{
	static const struct expectation table[] = {
		{ CT "tofu = yes\n", A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_REFUSED,
		  REASON_CT_MISSING, .line = 2, .ct_logs = 1, FIRST },
		{ CT "tofu = yes\n", A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_REFUSED,
		  REASON_CT_MISSING, .line = 2, .ct_logs = 1, KNOWN(1) },
		{ CT "tofu = yes\n", A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_ACCEPTED,
		  REASON_TOFU_FIRST_USE, .line = 2, .ct_logs = 2, .learn = true, FIRST },
	};

	(void)state;
	JUDGE_ALL(table);
}

static void first_use_beside_pins(void **state)
{
	static const struct expectation table[] = {
		/* One is enough; but a key that the section does not name is not learned. */
		{ T "pin = @1\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED, REASON_PIN_MATCH,
		  .line = 1, .pin_line = 3, FIRST },
		{ T "pin = @1\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED, REASON_PIN_MATCH,
		  .line = 1, .pin_line = 3, KNOWN(3) },
		{ T "pin = @1\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED, REASON_PIN_MATCH,
		  .line = 1, .pin_line = 3, .tofu = TOFU_FAILED },
		{ T "pin = @9\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_NO_PIN_MATCH,
		  .line = 1, FIRST },
		{ T "pin = @9\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED, REASON_PIN_MATCH,
		  .line = 1, KNOWN(1) },
		{ T "pin = @9\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_TOFU_CHANGED,
		  .line = 1, KNOWN(3) },
		{ T "pin = @9\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_INTERNAL_ERROR,
		  .line = 1, .tofu = TOFU_FAILED },
		{ T "pin-ca = @3\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_NO_PIN_MATCH,
		  .line = 1, FIRST },
		/* All of them: the key is one more kind. */
		{ T "match = every\npin-ca = @3\n", A, CERTIFICATE, 0, 4, VERDICT_ACCEPTED,
		  REASON_TOFU_FIRST_USE, .line = 1, .pin_line = 4, .learn = true, FIRST },
		{ T "match = every\npin-ca = @3\n", A, CERTIFICATE, 0, 4, VERDICT_ACCEPTED,
		  REASON_PIN_MATCH, .line = 1, .pin_line = 4, KNOWN(1) },
		{ T "match = every\npin-ca = @3\n", A, CERTIFICATE, 0, 4, VERDICT_REFUSED,
		  REASON_TOFU_CHANGED, .line = 1, .pin_line = 4, KNOWN(3) },
		{ T "match = every\npin-ca = @3\n", A, CERTIFICATE, 0, 4, VERDICT_REFUSED,
		  REASON_INTERNAL_ERROR, .line = 1, .pin_line = 4, .tofu = TOFU_FAILED },
		{ T "match = every\npin-ca = @3\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED,
		  REASON_NO_PIN_MATCH, .line = 1, FIRST },
		{ T "match = every\npin-ca = @3\n", A, CERTIFICATE, 0, 0, VERDICT_REFUSED,
		  REASON_NO_PIN_MATCH, .line = 1, KNOWN(1) },
	};

	(void)state;
	JUDGE_ALL(table);
}

static void strangers(void **state)
{
	static const struct expectation table[] = {
		{ "unlisted = refuse\n", B, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_UNLISTED,
		  .line = 1 },
		{ "unlisted = report\n", B, CERTIFICATE, 0, 0, VERDICT_WOULD_REFUSE,
		  REASON_UNLISTED, .line = 1 },
		{ "unlisted = refuse\nmode = report\n", B, CERTIFICATE, 0, 0, VERDICT_WOULD_REFUSE,
		  REASON_UNLISTED, .line = 1 },
		{ "unlisted = refuse\nmode = off\n", B, CERTIFICATE, 0, 0, VERDICT_UNJUDGED,
		  REASON_CHECKS_PASSED, .line = 0 },
		{ "unlisted = refuse\n", B, NOTHING, 0, 0, VERDICT_REFUSED, REASON_UNLISTED,
		  .line = 1 },
		{ "unlisted = refuse\n", NULL, CERTIFICATE, 0, 0, VERDICT_UNJUDGED,
		  REASON_CHECKS_PASSED, .line = 0 },
		{ "unlisted = allow\nunnamed = refuse\ndeny = @9\n", B, CERTIFICATE, 0, 0,
		  VERDICT_UNJUDGED, REASON_UNLISTED, .line = 1 },
		{ "unlisted = refuse\n" S "pin = @1\n", A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED,
		  REASON_PIN_MATCH, .line = 2, .pin_line = 3 },
		{ "\nunnamed = refuse\n", NULL, CERTIFICATE, 0, 0, VERDICT_REFUSED, REASON_UNNAMED,
		  .line = 2 },
		{ "\nunnamed = report\n", NULL, CERTIFICATE, 0, 0, VERDICT_WOULD_REFUSE,
		  REASON_UNNAMED, .line = 2 },
		{ "mode = report\nunnamed = refuse\n", NULL, CERTIFICATE, 0, 0,
		  VERDICT_WOULD_REFUSE, REASON_UNNAMED, .line = 2 },
		{ "unnamed = allow\nunlisted = refuse\ndeny = @9\n", NULL, CERTIFICATE, 0, 0,
		  VERDICT_UNJUDGED, REASON_UNNAMED, .line = 1 },
		{ "unnamed = refuse\n", B, CERTIFICATE, 0, 0, VERDICT_UNJUDGED,
		  REASON_CHECKS_PASSED, .line = 0 },
	};

	(void)state;
	JUDGE_ALL(table);
}

#define EXPIRED "expires = 2020-01-01\n"

static void expired_sections(void **state)
{
	static const struct expectation table[] = {
		{ S "pin = @1\n" EXPIRED, A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED,
		  REASON_EXPIRED_POLICY, .line = 1, .pin_line = 2 },
		{ S "pin = @9\n" EXPIRED, A, CERTIFICATE, 0, 0, VERDICT_WOULD_REFUSE,
		  REASON_NO_PIN_MATCH, .line = 1 },
		{ S "pin = @9\nafter-expiry = enforce\n" EXPIRED, A, CERTIFICATE, 0, 0,
		  VERDICT_REFUSED, REASON_NO_PIN_MATCH, .line = 1 },
		{ S "pin = @9\npin = @1\nafter-expiry = enforce\n" EXPIRED, A, CERTIFICATE, 0, 0,
		  VERDICT_ACCEPTED, REASON_EXPIRED_POLICY, .line = 1, .pin_line = 3,
		  .backup = true },
		{ S "pin = @9\nafter-expiry = off\n" EXPIRED, A, CERTIFICATE, 0, 0,
		  VERDICT_ACCEPTED, REASON_EXPIRED_POLICY, .line = 1 },
		{ S "pin = @9\nafter-expiry = off\n" EXPIRED, A, NOTHING, 0, 0, VERDICT_ACCEPTED,
		  REASON_EXPIRED_POLICY, .line = 1 },
		{ S "verify = full\n" EXPIRED, A, CERTIFICATE, CHECK_PASSED, 0, VERDICT_ACCEPTED,
		  REASON_EXPIRED_POLICY, .line = 1 },
		{ "mode = off\n" S "pin = @1\n" EXPIRED, A, CERTIFICATE, 0, 0, VERDICT_ACCEPTED,
		  REASON_EXPIRED_POLICY, .line = 2, .pin_line = 3 },
	};

	(void)state;
	JUDGE_ALL(table);
}

/* Evidence that should be complete and is not: a chain without even its leaf. */
static void a_chain_that_was_not_collected_refuses(void **state)
{
	static const char *const policies[] = {
		"deny = @9\n",
		"mode = report\ndeny = @9\n",
		S "pin = @1\ndeny = @9\n",
	};
	struct evidence e = { .certificate = true };

	(void)state;
	memset(e.key, 1, PIN_LEN);
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		struct policy *p = parse(policies[i]);
		struct judgement j;
		struct demand d;

		verdict_demand(p, A, NAME_HOST, NOW, &d);
		verdict_judge(&d, &e, &j);
		assert_int_equal(j.verdict, VERDICT_REFUSED);
		assert_int_equal(j.reason, REASON_INTERNAL_ERROR);
		assert_string_equal(policy_string(p, j.place.file), "p.ini");
		free(p);
	}
}

/* A resumed session whose certificates are not at hand: no denied key can be ruled out. */
static void unseen_certificates_meet_a_deny(void **state)
{
	static const struct {
		const char *policy;
		enum verdict verdict;
		enum reason reason;
	} cases[] = {
		{ "deny = @9\n", VERDICT_REFUSED, REASON_NO_CERTIFICATE },
		{ "revoked = /r\n|@9\n", VERDICT_REFUSED, REASON_NO_CERTIFICATE },
		{ "mode = report\ndeny = @9\n", VERDICT_WOULD_REFUSE, REASON_NO_CERTIFICATE },
		{ "deny = @9\n" S "mode = off\n", VERDICT_REFUSED, REASON_NO_CERTIFICATE },
		{ S "mode = off\n", VERDICT_UNJUDGED, REASON_CHECKS_PASSED },
	};
	const struct evidence e = { .unseen = true };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy *p = parse(cases[i].policy);
		struct judgement j;
		struct demand d;

		verdict_demand(p, A, NAME_HOST, NOW, &d);
		verdict_judge(&d, &e, &j);
		assert_int_equal(j.verdict, cases[i].verdict);
		assert_int_equal(j.reason, cases[i].reason);
		assert_string_equal(policy_string(p, j.place.file), "p.ini");
		free(p);
	}
}

static void words(void **state)
{
	static const char *const reasons[] = {
		"internal-error", "bad-policy",		"denied-key",	 "no-certificate",
		"no-pin-match",	  "chain-not-verified", "name-mismatch", "ct-missing",
		"simulated",	  "unlisted",		"unnamed",	 "expired-policy",
		"tofu-changed",	  "tofu-first-use",	"pin-match",	 "checks-passed",
	};

	(void)state;
	assert_string_equal(verdict_word(VERDICT_REFUSED), "refused");
	assert_string_equal(verdict_word(VERDICT_WOULD_REFUSE), "would-refuse");
	assert_string_equal(verdict_word(VERDICT_LEARNED), "learned");
	assert_string_equal(verdict_word(VERDICT_ACCEPTED), "accepted");
	assert_string_equal(verdict_word(VERDICT_UNJUDGED), "unjudged");
	for (int i = 0; i <= REASON_CHECKS_PASSED; i++)
		assert_string_equal(reason_word((enum reason)i), reasons[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(demands),
		cmocka_unit_test(a_section_expires_at_midnight),
		cmocka_unit_test(pins),
		cmocka_unit_test(match_every),
		cmocka_unit_test(without_a_certificate),
		cmocka_unit_test(denied_keys),
		cmocka_unit_test(conditions),
		cmocka_unit_test(certificate_transparency),
		cmocka_unit_test(revoked),
		cmocka_unit_test(first_use),
		cmocka_unit_test(first_use_and_transparency),
		cmocka_unit_test(first_use_beside_pins),
		cmocka_unit_test(strangers),
		cmocka_unit_test(expired_sections),
		cmocka_unit_test(a_chain_that_was_not_collected_refuses),
		cmocka_unit_test(unseen_certificates_meet_a_deny),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

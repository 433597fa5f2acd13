/* SPDX-License-Identifier: MIT */
/*
 * What is told about a handshake, composed for people and for scripts, and
 * handed to the sinks that the policy names. A log that cannot be written is
 * counted and changes nothing else.
 */
#include "process/event.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#include "process/fold.h"
#include "process/known_file.h"
#include "process/last_good.h"
#include "process/sink.h"
#include "process/text.h"
#include "pure/date.h"
#include "pure/siphash.h"

/* More than a person wants to read, and than a pipe takes at once. */
#define CERTS_SHOWN 8
#define PINS_SHOWN  8
#define NAME_SHOWN  96
/* Distinct refusals whose text is kept for ever, since programs may keep the pointer. */
#define CAUSES_KEPT 4096

/* Messages that could not be written, not yet told: to logs, and where every handshake is told. */
static _Atomic uint64_t lost_logs, lost_records;

const char *likely_word(enum likely likely)
{
	switch (likely) {
	case LIKELY_UNKNOWN:
		return NULL;
	case LIKELY_KEY_ROTATED:
		return "key-rotated";
	case LIKELY_CERT_RENEWED:
		return "certificate-renewed";
	case LIKELY_OTHER_PUBLIC_CA:
		return "another-public-ca";
	case LIKELY_LOCAL_ROOT:
		return "local-root";
	case LIKELY_OTHER_HOST:
		return "another-host";
	case LIKELY_CLOCK:
		return "clock";
	case LIKELY_CHAIN_TOO_SHORT:
		return "chain-too-short";
	}
	return NULL;
}

static const char *likely_sentence(enum likely likely)
{
	switch (likely) {
	case LIKELY_UNKNOWN:
		return NULL;
	case LIKELY_KEY_ROTATED:
		return "the key was rotated: the certificate is valid for this name and its issuer "
		       "is one that `pin-ca' names; confirm the new key by another channel";
	case LIKELY_CERT_RENEWED:
		return "the certificate was renewed: its key is still one that `pin' names";
	case LIKELY_OTHER_PUBLIC_CA:
		return "another public CA issued it: the certificate is valid for this name; ask "
		       "its owner by another channel";
	case LIKELY_LOCAL_ROOT:
		return "an intercepting proxy: the certificate was signed by a root that is "
		       "installed locally on this machine";
	case LIKELY_OTHER_HOST:
		return "another host's certificate: it is not valid for this name";
	case LIKELY_CLOCK:
		return "this machine's clock, which is outside the certificate's validity";
	case LIKELY_CHAIN_TOO_SHORT:
		return "the chain ended before the pinned CA: the server sent no certificate above "
		       "its own";
	}
	return NULL;
}

const char *name_source_word(enum name_source source)
{
	switch (source) {
	case NAME_FROM_NONE:
		return "none";
	case NAME_FROM_SNI:
		return "sni";
	case NAME_FROM_VERIFY:
		return "verify-name";
	case NAME_FROM_RESOLVER:
		return "resolver";
	case NAME_FROM_ADDRESS:
		return "address";
	}
	return "none";
}

static const char *name_source_phrase(enum name_source source)
{
	switch (source) {
	case NAME_FROM_NONE:
		return "no name";
	case NAME_FROM_SNI:
		return "name from SNI";
	case NAME_FROM_VERIFY:
		return "name that the program verifies";
	case NAME_FROM_RESOLVER:
		return "name from the resolver";
	case NAME_FROM_ADDRESS:
		return "the server's address";
	}
	return "no name";
}

static const char *verb(enum verdict v)
{
	switch (v) {
	case VERDICT_REFUSED:
		return "refused";
	case VERDICT_WOULD_REFUSE:
		return "would refuse";
	case VERDICT_LEARNED:
		return "learned";
	case VERDICT_ACCEPTED:
		return "accepted";
	case VERDICT_UNJUDGED:
		return "did not judge";
	}
	return "refused";
}

static const char *reason_sentence(const struct judgement *j)
{
	switch (j->reason) {
	case REASON_INTERNAL_ERROR:
		return "it cannot be judged";
	case REASON_BAD_POLICY:
		return "bad policy";
	case REASON_DENIED_KEY:
		return "a denied key is in its chain";
	case REASON_NO_CERTIFICATE:
		return "no certificate was shown in this handshake";
	case REASON_NO_PIN_MATCH:
		return "no pin matched";
	case REASON_CHAIN_NOT_VERIFIED:
		return "its certificate chain does not verify";
	case REASON_NAME_MISMATCH:
		return "its certificate is for another name";
	case REASON_CT_MISSING:
		return "its certificate is not in two of the CT logs";
	case REASON_SIMULATED:
		return "simulated, refused on request";
	case REASON_UNLISTED:
		return "no section names it and the policy says so of `unlisted' names";
	case REASON_UNNAMED:
		return "no name can be found and the policy says so of `unnamed' handshakes";
	case REASON_EXPIRED_POLICY:
		return "its section has expired";
	case REASON_TOFU_CHANGED:
		return "the key is not the one of the first use";
	case REASON_TOFU_FIRST_USE:
		return "first use of a key that passes all checks";
	case REASON_PIN_MATCH:
		return "pin matched";
	case REASON_CHECKS_PASSED:
		return "all checks passed";
	}
	return "it cannot be judged";
}

/* What programs show behind "SSL certificate problem: " and the like. */
static const char *cause_phrase(enum reason reason)
{
	switch (reason) {
	case REASON_DENIED_KEY:
		return "denied key for";
	case REASON_NO_CERTIFICATE:
		return "no certificate from";
	case REASON_NO_PIN_MATCH:
		return "pin mismatch for";
	case REASON_CHAIN_NOT_VERIFIED:
		return "unverified chain of";
	case REASON_NAME_MISMATCH:
		return "certificate not valid for";
	case REASON_CT_MISSING:
		return "certificate not in CT logs for";
	case REASON_SIMULATED:
		return "simulated pin mismatch for";
	case REASON_UNLISTED:
		return "no pin section for";
	case REASON_UNNAMED:
		return "no server name for";
	case REASON_TOFU_CHANGED:
		return "changed key of";
	case REASON_INTERNAL_ERROR:
	case REASON_BAD_POLICY:
	case REASON_EXPIRED_POLICY:
	case REASON_TOFU_FIRST_USE:
	case REASON_PIN_MATCH:
	case REASON_CHECKS_PASSED:
		break;
	}
	return "pinshim failed for";
}

static const char *shown_name(const struct event *e)
{
	return e->name ? e->name : "a server without a name";
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* "pins.ini:7", or the policy's path where no line decided. */
static void add_place(struct text *t, const struct event *e, struct policy_place place)
{
	const struct source *source = e->policy->source;
	const char *file;

	if (!source->policy || !place.line) {
		text_add(t, "%s", source->path);
		return;
	}
	file = policy_string(source->policy, place.file);
	text_add(t, "%s:%u", base_name(file), place.line);
	/* Not to be taken for the line that is there now. */
	if (last_good_is(source))
		text_add(t, " of the last good policy");
}

static void add_served(struct text *t, const char *separator, const struct event *e)
{
	char pin[PIN_TEXT_SIZE];

	for (size_t i = 0; i < e->n_served && i < CERTS_SHOWN; i++) {
		const struct event_cert *c = &e->served[i];

		text_add(t, "%sserved %s %.*s", separator, pin_format(c->key, pin), NAME_SHOWN,
			 c->common_name);
		if (i == 0 && *c->issuer_name)
			text_add(t, ", issued by %.*s", NAME_SHOWN, c->issuer_name);
	}
	if (e->n_served > CERTS_SHOWN)
		text_add(t, "%sand %zu more certificates", separator, e->n_served - CERTS_SHOWN);
}

/* The key that the store has for this name, or NULL. */
static const struct tofu *known_key(const struct judgement *j)
{
	return j->tofu && j->tofu->state >= TOFU_KNOWN ? j->tofu : NULL;
}

static void add_known(struct text *t, const char *separator, const struct event *e)
{
	const struct tofu *known = known_key(&e->judgement);
	char pin[PIN_TEXT_SIZE];

	if (known)
		text_add(t, "%sknown %s (%s:%u, since %s)", separator, pin_format(known->key, pin),
			 known_file_path(), known->line, known->since);
	if (known && e->judgement.reason == REASON_TOFU_CHANGED)
		text_add(t,
			 "%sif the new key is confirmed by another channel: pinshim known forget "
			 "%s",
			 separator, e->name);
}

static void add_pinned(struct text *t, const char *separator, const struct event *e)
{
	const struct judgement *j = &e->judgement;
	const struct policy *p = e->policy->source->policy;
	const struct policy_pin *pins;
	char pin[PIN_TEXT_SIZE];
	size_t n, shown = 0, left = 0;

	if (j->reason == REASON_DENIED_KEY && j->pin) {
		text_add(t, "%sdenied %s (", separator, pin_format(j->pin->sha256, pin));
		add_place(t, e, j->pin->place);
		text_add(t, ", %s)", policy_pin_word((enum pin_kind)j->pin->kind));
		return;
	}
	if (!j->demand.section)
		return;
	add_known(t, separator, e);
	pins = policy_pins(p, j->demand.section->pins, &n);
	for (size_t i = 0; i < n; i++) {
		if (pins[i].kind == PIN_DENY)
			continue;
		if (shown == PINS_SHOWN) {
			left++;
			continue;
		}
		shown++;
		text_add(t, "%spinned %s (", separator, pin_format(pins[i].sha256, pin));
		add_place(t, e, pins[i].place);
		text_add(t, ", %s)", policy_pin_word((enum pin_kind)pins[i].kind));
	}
	if (left)
		text_add(t, "%sand %zu more pins", separator, left);
}

static const char *policy_error_phrase(const struct event *e)
{
	if (e->of_snapshot)
		return "the policy is in force from its text, its snapshot is not used";
	return last_good_is(e->policy->source) ? "the host's policy is bad"
					       : "the policy in force stays, its new text is bad";
}

static void add_head(struct text *t, const struct event *e)
{
	const struct judgement *j = &e->judgement;
	char title[POLICY_TITLE_SIZE];

	text_add(t, "%s[%d]: ", *store_program() ? base_name(store_program()) : "a program",
		 (int)getpid());
	if (e->policy_error) {
		text_add(t, "%s: %s", policy_error_phrase(e), e->policy_error);
		return;
	}
	text_add(t, "%s %s: %s", verb(j->verdict), shown_name(e), reason_sentence(j));
	if (j->reason == REASON_BAD_POLICY) {
		text_add(t, ": %s", e->policy->source->error);
		return;
	}
	if (e->failure)
		text_add(t, ": %s", e->failure);
	if (j->reason == REASON_CT_MISSING)
		text_add(t, ": %u valid SCT%s by %u log%s", e->scts, e->scts == 1 ? "" : "s",
			 e->logs, e->logs == 1 ? "" : "s");
	text_add(t, " (");
	add_place(t, e, j->place);
	if (j->demand.section)
		text_add(t, " [%s]",
			 policy_title(e->policy->source->policy, j->demand.section, title));
	text_add(t, ", %s)", name_source_phrase(e->source));
}

/* For people. HEAD begins the message, SEPARATOR each further line of it. */
static void add_message(struct text *t, const char *head, const char *separator,
			const struct event *e, uint64_t missing)
{
	const char *likely = likely_sentence(e->likely);

	text_add(t, "%s", head);
	add_head(t, e);
	if (e->judgement.verdict <= VERDICT_LEARNED && e->judgement.reason != REASON_BAD_POLICY) {
		add_served(t, separator, e);
		add_pinned(t, separator, e);
		if (likely)
			text_add(t, "%slikely: %s", separator, likely);
	}
	if (e->suppressed)
		text_add(t, "%sand %" PRIu64 " more like this since it was last told", separator,
			 e->suppressed);
	if (missing)
		text_add(t, "%s%" PRIu64 " earlier messages could not be written", separator,
			 missing);
	text_add(t, "\n");
}

static void add_time(struct text *t, int64_t seconds)
{
	char date[DATE_SIZE];

	if (date_format(seconds, date))
		text_add(t, "\"%s\"", date);
	else
		text_add(t, "null");
}

static void add_json_pin(struct text *t, const uint8_t pin[PIN_LEN])
{
	char buffer[PIN_TEXT_SIZE];

	text_add(t, "\"%s\"", pin_format(pin, buffer));
}

static void add_json_chain(struct text *t, const char *field, const struct event_cert *certs,
			   size_t n)
{
	text_add(t, ",\"%s\":", field);
	if (!n) {
		text_add(t, "null");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct event_cert *c = &certs[i];

		text_add(t, "%c{\"pin\":", i ? ',' : '[');
		add_json_pin(t, c->key);
		text_add(t, ",\"cert\":");
		if (c->raw_key) {
			text_add(t, "null,\"subject\":null,\"issuer\":null,\"not-before\":null,"
				    "\"not-after\":null}");
			continue;
		}
		add_json_pin(t, c->cert);
		text_add(t, ",\"subject\":");
		text_add_json(t, c->subject);
		text_add(t, ",\"issuer\":");
		text_add_json(t, c->issuer);
		text_add(t, ",\"not-before\":");
		add_time(t, c->not_before);
		text_add(t, ",\"not-after\":");
		add_time(t, c->not_after);
		text_add(t, "}");
	}
	text_add(t, "]");
}

static void add_json_section(struct text *t, const struct policy *p, const struct judgement *j)
{
	const struct policy_section *section = j->demand.section;
	const struct tofu *known = known_key(j);
	const struct policy_pin *pins;
	char title[POLICY_TITLE_SIZE];
	const char *comma = "";
	size_t n;

	text_add(t, ",\"effective-expiration-date\":");
	if (section && policy_expires(section) != INT64_MAX)
		add_time(t, policy_expires(section));
	else
		text_add(t, "null");
	text_add(t, ",\"noted-hostname\":");
	text_add_json(t, section ? policy_title(p, section, title) : NULL);
	text_add(t, ",\"known-pins\":");
	if (!section) {
		text_add(t, "null");
		return;
	}
	pins = policy_pins(p, section->pins, &n);
	text_add(t, "[");
	for (size_t i = 0; i < n; i++) {
		if (pins[i].kind == PIN_DENY)
			continue;
		text_add(t, "%s", comma);
		add_json_pin(t, pins[i].sha256);
		comma = ",";
	}
	if (known) {
		text_add(t, "%s", comma);
		add_json_pin(t, known->key);
	}
	text_add(t, "]");
}

static void add_json_matched(struct text *t, const struct judgement *j)
{
	const struct tofu *known = known_key(j);

	text_add(t, ",\"matched\":");
	if (j->verdict > VERDICT_WOULD_REFUSE && known && !j->pin) {
		text_add(t, "{\"pin\":");
		add_json_pin(t, known->key);
		text_add(t, ",\"kind\":\"tofu\",\"line\":%u,\"backup\":false}", known->line);
		return;
	}
	if (j->verdict < VERDICT_LEARNED || !j->pin) {
		text_add(t, "null");
		return;
	}
	text_add(t, "{\"pin\":");
	add_json_pin(t, j->pin->sha256);
	text_add(t, ",\"kind\":\"%s\",\"line\":%u,\"backup\":%s}",
		 policy_pin_word((enum pin_kind)j->pin->kind), j->pin->place.line,
		 j->backup ? "true" : "false");
}

static const char *event_verdict_word(const struct event *e)
{
	if (e->policy_error)
		return "policy-error";
	/* What no policy objects to gets through. */
	return verdict_word(e->judgement.verdict == VERDICT_UNJUDGED ? VERDICT_ACCEPTED
								     : e->judgement.verdict);
}

static void add_json(struct text *t, const struct event *e, uint64_t missing)
{
	const struct judgement *j = &e->judgement;
	const struct source *source = e->policy ? e->policy->source : NULL;
	const struct policy *p = source ? source->policy : NULL;
	const char *path = source ? source->path : NULL;
	const char *error = source ? source->error : NULL;
	bool placed = p && j->place.line;
	bool in_text = placed && !last_good_is(source);

	text_add(t, "{\"date-time\":");
	add_time(t, (int64_t)time(NULL));
	text_add(t, ",\"hostname\":");
	text_add_json(t, e->name);
	text_add(t, ",\"port\":");
	text_add(t, e->port ? "%u" : "null", e->port);
	add_json_section(t, p, j);
	text_add(t,
		 ",\"verdict\":\"%s\",\"reason\":\"%s\",\"likely-cause\":", event_verdict_word(e),
		 reason_word(j->reason));
	text_add_json(t, likely_word(e->likely));
	text_add(t, ",\"name-source\":\"%s\",\"mode\":", name_source_word(e->source));
	text_add_json(t, p ? policy_mode_word(j->demand.mode) : NULL);
	text_add(t, ",\"policy\":");
	text_add_json(t, in_text ? policy_string(p, j->place.file) : path);
	text_add(t, ",\"line\":");
	text_add(t, placed ? "%u" : "null", j->place.line);
	add_json_matched(t, j);
	add_json_chain(t, "served-chain", e->served, e->n_served);
	add_json_chain(t, "validated-chain", e->validated, e->n_validated);
	text_add(t, ",\"resumed\":%s,\"tls-version\":", e->resumed ? "true" : "false");
	text_add_json(t, e->tls_version);
	text_add(t, ",\"library\":");
	text_add_json(t, e->library);
	text_add(t, ",\"program\":");
	text_add_json(t, *store_program() ? store_program() : NULL);
	text_add(t, ",\"error\":");
	if (e->failure)
		error = e->failure;
	text_add_json(t, e->policy_error ? e->policy_error : error);
	text_add(t, ",\"pid\":%d,\"uid\":%u,\"suppressed\":%" PRIu64 ",\"lost\":%" PRIu64 "}\n",
		 (int)getpid(), (unsigned)getuid(), e->suppressed, missing);
}

static void deliver(const struct event *e, const char *log)
{
	uint64_t missing = atomic_exchange(&lost_logs, 0);
	struct text t = { 0 };
	bool sent;

	if (!strcmp(log, "stderr")) {
		add_message(&t, "pinshim: ", "\npinshim:   ", e, missing);
		sent = text_ok(&t) && sink_stderr(t.bytes, t.len);
	} else if (!strcmp(log, "syslog")) {
		add_message(&t, "", "; ", e, missing);
		sent = text_ok(&t) && sink_syslog(t.bytes, t.len);
	} else {
		add_json(&t, e, missing);
		sent = text_ok(&t) && sink_file(log, t.bytes, t.len);
	}
	free(t.bytes);
	if (!sent)
		lost_logs += missing + e->suppressed + 1;
}

/* The I-th log of POLICY, or NULL past the last. */
static const char *log_of(const struct store_policy *policy, size_t i)
{
	const struct source *source = policy->source;
	const struct policy_value *logs = NULL;
	size_t n = 0;

	if (source->policy)
		logs = policy_values(source->policy, source->policy->logs, &n);
	if (i < n && !policy->log)
		return policy_string(source->policy, logs[i].text);
	if (i > 0)
		return NULL;
	if (policy->log)
		return policy->log;
	return source->host ? "syslog" : "stderr";
}

static void deliver_to_logs(const struct event *e)
{
	const char *log;

	for (size_t i = 0; (log = log_of(e->policy, i)); i++)
		if (strcmp(log, "none"))
			deliver(e, log);
}

/* `none' stands alone. */
static bool has_log(const struct store_policy *policy)
{
	return strcmp(log_of(policy, 0), "none") != 0;
}

bool event_wanted(const struct event *e)
{
	const struct policy *p;

	if (!e->policy || !has_log(e->policy))
		return false;
	p = e->policy->source->policy;
	switch (e->judgement.verdict) {
	case VERDICT_REFUSED:
	case VERDICT_WOULD_REFUSE:
	case VERDICT_LEARNED:
		return true;
	case VERDICT_ACCEPTED:
		return p->log_accepted || e->judgement.reason == REASON_EXPIRED_POLICY;
	case VERDICT_UNJUDGED:
		return false;
	}
	return true;
}

/* A hash of all that makes a refusal the same as an earlier one of this process. */
static uint64_t identity(const struct event *e)
{
	const uint8_t *key = (const uint8_t *)getauxval(AT_RANDOM);
	struct {
		uint64_t policy, failure, name;
		uint32_t pid, what;
		uint8_t served[PIN_LEN];
	} same = {
		.policy = e->policy->serial,
		.pid = (uint32_t)getpid(),
		.what = (uint32_t)e->judgement.verdict << 16 | (uint32_t)e->judgement.reason,
	};

	if (e->failure)
		same.failure = siphash(e->failure, strlen(e->failure), key);
	if (e->name)
		same.name = siphash(e->name, strlen(e->name), key);
	if (e->n_served)
		memcpy(same.served, e->served[0].key, PIN_LEN);
	return siphash(&same, sizeof(same), key);
}

bool event_due(struct event *e)
{
	struct timespec now = { 0 };

	if (e->judgement.verdict > VERDICT_WOULD_REFUSE)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return fold(identity(e), now.tv_sec, &e->suppressed);
}

void event_tell(const struct event *e)
{
	if (event_wanted(e))
		deliver_to_logs(e);
}

void event_record(const struct event *e)
{
	const char *to = store_events();
	struct text t = { 0 };
	uint64_t missing;
	bool sent;

	if (!to)
		return;
	missing = atomic_exchange(&lost_records, 0);
	add_json(&t, e, missing);
	if (!text_ok(&t))
		sent = false;
	else if (!strcmp(to, "-"))
		sent = sink_stderr(t.bytes, t.len);
	else
		sent = sink_file(to, t.bytes, t.len);
	free(t.bytes);
	if (!sent)
		lost_records += missing + 1;
}

static void tell_of_policy(struct event *e)
{
	e->judgement.reason = REASON_BAD_POLICY;
	deliver_to_logs(e);
	event_record(e);
}

void event_bad_policy(const struct store_policy *policy, const char *error)
{
	struct event e = { .policy = policy, .policy_error = error };

	tell_of_policy(&e);
}

void event_bad_snapshot(const struct store_policy *policy, const char *error)
{
	struct event e = { .policy = policy, .policy_error = error, .of_snapshot = true };

	tell_of_policy(&e);
}

struct cause {
	struct cause *next;
	char text[];
};

static _Atomic(struct cause *) causes;
static _Atomic unsigned n_causes;
static _Atomic(const char *) last_in_process;
static __thread const char *last_in_thread __attribute__((tls_model("initial-exec")));

/* Keeps TEXT for ever, each text once: programs hold on to error strings. */
static const char *keep_cause(const char *text)
{
	size_t size = strlen(text) + 1;
	struct cause *cause;

	for (cause = causes; cause; cause = cause->next)
		if (!strcmp(cause->text, text))
			return cause->text;
	if (n_causes >= CAUSES_KEPT || !(cause = malloc(sizeof(*cause) + size)))
		return "refused by pinshim";
	n_causes++;
	memcpy(cause->text, text, size);
	cause->next = causes;
	while (!atomic_compare_exchange_weak(&causes, &cause->next, cause))
		;
	return cause->text;
}

void event_set_cause(const struct event *e)
{
	struct text t = { 0 };

	if (e->judgement.reason == REASON_BAD_POLICY) {
		text_add(&t, "bad pin policy: %s", e->policy->source->error);
	} else {
		text_add(&t, "%s %s (", cause_phrase(e->judgement.reason), shown_name(e));
		add_place(&t, e, e->judgement.place);
		text_add(&t, ")");
	}
	last_in_thread = text_ok(&t) ? keep_cause(t.bytes) : "refused by pinshim";
	last_in_process = last_in_thread;
	free(t.bytes);
}

void event_forget_cause(void)
{
	last_in_thread = "";
}

const char *event_last_cause(void)
{
	if (!last_in_thread)
		return last_in_process;
	return *last_in_thread ? last_in_thread : NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * The warnings of `pinshim check' that need no server. Each is about something
 * that the library does exactly as it is written; none is a matter of taste.
 */
#include "cmd/check_warn.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/anchors.h"
#include "cmd/cmd.h"
#include "cmd/suffix.h"
#include "pure/date.h"
#include "pure/revoked.h"
#include "pure/verdict.h"

#define ANY_PIN (1u << PIN_KEY | 1u << PIN_CERT | 1u << PIN_CA)
/* Those whose value is a key's hash. */
#define KEYS	(1u << PIN_KEY | 1u << PIN_CA | 1u << PIN_DENY)

struct checking {
	const struct source *source;
	const struct policy *policy;
	int64_t now;
	unsigned warnings;
	const struct policy_pin **denied; /* the top's, sorted by key */
	bool wildcard_denies;		  /* some section with a star has a `deny' */
};

/* Pins of one section. */
struct pins {
	const struct policy_pin *at;
	size_t n;
	unsigned kinds; /* that are among them, as bits */
};

static void vprint_warning(const struct policy *p, struct policy_place place, const char *format,
			   va_list args)
{
	if (place.line)
		fprintf(stderr, "%s:%u: warning: ", policy_string(p, place.file), place.line);
	else
		fprintf(stderr, "%s: warning: ", policy_string(p, p->path));
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void print_warning(const struct policy *p, struct policy_place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint_warning(p, place, format, args);
	va_end(args);
}

__attribute__((format(printf, 3, 4))) static void
warn(struct checking *c, struct policy_place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint_warning(c->policy, place, format, args);
	va_end(args);
	c->warnings++;
}

static struct pins pins_in(const struct checking *c, struct policy_span span)
{
	struct pins pins;

	pins.at = policy_pins(c->policy, span, &pins.n);
	pins.kinds = 0;
	for (size_t i = 0; i < pins.n; i++)
		pins.kinds |= 1u << pins.at[i].kind;
	return pins;
}

static bool is_of(const struct policy_pin *pin, unsigned kinds)
{
	return kinds & 1u << pin->kind;
}

/* The first pin of KINDS among the first N that has the value SHA256, or NULL. */
static const struct policy_pin *find(struct pins pins, size_t n, unsigned kinds,
				     const uint8_t sha256[PIN_LEN])
{
	for (size_t i = 0; pins.kinds & kinds && i < n; i++)
		if (is_of(&pins.at[i], kinds) && !memcmp(pins.at[i].sha256, sha256, PIN_LEN))
			return pins.at + i;
	return NULL;
}

/* Whether there are pins of KINDS, and all have one value. */
static bool is_single(struct pins pins, unsigned kinds)
{
	const struct policy_pin *first = NULL;

	for (size_t i = 0; i < pins.n; i++) {
		if (!is_of(&pins.at[i], kinds))
			continue;
		if (first && memcmp(pins.at[i].sha256, first->sha256, PIN_LEN) != 0)
			return false;
		first = &pins.at[i];
	}
	return first != NULL;
}

/*
 * Whether it is three bytes over and over, that is four characters of base64:
 * zeros, AAAA..., abcdabcd... The last two bytes depend on the padding.
 */
static bool is_placeholder(const uint8_t pin[PIN_LEN])
{
	return memcmp(pin, pin + 3, PIN_LEN - 2 - 3) == 0;
}

static void check_placeholders(struct checking *c, struct pins pins)
{
	char text[PIN_TEXT_SIZE];

	for (size_t i = 0; i < pins.n; i++)
		if (is_placeholder(pins.at[i].sha256))
			warn(c, pins.at[i].place,
			     "'%s' looks like a placeholder, which no key matches; write the real "
			     "pin",
			     pin_format(pins.at[i].sha256, text));
}

/* The hash of a certificate is never that of a key. */
static void check_hashes(struct checking *c, struct pins pins)
{
	const struct policy_pin *pin, *other;

	for (size_t i = 0; i < pins.n; i++) {
		pin = &pins.at[i];
		other = find(pins, i, pin->kind == PIN_CERT ? KEYS : 1u << PIN_CERT, pin->sha256);
		if (other)
			warn(c, pin->place,
			     "`%s' has the value of `%s' at %s:%u, but one is the hash of a "
			     "certificate and the other of a key: one never matches; "
			     "'pinshim pin HOST' prints both",
			     policy_pin_word(pin->kind), policy_pin_word(other->kind),
			     policy_string(c->policy, other->place.file), other->place.line);
	}
}

static int by_key(const void *a, const void *b)
{
	const struct policy_pin *const *x = a, *const *y = b;

	return memcmp((*x)->sha256, (*y)->sha256, PIN_LEN);
}

/* So that a policy that denies much is not gone through for each pin. 0, or -1: no memory. */
static int sort_denied(struct checking *c)
{
	const struct policy_pin *pins;
	size_t n;

	pins = policy_pins(c->policy, c->policy->deny, &n);
	c->denied = malloc((n + 1) * sizeof(*c->denied));
	if (!c->denied)
		return -1;
	for (size_t i = 0; i < n; i++)
		c->denied[i] = &pins[i];
	qsort(c->denied, n, sizeof(*c->denied), by_key);
	return 0;
}

/* The top's `deny' of this key, or NULL. */
static const struct policy_pin *find_denied(const struct checking *c, const uint8_t sha256[PIN_LEN])
{
	const struct policy_pin *const *found, *key;
	struct policy_pin wanted;

	memcpy(wanted.sha256, sha256, PIN_LEN);
	key = &wanted;
	found = bsearch(&key, c->denied, c->policy->deny.count, sizeof(*c->denied), by_key);
	return found ? *found : NULL;
}

/* What denies this key wherever the section with the pins HERE decides, or NULL. */
static const struct policy_pin *find_deny(const struct checking *c, struct pins here,
					  const uint8_t sha256[PIN_LEN])
{
	const struct policy_pin *deny = find(here, here.n, 1u << PIN_DENY, sha256);

	/* The policy's own `mode = off' lifts what stands at its top. */
	if (!deny && c->policy->mode != MODE_OFF)
		deny = find_denied(c, sha256);
	if (!deny && c->policy->mode != MODE_OFF)
		revoked_find(c->policy, sha256, &deny);
	return deny;
}

/* A denied key is refused even when it is pinned. */
static void check_denied(struct checking *c, const struct policy_section *s, struct pins pins,
			 const char *title)
{
	unsigned listed = 0, left = 0;
	const struct policy_pin *deny;

	for (size_t i = 0; i < pins.n; i++) {
		if (!is_of(&pins.at[i], ANY_PIN))
			continue;
		listed |= 1u << pins.at[i].kind;
		deny = pins.at[i].kind == PIN_CERT ? NULL : find_deny(c, pins, pins.at[i].sha256);
		if (!deny) {
			left |= 1u << pins.at[i].kind;
			continue;
		}
		warn(c, pins.at[i].place,
		     "this key is %s at %s:%u, so it is refused; take out one of both",
		     deny->kind == PIN_REVOKED ? "revoked" : "denied",
		     policy_string(c->policy, deny->place.file), deny->place.line);
	}
	if (listed != left && !s->tofu && (s->match == MATCH_EVERY || !left))
		warn(c, s->place,
		     "[%s] accepts nothing: all %s that it asks for are denied; pin another key",
		     title, s->match == MATCH_EVERY ? "pins of a kind" : "pins");
}

/* Whether a single key stands between the section and its last match. */
static bool lacks_backup(const struct policy_section *s, struct pins pins)
{
	if (s->match == MATCH_ANY)
		return is_single(pins, ANY_PIN);
	return is_single(pins, 1u << PIN_KEY) || is_single(pins, 1u << PIN_CERT) ||
	       is_single(pins, 1u << PIN_CA);
}

static void check_pins(struct checking *c, const struct policy_section *s, struct pins pins,
		       const char *title)
{
	if (lacks_backup(s, pins))
		warn(c, s->place,
		     "[%s] has one pin and no backup; add the pin of a key that is not in use yet",
		     title);
	if ((pins.kinds & ANY_PIN) == 1u << PIN_CA && !(s->tofu && s->match == MATCH_EVERY))
		warn(c, s->place,
		     "[%s] has `pin-ca' alone: whatever that CA issues for the name is accepted; "
		     "pin the server's key too and write 'match = every'",
		     title);
	if (s->tofu && s->match == MATCH_ANY && (pins.kinds & ANY_PIN))
		warn(c, s->place,
		     "[%s]: with pins beside it, 'tofu' learns no key under 'match = any'; write "
		     "'match = every', or take one of the two out",
		     title);
	check_placeholders(c, pins);
	check_hashes(c, pins);
	check_denied(c, s, pins, title);
}

static void check_expiry(struct checking *c, const struct policy_section *s, const char *title)
{
	const int64_t expires = policy_expires(s);
	char day[DATE_DAY_SIZE];

	if (expires - c->now > (int64_t)SOON_DAYS * DAY_S)
		return;
	date_format_day(expires, day);
	if (expires <= c->now)
		warn(c, s->place, "[%s] expired on %s: 'after-expiry = %s' holds; renew it", title,
		     day, policy_mode_word(s->after_expiry));
	else
		warn(c, s->place, "[%s] expires on %s, within %d days; renew it", title, day,
		     SOON_DAYS);
}

static void check_wildcard(struct checking *c, const struct policy_section *s, const char *title)
{
	const char *name = policy_name(c->policy, s);
	char suffix[SUFFIX_SIZE];

	if (s->wildcard == WILDCARD_NONE ||
	    !spans_owners(name, s->wildcard == WILDCARD_SUBTREE, suffix))
		return;
	if (!strcmp(suffix, name))
		warn(c, s->place,
		     "[%s] is a wildcard on a public suffix: its names belong to different "
		     "owners; name each",
		     title);
	else
		warn(c, s->place,
		     "[%s] reaches over the public suffix '%s', whose names belong to different "
		     "owners; name those that are meant",
		     title, suffix);
}

static void check_ca_file(struct checking *c, const struct policy_value *value)
{
	const struct source_file *file;
	struct anchors anchors;
	char day[DATE_DAY_SIZE];

	file = source_file(c->source, policy_string(c->policy, value->text));
	anchors = anchors_read(file->bytes, file->len);
	date_format_day(anchors.end, day);
	if (anchors.unreadable)
		warn(c, value->place,
		     "'%s' has a certificate that cannot be read, so nothing verifies; mend it",
		     file->path);
	else if (!anchors.count)
		warn(c, value->place,
		     "'%s' has no certificate, so nothing verifies; write the CA's into it",
		     file->path);
	else if (anchors.end <= c->now)
		warn(c, value->place,
		     "all of '%s' has expired, the last on %s, so nothing verifies; renew it",
		     file->path, day);
	else if (anchors.end - c->now <= (int64_t)SOON_DAYS * DAY_S)
		warn(c, value->place,
		     "the last certificate of '%s' ends on %s, within %d days; renew it",
		     file->path, day, SOON_DAYS);
}

/* Sections are not merged: what a wildcard denies, a section of its own below it accepts. */
static void check_under(struct checking *c, const struct policy_section *s, struct pins pins,
			const char *name, enum policy_wildcard wildcard)
{
	char title[POLICY_TITLE_SIZE], other[POLICY_TITLE_SIZE];
	const struct policy_section *wide;
	struct pins above;

	if (!policy_find_title(c->policy, name, wildcard, &wide) || !wide)
		return;
	above = pins_in(c, wide->pins);
	for (size_t i = 0; i < above.n; i++) {
		const struct policy_pin *deny = &above.at[i];

		if (deny->kind != PIN_DENY || find_deny(c, pins, deny->sha256))
			continue;
		warn(c, s->place,
		     "[%s] does not have the `deny' of [%s] (%s:%u), since sections are not "
		     "merged; repeat it, or write it above the first section",
		     policy_title(c->policy, s, title), policy_title(c->policy, wide, other),
		     policy_string(c->policy, deny->place.file), deny->place.line);
	}
}

/* Looks at each section with a star whose names include those of S. */
static void check_inherited(struct checking *c, const struct policy_section *s, struct pins pins)
{
	const char *name = policy_name(c->policy, s), *parent = name_parent(name);

	if (!c->wildcard_denies || s->mode == MODE_OFF)
		return;
	if (s->wildcard != WILDCARD_SUBTREE)
		check_under(c, s, pins, name, WILDCARD_SUBTREE);
	if (s->wildcard == WILDCARD_NONE && parent)
		check_under(c, s, pins, parent, WILDCARD_LABEL);
	for (; parent; parent = name_parent(parent))
		check_under(c, s, pins, parent, WILDCARD_SUBTREE);
}

static void check_ct(struct checking *c, const struct policy_section *s, const char *title)
{
	const struct policy_place list = c->policy->ct_logs.place;

	if (s->ct && c->source->n_ct_logs < CT_LOGS_WANTED)
		warn(c, s->place,
		     "[%s] accepts nothing: `ct' asks for two logs, and the list that %s:%u names "
		     "enables one; enable another",
		     title, policy_string(c->policy, list.file), list.line);
}

static void check_section(struct checking *c, const struct policy_section *s)
{
	bool expired = policy_expires(s) <= c->now;
	struct pins pins = pins_in(c, s->pins);
	char title[POLICY_TITLE_SIZE];

	policy_title(c->policy, s, title);
	/* Pins that nothing is compared with need no backup. */
	if ((expired ? s->after_expiry : s->mode) != MODE_OFF)
		check_pins(c, s, pins, title);
	check_expiry(c, s, title);
	check_wildcard(c, s, title);
	check_inherited(c, s, pins);
	check_ct(c, s, title);
}

static void check_sections(struct checking *c)
{
	const struct policy_section *sections;
	size_t n;

	sections = policy_sections(c->policy, &n);
	for (size_t i = 0; i < n && !c->wildcard_denies; i++)
		c->wildcard_denies = sections[i].wildcard != WILDCARD_NONE &&
				     pins_in(c, sections[i].pins).kinds & 1u << PIN_DENY;
	for (size_t i = 0; i < n; i++)
		check_section(c, &sections[i]);
}

/* A log is created when it is not there; its folder is not. */
static void check_log(struct checking *c, const struct policy_value *log)
{
	const char *path = policy_string(c->policy, log->text), *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	if (*path != '/' || slash == path || slash - path >= PATH_MAX)
		return;
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	if (access(folder, F_OK) < 0)
		warn(c, log->place, "the folder of '%s' is not there, so events are lost; make it",
		     path);
}

unsigned check_warn(const struct source *source)
{
	struct checking c = { .source = source, .policy = source->policy, .now = time(NULL) };
	const struct policy_value *values;
	size_t n;

	if (sort_denied(&c) < 0) {
		complain("out of memory: no warnings are given");
		return 1;
	}
	check_placeholders(&c, pins_in(&c, c.policy->deny));
	values = policy_values(c.policy, c.policy->logs, &n);
	for (size_t i = 0; i < n; i++)
		check_log(&c, &values[i]);
	values = policy_values(c.policy, c.policy->ca_files, &n);
	for (size_t i = 0; i < n; i++)
		check_ca_file(&c, &values[i]);
	check_sections(&c);
	free(c.denied);
	return c.warnings;
}

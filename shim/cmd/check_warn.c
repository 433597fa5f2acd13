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
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/anchors.h"
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
};

/* Pins of one section or of the top. */
struct pins {
	const struct policy_pin *at;
	size_t n;
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
	for (size_t i = 0; i < n; i++)
		if (is_of(&pins.at[i], kinds) && !memcmp(pins.at[i].sha256, sha256, PIN_LEN))
			return pins.at + i;
	return NULL;
}

/* How many different values there are among the pins of KINDS. */
static unsigned count(struct pins pins, unsigned kinds)
{
	unsigned n = 0;

	for (size_t i = 0; i < pins.n; i++)
		if (is_of(&pins.at[i], kinds) && !find(pins, i, kinds, pins.at[i].sha256))
			n++;
	return n;
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

/* What denies the key of PIN wherever S decides, or NULL. */
static const struct policy_pin *find_deny(const struct checking *c, const struct policy_section *s,
					  const uint8_t sha256[PIN_LEN])
{
	struct pins here = pins_in(c, s->pins), top = pins_in(c, c->policy->deny);
	const struct policy_pin *deny = find(here, here.n, 1u << PIN_DENY, sha256);

	/* The policy's own `mode = off' lifts what stands at its top. */
	if (!deny && c->policy->mode != MODE_OFF)
		deny = find(top, top.n, 1u << PIN_DENY, sha256);
	if (!deny && c->policy->mode != MODE_OFF)
		revoked_find(c->policy, sha256, &deny);
	return deny;
}

/* A denied key is refused even when it is pinned. */
static void check_denied(struct checking *c, const struct policy_section *s, const char *title)
{
	struct pins pins = pins_in(c, s->pins);
	unsigned listed = 0, left = 0;
	const struct policy_pin *deny;

	for (size_t i = 0; i < pins.n; i++) {
		if (!is_of(&pins.at[i], ANY_PIN))
			continue;
		listed |= 1u << pins.at[i].kind;
		deny = pins.at[i].kind == PIN_CERT ? NULL : find_deny(c, s, pins.at[i].sha256);
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
		return count(pins, ANY_PIN) == 1;
	return count(pins, 1u << PIN_KEY) == 1 || count(pins, 1u << PIN_CERT) == 1 ||
	       count(pins, 1u << PIN_CA) == 1;
}

static void check_pins(struct checking *c, const struct policy_section *s, const char *title)
{
	struct pins pins = pins_in(c, s->pins);

	if (lacks_backup(s, pins))
		warn(c, s->place,
		     "[%s] has one pin and no backup; add the pin of a key that is not in use yet",
		     title);
	if (count(pins, 1u << PIN_CA) && !count(pins, 1u << PIN_KEY | 1u << PIN_CERT) &&
	    !(s->tofu && s->match == MATCH_EVERY))
		warn(c, s->place,
		     "[%s] has `pin-ca' alone: whatever that CA issues for the name is accepted; "
		     "pin the server's key too and write 'match = every'",
		     title);
	if (s->tofu && s->match == MATCH_ANY && count(pins, ANY_PIN))
		warn(c, s->place,
		     "[%s]: with pins beside it, 'tofu' learns no key under 'match = any'; write "
		     "'match = every', or take one of the two out",
		     title);
	check_placeholders(c, pins);
	check_hashes(c, pins);
	check_denied(c, s, title);
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

/* Whether the names of WIDE, a wildcard, include those of S. */
static bool covers(const struct policy *p, const struct policy_section *wide,
		   const struct policy_section *s)
{
	const char *of = policy_name(p, wide), *name = policy_name(p, s);
	size_t len = strlen(name), tail = strlen(of);

	if (wide->wildcard == WILDCARD_SUBTREE && s->wildcard != WILDCARD_NONE && !strcmp(of, name))
		return s != wide;
	if (wide->wildcard == WILDCARD_SUBTREE)
		return len > tail && name[len - tail - 1] == '.' && !strcmp(name + len - tail, of);
	return s->wildcard == WILDCARD_NONE && name_parent(name) && !strcmp(name_parent(name), of);
}

/* Sections are not merged: what a wildcard denies, a section of its own below it accepts. */
static void check_inherited(struct checking *c, const struct policy_section *wide)
{
	struct pins pins = pins_in(c, wide->pins);
	char title[POLICY_TITLE_SIZE], other[POLICY_TITLE_SIZE];
	const struct policy_section *sections;
	size_t n;

	if (wide->wildcard == WILDCARD_NONE || !count(pins, 1u << PIN_DENY))
		return;
	sections = policy_sections(c->policy, &n);
	for (size_t i = 0; i < n; i++) {
		if (sections[i].mode == MODE_OFF || !covers(c->policy, wide, &sections[i]))
			continue;
		for (size_t k = 0; k < pins.n; k++) {
			if (pins.at[k].kind != PIN_DENY ||
			    find_deny(c, &sections[i], pins.at[k].sha256))
				continue;
			warn(c, sections[i].place,
			     "[%s] does not have the `deny' of [%s] (%s:%u), since sections are "
			     "not merged; repeat it, or write it above the first section",
			     policy_title(c->policy, &sections[i], title),
			     policy_title(c->policy, wide, other),
			     policy_string(c->policy, pins.at[k].place.file),
			     pins.at[k].place.line);
		}
	}
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
	char title[POLICY_TITLE_SIZE];

	policy_title(c->policy, s, title);
	/* Pins that nothing is compared with need no backup. */
	if ((expired ? s->after_expiry : s->mode) != MODE_OFF)
		check_pins(c, s, title);
	check_expiry(c, s, title);
	check_wildcard(c, s, title);
	check_inherited(c, s);
	check_ct(c, s, title);
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
	const struct policy_section *sections;
	const struct policy_value *values;
	size_t n;

	check_placeholders(&c, pins_in(&c, c.policy->deny));
	values = policy_values(c.policy, c.policy->logs, &n);
	for (size_t i = 0; i < n; i++)
		check_log(&c, &values[i]);
	values = policy_values(c.policy, c.policy->ca_files, &n);
	for (size_t i = 0; i < n; i++)
		check_ca_file(&c, &values[i]);
	sections = policy_sections(c.policy, &n);
	for (size_t i = 0; i < n; i++)
		check_section(&c, &sections[i]);
	return c.warnings;
}

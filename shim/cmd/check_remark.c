/* SPDX-License-Identifier: MIT */
/*
 * Words for what one host showed: the verdict, the pin that matched, those that
 * did not, the certificate's end, and pins that will not hold for long.
 */
#include "cmd/check_remark.h"

#include <stdio.h>
#include <string.h>

#include "cmd/check_warn.h"
#include "cmd/roots.h"
#include "pure/date.h"

#define ENDS_SOON_DAYS 14

/* Intermediates among which their owner changes as it likes: the stem of the CN, then digits. */
static const struct {
	const char *organisation, *stem;
} rotating[] = {
	/* letsencrypt.org/certificates */
	{ "Let's Encrypt", "R" },
	{ "Let's Encrypt", "E" },
	{ "Let's Encrypt", "YR" },
	{ "Let's Encrypt", "YE" },
	/* www.amazontrust.com/repository */
	{ "Amazon", "Amazon RSA 2048 M" },
	{ "Amazon", "Amazon ECDSA 256 M" },
	{ "Amazon", "Amazon ECDSA 384 M" },
};

/* Whether NAME, as RFC 2253 writes it, has the attribute TYPE=VALUE; with DIGITS behind it. */
static bool has_attribute(const char *name, const char *type, const char *value, bool digits)
{
	size_t len = strlen(type), n = strlen(value);

	for (const char *at = name; at; at = strchr(at, ',')) {
		at += at != name;
		if (strncmp(at, type, len) != 0 || at[len] != '=' ||
		    strncmp(at + len + 1, value, n) != 0)
			continue;
		at += len + 1 + n;
		n = strspn(at, "0123456789");
		return (digits ? n > 0 : n == 0) && (at[n] == ',' || at[n] == '\0');
	}
	return false;
}

static bool is_rotated(const char *subject)
{
	for (size_t i = 0; i < sizeof(rotating) / sizeof(rotating[0]); i++)
		if (has_attribute(subject, "O", rotating[i].organisation, false) &&
		    has_attribute(subject, "CN", rotating[i].stem, true))
			return true;
	return false;
}

static bool same(const uint8_t a[PIN_LEN], const uint8_t b[PIN_LEN])
{
	return memcmp(a, b, PIN_LEN) == 0;
}

/* The place of KEY in CHAIN, or its length. */
static size_t place_of(const struct seen_chain *chain, const uint8_t key[PIN_LEN])
{
	size_t i = 0;

	while (i < chain->n && !same(chain->certs[i].key, key))
		i++;
	return i;
}

static bool is_above_leaf(const struct seen_chain *chain, const uint8_t key[PIN_LEN])
{
	size_t i = place_of(chain, key);

	return i > 0 && i < chain->n;
}

static bool is_shown(const struct seen *seen, const struct policy_pin *pin)
{
	const struct seen_cert *leaf = seen->served.certs;

	switch ((enum pin_kind)pin->kind) {
	case PIN_KEY:
		return seen->served.n && same(leaf->key, pin->sha256);
	case PIN_CERT:
		return seen->served.n && same(leaf->cert, pin->sha256);
	case PIN_CA:
		return is_above_leaf(&seen->served, pin->sha256) ||
		       is_above_leaf(&seen->validated, pin->sha256);
	case PIN_DENY:
	case PIN_REVOKED:
		break;
	}
	return true;
}

/* What an event's path is below that of the policy that is checked; NULL: of another policy. */
static const char *below_source(const struct host_told *h)
{
	size_t len = strlen(h->path);
	const char *rest;

	if (strncmp(h->seen->policy, h->path, len) != 0)
		return NULL;
	rest = h->seen->policy + len;
	return !*rest || *rest == '/' ? rest : NULL;
}

/* "FILE:LINE" of the policy that decided, as its files are called elsewhere. */
static void print_decider(FILE *to, const struct host_told *h, unsigned line)
{
	const char *rest = below_source(h);

	fprintf(to, "%s%s", rest ? h->source->path : h->seen->policy, rest ? rest : "");
	if (line)
		fprintf(to, ":%u", line);
}

static struct policy_place place_of_host(const struct host_told *h)
{
	return h->section ? h->section->place : h->source->policy->unlisted_place;
}

/* Beside FILE:LINE of its section. */
static void print_refusal(const struct host_told *h)
{
	const struct seen *seen = h->seen;
	const struct policy *p = h->source->policy;
	struct policy_place place = place_of_host(h);
	char pin[PIN_TEXT_SIZE];

	if (place.line)
		fprintf(stderr, "%s:%u: ", policy_string(p, place.file), place.line);
	else
		fprintf(stderr, "%s: ", h->source->path);
	fprintf(stderr, "error: %s port %s is refused: %s", h->name, h->port, seen->reason);
	if (*seen->error)
		fprintf(stderr, ": %s", seen->error);
	if (!below_source(h) || seen->line != place.line) {
		fputs(" by ", stderr);
		print_decider(stderr, h, seen->line);
	}
	if (seen->served.n)
		fprintf(stderr, "; it shows %s, %s, issued by %s",
			pin_format(seen->served.certs[0].key, pin), seen->served.certs[0].subject,
			seen->served.certs[0].issuer);
	if (*seen->likely)
		fprintf(stderr, "; likely: %s", seen->likely);
	fputs("; confirm what it should show by another channel\n", stderr);
}

/* Days, rounded down; less than zero when it is past. */
static long days_until(const struct host_told *h, int64_t when)
{
	int64_t left = when - h->now;

	return (long)((left - (left < 0 ? DAY_S - 1 : 0)) / DAY_S);
}

/* What no section is about is let through, and what its section does not look at. */
static bool is_judged(const struct host_told *h)
{
	const struct seen *seen = h->seen;

	if (h->section && !h->looks)
		return false;
	return strcmp(seen->verdict, "unjudged") != 0 && strcmp(seen->reason, "unlisted") != 0 &&
	       strcmp(seen->reason, "unnamed") != 0;
}

static void print_acceptance(const struct host_told *h)
{
	const struct seen *seen = h->seen;
	const struct seen_cert *leaf = seen->served.n ? seen->served.certs : NULL;
	char day[DATE_DAY_SIZE];

	printf("%s: %s", h->name, is_judged(h) ? "accepted" : "not judged");
	if (*seen->matched_kind) {
		printf(", by %s ", seen->matched_kind);
		print_decider(stdout, h, seen->matched_line);
		if (!strncmp(seen->matched_kind, "pin", strlen("pin")))
			printf(" (%s)", seen->backup ? "a backup" : "the first");
	} else {
		printf(", %s", seen->reason);
	}
	if (leaf && leaf->not_after && date_format_day(leaf->not_after, day))
		printf(", certificate ends on %s (%ld days)", day, days_until(h, leaf->not_after));
	putchar('\n');
}

/* That is right for a backup, and only its owner knows whether it is one. */
static void print_unseen(const struct host_told *h)
{
	const struct policy *p = h->source->policy;
	const struct policy_pin *pins;
	char text[PIN_TEXT_SIZE];
	bool before;
	size_t n;

	pins = policy_pins(p, h->section->pins, &n);
	for (size_t i = 0; i < n; i++) {
		if (is_shown(h->seen, &pins[i]))
			continue;
		before = below_source(h) && h->seen->backup &&
			 pins[i].place.line < h->seen->matched_line;
		printf("  %s:%u: %s %s was not seen, %s\n", policy_string(p, pins[i].place.file),
		       pins[i].place.line, policy_pin_word(pins[i].kind),
		       pin_format(pins[i].sha256, text),
		       before ? "so it may be out of use: a new backup may take its place"
			      : "as is right for a backup");
	}
}

/* A certificate that is made for days only is renewed late. */
static unsigned warn_of_end(const struct host_told *h)
{
	const struct seen_cert *leaf = h->seen->served.certs;
	int64_t soon = (int64_t)ENDS_SOON_DAYS * DAY_S;
	const char *besides = "";
	char day[DATE_DAY_SIZE];

	if (!h->seen->served.n || !leaf->not_after || !date_format_day(leaf->not_after, day))
		return 0;
	if (leaf->not_before && (leaf->not_after - leaf->not_before) / 4 < soon)
		soon = (leaf->not_after - leaf->not_before) / 4;
	if (leaf->not_after - h->now > soon)
		return 0;
	if (!strcmp(h->seen->matched_kind, "pin-cert"))
		besides = " and add the `pin-cert' of the new one";
	if (leaf->not_after <= h->now)
		print_warning(h->source->policy, place_of_host(h),
			      "the certificate of %s ended on %s; have it renewed%s", h->name, day,
			      besides);
	else
		print_warning(h->source->policy, place_of_host(h),
			      "the certificate of %s ends on %s, in %ld days; have it renewed%s",
			      h->name, day, days_until(h, leaf->not_after), besides);
	return 1;
}

/*
 * The first certificate below the pinned CA that is signed by another one,
 * though its own key is a root of this system: chains may as well end there.
 */
static const struct seen_cert *find_shortcut(const struct seen_chain *chain,
					     const uint8_t pin[PIN_LEN])
{
	size_t above = place_of(chain, pin);

	for (size_t i = 1; i < above; i++)
		if (strcmp(chain->certs[i].subject, chain->certs[i].issuer) != 0 &&
		    is_root_key(chain->certs[i].key))
			return &chain->certs[i];
	return NULL;
}

/* Of the pinned CA that matched: whether it will stay in the chain. */
static unsigned warn_of_ca(const struct host_told *h)
{
	const struct seen *seen = h->seen;
	const struct seen_chain *chain = &seen->validated;
	struct policy_place place = place_of_host(h);
	const struct seen_cert *shortcut;
	size_t i;

	if (strcmp(seen->matched_kind, "pin-ca") != 0 || !below_source(h))
		return 0;
	place.line = seen->matched_line;
	if (place_of(chain, seen->matched) == chain->n)
		chain = &seen->served;
	i = place_of(chain, seen->matched);
	if (i < chain->n && is_rotated(chain->certs[i].subject)) {
		print_warning(h->source->policy, place,
			      "the CA that %s has now, %s, is one of several among which its "
			      "owner changes without notice; pin the root above it, or the "
			      "server's key",
			      h->name, chain->certs[i].subject);
		return 1;
	}
	shortcut = find_shortcut(chain, seen->matched);
	if (!shortcut)
		return 0;
	print_warning(h->source->policy, place,
		      "%s reaches this CA only because it cross-signed %s, which is a root "
		      "itself: a shorter chain will leave the pinned CA out; pin that root too",
		      h->name, shortcut->subject);
	return 1;
}

enum remark remark_host(const struct host_told *h, unsigned *warnings)
{
	const char *verdict = h->seen->verdict;
	bool judged = is_judged(h);

	if (strcmp(verdict, "accepted") != 0 && strcmp(verdict, "unjudged") != 0) {
		print_refusal(h);
		return REMARK_REFUSED;
	}
	if (h->looks && !judged)
		return REMARK_EXEMPT;
	print_acceptance(h);
	if (h->seen->served.n && !h->seen->validated.n)
		puts("  its chain does not verify here for this name: a program may refuse it");
	if (h->looks)
		print_unseen(h);
	*warnings += warn_of_end(h);
	*warnings += warn_of_ca(h);
	return judged ? REMARK_ACCEPTED : REMARK_NOT_JUDGED;
}

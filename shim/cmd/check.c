/* SPDX-License-Identifier: MIT */
/*
 * `pinshim check': reads a policy with the library's own code, and warns of
 * what is well-formed and yet hardly meant. It never changes a policy, and
 * what it accepts the library accepts.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/cmd.h"
#include "cmd/suffix.h"
#include "process/last_good.h"
#include "pure/date.h"

#define SOON_DAYS 30
#define DAY_S	  86400

#define NOT_DONE "is not done by this version: handshakes under it are refused"

struct checking {
	const struct policy *policy;
	int64_t now;
	unsigned warnings, pins;
};

__attribute__((format(printf, 3, 4))) static void
warn(struct checking *c, struct policy_place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "%s:%u: warning: ", policy_string(c->policy, place.file), place.line);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	c->warnings++;
}

/*
 * Whether it is three bytes over and over, that is four characters of base64:
 * zeros, AAAA..., abcdabcd... The last two bytes depend on the padding.
 */
static bool is_placeholder(const uint8_t pin[PIN_LEN])
{
	return memcmp(pin, pin + 3, PIN_LEN - 2 - 3) == 0;
}

static void check_pin(struct checking *c, const struct policy_pin *pin)
{
	char text[PIN_TEXT_SIZE];

	if (is_placeholder(pin->sha256))
		warn(c, pin->place,
		     "'%s' looks like a placeholder, which no key matches; write the real pin",
		     pin_format(pin->sha256, text));
}

/* Whether a single key stands between the section and its last match. */
static bool lacks_backup(const struct policy_section *s, const unsigned count[])
{
	if (s->match == MATCH_ANY)
		return count[PIN_KEY] + count[PIN_CERT] + count[PIN_CA] == 1;
	return count[PIN_KEY] == 1 || count[PIN_CERT] == 1 || count[PIN_CA] == 1;
}

static void check_pins(struct checking *c, const struct policy_section *s, const char *title)
{
	unsigned count[PIN_DENY + 1] = { 0 };
	const struct policy_pin *pins;
	size_t n;

	pins = policy_pins(c->policy, s->pins, &n);
	for (size_t i = 0; i < n; i++)
		count[pins[i].kind]++;
	c->pins += count[PIN_KEY] + count[PIN_CERT] + count[PIN_CA];
	if (lacks_backup(s, count))
		warn(c, s->place,
		     "[%s] has one pin and no backup; add the pin of a key that is not in use yet",
		     title);
	if (count[PIN_CA] && !count[PIN_KEY] && !count[PIN_CERT])
		warn(c, s->place,
		     "[%s] has `pin-ca' alone: whatever that CA issues for the name is accepted; "
		     "pin the server's key too and write 'match = every'",
		     title);
	for (size_t i = 0; i < n; i++)
		check_pin(c, &pins[i]);
}

static void check_expiry(struct checking *c, const struct policy_section *s, const char *title)
{
	char day[DATE_DAY_SIZE];

	if (s->expires - c->now > (int64_t)SOON_DAYS * DAY_S)
		return;
	date_format_day(s->expires, day);
	if (s->expires <= c->now)
		warn(c, s->place, "[%s] expired on %s: 'after-expiry = %s' holds; renew it", title,
		     day, policy_mode_word(s->after_expiry));
	else
		warn(c, s->place, "[%s] expires on %s, within %d days; renew it", title, day,
		     SOON_DAYS);
}

static void check_section(struct checking *c, const struct policy_section *s)
{
	char title[POLICY_TITLE_SIZE];

	policy_title(c->policy, s, title);
	check_pins(c, s, title);
	check_expiry(c, s, title);
	if (s->wildcard != WILDCARD_NONE && is_public_suffix(policy_string(c->policy, s->name)))
		warn(c, s->place,
		     "[%s] is a wildcard on a public suffix: its names belong to different "
		     "owners; name each",
		     title);
	if (s->tofu)
		warn(c, s->place, "[%s]: 'tofu' " NOT_DONE, title);
	if (s->ct)
		warn(c, s->place, "[%s]: 'ct' " NOT_DONE, title);
}

static void check_policy(struct checking *c)
{
	const struct policy_section *sections;
	const struct policy_value *revoked;
	const struct policy_pin *deny;
	size_t n;

	deny = policy_pins(c->policy, c->policy->deny, &n);
	for (size_t i = 0; i < n; i++)
		check_pin(c, &deny[i]);
	revoked = policy_values(c->policy, c->policy->revoked, &n);
	for (size_t i = 0; i < n; i++)
		warn(c, revoked[i].place, "'revoked' " NOT_DONE);
	sections = policy_sections(c->policy, &n);
	for (size_t i = 0; i < n; i++)
		check_section(c, &sections[i]);
}

/* What programs that start now do under the host's policy, which is bad. */
static void tell_of_last_good(void)
{
	struct source *good = last_good_load();
	char date[DATE_SIZE];

	if (good && good->policy)
		complain("the last good policy of %s is used by programs that start now: %s",
			 last_good_date(date), good->path);
	else if (good && good->absent)
		complain("every handshake is refused: 'pinshim apply' has kept no last good "
			 "policy");
	else if (good)
		complain("every handshake is refused: the last good policy is bad, too: %s",
			 good->error);
	source_free(good);
}

static int report(const struct source *source, bool strict)
{
	struct checking c = { .policy = source->policy, .now = time(NULL) };
	size_t n;

	if (!source->policy) {
		fprintf(stderr, "%s\n", source->error);
		if (source->host && !source->absent)
			tell_of_last_good();
		return EXIT_FAILURE;
	}
	check_policy(&c);
	policy_sections(c.policy, &n);
	printf("%s: %zu section%s, %u pin%s\n", source->path, n, n == 1 ? "" : "s", c.pins,
	       c.pins == 1 ? "" : "s");
	return strict && c.warnings ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int check(const struct verb *verb, int argc, char **argv)
{
	const char *path = SOURCE_HOST_DIR;
	struct source *source;
	bool strict = false;
	int status = EXIT_FAILURE;

	while (next_option(verb, argc, argv) == OPTION_STRICT)
		strict = true;
	if (optind + 1 < argc)
		usage_error(verb, "'%s' is one argument too many", argv[optind + 1]);
	if (optind < argc)
		path = argv[optind];
	if (!*path)
		usage_error(verb, "'' names no policy");
	source = source_load(path, !strcmp(path, SOURCE_HOST_DIR));
	if (source)
		status = report(source, strict);
	else
		complain("out of memory");
	source_free(source);
	return status;
}

static const struct option longs[] = {
	COMMON_OPTIONS,
	{ "strict", no_argument, NULL, OPTION_STRICT },
	{ 0 },
};

const struct verb verb_check = {
	.name = "check",
	.synopsis = "check [--strict] [FILE|DIR]",
	.help = "Reads the policy FILE, or the policy of all *.ini in DIR, or the host's policy, "
		"and\n"
		"prints its error, or warnings and a summary.\n"
		"\n"
		"  --strict   exit with 1 for warnings as well\n",
	.shorts = ":",
	.longs = longs,
	.main = check,
};

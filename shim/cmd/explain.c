/* SPDX-License-Identifier: MIT */
/*
 * `pinshim explain': says in words what each policy demands for a name. Asks
 * the library's own lookup and verdict code, and works nothing out itself.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/cmd.h"
#include "cmd/program.h"
#include "cmd/snapshot_state.h"
#include "process/known.h"
#include "process/known_file.h"
#include "process/last_good.h"
#include "process/source.h"
#include "pure/date.h"
#include "pure/verdict.h"

struct question {
	char name[NAME_SIZE];
	enum name_kind kind;
	char program[PATH_MAX]; /* as /proc/self/exe would say; "": not asked */
	time_t now;
};

/* " (FILE:LINE)", or " (the default)". */
static void print_place(const struct policy *p, struct policy_place place)
{
	if (place.line)
		printf(" (%s:%u)\n", policy_string(p, place.file), place.line);
	else
		puts(" (the default)");
}

static void print_pins(const struct policy *p, struct policy_span span, bool denied)
{
	const struct policy_pin *pins;
	char text[PIN_TEXT_SIZE];
	size_t n;

	pins = policy_pins(p, span, &n);
	for (size_t i = 0; i < n; i++) {
		if ((pins[i].kind == PIN_DENY) != denied)
			continue;
		printf("    %s %s", policy_pin_word(pins[i].kind),
		       pin_format(pins[i].sha256, text));
		print_place(p, pins[i].place);
	}
}

static size_t count_pins(const struct policy *p, struct policy_span span, bool denied)
{
	const struct policy_pin *pins;
	size_t n, count = 0;

	pins = policy_pins(p, span, &n);
	for (size_t i = 0; i < n; i++)
		count += (pins[i].kind == PIN_DENY) == denied;
	return count;
}

static const char *mode_meaning(enum policy_mode mode)
{
	switch (mode) {
	case MODE_ENFORCE:
		return "what fails is refused";
	case MODE_REPORT:
		return "what fails is let through and logged";
	case MODE_OFF:
		return "nothing is looked at";
	}
	return NULL;
}

static const char *action_meaning(enum policy_action action)
{
	switch (action) {
	case ACTION_REFUSE:
		return "it is refused";
	case ACTION_REPORT:
		return "it is let through and logged";
	case ACTION_ALLOW:
		return "it is let through";
	}
	return NULL;
}

static void explain_expiry(const struct demand *d)
{
	const int64_t expires = policy_expires(d->section);
	char day[DATE_DAY_SIZE];

	if (expires == INT64_MAX)
		return;
	date_format_day(expires, day);
	printf("  %s %s (UTC), %s after-expiry = %s\n", d->expired ? "expired on" : "expires on",
	       day, d->expired ? "so that now holds" : "and then holds",
	       policy_mode_word(d->section->after_expiry));
}

static void explain_ct(const struct source *source)
{
	const struct policy *p = source->policy;

	printf("  two different logs must vouch for the certificate, of the %zu enabled in %s",
	       source->n_ct_logs, policy_string(p, p->ct_logs.text));
	print_place(p, p->ct_logs.place);
	if (source->n_ct_logs < CT_LOGS_WANTED)
		puts("    these are too few: every handshake fails");
}

static void explain_checks(const struct source *source, const struct demand *d)
{
	const struct policy *p = d->policy;
	const struct policy_section *s = d->section;

	if (d->needs & NEED_FULL)
		puts("  the shim itself verifies chain, dates and name");
	else if (d->needs & NEED_CA)
		puts("  the shim itself verifies chain, dates and name for pin-ca");
	if (s->ca_file.text) {
		printf("    trust anchors: %s", policy_string(p, s->ca_file.text));
		print_place(p, s->ca_file.place);
	}
	if (s->ct)
		explain_ct(source);
}

/* What is known to the user who asks, which is all that can be said. */
static void explain_tofu(const struct demand *d, const struct question *q)
{
	struct tofu known = { .name = q->name };
	bool pins = count_pins(d->policy, d->section->pins, false);
	bool never = d->mode != MODE_ENFORCE || (pins && d->section->match == MATCH_ANY);
	char *error = NULL, pin[PIN_TEXT_SIZE];

	known_look_up(&known, 1, &error);
	if (known.state == TOFU_FAILED)
		printf("  tofu: what is known cannot be read, so the handshake fails: %s\n",
		       error ? error : "out of memory");
	else if (known.state == TOFU_KNOWN)
		printf("  tofu: the key that must match%s is %s (%s:%u, since %s)\n",
		       pins && d->section->match == MATCH_ANY ? " if none of the pins does" : "",
		       pin_format(known.key, pin), known_file_path(), known.line, known.since);
	else if (never)
		puts("  tofu: no key is known, and none is learned here");
	else
		printf("  tofu: no key is known; the first that passes is kept in %s\n",
		       known_file_path());
	free(error);
}

static void explain_section(const struct source *source, const struct demand *d,
			    const struct question *q)
{
	const struct policy *p = d->policy;
	const struct policy_section *s = d->section;
	char title[POLICY_TITLE_SIZE];

	printf("  [%s] decides", policy_title(p, s, title));
	print_place(p, s->place);
	printf("  mode %s: %s\n", policy_mode_word(d->mode), mode_meaning(d->mode));
	explain_expiry(d);
	if (count_pins(p, s->pins, false)) {
		printf("  %s must match:\n",
		       s->match == MATCH_ANY ? "one of these pins" : "one pin of each kind");
		print_pins(p, s->pins, false);
	}
	explain_checks(source, d);
	if (d->needs & NEED_TOFU)
		explain_tofu(d, q);
}

static void explain_denied(const struct demand *d)
{
	const struct policy *p = d->policy;
	bool for_all = p->mode != MODE_OFF && p->deny.count;
	const struct policy_value *revoked;
	size_t n;

	if (for_all || (d->section && count_pins(p, d->section->pins, true))) {
		puts("  whatever else holds, no certificate may have one of these keys:");
		if (for_all)
			print_pins(p, p->deny, true);
		if (d->section)
			print_pins(p, d->section->pins, true);
	}
	if (p->mode == MODE_OFF)
		return;
	revoked = policy_values(p, p->revoked, &n);
	if (n)
		printf("  whatever else holds, no certificate may have one of the %u keys in:\n",
		       p->revoked_keys.count);
	for (size_t i = 0; i < n; i++) {
		printf("    %s", policy_string(p, revoked[i].text));
		print_place(p, revoked[i].place);
	}
}

/* Whether the policy exempts the program; then it is said. */
static bool explain_exemption(const struct policy *p, const struct question *q)
{
	const struct policy_value *exempts;
	size_t n;

	exempts = policy_values(p, p->exempts, &n);
	for (size_t i = 0; i < n; i++) {
		if (!*q->program || !policy_glob(policy_string(p, exempts[i].text), q->program))
			continue;
		printf("  %s is exempt: this policy does not judge it", q->program);
		print_place(p, exempts[i].place);
		return true;
	}
	return false;
}

static int explain_policy(const struct source *source, const struct question *q)
{
	const struct policy *p = source->policy;
	struct demand d;
	bool section_alone;

	if (explain_exemption(p, q))
		return 0;
	verdict_demand(p, q->name, q->kind, q->now, &d);
	if (d.damaged) {
		complain("%s: the policy is damaged in memory", source->path);
		return -1;
	}
	/* The section's own mode goes before the policy's. */
	section_alone = p->mode == MODE_OFF && d.section && d.mode != MODE_OFF;
	if (p->mode != MODE_ENFORCE && !section_alone) {
		printf("  the policy's own mode is %s: %s",
		       policy_mode_word((enum policy_mode)p->mode), mode_meaning(p->mode));
		print_place(p, p->mode_place);
	}
	if (p->mode == MODE_OFF && !section_alone)
		return 0;
	if (d.section) {
		explain_section(source, &d, q);
	} else {
		printf("  no section matches; unlisted = %s: %s",
		       policy_action_word((enum policy_action)p->unlisted),
		       action_meaning((enum policy_action)p->unlisted));
		print_place(p, p->unlisted_place);
	}
	explain_denied(&d);
	if (d.blank)
		puts("  nothing is demanded: the handshake is not judged");
	return 0;
}

/* A host's policy that is bad: what programs that start now go by. */
static void explain_last_good(const struct question *q)
{
	struct source *good = last_good_load();
	char date[DATE_SIZE];

	if (good && good->policy) {
		printf(SOURCE_HOST_DIR ": bad policy: programs that start now use the last good "
				       "one, of %s\n%s:\n",
		       last_good_date(good, date), good->path);
		explain_policy(good, q);
	} else {
		puts(SOURCE_HOST_DIR ": bad policy: every handshake is refused");
		if (good && !good->absent)
			complain("%s", good->error);
	}
	source_free(good);
}

/* Loads a policy; where a look-up would find its snapshot damaged, from its texts, as the library
 * does.
 */
static struct source *load(const char *path, bool host, const struct question *q)
{
	struct source *source = source_load(path, host);
	struct demand d;

	if (!source || !source->policy)
		return source;
	verdict_demand(source->policy, q->name, q->kind, q->now, &d);
	if (!d.damaged || !source->map.bytes) {
		snapshot_state_complain(source);
		return source;
	}
	complain("the text is read, and not the snapshot: %s: is damaged", source->map.path);
	source_free(source);
	return source_read(path, host, false);
}

/* CAP: no verdict of this policy is more severe. */
static int explain_source(const char *path, bool host, enum policy_mode cap,
			  const struct question *q)
{
	struct source *source = load(path, host, q);
	int rv = -1;

	if (!source) {
		complain("out of memory");
	} else if (host && source->absent) {
		printf("%s: no policy\n", path);
		rv = 0;
	} else if (!source->policy && host) {
		explain_last_good(q);
		complain("%s", source->error);
	} else if (!source->policy) {
		printf("%s: bad policy: every handshake is refused\n", path);
		complain("%s", source->error);
	} else {
		printf("%s:\n", path);
		if (cap != MODE_ENFORCE)
			printf("  PINSHIM_MODE is %s, whatever stands below: %s\n",
			       policy_mode_word(cap), mode_meaning(cap));
		rv = explain_policy(source, q);
	}
	source_free(source);
	return rv;
}

static int read_cap(enum policy_mode *cap)
{
	const char *word = getenv("PINSHIM_MODE");

	if (!word || policy_mode_of(word, cap))
		return 0;
	complain("PINSHIM_MODE: '%s' is not a mode, so every handshake is refused; write report or "
		 "off, or unset it",
		 word);
	return -1;
}

/* The names of $PINSHIM_REFUSE, which is LIST. */
static int explain_refused(const char *list, const struct question *q)
{
	struct source *source = source_of_refused(list);
	const struct policy_section *s = NULL;
	char title[POLICY_TITLE_SIZE];
	int rv = -1;

	if (!source) {
		complain("out of memory");
	} else if (!source->policy) {
		puts(SOURCE_REFUSE ": bad policy: every handshake is refused");
		complain("%s", source->error);
	} else if (!policy_find(source->policy, q->name, q->kind, &s)) {
		complain(SOURCE_REFUSE ": the policy is damaged in memory");
	} else {
		puts(SOURCE_REFUSE ":");
		if (s)
			printf("  [%s] decides: it is refused, whatever is shown\n",
			       policy_title(source->policy, s, title));
		else
			puts("  it is not among the names that are refused");
		rv = 0;
	}
	source_free(source);
	return rv;
}

static int explain_all(const char *list, const struct question *q)
{
	const char *refused = getenv("PINSHIM_REFUSE");
	char **paths = list ? source_list(list) : NULL;
	enum policy_mode cap = MODE_ENFORCE;
	int rv = explain_source(SOURCE_HOST_DIR, true, MODE_ENFORCE, q);

	if ((list && !paths) || ((list || refused) && read_cap(&cap) < 0))
		rv = -1;
	for (size_t i = 0; paths && paths[i]; i++)
		if (explain_source(paths[i], false, cap, q) < 0)
			rv = -1;
	free(paths);
	return refused && explain_refused(refused, q) < 0 ? -1 : rv;
}

/* Finds what /proc/self/exe of PROGRAM would say. */
static int find_program(const char *program, char real[PATH_MAX])
{
	char path[PATH_MAX], why[2 * PATH_MAX];
	int error = program_find(program, path);

	if (error) {
		complain("'%s': %s", program, strerror(error));
		return -1;
	}
	if (program_follow(path, why, sizeof(why)) != 0) {
		complain("'%s': %s", program, why);
		return -1;
	}
	if (realpath(path, real))
		return 0;
	complain("'%s': %s", path, strerror(errno));
	return -1;
}

static int explain(const struct verb *verb, int argc, char **argv)
{
	struct question q = { .now = time(NULL) };
	const char *inherited = getenv("PINSHIM_POLICY"), *why;
	char *list = inherited ? strdup(inherited) : NULL;
	int rv = -1;

	while (next_option(verb, argc, argv) == 'p')
		if (!append_policy(&list, optarg))
			return EXIT_FAILURE;
	if (optind == argc)
		usage_error(verb, "NAME is missing");
	if (optind + 2 < argc)
		usage_error(verb, "'%s' is one argument too many", argv[optind + 2]);
	q.kind = name_normalise(argv[optind], strlen(argv[optind]), q.name, &why);
	if (q.kind == NAME_BAD)
		usage_error(verb, "'%s' %s", argv[optind], why);
	if (optind + 1 == argc || find_program(argv[optind + 1], q.program) == 0)
		rv = explain_all(list, &q);
	free(list);
	return rv ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const struct option longs[] = { COMMON_OPTIONS, { 0 } };

const struct verb verb_explain = {
	.name = "explain",
	.synopsis = "explain [-p POLICY]... NAME [PROGRAM]",
	.help = "Says for the host's policy, those of $PINSHIM_POLICY and each POLICY which "
		"section\n"
		"decides for NAME, from which line, and what it demands (of PROGRAM, which may be\n"
		"exempt).\n"
		"\n"
		"  -p POLICY   a policy file, or a folder of *.ini; may be repeated\n",
	.shorts = ":p:",
	.longs = longs,
	.main = explain,
};

/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as a file of events. What is taken of an event has the
 * forms that the library writes; what `pinshim learn' makes of it is always a
 * policy, and has no key that was not seen under that very name.
 */
#include "cmd/cmd.h"
#include "cmd/event_read.h"
#include "cmd/seen.h"
#include "fuzz.h"
#include "pure/policy.h"

struct known {
	char name[NAME_SIZE];
	char pin[PIN_TEXT_SIZE];
};

static struct known *seen;
static size_t n_seen, n_events;

static void check_text(const char *text)
{
	must(!text || memchr(text, '\0', 1 << 24));
}

static void check_chain(const struct event_read_cert *certs, size_t n)
{
	must(n <= EVENT_READ_CERTS);
	for (size_t i = 0; i < n; i++) {
		uint8_t pin[PIN_LEN];
		char why[96], again[PIN_TEXT_SIZE];

		must(pin_parse(certs[i].pin, PIN_TEXT_SIZE - 1, false, pin, why, sizeof(why)) == 0);
		must(!strcmp(pin_format(pin, again), certs[i].pin));
		check_text(certs[i].subject);
		check_text(certs[i].issuer);
		check_text(certs[i].cert);
		check_text(certs[i].not_before);
		check_text(certs[i].not_after);
	}
}

static int take(const struct event_read *e, void *arg)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	char normal[NAME_SIZE];

	(void)arg;
	n_events++;
	must(strlen(e->time) == DATE_SIZE - 1);
	for (size_t i = 0; form[i]; i++)
		must(form[i] == 'd' ? e->time[i] >= '0' && e->time[i] <= '9'
				    : e->time[i] == form[i]);
	if (e->kind == NAME_BAD)
		must(!*e->name);
	else
		must(e->hostname &&
		     name_normalise(e->name, strlen(e->name), normal, NULL) == e->kind &&
		     !strcmp(normal, e->name));
	must(e->verdict && e->reason);
	check_text(e->verdict);
	check_text(e->reason);
	check_text(e->likely);
	check_text(e->policy);
	check_text(e->error);
	check_text(e->matched_kind);
	check_text(e->matched_pin);
	check_chain(e->served, e->n_served);
	check_chain(e->validated, e->n_validated);
	if (e->n_served) {
		struct known *grown = realloc(seen, (n_seen + 1) * sizeof(*seen));

		must(grown);
		seen = grown;
		strcpy(seen[n_seen].name, e->name);
		strcpy(seen[n_seen++].pin, e->served[0].pin);
	}
	return 0;
}

static bool was_seen(const char *name, const uint8_t key[PIN_LEN])
{
	char pin[PIN_TEXT_SIZE];

	pin_format(key, pin);
	for (size_t i = 0; i < n_seen; i++)
		if (!strcmp(seen[i].name, name) && !strcmp(seen[i].pin, pin))
			return true;
	return false;
}

static void check_policy(const char *text, size_t len)
{
	static char error[POLICY_ERROR_SIZE];
	struct policy *p =
		policy_parse(&(struct policy_text){ "f", text, len }, 1, "f", false, error);
	const struct policy_section *s;
	size_t n, m;

	if (!p)
		dprintf(STDERR_FILENO, "%s\n%s\n", error, text);
	must(p);
	for (s = policy_sections(p, &n); n--; s++) {
		const struct policy_pin *pins = policy_pins(p, s->pins, &m);

		must(m > 0 && s->wildcard == WILDCARD_NONE && s->mode == MODE_ENFORCE);
		while (m--)
			must(pins[m].kind == PIN_KEY &&
			     was_seen(policy_name(p, s), pins[m].sha256));
	}
	free(p);
}

/* What it says to standard output and to standard error, and its exit code. */
static int learn(const char *path, struct fuzz_said *out, struct fuzz_said *err)
{
	char verb[] = "learn", *argument = strdup(path);
	char *argv[] = { verb, argument, NULL };
	int rv;

	optind = 0;
	fuzz_listen(out, &stdout);
	fuzz_listen(err, &stderr);
	rv = verb_learn.main(&verb_learn, 2, argv);
	fuzz_listened(err);
	fuzz_listened(out);
	free(argument);
	return rv;
}

static void check_seen(const char *path, bool any)
{
	static struct seen one;
	struct fuzz_said err;
	FILE *file = fopen(path, "re");
	int rv;

	must(file);
	fuzz_listen(&err, &stderr);
	rv = seen_read(file, "f", &one);
	fuzz_listened(&err);
	must(rv == 0 ? any && !err.len : true);
	if (rv == 0)
		must(one.served.n <= SEEN_MOST && one.validated.n <= SEEN_MOST);
	free(err.text);
	fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file(data, size);
	struct fuzz_said out, err;
	FILE *file = fopen(path, "re");
	int rv;

	must(file);
	free(seen);
	seen = NULL;
	n_seen = n_events = 0;
	fuzz_listen(&err, &stderr);
	rv = event_read_all(file, "f", take, NULL);
	fuzz_listened(&err);
	fclose(file);
	if (rv < 0)
		fuzz_must_complain(&err);
	else
		must(!err.len);
	free(err.text);
	check_seen(path, rv == 0 && n_events > 0);

	must(learn(path, &out, &err) == 0 ? rv == 0 && !err.len : err.len > 0);
	if (err.len)
		fuzz_must_complain(&err);
	else
		check_policy(out.text, out.len);
	free(out.text);
	free(err.text);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as the files of a policy; a form feed begins the next
 * file. What is accepted must lie wholly inside its block and judge; what is
 * refused must say where and why.
 */
#include "fuzz.h"
#include "pure/verdict.h"

#define FILES_MAX 4

static void must_be_text(const struct policy *p, uint32_t text)
{
	must(text < p->texts.count && p->texts.at + p->texts.count <= p->size);
	must(memchr(policy_string(p, text), '\0', p->texts.count - text) != NULL);
}

static void must_be_place(const struct policy *p, struct policy_place place)
{
	must_be_text(p, place.file);
	must(policy_string(p, place.file)[0] == 'f' && place.line > 0);
}

static void must_be_inside(const struct policy *p, struct policy_span span, size_t item)
{
	must(span.at % 4 == 0 && span.at >= sizeof(*p));
	must(span.at <= p->size && span.count <= (p->size - span.at) / item);
}

static void check_pins(const struct policy *p, struct policy_span span)
{
	size_t n;
	const struct policy_pin *pins = policy_pins(p, span, &n);

	must_be_inside(p, span, sizeof(*pins));
	for (size_t i = 0; i < n; i++) {
		must(pins[i].kind <= PIN_DENY);
		must_be_place(p, pins[i].place);
	}
}

static void check_values(const struct policy *p, struct policy_span span)
{
	size_t n;
	const struct policy_value *values = policy_values(p, span, &n);

	must_be_inside(p, span, sizeof(*values));
	for (size_t i = 0; i < n; i++) {
		must_be_text(p, values[i].text);
		must_be_place(p, values[i].place);
	}
}

/* Evidence of nothing is never accepted where something is demanded of a server. */
static void judge(const struct policy *p, const struct policy_section *s, const char *name,
		  enum name_kind kind)
{
	const struct evidence nothing = { 0 };
	struct judgement j;
	struct demand d;

	verdict_demand(p, name, kind, 0, &d);
	must(d.section == s);
	verdict_judge(&d, &nothing, &j);
	if (d.section && !d.blank && d.mode != MODE_OFF)
		must(j.verdict <= VERDICT_WOULD_REFUSE);
	must_be_text(p, j.place.file);
}

static void check_section(const struct policy *p, const struct policy_section *s)
{
	const char *name = policy_name(p, s);
	const struct policy_section *found;
	char title[POLICY_TITLE_SIZE];
	char normal[NAME_SIZE];
	char below[2 + NAME_SIZE] = "x.";
	enum name_kind kind;

	must(s->name < s->pins.at && strlen(name) < s->pins.at - s->name);
	must_be_place(p, s->place);
	check_pins(p, s->pins);
	must(s->wildcard <= WILDCARD_SUBTREE && s->mode <= MODE_OFF && s->match <= MATCH_ANY &&
	     s->verify <= VERIFY_PROGRAM && s->after_expiry <= MODE_OFF && s->ct <= 1 &&
	     s->tofu <= 1 && policy_expires(s) >= 0);
	policy_title(p, s, title);
	kind = name_normalise(name, strlen(name), normal, NULL);
	must(kind != NAME_BAD && strcmp(name, normal) == 0);
	if (s->wildcard == WILDCARD_NONE)
		judge(p, s, name, kind);
	strcat(below, name);
	if (s->wildcard != WILDCARD_NONE)
		must(kind == NAME_HOST && policy_find(p, below, NAME_HOST, &found) && found);
}

static void check(const struct policy *p)
{
	size_t n;
	const struct policy_section *s = policy_sections(p, &n);

	must(p->mode <= MODE_OFF && p->unlisted <= ACTION_ALLOW && p->unnamed <= ACTION_ALLOW);
	must_be_inside(p, p->sections, sizeof(*s));
	must_be_inside(p, p->index, sizeof(uint64_t));
	must(policy_check_top(p, p->size));
	must(p->index.count >= 2 * p->sections.count);
	check_pins(p, p->deny);
	check_values(p, p->logs);
	check_values(p, p->exempts);
	check_values(p, p->revoked);
	for (size_t i = 0; i < n; i++)
		check_section(p, &s[i]);
	judge(p, NULL, NULL, NAME_BAD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char error[POLICY_ERROR_SIZE];
	struct policy_text files[FILES_MAX];
	const char *rest = (const char *)data;
	size_t n = 0;

	while (n < FILES_MAX) {
		const char *cut = size ? memchr(rest, '\f', size) : NULL;
		size_t len = cut ? (size_t)(cut - rest) : size;

		files[n++] = (struct policy_text){ "f", rest, len };
		if (!cut)
			break;
		rest += len + 1;
		size -= len + 1;
	}
	for (int host = 0; host < 2; host++) {
		struct policy *p = policy_parse(files, n, "folder", host, error);

		if (p)
			check(p);
		else
			fuzz_must_explain(error, "f:");
		free(p);
	}
	return 0;
}

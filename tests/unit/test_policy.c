/* SPDX-License-Identifier: MIT */
/*
 * Looking things up in a finished policy: the section that decides, compared with
 * a naive model on random policies; the block's shape; patterns of programs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pure/policy.h"

#define P "pin = sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"

static struct policy *parse(const char *text)
{
	char error[POLICY_ERROR_SIZE];
	struct policy_text file = { "p.ini", text, strlen(text) };
	struct policy *p = policy_parse(&file, 1, "p.ini", false, error);

	if (!p)
		fail_msg("refused: %s", error);
	return p;
}

/* The title of the section that decides for NAME as a connection gives it, or "-". */
static const char *decides(const struct policy *p, const char *name)
{
	static char title[POLICY_TITLE_SIZE];
	char normal[NAME_SIZE];
	enum name_kind kind = name_normalise(name, strlen(name), normal, NULL);
	const struct policy_section *s;

	assert_int_not_equal(kind, NAME_BAD);
	assert_true(policy_find(p, normal, kind, &s));
	return s ? policy_title(p, s, title) : "-";
}

static void the_most_specific_section_decides(void **state)
{
	static const char *const cases[][2] = {
		{ "api.example.com", "api.example.com" },
		{ "API.EXAMPLE.COM.", "api.example.com" },
		{ "x.api.example.com", "**.example.com" },
		{ "www.example.com", "*.example.com" },
		{ "example.com", "**.example.com" },
		{ "xexample.com", "*.com" },
		{ "com", "-" },
		{ "a.b.c.example.com", "**.c.example.com" },
		{ "b.c.example.com", "*.c.example.com" },
		{ "c.example.com", "**.c.example.com" },
		{ "example.org", "-" },
		{ "www.example.org", "*.example.org" },
		{ "a.www.example.org", "-" },
		{ "sub.example.net", "**.sub.example.net" },
		{ "x.sub.example.net", "**.sub.example.net" },
		{ "other.example.net", "*.example.net" },
		{ "192.0.2.7", "192.0.2.7" },
		{ "::ffff:192.0.2.7", "192.0.2.7" },
		{ "192.0.2.8", "-" },
		{ "2001:DB8::0007", "2001:db8::7" },
		{ "local", "**.local" },
		{ "a.local", "**.local" },
	};
	struct policy *p =
		parse("[*.example.com]\n" P "[**.example.com]\n" P "[api.example.com]\n" P
		      "[*.com]\n" P "[**.c.example.com]\n" P "[*.c.example.com]\n" P
		      "[*.example.org]\n" P "[**.sub.example.net]\n" P "[*.example.net]\n" P
		      "[192.0.2.7]\n" P "[2001:db8::7]\n" P "[**.local]\n" P);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(decides(p, cases[i][0]), cases[i][1]);
	free(p);
}

static void wildcards_never_match_addresses(void **state)
{
	struct policy *p = parse("[**.example]\n" P "[*.a]\n" P);
	const struct policy_section *s;

	(void)state;
	assert_true(policy_find(p, "192.0.2.example", NAME_ADDRESS, &s));
	assert_null(s);
	assert_true(policy_find(p, "192.0.2.example", NAME_HOST, &s));
	assert_non_null(s);
	free(p);
}

static void without_sections_nothing_is_found(void **state)
{
	struct policy *p = parse("unlisted = refuse\n");
	size_t n;

	(void)state;
	policy_sections(p, &n);
	assert_int_equal(n, 0);
	assert_string_equal(decides(p, "a.example"), "-");
	free(p);
}

/* --- random policies ---------------------------------------------------------------------- */

#define SECTIONS 40

struct model {
	char name[32];
	int wildcard; /* how many stars */
};

static uint32_t seed;

static uint32_t roll(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* One to four labels out of three, so that names meet often. */
static void random_name(char out[32])
{
	static const char *const labels[] = { "a", "b", "cc" };
	uint32_t n = 1 + roll(4);

	out[0] = '\0';
	for (uint32_t i = 0; i < n; i++) {
		strcat(out, i ? "." : "");
		strcat(out, labels[roll(3)]);
	}
}

static bool matches(const struct model *m, const char *name)
{
	size_t whole = strlen(name);
	size_t tail = strlen(m->name);
	const char *behind = name + whole - tail;

	if (m->wildcard != 1 && strcmp(name, m->name) == 0)
		return true;
	if (m->wildcard == 0 || whole < tail + 2 || strcmp(behind, m->name) != 0 ||
	    behind[-1] != '.')
		return false;
	return m->wildcard == 2 || strchr(name, '.') == behind - 1;
}

static bool beats(const struct model *a, const struct model *b)
{
	if (!b || (a->wildcard == 0) != (b->wildcard == 0))
		return !b || a->wildcard == 0;
	if (strlen(a->name) != strlen(b->name))
		return strlen(a->name) > strlen(b->name);
	return a->wildcard < b->wildcard;
}

static void same_as_a_naive_model(void **state)
{
	static const char *const stars[] = { "", "*.", "**." };

	(void)state;
	for (uint32_t round = 1; round <= 200; round++) {
		struct model models[SECTIONS];
		char text[SECTIONS * 128] = "";
		size_t n = 0;
		struct policy *p;

		seed = round;
		for (size_t i = 0; i < SECTIONS; i++) {
			struct model *m = &models[n];
			bool twice = false;

			random_name(m->name);
			m->wildcard = (int)roll(3);
			for (size_t j = 0; j < n; j++)
				twice = twice || (models[j].wildcard == m->wildcard &&
						  strcmp(models[j].name, m->name) == 0);
			if (twice)
				continue;
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "[%s%s]\n%s",
				 stars[m->wildcard], m->name, P);
			n++;
		}
		p = parse(text);
		for (size_t i = 0; i < 50; i++) {
			const struct model *best = NULL;
			char name[40];
			char want[40] = "-";
			char got[POLICY_TITLE_SIZE];

			random_name(name);
			for (size_t j = 0; j < n; j++) {
				if (matches(&models[j], name) && beats(&models[j], best))
					best = &models[j];
			}
			if (best)
				snprintf(want, sizeof(want), "%s%s", stars[best->wildcard],
					 best->name);
			strcpy(got, decides(p, name));
			assert_string_equal(got, want);
			/* Neither a trailing dot nor the case changes anything. */
			strcat(name, ".");
			assert_string_equal(decides(p, name), want);
			for (char *c = name; *c; c++)
				*c = (char)(*c >= 'a' && roll(2) ? *c - 'a' + 'A' : *c);
			assert_string_equal(decides(p, name), want);
		}
		free(p);
	}
}

/* --- the block ---------------------------------------------------------------------------- */

static void a_copy_elsewhere_is_the_same_policy(void **state)
{
	struct policy *p = parse("deny = sha256/ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=\n"
				 "log = stderr\n[a.example]\n" P "ca-file = /x\nverify = full\n"
				 "[*.b.example]\n" P);
	char *copy = malloc(p->size + 8);
	struct policy *q = (struct policy *)(copy + 8);
	size_t n;

	(void)state;
	assert_non_null(copy);
	memcpy(q, p, p->size);
	memset(p, 0xff, p->size);
	free(p);
	assert_string_equal(decides(q, "a.example"), "a.example");
	assert_string_equal(decides(q, "x.b.example"), "*.b.example");
	assert_string_equal(policy_string(q, policy_values(q, q->logs, &n)->text), "stderr");
	assert_int_equal(policy_pins(q, q->deny, &n)->sha256[0], 0x20);
	assert_string_equal(policy_string(q, policy_sections(q, &n)->ca_file.text), "/x");
	free(copy);
}

static void everything_lies_aligned_inside(void **state)
{
	struct policy *p = parse("log = /abc\nexempt = /x\nrevoked = /y\n"
				 "deny = sha256/ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=\n"
				 "[a.example]\n" P "[bb.example]\n" P "[c.example]\nmode = off\n");
	const struct policy_section *s;
	const struct {
		struct policy_span span;
		size_t item;
	} spans[] = {
		{ p->sections, sizeof(struct policy_section) },
		{ p->index, sizeof(uint64_t) },
		{ p->deny, sizeof(struct policy_pin) },
		{ p->logs, sizeof(struct policy_value) },
		{ p->exempts, sizeof(struct policy_value) },
		{ p->revoked, sizeof(struct policy_value) },
	};
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		assert_int_equal(spans[i].span.at % 4, 0);
		assert_true(spans[i].span.count > 0);
		assert_true(spans[i].span.at >= sizeof(struct policy));
		assert_true(spans[i].span.at + spans[i].span.count * spans[i].item <= p->size);
	}
	assert_int_equal(p->index.at % 8, 0);
	assert_int_equal(p->sections.at % 8, 0);
	assert_int_equal(p->size % 4, 0);
	assert_true(policy_check_top(p, p->size));
	assert_true(p->index.count >= 2 * p->sections.count);
	assert_int_equal(p->index.count & (p->index.count - 1), 0);
	s = policy_sections(p, &n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(s[i].pins.at % 4, 0);
		assert_true(s[i].pins.at + s[i].pins.count * sizeof(struct policy_pin) <= p->size);
	}
	free(p);
}

/* --- what the head says of all sections --------------------------------------------------- */

static void the_head_knows_when_a_section_is_enforced(void **state)
{
	/* 2031-03-01, 00:00 UTC */
	static const int64_t day = 1930089600;
	static const struct {
		const char *text;
		bool before, after;
	} cases[] = {
		{ "[a]\n" P, true, true },
		{ "mode = report\n[a]\n" P, false, false },
		{ "mode = report\n[a]\n" P "[b]\nmode = enforce\n" P, true, true },
		{ "[a]\n" P "expires = 2031-03-01\n", true, false },
		{ "after-expiry = enforce\n[a]\n" P "expires = 2031-03-01\n", true, true },
		{ "[a]\nmode = off\n" P "expires = 2031-03-01\nafter-expiry = enforce\n", false,
		  true },
		{ "mode = off\n[a]\n" P "expires = 2031-03-01\n", false, false },
		{ "[a]\n" P "expires = 2030-01-01\n[b]\n" P "expires = 2031-03-01\n", true, false },
		{ "mode = off\n[a]\n" P "expires = 2032-01-01\nafter-expiry = enforce\n[b]\n" P
		  "expires = 2031-03-01\nafter-expiry = enforce\n",
		  false, true },
		{ "unlisted = refuse\n", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy *p = parse(cases[i].text);

		if (policy_enforces(p, day - 1) != cases[i].before ||
		    policy_enforces(p, day) != cases[i].after)
			fail_msg("%s", cases[i].text);
		free(p);
	}
}

static void the_head_knows_of_tofu(void **state)
{
	struct policy *with = parse("[a]\n" P "[b]\ntofu = yes\n[c]\n" P);
	struct policy *without = parse("[a]\n" P "tofu = no\n");

	(void)state;
	assert_true(with->tofu);
	assert_false(without->tofu);
	free(with);
	free(without);
}

static void each_ca_file_stands_once(void **state)
{
	struct policy *p = parse("[a]\nverify = full\nca-file = /b\n[b]\n" P "[c]\nverify = full\n"
				 "ca-file = /a\n[d]\nverify = full\nca-file = /b\n[e]\n"
				 "verify = full\nca-file = /bb\n");
	static const char *const paths[] = { "/b", "/a", "/bb" };
	static const unsigned lines[] = { 3, 8, 14 };
	const struct policy_value *files;
	const struct policy_section *s;
	size_t n;

	(void)state;
	files = policy_values(p, p->ca_files, &n);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(policy_string(p, files[i].text), paths[i]);
		assert_int_equal(files[i].place.line, lines[i]);
	}
	assert_true(policy_find(p, "d", NAME_HOST, &s));
	assert_int_equal(s->ca_file.text, files[0].text);
	assert_int_equal(s->ca_file.place.line, 11);
	free(p);
}

static void many_ca_files(void **state)
{
	const size_t n = 3000;
	char *text = malloc(n * 100), *end = text;
	const struct policy_value *files;
	struct policy *p;
	size_t found;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		end += sprintf(end, "[h%zu]\nverify = full\nca-file = /%zu\n", i, i / 2);
	p = parse(text);
	free(text);
	files = policy_values(p, p->ca_files, &found);
	assert_int_equal(found, n / 2);
	for (size_t i = 0; i < found; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/%zu", i);
		assert_string_equal(policy_string(p, files[i].text), path);
		assert_int_equal(files[i].place.line, 6 * i + 3);
	}
	free(p);
}

/* --- small things ------------------------------------------------------------------------- */

static void globs(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool match;
	} cases[] = {
		{ "/usr/bin/apt", "/usr/bin/apt", true },
		{ "/usr/bin/apt", "/usr/bin/apt-get", false },
		{ "/usr/bin/apt", "/usr/bin/ap", false },
		{ "/usr/bin/apt*", "/usr/bin/apt-get", true },
		{ "/usr/bin/apt*", "/usr/bin/apt", true },
		{ "/usr/bin/*", "/usr/bin/", true },
		{ "/usr/bin/*", "/usr/bin/x/y", false },
		{ "/usr/*/apt", "/usr/bin/apt", true },
		{ "/usr/*/apt", "/usr/local/bin/apt", false },
		{ "/usr/*/*/apt", "/usr/local/bin/apt", true },
		{ "/*a*b*c", "/xaybzc", true },
		{ "/*a*b*c", "/abcabcabd", false },
		{ "/*ab", "/aab", true },
		{ "/a**b", "/ab", true },
		{ "/a?c", "/abc", true },
		{ "/a?c", "/a/c", false },
		{ "/a?c", "/ac", false },
		{ "/a?", "/a", false },
		{ "/a*/b", "/a/b", true },
		{ "/a*/b", "/ax/y/b", false },
		{ "/*/b", "/a/a/b", false },
		{ "/", "/", true },
		{ "/", "", false },
		{ "/[a]", "/a", false },
		{ "/\\*", "/\\x", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (policy_glob(cases[i].pattern, cases[i].path) != cases[i].match)
			fail_msg("%s %s %s", cases[i].pattern, cases[i].match ? "!~" : "~",
				 cases[i].path);
	}
}

static void words(void **state)
{
	(void)state;
	assert_string_equal(policy_mode_word(MODE_ENFORCE), "enforce");
	assert_string_equal(policy_mode_word(MODE_REPORT), "report");
	assert_string_equal(policy_mode_word(MODE_OFF), "off");
	assert_string_equal(policy_action_word(ACTION_REFUSE), "refuse");
	assert_string_equal(policy_action_word(ACTION_REPORT), "report");
	assert_string_equal(policy_action_word(ACTION_ALLOW), "allow");
	assert_string_equal(policy_pin_word(PIN_KEY), "pin");
	assert_string_equal(policy_pin_word(PIN_CERT), "pin-cert");
	assert_string_equal(policy_pin_word(PIN_CA), "pin-ca");
	assert_string_equal(policy_pin_word(PIN_DENY), "deny");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_specific_section_decides),
		cmocka_unit_test(wildcards_never_match_addresses),
		cmocka_unit_test(without_sections_nothing_is_found),
		cmocka_unit_test(same_as_a_naive_model),
		cmocka_unit_test(a_copy_elsewhere_is_the_same_policy),
		cmocka_unit_test(everything_lies_aligned_inside),
		cmocka_unit_test(the_head_knows_when_a_section_is_enforced),
		cmocka_unit_test(the_head_knows_of_tofu),
		cmocka_unit_test(each_ca_file_stands_once),
		cmocka_unit_test(many_ca_files),
		cmocka_unit_test(globs),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

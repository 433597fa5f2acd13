/* SPDX-License-Identifier: MIT */
/*
 * Policies that are lists of names: which names they refuse, whatever is shown,
 * and the message for each list that is not understood.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pure/verdict.h"

#define TITLE "PINSHIM_REFUSE"

static char error[POLICY_ERROR_SIZE];

static void names_are_refused_whatever_is_shown(void **state)
{
	static const struct {
		const char *name;
		enum name_kind kind;
		bool refused;
	} cases[] = {
		{ "a.example", NAME_HOST, true },      { "b.example", NAME_HOST, true },
		{ "x.c.example", NAME_HOST, true },    { "c.example", NAME_HOST, false },
		{ "x.a.example", NAME_HOST, false },   { "192.0.2.7", NAME_ADDRESS, true },
		{ "2001:db8::7", NAME_ADDRESS, true }, { "192.0.2.8", NAME_ADDRESS, false },
	};
	struct policy *p = policy_refusing(NULL,
					   "a.example,B.Example.,*.c.example,a.example,192.0.2.7,"
					   "2001:DB8::7",
					   TITLE, error);
	struct evidence evidence[4] = {
		{ .certificate = true }, { .raw_key = true }, { .unseen = true }, { .ca = NULL }
	};

	(void)state;
	assert_non_null(p);
	assert_int_equal(p->sections.count, 5);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct judgement j;
		struct demand d;

		verdict_demand(p, cases[i].name, cases[i].kind, 1800000000, &d);
		assert_int_equal(d.blank, !cases[i].refused);
		assert_int_equal(d.needs, 0);
		for (size_t e = 0; e < 4; e++) {
			verdict_judge(&d, &evidence[e], &j);
			assert_int_equal(j.verdict,
					 cases[i].refused ? VERDICT_REFUSED : VERDICT_UNJUDGED);
			if (cases[i].refused)
				assert_int_equal(j.reason, REASON_SIMULATED);
			assert_int_equal(j.place.line, 0);
		}
	}
	free(p);
}

static void other_policies_have_none(void **state)
{
	struct policy_text file = { "p.ini", "[a.example]\nmode = off\n", 23 };
	struct policy *p = policy_parse(&file, 1, "p.ini", false, error);
	size_t n;

	(void)state;
	assert_non_null(p);
	assert_false(policy_sections(p, &n)->simulated);
	free(p);
}

static void bad_lists(void **state)
{
	static const struct {
		const char *list, *error;
	} cases[] = {
		{ "", "name '' is empty; write a host name or an address" },
		{ "a.example,", "name '' is empty; write a host name or an address" },
		{ ",a.example", "name '' is empty; write a host name or an address" },
		{ "a.example, b.example", "name ' b.example' has other than ASCII letters, digits, "
					  "'-' and '_'; write the name in its xn-- form" },
		{ "*", "name '*' has a star that is not a whole first label with a name behind it; "
		       "write '*.example.com' or '**.example.com'" },
		{ "a.example:443", "name 'a.example:443' has a port; write the name or address "
				   "alone" },
		{ "*.192.0.2.7", "name '*.192.0.2.7' has a star before an address; write the "
				 "address alone" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(policy_refusing(NULL, cases[i].list, TITLE, error));
		assert_memory_equal(error, TITLE ": ", strlen(TITLE ": "));
		assert_string_equal(error + strlen(TITLE ": "), cases[i].error);
	}
}

static void many_names(void **state)
{
	const size_t n = 20000;
	char *list = malloc(n * 16), *at = list;
	const struct policy_section *s;
	struct policy *p;

	(void)state;
	assert_non_null(list);
	for (size_t i = 0; i < n; i++)
		at += sprintf(at, "%sn%zu.example", i ? "," : "", i);
	p = policy_refusing(NULL, list, TITLE, error);
	assert_non_null(p);
	assert_int_equal(p->sections.count, n);
	assert_true(policy_find(p, "n19999.example", NAME_HOST, &s));
	assert_non_null(s);
	assert_true(policy_find(p, "n20000.example", NAME_HOST, &s));
	assert_null(s);
	free(p);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_refused_whatever_is_shown),
		cmocka_unit_test(other_policies_have_none),
		cmocka_unit_test(bad_lists),
		cmocka_unit_test(many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

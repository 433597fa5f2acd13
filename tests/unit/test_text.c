/* SPDX-License-Identifier: MIT */
/*
 * Texts that grow, and strings in JSON: whatever a hostile server or path
 * contains, the line stays one line of valid JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "process/text.h"

static void strings_in_json(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ NULL, "null" },
		{ "", "\"\"" },
		{ "plain", "\"plain\"" },
		{ "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
		{ "\n\r\t\b\x01\x1f", "\"\\u000a\\u000d\\u0009\\u0008\\u0001\\u001f\"" },
		{ "\x7f ", "\"\\u007f \"" },
		{ "%s%n", "\"%s%n\"" },
		/* UTF-8 of two, three and four bytes; the first and last of each length */
		{ "\xc3\xa9", "\"\xc3\xa9\"" },
		{ "\xc2\x80\xdf\xbf", "\"\xc2\x80\xdf\xbf\"" },
		{ "\xe0\xa0\x80\xef\xbf\xbf", "\"\xe0\xa0\x80\xef\xbf\xbf\"" },
		{ "\xed\x9f\xbf\xee\x80\x80", "\"\xed\x9f\xbf\xee\x80\x80\"" },
		{ "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"" },
		/* a continuation byte alone, a first byte alone, one that ends too early */
		{ "a\x80z", "\"a\\ufffdz\"" },
		{ "\xc3", "\"\\ufffd\"" },
		{ "\xc3z", "\"\\ufffdz\"" },
		{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },
		{ "\xf0\x9f\x98z", "\"\\ufffd\\ufffd\\ufffdz\"" },
		{ "\xc3\"", "\"\\ufffd\\\"\"" },
		/* overlong */
		{ "\xc0\x80", "\"\\ufffd\\ufffd\"" },
		{ "\xc1\xbf", "\"\\ufffd\\ufffd\"" },
		{ "\xe0\x9f\xbf", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf0\x8f\xbf\xbf", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		/* surrogates, beyond U+10FFFF, bytes that never occur */
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xed\xbf\xbf", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf5\x80\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf8\x88\x80\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xfe\xff", "\"\\ufffd\\ufffd\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text t = { 0 };

		text_add_json(&t, cases[i].in);
		assert_true(text_ok(&t));
		assert_string_equal(t.bytes, cases[i].out);
		assert_int_equal(t.len, strlen(cases[i].out));
		free(t.bytes);
	}
}

/* Exactly sized copies: a sanitizer sees whoever reads behind the NUL. */
static void a_sequence_cut_off_by_the_end_is_not_read_on(void **state)
{
	static const char *const cuts[] = { "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xf0" };

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		char *copy = strdup(cuts[i]);
		struct text t = { 0 };

		text_add_json(&t, copy);
		assert_true(text_ok(&t));
		free(t.bytes);
		free(copy);
	}
}

static void texts_grow(void **state)
{
	struct text t = { 0 };
	char *big = malloc(100001);

	(void)state;
	assert_false(text_ok(&t)); /* nothing was added */
	memset(big, 'x', 100000);
	big[100000] = '\0';
	for (int len = 1000; len <= 1030; len++) {
		struct text edge = { 0 };

		text_add(&edge, "%.*s", len, big);
		text_add(&edge, "%s", "end");
		assert_int_equal(edge.len, len + 3);
		assert_string_equal(edge.bytes + len, "end");
		assert_true(edge.size > edge.len);
		free(edge.bytes);
	}
	text_add(&t, "%s", "");
	assert_true(text_ok(&t));
	assert_string_equal(t.bytes, "");
	text_add(&t, "%s%d", big, 7);
	assert_int_equal(t.len, 100001);
	assert_string_equal(t.bytes + 100000, "7");
	free(t.bytes);
	free(big);
}

static void a_failed_text_stays_failed(void **state)
{
	struct text t = { .failed = true };

	(void)state;
	text_add(&t, "%s", "x");
	text_add_json(&t, "x");
	assert_false(text_ok(&t));
	assert_null(t.bytes);
	assert_int_equal(t.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_in_json),
		cmocka_unit_test(a_sequence_cut_off_by_the_end_is_not_read_on),
		cmocka_unit_test(texts_grow),
		cmocka_unit_test(a_failed_text_stays_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

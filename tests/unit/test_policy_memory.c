/* SPDX-License-Identifier: MIT */
/*
 * A policy that is read while memory runs out, at every allocation in turn: it is
 * refused, says so, and leaves nothing behind. The two files that allocate are
 * compiled in here, with allocators that fail on request.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ini.h>

static unsigned until_failure; /* the allocation that fails, counted from 1; 0: none */
static bool parser_fails;

static bool fails(void)
{
	return until_failure > 0 && --until_failure == 0;
}

static void *scarce_realloc(void *old, size_t size)
{
	return fails() ? NULL : realloc(old, size);
}

static void *scarce_calloc(size_t n, size_t size)
{
	return fails() ? NULL : calloc(n, size);
}

/* inih says -2 when it has no memory for a line. */
static int scarce_parse_stream(ini_reader reader, void *stream, ini_handler handler, void *user)
{
	return parser_fails ? -2 : ini_parse_stream(reader, stream, handler, user);
}

#define realloc		 scarce_realloc
#define calloc		 scarce_calloc
#define ini_parse_stream scarce_parse_stream
#include "pure/policy_build.c"
#include "pure/policy_ini.c"
#undef realloc
#undef calloc
#undef ini_parse_stream

#define A "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define B "sha256/ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="

/* More pins than few, so that a hash table is made of them. */
#define KINDS(kind)                                                          \
	kind " = sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" kind \
	     " = sha256/BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" kind \
	     " = sha256/CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
#define TEN "pin = " A "\n" KINDS("pin") KINDS("pin-ca") KINDS("pin-cert")

static const char head[] = "deny = " A "\n"
			   "log = stderr\n"
			   "exempt = /x\n"
			   "revoked = /r\n"
			   "[a.example]\n" TEN "[b.example]\n"
			   "verify = full\n"
			   "ca-file = /";

/* What the maker was asked for last; the block has to be told about rightly. */
static size_t held;

static void *scarce_resize(void *old, size_t old_size, size_t size)
{
	assert_int_equal(old_size, old ? held : 0);
	if (size > 0 && fails())
		return NULL;
	held = size;
	if (size > 0)
		return realloc(old, size);
	free(old);
	return NULL;
}

static struct policy *parse(const struct policy_maker *maker, const char *path,
			    char error[POLICY_ERROR_SIZE])
{
	char text[sizeof(head) + 4000];
	struct policy_text file = { path, text, sizeof(text) };
	struct policy *p;

	memset(text, 'x', sizeof(text));
	memcpy(text, head, sizeof(head) - 1);
	memset(error, 0, POLICY_ERROR_SIZE);
	held = 0;
	p = policy_parse_by(maker, &file, 1, path, false, error);
	if (maker)
		assert_int_equal(held, p ? p->size : 0);
	return p;
}

/* The length of the path moves the places at which arrays have to grow. */
static void every_allocation_may_fail(void **state)
{
	static const struct policy_maker scarce = { .resize = scarce_resize };
	static char error[POLICY_ERROR_SIZE];

	(void)state;
	for (size_t len = 1; len < 2000; len += 5) {
		char path[2000];
		struct policy *p;
		unsigned nth = 0;

		memset(path, 'p', len);
		path[len] = '\0';
		do {
			until_failure = ++nth;
			p = parse(len % 2 ? &scarce : NULL, path, error);
			/* What is left says whether one failed; then nothing may be accepted. */
			assert_int_equal(p != NULL, until_failure > 0);
			if (!p)
				assert_string_equal(error,
						    "out of memory while the policy was read");
		} while (!p);
		assert_true(nth > 10);
		free(p);
	}
}

/* Where the block has to grow in the end: short values take more than their text did. */
static void a_block_may_not_grow(void **state)
{
	static const struct policy_maker scarce = { .resize = scarce_resize };
	static const char line[] = "log=/\n", section[] = "[a.example]\nverify=full\n";
	static char error[POLICY_ERROR_SIZE];
	static char text[2000 * (sizeof(line) - 1) + sizeof(section)];
	const struct policy_text file = { "p.ini", text, sizeof(text) - 1 };
	struct policy *p;
	unsigned nth = 0;

	(void)state;
	for (size_t at = 0; at < 2000 * (sizeof(line) - 1); at += sizeof(line) - 1)
		memcpy(text + at, line, sizeof(line) - 1);
	memcpy(text + sizeof(text) - sizeof(section), section, sizeof(section));
	do {
		held = 0;
		until_failure = ++nth;
		p = policy_parse_by(&scarce, &file, 1, "p.ini", false, error);
		assert_int_equal(p != NULL, until_failure > 0);
		assert_int_equal(held, p ? p->size : 0);
	} while (!p);
	assert_int_equal(p->logs.count, 2000);
	assert_true(policy_check_top(p, p->size));
	free(p);
	until_failure = 0;
}

static void the_parser_may_fail(void **state)
{
	static char error[POLICY_ERROR_SIZE];

	(void)state;
	until_failure = 0;
	parser_fails = true;
	assert_null(parse(NULL, "p.ini", error));
	assert_string_equal(error, "out of memory while the policy was read");
	parser_fails = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(a_block_may_not_grow),
		cmocka_unit_test(the_parser_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

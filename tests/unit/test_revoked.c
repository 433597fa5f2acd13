/* SPDX-License-Identifier: MIT */
/*
 * Lists of revoked keys: what a line may be, what is told of one that may not,
 * and that every key of a list is found, however many there are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool no_memory;

static void *scarce_malloc(size_t size)
{
	return no_memory ? NULL : malloc(size);
}

#define malloc scarce_malloc
#include "pure/revoked.c"
#undef malloc

static bool no_growth;
static size_t held; /* bytes of the block */

static void *scarce_resize(void *old, size_t old_size, size_t size)
{
	assert_int_equal(old_size, old ? held : 0);
	if (size > 0 && no_growth)
		return NULL;
	held = size;
	if (size > 0)
		return realloc(old, size);
	free(old);
	return NULL;
}

static const struct policy_maker scarce = { .resize = scarce_resize };

#define A "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define B "sha256/ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
#define C "sha256//ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="

static char error[POLICY_ERROR_SIZE];
static bool grows_no_more; /* the block, once the policy is read */

static struct policy *with(const struct policy_text *lists, size_t n)
{
	const char text[] = "revoked = /r\n[a.example]\nverify = full\n";
	const struct policy_text file = { "p.ini", text, sizeof(text) - 1 };
	struct policy *p;

	held = 0;
	no_growth = false;
	p = policy_parse_by(&scarce, &file, 1, "p.ini", false, error);
	assert_non_null(p);
	assert_int_equal(held, p->size);
	memset(error, 0, sizeof(error));
	no_growth = grows_no_more;
	p = revoked_add(&scarce, p, lists, n, error);
	assert_int_equal(held, p ? p->size : 0);
	assert_true(!p || policy_check_top(p, p->size));
	return p;
}

static struct policy *with_list(const char *bytes, size_t len)
{
	return with(&(struct policy_text){ "dir/r.txt", bytes, len }, 1);
}

/* The key that begins with FIRST, each byte one more. */
static const struct policy_pin *find(const struct policy *p, uint8_t first)
{
	uint8_t key[PIN_LEN];

	const struct policy_pin *found;

	for (size_t i = 0; i < PIN_LEN; i++)
		key[i] = (uint8_t)(first + i);
	assert_true(revoked_find(p, key, &found));
	return found;
}

static void expect_place(const struct policy *p, uint8_t first, const char *file, uint32_t line)
{
	const struct policy_pin *found = find(p, first);

	assert_non_null(found);
	assert_int_equal(found->kind, PIN_REVOKED);
	assert_string_equal(policy_string(p, found->place.file), file);
	assert_int_equal(found->place.line, line);
}

static void good_lists(void **state)
{
	static const struct {
		const char *text;
		uint32_t a, b; /* the lines of the two keys; 0: not there */
	} cases[] = {
		{ A "\n", 1, 0 },
		{ A, 1, 0 },
		{ A "\n" B "\n", 1, 2 },
		{ B "\n" A "\n", 2, 1 },
		{ C "\n", 0, 1 },
		{ A "\r\n\r\n" B "\r\n", 1, 3 },
		{ "\xef\xbb\xbf" A "\n", 1, 0 },
		{ "# a list\n\n; of keys\n \t" A " \t\n", 4, 0 },
		/* The first of several is the one that is named. */
		{ A "\n" A "\n" B "\n" A "\n", 1, 3 },
		{ "# none yet\n", 0, 0 },
		{ "\n", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy *p = with_list(cases[i].text, strlen(cases[i].text));
		const uint32_t lines[] = { cases[i].a, cases[i].b };
		size_t n;

		if (!p)
			fail_msg("%s: %s", cases[i].text, error);
		for (uint8_t key = 0; key < 2; key++) {
			if (lines[key])
				expect_place(p, (uint8_t)(key * 0x20), "dir/r.txt", lines[key]);
			else
				assert_null(find(p, (uint8_t)(key * 0x20)));
		}
		assert_null(find(p, 0x40));
		assert_null(find(p, 0xe0));
		/* The policy itself is as it was. */
		assert_string_equal(policy_name(p, policy_sections(p, &n)), "a.example");
		assert_true(p->revoked_keys.at % 8 == 0 && p->revoked_keys.at > 0);
		assert_int_equal(p->revoked_keys.at +
					 p->revoked_keys.count * sizeof(struct policy_pin),
				 p->size);
		free(p);
	}
}

static void bad_lines(void **state)
{
	static const struct {
		const char *text;
		size_t len; /* 0: up to the NUL */
		const char *says;
	} cases[] = {
		{ A "\nsha256/Zm9v\n", 0,
		  "dir/r.txt:2: 'sha256/Zm9v' is 3 bytes, not 32; 'pinshim pin HOST' prints one" },
		{ "\n\n[a.example]\n", 0,
		  "dir/r.txt:3: '[a.example]' does not begin with 'sha256/'; 'pinshim pin HOST' "
		  "prints one" },
		{ "pin = " A "\n", 0, NULL },
		{ A " " B "\n", 0, NULL },
		{ A " ; stolen\n", 0, NULL },
		{ A "\r" B "\n", 0, NULL },
		{ A "\0\n", sizeof(A) + 1, NULL },
		{ "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:"
		  "1A:1B:1C:1D:1E:1F\n",
		  0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = cases[i].len ? cases[i].len : strlen(cases[i].text);

		assert_null(with_list(cases[i].text, len));
		if (cases[i].says)
			assert_string_equal(error, cases[i].says);
		assert_int_equal(strncmp(error, "dir/r.txt:", 10), 0);
		assert_non_null(strstr(error, "; "));
		assert_null(strchr(error, '\n'));
	}
}

static void several_lists(void **state)
{
	const struct policy_text lists[] = {
		{ "one", "# nothing\n", 10 },
		{ "two.txt", B "\n", sizeof(B) },
		{ "three", A "\n" B "\n", sizeof(A) + sizeof(B) },
	};
	struct policy *p = with(lists, 3);

	(void)state;
	assert_non_null(p);
	expect_place(p, 0x00, "three", 1);
	expect_place(p, 0x20, "two.txt", 1);
	free(p);
}

#define MANY 100000

static uint64_t random_state;

static void next_key(uint8_t key[PIN_LEN], unsigned i)
{
	for (size_t at = 0; at < PIN_LEN; at++) {
		random_state = random_state * 6364136223846793005u + 1442695040888963407u;
		key[at] = (uint8_t)(random_state >> 56);
	}
	/* Many that differ late, many in one bucket. */
	if (i % 2)
		memset(key, 0x80, PIN_LEN - 4);
}

static void every_key_of_many_is_found(void **state)
{
	char *text = malloc(MANY * PIN_TEXT_SIZE), *end = text;
	uint8_t key[PIN_LEN];
	struct policy *p;

	(void)state;
	random_state = 1;
	for (unsigned i = 0; i < MANY; i++) {
		next_key(key, i);
		pin_format(key, end);
		end += PIN_TEXT_SIZE;
		end[-1] = '\n';
	}
	p = with_list(text, (size_t)(end - text));
	free(text);
	assert_non_null(p);
	assert_int_equal(p->revoked_keys.count, MANY);
	random_state = 1;
	for (unsigned i = 0; i < MANY; i++) {
		const struct policy_pin *found;

		next_key(key, i);
		assert_true(revoked_find(p, key, &found));
		assert_non_null(found);
		assert_memory_equal(found->sha256, key, PIN_LEN);
		assert_int_equal(found->place.line, i + 1);
		/* Its neighbours are not there. */
		key[PIN_LEN - 5] ^= 1;
		assert_true(revoked_find(p, key, &found));
		assert_null(found);
	}
	free(p);
}

/* The bytes are not looked at: there need be none. */
static void what_does_not_fit_is_refused(void **state)
{
	const size_t most = PTRDIFF_MAX < UINT32_MAX ? PTRDIFF_MAX : UINT32_MAX;
	const struct policy p = { .size = (uint32_t)(most - 100) };
	const struct policy_text list = { "r", "\n\n\n", 3 };
	size_t lines;

	(void)state;
	assert_int_equal(measure(&p, &list, 1, &lines), -1);
	assert_int_equal(measure(&(struct policy){ .size = 400 }, &list, 1, &lines), 0);
	assert_int_equal(lines, 4);
}

static void memory_may_run_out(void **state)
{
	(void)state;
	no_memory = true;
	assert_null(with_list(A, strlen(A)));
	assert_string_equal(error, "out of memory while the policy was read");
	no_memory = false;
	grows_no_more = true;
	assert_null(with_list(A, strlen(A)));
	assert_string_equal(error, "out of memory while the policy was read");
	grows_no_more = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lists),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(several_lists),
		cmocka_unit_test(every_key_of_many_is_found),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(memory_may_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

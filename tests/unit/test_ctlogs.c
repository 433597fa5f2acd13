/* SPDX-License-Identifier: MIT */
/*
 * Lists of certificate transparency logs: which are plain enough to be given to
 * OpenSSL, and what is told of the others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pure/base64.h"
#include "pure/ctlogs.h"

/* No keys of anybody, but of their form: a SEQUENCE of six bytes. */
#define K1 "MAYBAgMEBQY="
#define K2 "MAYBAgMEBQc="

#define SECTION(name, key) "[" name "]\ndescription = " name "\nkey = " key "\n"
#define TWO		   SECTION("a", K1) SECTION("b", K2)

static char error[POLICY_ERROR_SIZE];

static size_t count(const char *text, size_t len)
{
	memset(error, 0, sizeof(error));
	return ctlogs_count(&(struct policy_text){ "dir/logs.cnf", text, len }, error);
}

static void good_lists(void **state)
{
	static const struct {
		const char *text;
		size_t logs;
	} cases[] = {
		{ "enabled_logs = a\n" TWO, 1 },
		{ "enabled_logs=a,b\n" TWO, 2 },
		{ "enabled_logs = b , a\n" TWO, 2 },
		{ "enabled_logs = a\n" SECTION("a", K1), 1 },
		/* One that is not enabled may lack anything, and have the key of another. */
		{ "enabled_logs = a\n" TWO "[c]\n" SECTION("d", K1), 1 },
		{ "# Logs, at $5 each\n\nenabled_logs = a,b # both\n" TWO, 2 },
		{ "\xef\xbb\xbf"
		  "enabled_logs = a\r\n[a]\r\nkey = " K1 "\r\ndescription = The 'A' log, \"2027\"",
		  1 },
		{ "other = 1\nenabled_logs = a\n[ a ]\n\tkey\t= " K1 " \n url = https://a.test/\n"
		  "description =\n",
		  1 },
		/* Long forms of the length. */
		{ "enabled_logs = a\n" SECTION("a", "MIEBAA=="), 1 },
		{ "enabled_logs = a\n" SECTION("a", "MIIAAQA="), 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t logs = count(cases[i].text, strlen(cases[i].text));

		if (logs != cases[i].logs)
			fail_msg("%s\n%zu logs: %s", cases[i].text, logs, error);
	}
}

#define E "enabled_logs = a\n"

static void bad_lists(void **state)
{
	static const struct {
		const char *text;
		const char *says; /* from the line on, or NULL */
	} cases[] = {
		{ "",
		  "1: enables no log; write 'enabled_logs = NAME, NAME' above the first section" },
		{ TWO, "1: enables no log; " },
		{ "\nenabled_logs =\n" TWO, "2: enables no log; " },
		{ TWO "enabled_logs = a\n", "1: enables no log; " },
		{ "enabled_logs = a\nenabled_logs = b\n" TWO,
		  "2: 'enabled_logs' stands twice, first in line 1; remove one" },
		{ "enabled_logs = a,,b\n" TWO, "1: '' is enabled and has no section; " },
		{ "enabled_logs = a,c\n" TWO,
		  "1: 'c' is enabled and has no section; write one, or remove it" },
		{ "enabled_logs = a,a\n" TWO, "1: 'a' is enabled twice; remove one" },
		{ "enabled_logs = a,b\n" SECTION("a", K1) SECTION("b", K1),
		  "7: [b] has the key of [a]; write another, or remove it" },
		{ E "[a]\nkey = " K1 "\n", "2: [a] has no 'description'; write it" },
		{ E "[a]\ndescription = x\n", "2: [a] has no 'key'; write it" },
		{ E "[a]\nkey = " K1 "\nkey = " K2 "\n",
		  "4: 'key' stands twice, first in line 3; remove one" },
		{ E "[a]\ndescription = x\ndescription = y\n",
		  "4: 'description' stands twice, first in line 3; remove one" },
		{ E SECTION("a", K1) "[a]\n", "5: [a] stands twice, first in line 2; remove one" },
		/* Keys. */
		{ E SECTION("a", "Zm9v"), "4: 'Zm9v' is no key; write the base64 of the log's "
					  "public key, DER, in one line" },
		{ E SECTION("a", "MAYBAgMEBQ=="), "4: " },
		{ E SECTION("a", "MAYBAgMEBQYH"), "4: " },
		{ E SECTION("a", "MAYBAgMEBQY"), "4: " },
		{ E SECTION("a", "MAYBAgMEBQZ="), "4: " },
		{ E SECTION("a", "MAYB AgMEBQY="), "4: " },
		{ E SECTION("a", "\"" K1 "\""), "4: " },
		{ E SECTION("a", ""), "4: '' is no key; " },
		/* What means something else to OpenSSL. */
		{ ".include = /etc/x\n" E TWO, "1: '.include = /etc/x' is not a KEY = VALUE, " },
		{ ".include /etc/x\n" E TWO, "1: " },
		{ ".pragma = dollarid:on\n" E TWO, "1: " },
		{ "a::key = " K2 "\n" E TWO, "1: " },
		{ E "[a]\nb::key = " K2 "\n", "3: " },
		{ "enabled_logs = $ENV::LOGS\n" TWO,
		  "1: 'enabled_logs = $ENV::LOGS' holds a '\\'" },
		{ E "[a]\ndescription = ${b::key}\nkey = " K1 "\n", "3: " },
		{ E "# joined \\\n" TWO, "2: '# joined \\' holds a '\\'" },
		{ E "[ENV]\n", "2: 'ENV' is no name for a log; " },
		{ "[default]\n" E TWO, "1: 'default' is no name for a log; " },
		/* Lines. */
		{ E "[a\n", "2: '[a' is not [NAME]; " },
		{ E "[a] x\n", "2: " },
		{ E "[]\n", "2: " },
		{ E "[a b]\n", "2: " },
		{ E "[a,b]\n", "2: " },
		{ E "x\n", "2: 'x' is not a KEY = VALUE, [NAME] or #-comment line; write one of "
			   "these" },
		{ E "; x\n", "2: " },
		{ E "= x\n", "2: " },
		{ E "a\rb = x\n", "2: 'a\\x0db = x' holds a control character; write text" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *says = cases[i].says;

		if (count(cases[i].text, strlen(cases[i].text)))
			fail_msg("accepted: %s", cases[i].text);
		if (strncmp(error, "dir/logs.cnf:", 13) || strncmp(error + 13, says, strlen(says)))
			fail_msg("%s\nsaid: %s", cases[i].text, error);
		assert_non_null(strstr(error, "; "));
		assert_null(strchr(error, '\n'));
	}
	assert_int_equal(count(E "\0\n" TWO, sizeof(E "\0\n" TWO) - 1), 0);
}

static void more_logs_than_there_can_be(void **state)
{
	char *text = malloc(1 << 20), *end = text;

	(void)state;
	for (unsigned i = 0; i <= 1000; i++)
		end += sprintf(end, "[l%u]\n", i);
	assert_int_equal(count(text, (size_t)(end - text)), 0);
	assert_string_equal(error, "dir/logs.cnf:1001: there are more than 1000 logs; write fewer");
	free(text);
}

static void decoding(void **state)
{
	uint8_t out[4] = { 0 };

	(void)state;
	assert_int_equal(base64_decode("Zm9vYmFy", 8, out, sizeof(out)), 6);
	assert_memory_equal(out, "foob", 4);
	assert_int_equal(base64_decode("Zg==", 4, out, sizeof(out)), 1);
	assert_int_equal(base64_decode("Zm8=", 4, out, sizeof(out)), 2);
	assert_int_equal(base64_decode("", 0, out, sizeof(out)), -1);
	assert_int_equal(base64_decode("Zm9", 3, out, sizeof(out)), -1);
	assert_int_equal(base64_decode("Zh==", 4, out, sizeof(out)), -1);
	assert_int_equal(base64_decode("Zm9=", 4, out, sizeof(out)), -1);
	assert_int_equal(base64_decode("Z===", 4, out, sizeof(out)), -1);
	assert_int_equal(base64_decode("====", 4, out, sizeof(out)), -1);
	assert_int_equal(base64_decode("Zm=v", 4, out, sizeof(out)), -1);
	assert_int_equal(base64_decode("Zm-v", 4, out, sizeof(out)), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lists),
		cmocka_unit_test(bad_lists),
		cmocka_unit_test(more_logs_than_there_can_be),
		cmocka_unit_test(decoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

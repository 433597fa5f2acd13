/* SPDX-License-Identifier: MIT */
/*
 * The normal form of names: what becomes equal, what stays different, and what
 * is refused with which words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pure/name.h"

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
/* Four labels of 63, 63, 63 and 61 characters: 253 with their dots. */
#define NAME_253                               \
	LABEL_63 "." LABEL_63 "." LABEL_63 "." \
		 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

#define EMPTY_LABEL "has an empty label; write one dot between two labels"
#define XN	    "has other than ASCII letters, digits, '-' and '_'; write the name in its xn-- form"
#define NOT_IPV4                                                                                 \
	"ends in a number and is not an IPv4 address; write four numbers from 0 to 255 without " \
	"leading zeros"
#define NOT_IPV6 "is not an IPv6 address; write it bare, as in 2001:db8::7"
#define BRACKETS "has brackets; write the address bare, as in 2001:db8::7"

static const struct {
	const char *text;
	enum name_kind kind;
	const char *normal;
} good[] = {
	{ "api.example.com", NAME_HOST, "api.example.com" },
	{ "API.Example.COM", NAME_HOST, "api.example.com" },
	{ "api.example.com.", NAME_HOST, "api.example.com" },
	{ "localhost", NAME_HOST, "localhost" },
	{ "AZ-az_09.x", NAME_HOST, "az-az_09.x" },
	{ "-odd-.-_", NAME_HOST, "-odd-.-_" },
	{ "xn--caf-dma.example", NAME_HOST, "xn--caf-dma.example" },
	{ "1.2.3.4.example", NAME_HOST, "1.2.3.4.example" },
	{ "192.0.2.7a", NAME_HOST, "192.0.2.7a" },
	{ LABEL_63 ".x", NAME_HOST, LABEL_63 ".x" },
	{ NAME_253, NAME_HOST, NAME_253 },
	{ NAME_253 ".", NAME_HOST, NAME_253 },
	{ "192.0.2.7", NAME_ADDRESS, "192.0.2.7" },
	{ "192.0.2.7.", NAME_ADDRESS, "192.0.2.7" },
	{ "0.0.0.0", NAME_ADDRESS, "0.0.0.0" },
	{ "2001:DB8:0:0:0:0:0:7", NAME_ADDRESS, "2001:db8::7" },
	{ "2001:db8::0007", NAME_ADDRESS, "2001:db8::7" },
	{ "::", NAME_ADDRESS, "::" },
	{ "::ffff:192.0.2.7", NAME_ADDRESS, "192.0.2.7" },
	{ "::FFFF:c000:0207", NAME_ADDRESS, "192.0.2.7" },
	{ "2001:db8:1111:2222:3333:4444:5555:6666", NAME_ADDRESS,
	  "2001:db8:1111:2222:3333:4444:5555:6666" },
};

static const struct {
	const char *text;
	const char *why;
} bad[] = {
	{ "", "is empty; write a host name or an address" },
	{ ".", EMPTY_LABEL },
	{ "..", EMPTY_LABEL },
	{ ".example.com", EMPTY_LABEL },
	{ "api..example.com", EMPTY_LABEL },
	{ "api.example.com..", EMPTY_LABEL },
	{ "192.0.2.7..", EMPTY_LABEL },
	{ LABEL_63 "a.x", "has a label longer than 63 characters; write a name that DNS can hold" },
	{ NAME_253 "b", "is longer than 253 characters; write a name that DNS can hold" },
	{ "caf\xc3\xa9.example", XN },
	{ "a b.example", XN },
	{ " example.com", XN },
	{ "example.com ", XN },
	{ "*.example.com", XN },
	{ "user@example.com", XN },
	{ "example.com\n", XN },
	{ "example.com/path", "has a '/'; write one host name or address alone" },
	{ "192.0.2.0/24", "has a '/'; write one host name or address alone" },
	{ "192.0.2", NOT_IPV4 },
	{ "192.0.2.07", NOT_IPV4 },
	{ "192.0.2.256", NOT_IPV4 },
	{ "1.192.0.2.7", NOT_IPV4 },
	{ "3221225991", NOT_IPV4 },
	{ "example.123", NOT_IPV4 },
	{ "api.example.com:443", "has a port; write the name or address alone" },
	{ "192.0.2.7:443", "has a port; write the name or address alone" },
	{ "https://example.com", "is a URL; write the host name alone" },
	{ "https://example.com:8443/x", "is a URL; write the host name alone" },
	{ "[::1]", BRACKETS },
	{ "[::1]:443", BRACKETS },
	{ "[::1", BRACKETS },
	{ "fe80::1%eth0", "has a zone; write the address without it" },
	{ "2001:db8::7.", NOT_IPV6 },
	{ "2001:db8:::7", NOT_IPV6 },
	{ "1:2:3:4:5:6:7:8:9", NOT_IPV6 },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa", NOT_IPV6 },
};

static void good_names_have_one_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char out[NAME_SIZE];
		char again[NAME_SIZE];
		const char *why = "untouched";

		assert_int_equal(name_normalise(good[i].text, strlen(good[i].text), out, &why),
				 good[i].kind);
		assert_string_equal(out, good[i].normal);
		assert_string_equal(why, "untouched");
		assert_int_equal(name_normalise(out, strlen(out), again, &why), good[i].kind);
		assert_string_equal(again, out);
	}
}

static void bad_names_say_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char out[NAME_SIZE] = "x";
		const char *why = NULL;
		size_t len = strlen(bad[i].text);

		assert_int_equal(name_normalise(bad[i].text, len, out, &why), NAME_BAD);
		assert_string_equal(why, bad[i].why);
		assert_string_equal(out, "");
		assert_int_equal(name_normalise(bad[i].text, len, out, NULL), NAME_BAD);
	}
}

/* The length counts, not a NUL byte. */
static void nul_bytes_are_bad(void **state)
{
	char out[NAME_SIZE];
	const char *why;

	(void)state;
	assert_int_equal(name_normalise("good.example\0.evil.example", 26, out, &why), NAME_BAD);
	assert_string_equal(why, XN);
	assert_int_equal(name_normalise("::1\0", 4, out, &why), NAME_BAD);
	assert_string_equal(why, NOT_IPV6);
	assert_int_equal(name_normalise("::1\0%", 3, out, &why), NAME_ADDRESS);
}

static void every_other_byte_is_bad(void **state)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

	(void)state;
	for (int c = 0; c < 256; c++) {
		char text[] = { 'x', (char)c, 'x' };
		char out[NAME_SIZE];
		bool is_good = (c != 0 && strchr(letters, c)) || (c >= '0' && c <= '9') || c == '.';

		assert_int_equal(name_normalise(text, 3, out, NULL),
				 is_good ? NAME_HOST : NAME_BAD);
	}
}

static void parents_end(void **state)
{
	const char *name = "a.b.c";

	(void)state;
	assert_ptr_equal(name_parent(name), name + 2);
	assert_ptr_equal(name_parent(name + 2), name + 4);
	assert_null(name_parent(name + 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_names_have_one_form),
		cmocka_unit_test(bad_names_say_why),
		cmocka_unit_test(nul_bytes_are_bad),
		cmocka_unit_test(every_other_byte_is_bad),
		cmocka_unit_test(parents_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

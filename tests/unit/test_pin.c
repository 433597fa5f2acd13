/* SPDX-License-Identifier: MIT */
/*
 * The text of pins: the forms that are read, all others with the words that
 * refuse them, and that what is written reads back as the same bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pure/pin.h"

/* 0x00, 0x01, ... 0x1f */
#define COUNTED "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define COUNTED_HEX                                                                               \
	"00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1a:1b:1c:" \
	"1d:1e:1F"
/* 32 times 0xff: begins with a slash. */
#define ONES "//////////////////////////////////////////8="

#define PRINTS "; 'pinshim pin HOST' prints one"

static const struct {
	const char *text;
	bool hex;
	uint8_t first, last;
} good[] = {
	{ "sha256/" COUNTED, false, 0x00, 0x1f },
	{ "sha256/" COUNTED, true, 0x00, 0x1f },
	{ "sha256//" COUNTED, false, 0x00, 0x1f },
	{ COUNTED_HEX, true, 0x00, 0x1f },
	{ "sha256/" ONES, false, 0xff, 0xff },
	{ "sha256//" ONES, false, 0xff, 0xff },
	{ "sha256/++++AwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", false, 0xfb, 0x1f },
};

static const struct {
	const char *text;
	bool hex;
	const char *why;
} bad[] = {
	{ "", false, "does not begin with 'sha256/'" PRINTS },
	{ "sha256", false, "does not begin with 'sha256/'" PRINTS },
	{ COUNTED, false, "does not begin with 'sha256/'" PRINTS },
	{ "sha1/" COUNTED, false, "does not begin with 'sha256/'" PRINTS },
	{ "SHA256/" COUNTED, false, "does not begin with 'sha256/'" PRINTS },
	{ " sha256/" COUNTED, false, "does not begin with 'sha256/'" PRINTS },
	{ "pin-sha256=\"" COUNTED "\"", false, "does not begin with 'sha256/'" PRINTS },
	{ COUNTED_HEX, false, "is the hex form, which only pin-cert takes" PRINTS },
	{ "AA:BB", false, "is the hex form, which only pin-cert takes" PRINTS },
	{ "AA:BB", true, "is 2 bytes, not 32" PRINTS },
	{ COUNTED_HEX ":20", true, "is 33 bytes, not 32" PRINTS },
	{ COUNTED_HEX ":", true, "does not begin with 'sha256/'" PRINTS },
	{ "AABB", true, "does not begin with 'sha256/'" PRINTS },
	{ "AA:BG", true, "does not begin with 'sha256/'" PRINTS },
	{ "AA-BB", true, "does not begin with 'sha256/'" PRINTS },
	{ "sha256/" COUNTED_HEX, true, "is not base64" PRINTS },
	{ "sha256/", false, "is 0 bytes, not 32" PRINTS },
	{ "sha256//", false, "is 0 bytes, not 32" PRINTS },
	{ "sha256/Zm9v", false, "is 3 bytes, not 32" PRINTS },
	{ "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", false,
	  "is 31 bytes, not 32" PRINTS },
	{ "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g", false,
	  "is 33 bytes, not 32" PRINTS },
	{ "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", false,
	  "is not padded; end it with one '='" },
	{ "sha256/" COUNTED "=", false, "is not padded; end it with one '='" },
	{ "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=", false,
	  "is not canonical base64: bits are left over" PRINTS },
	{ "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh-=", false, "is not base64" PRINTS },
	{ "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh_=", false, "is not base64" PRINTS },
	{ "sha256/AAECAwQFBgcICQoLDA0O DxAREhMUFRYXGBkaGxwdHh8=", false, "is not base64" PRINTS },
	{ "sha256/AAEC=AwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", false, "is not base64" PRINTS },
	{ "sha256/" COUNTED " ", false, "is not base64" PRINTS },
	{ "sha256///" COUNTED, false, "is 33 bytes, not 32" PRINTS },
};

static void good_pins_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint8_t pin[PIN_LEN];
		char why[64] = "untouched";

		assert_int_equal(pin_parse(good[i].text, strlen(good[i].text), good[i].hex, pin,
					   why, sizeof(why)),
				 0);
		assert_int_equal(pin[0], good[i].first);
		assert_int_equal(pin[PIN_LEN - 1], good[i].last);
		assert_string_equal(why, "untouched");
	}
}

static void bad_pins_say_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t pin[PIN_LEN];
		uint8_t before[PIN_LEN];
		char why[96] = "";

		memset(pin, 0x5a, sizeof(pin));
		memset(before, 0x5a, sizeof(before));
		assert_int_equal(pin_parse(bad[i].text, strlen(bad[i].text), bad[i].hex, pin, why,
					   sizeof(why)),
				 -1);
		assert_string_equal(why, bad[i].why);
		assert_memory_equal(pin, before, PIN_LEN);
	}
}

static void a_nul_byte_is_no_digit(void **state)
{
	char text[] = "sha256/" COUNTED;
	uint8_t pin[PIN_LEN];
	char why[96];

	(void)state;
	text[20] = '\0';
	assert_int_equal(pin_parse(text, sizeof(text) - 1, false, pin, why, sizeof(why)), -1);
	assert_string_equal(why, "is not base64" PRINTS);
	assert_int_equal(pin_parse("sha256/" COUNTED "\0", 52, false, pin, why, sizeof(why)), -1);
}

static void every_byte_of_a_pin_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < PIN_LEN; i++) {
		for (int bit = 0; bit < 8; bit++) {
			uint8_t pin[PIN_LEN] = { 0 };
			uint8_t back[PIN_LEN];
			char text[PIN_TEXT_SIZE];
			char why[96];

			pin[i] = (uint8_t)(1 << bit);
			assert_ptr_equal(pin_format(pin, text), text);
			assert_int_equal(strlen(text), PIN_TEXT_SIZE - 1);
			assert_int_equal(
				pin_parse(text, strlen(text), false, back, why, sizeof(why)), 0);
			assert_memory_equal(pin, back, PIN_LEN);
		}
	}
}

static void hex_and_base64_agree(void **state)
{
	uint8_t a[PIN_LEN];
	uint8_t b[PIN_LEN];
	char why[96];
	char text[PIN_TEXT_SIZE];

	(void)state;
	assert_int_equal(pin_parse(COUNTED_HEX, strlen(COUNTED_HEX), true, a, why, sizeof(why)), 0);
	assert_int_equal(pin_parse("sha256/" COUNTED, 51, true, b, why, sizeof(why)), 0);
	assert_memory_equal(a, b, PIN_LEN);
	assert_string_equal(pin_format(a, text), "sha256/" COUNTED);
}

static void a_short_why_is_cut(void **state)
{
	uint8_t pin[PIN_LEN];
	char why[8];

	(void)state;
	assert_int_equal(pin_parse("sha256/Zm9v", 11, false, pin, why, sizeof(why)), -1);
	assert_string_equal(why, "is 3 by");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_pins_are_read),
		cmocka_unit_test(bad_pins_say_why),
		cmocka_unit_test(a_nul_byte_is_no_digit),
		cmocka_unit_test(every_byte_of_a_pin_counts),
		cmocka_unit_test(hex_and_base64_agree),
		cmocka_unit_test(a_short_why_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

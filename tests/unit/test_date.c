/* SPDX-License-Identifier: MIT */
/*
 * The calendar: its odd days, both ways, and every day that it has, in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "pure/date.h"

static void known_dates(void **state)
{
	/* From GNU date. */
	static const struct {
		int year, month, day;
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ 1970, 1, 1, 0, "1970-01-01T00:00:00Z" },
		{ 1969, 12, 31, -86400, "1969-12-31T00:00:00Z" },
		{ 2000, 2, 29, 951782400, "2000-02-29T00:00:00Z" },
		{ 2024, 2, 29, 1709164800, "2024-02-29T00:00:00Z" },
		{ 2026, 12, 31, 1798675200, "2026-12-31T00:00:00Z" },
		/* past what 32 bits hold */
		{ 2038, 1, 20, 2147558400, "2038-01-20T00:00:00Z" },
		{ 2100, 3, 1, 4107542400, "2100-03-01T00:00:00Z" },
		{ 2106, 2, 8, 4295030400, "2106-02-08T00:00:00Z" },
		{ 9999, 12, 31, 253402214400, "9999-12-31T00:00:00Z" },
		{ 0, 1, 1, -62167219200, "0000-01-01T00:00:00Z" },
		{ 0, 3, 1, -62162035200, "0000-03-01T00:00:00Z" },
	};
	char text[DATE_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(cases[i].seconds ==
			    date_seconds(cases[i].year, cases[i].month, cases[i].day));
		assert_true(date_format(cases[i].seconds, text));
		assert_string_equal(text, cases[i].text);
	}
}

static void times_of_the_day(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ 1709208001, "2024-02-29T12:00:01Z" },
		{ 1709251199, "2024-02-29T23:59:59Z" },
		{ -1, "1969-12-31T23:59:59Z" },
		{ INT32_MAX, "2038-01-19T03:14:07Z" },
		{ 253402300799, "9999-12-31T23:59:59Z" },
		{ 253402300800, NULL },
		{ -62167219201, NULL },
		{ INT64_MAX, NULL },
		{ INT64_MIN, NULL },
	};
	char text[DATE_SIZE], day[DATE_DAY_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *expected = cases[i].text ? cases[i].text : "";

		assert_int_equal(date_format(cases[i].seconds, text), cases[i].text != NULL);
		assert_string_equal(text, expected);
		assert_int_equal(date_format_day(cases[i].seconds, day), cases[i].text != NULL);
		assert_int_equal(strlen(day), *expected ? 10 : 0);
		assert_int_equal(strncmp(day, expected, 10), 0);
	}
}

/* Eight hundred years hold every kind of year twice. */
static void every_day(void **state)
{
	int64_t seconds = date_seconds(1600, 1, 1);
	unsigned days = 0;

	(void)state;
	for (int year = 1600; year < 2400; year++)
		for (int month = 0; month <= 13; month++)
			for (int day = 0; day <= 32; day++) {
				if (!date_exists(year, month, day))
					continue;
				assert_true(date_seconds(year, month, day) == seconds);
				seconds += 86400;
				days++;
			}
	assert_int_equal(days, 2 * 146097);
	assert_true(seconds == date_seconds(2400, 1, 1));
}

static void days_that_do_not_exist(void **state)
{
	static const int cases[][3] = {
		{ 2023, 2, 29 }, { 2100, 2, 29 }, { 2024, 2, 30 },  { 2024, 4, 31 }, { 2024, 0, 1 },
		{ 2024, 13, 1 }, { 2024, 1, 0 },  { 2024, 12, 32 }, { -1, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_false(date_exists(cases[i][0], cases[i][1], cases[i][2]));
	assert_true(date_exists(2000, 2, 29));
	assert_true(date_exists(9999, 12, 31));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_dates),
		cmocka_unit_test(times_of_the_day),
		cmocka_unit_test(every_day),
		cmocka_unit_test(days_that_do_not_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * One formula, from a day to its number; everything else asks it. Years begin
 * in March there, so that a leap day is the last day of its year.
 */
#include "pure/date.h"

#include <stdio.h>

int64_t date_seconds(int year, int month, int day)
{
	/* 400 years more, a whole cycle of 146,097 days, keep all of it above zero. */
	const int64_t years = (int64_t)year + 400 - (month < 3), months = (month + 9) % 12;
	const int64_t days = years * 365 + years / 4 - years / 100 + years / 400 +
			     (153 * months + 2) / 5 + day - 1;

	return (days - 146097 - 719468) * DATE_DAY_S; /* 1 March of the year 0 to the epoch */
}

/* The first of the month after. */
static int64_t month_end(int year, int month)
{
	return month == 12 ? date_seconds(year + 1, 1, 1) : date_seconds(year, month + 1, 1);
}

bool date_exists(int year, int month, int day)
{
	return year >= 0 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= (month_end(year, month) - date_seconds(year, month, 1)) / DATE_DAY_S;
}

bool date_format(int64_t seconds, char out[DATE_SIZE])
{
	int year, month = 1, day, rest;

	out[0] = '\0';
	if (seconds < date_seconds(0, 1, 1) || seconds >= date_seconds(10000, 1, 1))
		return false;
	/* At most this year, and not long before it. */
	year = 1970 + (int)(seconds / DATE_DAY_S / (seconds < 0 ? 365 : 366)) - (seconds < 0);
	while (date_seconds(year + 1, 1, 1) <= seconds)
		year++;
	while (month_end(year, month) <= seconds)
		month++;
	rest = (int)(seconds - date_seconds(year, month, 1));
	day = rest / DATE_DAY_S + 1;
	rest %= DATE_DAY_S;
	snprintf(out, DATE_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year % 10000,
		 (unsigned)month % 100, (unsigned)day % 100, (unsigned)rest / 3600 % 100,
		 (unsigned)rest / 60 % 60, (unsigned)rest % 60);
	return true;
}

bool date_format_day(int64_t seconds, char out[DATE_DAY_SIZE])
{
	char whole[DATE_SIZE];
	bool known = date_format(seconds, whole);

	snprintf(out, DATE_DAY_SIZE, "%.10s", whole);
	return known;
}

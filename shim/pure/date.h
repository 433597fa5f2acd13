/* SPDX-License-Identifier: MIT */
/*
 * Days of the calendar, UTC, as seconds since the epoch. libc's functions for
 * that count in 32 bits on some machines, and look at the time zone: they take
 * its lock, and read its files in a program that never did. Pure.
 */
#ifndef PINSHIM_DATE_H
#define PINSHIM_DATE_H

#include <stdbool.h>
#include <stdint.h>

#define DATE_DAY_S    86400 /* seconds of a day */
#define DATE_DAY_SIZE sizeof("2026-12-31")
#define DATE_SIZE     sizeof("2026-12-31T23:59:59Z")

/* Whether the calendar has that day; from the year 0 on. */
bool date_exists(int year, int month, int day);

/* When it begins. The day must exist. */
int64_t date_seconds(int year, int month, int day);

/*
 * Writes SECONDS to OUT as "2026-12-31T23:59:59Z" (RFC 3339); false when that is
 * not within the years 0 to 9999, which leaves "" there.
 */
bool date_format(int64_t seconds, char out[DATE_SIZE]);

/* The day alone, "2026-12-31"; otherwise the same. */
bool date_format_day(int64_t seconds, char out[DATE_DAY_SIZE]);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The last good policy: the snapshot of the host's policy that `pinshim apply'
 * keeps, for processes that start while the host's policy is bad. What its files
 * have become does not matter then. Never written by the library.
 */
#ifndef PINSHIM_LAST_GOOD_H
#define PINSHIM_LAST_GOOD_H

#include "process/source.h"
#include "pure/date.h"

/* Loads it, as source_load(): `absent' where none was kept. */
struct source *last_good_load(void);

/* Whether S is the last good policy. */
bool last_good_is(const struct source *s);

/* Writes when GOOD, the last good policy, was kept, "2026-12-31T23:59:59Z", to OUT; returns OUT. */
const char *last_good_date(const struct source *good, char out[DATE_SIZE]);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Whether a file is still the one that was read, by what stat(2) said of it, and
 * whether that can be relied upon yet. Looks at no file itself.
 */
#ifndef PINSHIM_STAMP_H
#define PINSHIM_STAMP_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

/*
 * Two writes within one tick of the kernel's clock (at most 10 ms, CONFIG_HZ=100)
 * leave the same times behind: what is younger than this may yet change unseen.
 */
#define GRAIN_NS 20000000L

/* Whether ERROR of stat(2) or open(2) says that nothing is there. */
bool stamp_is_absence(int error);

/* Whether A and B are of the same file, unchanged. */
bool stamp_is_same(const struct stat *a, const struct stat *b);

/*
 * Whether ST has times finer than a second. Some file systems keep none, so that a
 * change within the same one leaves no trace; and images for reading alone have one
 * time for all that they will ever hold.
 */
bool stamp_is_fine(const struct stat *st);

/* How many nanoseconds after READ_AT (CLOCK_REALTIME) ST is older than the grain; 0: it was. */
long stamp_youth_ns(const struct stat *st, const struct timespec *read_at);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Folding: what is said again and again is said ever more rarely, and each time
 * with the number of times that it was not. Bounded memory, no lock; never
 * touches what is said.
 */
#ifndef PINSHIM_FOLD_H
#define PINSHIM_FOLD_H

#include <stdbool.h>
#include <stdint.h>

/* As many different things are folded in a process; any further one is always said. */
#define FOLD_MOST 512

/* What is repeated is said at least every so many seconds. */
#define FOLD_S 600

/*
 * Whether WHAT (a hash of all that makes it the same) is to be said now, at NOW
 * (seconds of any clock that only goes forward): at the 1st, 2nd, 4th, 8th ...
 * time, and when it was last said FOLD_S ago. Then *SUPPRESSED is how many times
 * it was not said since. So never more goes unsaid than what the last message
 * and those before stand for.
 */
bool fold(uint64_t what, int64_t now, uint64_t *suppressed);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A fixed table of counters, which fill from the front of where a hash points.
 * Whoever moves `said' forward says it, for all that were counted up to there:
 * so each time is in one message's count, whatever threads do.
 */
#include "process/fold.h"

#include <stdatomic.h>
#include <stddef.h>

#define PROBES 16

struct counter {
	_Atomic uint64_t what; /* 0: free */
	_Atomic uint64_t seen;
	_Atomic uint64_t said; /* `seen' when it was last said */
	_Atomic int64_t when;  /* and the time */
};

static struct counter counters[FOLD_MOST];

static struct counter *counter_of(uint64_t what)
{
	for (unsigned i = 0; i < PROBES; i++) {
		struct counter *c = &counters[(what + i) % FOLD_MOST];
		uint64_t present = 0;

		if (atomic_compare_exchange_strong(&c->what, &present, what) || present == what)
			return c;
	}
	return NULL;
}

bool fold(uint64_t what, int64_t now, uint64_t *suppressed)
{
	struct counter *c = counter_of(what | 1);
	uint64_t seen, said;

	*suppressed = 0;
	if (!c)
		return true;
	seen = ++c->seen;
	said = c->said;
	if (seen <= said || (seen < 2 * said && now - c->when < FOLD_S))
		return false;
	if (!atomic_compare_exchange_strong(&c->said, &said, seen))
		return false;
	c->when = now;
	*suppressed = seen - said - 1;
	return true;
}

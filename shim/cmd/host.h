/* SPDX-License-Identifier: MIT */
/*
 * What the three words of `pinshim host' share: the root folder that is meant,
 * and the library that its ld.so.preload names.
 */
#ifndef PINSHIM_CMD_HOST_H
#define PINSHIM_CMD_HOST_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "cmd/snapshot_state.h"

#define HOST_WHY_SIZE (2UL * PATH_MAX)

struct host {
	char root[PATH_MAX]; /* of the system that is meant; "": this one */
	bool json;
};

/* All return the exit code. */
int host_enable(const struct host *h);
int host_disable(const struct host *h);
int host_status(const struct host *h);

enum host_policy { POLICY_BAD = 0, POLICY_UNKNOWN, POLICY_ABSENT, POLICY_GOOD };

/* How the host's policy stands below the root folder, and its snapshot. */
struct host_state {
	enum host_policy policy;	   /* POLICY_UNKNOWN: it cannot be read from here */
	char why[HOST_WHY_SIZE];	   /* what is wrong with it, or sums a good one up */
	bool snapshot_known;		   /* whether the rest is */
	enum snapshot_standing snapshot;   /* snapshot_state.h */
	char snapshot_text[HOST_WHY_SIZE]; /* what goes with it, or "" */
};

void host_policy(const struct host *h, struct host_state *out);

#endif

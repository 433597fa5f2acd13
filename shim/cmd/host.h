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

#define HOST_WHY_SIZE (2UL * PATH_MAX)

struct host {
	char root[PATH_MAX]; /* of the system that is meant; "": this one */
	bool json;
};

/* All return the exit code. */
int host_enable(const struct host *h);
int host_disable(const struct host *h);
int host_status(const struct host *h);

/*
 * Whether the host's policy (below the root folder) is good. POLICY_UNKNOWN: it
 * cannot be read from here. WHY says what is wrong, or sums a good one up.
 */
enum host_policy { POLICY_BAD = 0, POLICY_UNKNOWN, POLICY_ABSENT, POLICY_GOOD };
enum host_policy host_policy(const struct host *h, char *why, size_t why_size);

#endif

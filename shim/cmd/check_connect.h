/* SPDX-License-Identifier: MIT */
/*
 * `pinshim check --connect': asks the servers that a policy is about, and says
 * what the library makes of them.
 */
#ifndef PINSHIM_CMD_CHECK_CONNECT_H
#define PINSHIM_CMD_CHECK_CONNECT_H

#include "process/source.h"

struct connect_task {
	const struct source *source; /* whose policy is good */
	const char *port;	     /* at which the hosts of sections are asked */
	char **hosts;		     /* HOST[:PORT]..., NULL-terminated; empty: the sections' own */
};

struct connect_result {
	unsigned asked, accepted, refused, not_judged, not_asked, warnings;
};

/*
 * Asks them all, prints what there is to say of each in the order of the policy,
 * and a summary. 0, EXIT_USAGE or EXIT_FAILURE after a complaint.
 */
int check_connect(const struct connect_task *task, struct connect_result *result);

#endif

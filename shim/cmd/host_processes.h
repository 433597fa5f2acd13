/* SPDX-License-Identifier: MIT */
/*
 * Which processes of this host run with the library, which use OpenSSL without
 * it, and under which policies. Prints a line for each.
 */
#ifndef PINSHIM_CMD_HOST_PROCESSES_H
#define PINSHIM_CMD_HOST_PROCESSES_H

#include <stdbool.h>

struct host_count {
	unsigned with;	    /* the library, as it is now on the disk */
	unsigned replaced;  /* with a copy of it that has been replaced or removed */
	unsigned without;   /* with a libssl, but without the library */
	unsigned elsewhere; /* below another root folder, as in containers: not looked at */
	unsigned unseen;    /* this user may not look at */
};

/*
 * Prints them, and then their numbers, without this process. ENABLED: the library
 * is; HOST_POLICY: there is one. 0, or -1 with errno when /proc cannot be read.
 */
int host_processes(bool json, bool enabled, bool host_policy, struct host_count *out);

#endif

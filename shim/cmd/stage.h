/* SPDX-License-Identifier: MIT */
/*
 * A view of this system for single programs, in which /etc/ld.so.preload has
 * another text: what the loader would do with it is tried, setuid programs
 * included, and no other program sees it. Changes nothing on this system.
 */
#ifndef PINSHIM_CMD_STAGE_H
#define PINSHIM_CMD_STAGE_H

#include <stdbool.h>

/* Where a library of another host stands in a stage: its own path may not be open to every user. */
#define STAGE_LIBRARY "/etc/libpinshim.so"

struct stage {
	const char *preload; /* the text; NULL: nothing is staged */
	const char *library; /* to be seen as STAGE_LIBRARY; or NULL */
	bool without_policy; /* hide the host's policy */
	bool as_nobody;	     /* as a user without any privileges */
};

/* As struct child's `prepare': DATA is a struct stage. Needs root and mount namespaces. */
int stage_enter(void *data);

#endif

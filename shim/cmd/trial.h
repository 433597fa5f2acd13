/* SPDX-License-Identifier: MIT */
/*
 * Programs as they would run with the library in /etc/ld.so.preload, before it
 * is there: in a stage of their own, or with LD_PRELOAD where there are no mount
 * namespaces to be had. Judges nothing of what they say.
 */
#ifndef PINSHIM_CMD_TRIAL_H
#define PINSHIM_CMD_TRIAL_H

#include <stdbool.h>

#include "cmd/child.h"
#include "cmd/stage.h"

struct trial {
	const char *library;
	bool elsewhere; /* its path is another host's, and here it may not be open to every user */
	/* This system's ld.so.preload with the library as its only copy, and without any. */
	char *with, *without;
	bool nobody;  /* programs can be run as a user without privileges */
	int unstaged; /* 0, or the error that keeps programs from being staged */
};

/* 0, or -1 after a complaint. trial_end() in either case. */
int trial_begin(const char *library, bool elsewhere, struct trial *t);
void trial_end(struct trial *t);

/* The stage for a program WITH or without the library; of nothing, when it cannot be staged. */
struct stage trial_stage(const struct trial *t, bool with, bool as_nobody);

/*
 * Runs ARGV in such a stage with a small environment and VARIABLE=VALUE (or
 * NULL), and waits for its end. 0; -1 with errno when it could not be started;
 * 1 when it did not end in time.
 */
int trial_run(const struct trial *t, bool with, bool as_nobody, const char *const *argv,
	      const char *variable, struct child *out);

#endif

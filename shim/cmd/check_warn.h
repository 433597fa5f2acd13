/* SPDX-License-Identifier: MIT */
/*
 * What is well-formed in a policy and yet hardly meant. Looks at the policy and
 * the files that it names, asks nobody, and changes nothing.
 */
#ifndef PINSHIM_CMD_CHECK_WARN_H
#define PINSHIM_CMD_CHECK_WARN_H

#include "process/source.h"

#define SOON_DAYS 30 /* what ends within these is told */
#define DAY_S	  86400

/*
 * Prints "FILE:LINE: warning: what is wrong; what to do" to standard error for
 * each. SOURCE must have a policy. Returns how many there were.
 */
unsigned check_warn(const struct source *source);

/* Prints one such line. */
void print_warning(const struct policy *p, struct policy_place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif

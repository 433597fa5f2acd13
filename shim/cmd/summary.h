/* SPDX-License-Identifier: MIT */
/*
 * How much there is in a policy, in the words that check and apply share.
 */
#ifndef PINSHIM_CMD_SUMMARY_H
#define PINSHIM_CMD_SUMMARY_H

#include "pure/policy.h"

/* Prints "3 sections, 7 pins", and revoked keys where there are any, to standard output. */
void print_counts(const struct policy *policy);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Lists of denied keys that a policy keeps apart from itself (`revoked'): they
 * become a part of its block, in order of the keys, so that a million of them
 * are searched in twenty steps. Pure.
 */
#ifndef PINSHIM_REVOKED_H
#define PINSHIM_REVOKED_H

#include "pure/policy.h"

/*
 * Adds the keys of N lists to P, a block by MAKER (NULL: from policy_parse()) that
 * has none yet, and takes it over. Returns the block that takes its place, or NULL with ERROR
 * holding "FILE:LINE: what is wrong; what to write". A key may stand in the
 * lists any number of times; the first counts.
 */
struct policy *revoked_add(const struct policy_maker *maker, struct policy *p,
			   const struct policy_text *lists, size_t n,
			   char error[POLICY_ERROR_SIZE]);

/*
 * Finds the line of a list that denies KEY; FOUND gets NULL where there is none.
 * Returns false when the block is damaged where it was looked at; then FOUND is
 * NULL, and nothing is known of the key.
 */
bool revoked_find(const struct policy *p, const uint8_t key[PIN_LEN],
		  const struct policy_pin **found);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Memory for the block of a policy that is made in this process: pages of its own,
 * so that it becomes read-only where it stands. It knows nothing of what is in it.
 */
#ifndef PINSHIM_BLOCK_H
#define PINSHIM_BLOCK_H

#include <stddef.h>

#include "pure/policy.h"

/* The `resize' of a struct policy_maker. NULL, and errno ENOMEM: there is no memory. */
void *block_resize(void *old, size_t old_size, size_t size);

/* Makes P, which came about by it, read-only. Returns P, or NULL with nothing left of it. */
const struct policy *block_seal(struct policy *p);
void block_free(const struct policy *p);

#endif

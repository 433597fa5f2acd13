/* SPDX-License-Identifier: MIT */
/*
 * What `pinshim check' has to say of a policy's snapshot, once the policy has been
 * read from its text.
 */
#ifndef PINSHIM_CMD_CHECK_SNAPSHOT_H
#define PINSHIM_CMD_CHECK_SNAPSHOT_H

#include <stdbool.h>

#include "process/source.h"

/*
 * Prints a line for a snapshot that is used, and a warning, which is added to
 * *WARNINGS, for one that is not. SOURCE is good, and was read with its texts kept.
 * False, after a complaint, when a snapshot that is used is not what SOURCE is.
 */
bool check_snapshot(const struct source *source, unsigned *warnings);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Writes the snapshot of a policy that has been read. The snapshot's place is
 * taken by rename alone, once all is on the disk.
 */
#ifndef PINSHIM_CMD_SNAPSHOT_WRITE_H
#define PINSHIM_CMD_SNAPSHOT_WRITE_H

#include <stdbool.h>
#include <sys/types.h>

#include "process/source.h"

/*
 * Writes the snapshot of the good policy S to BESIDE, a path in the folder where
 * it will be moved, with MODE. The record is of S's stamps; with PENDING it is no
 * record yet. S was read with its texts kept. 0, or -1 after a complaint, with
 * nothing left at BESIDE.
 */
int snapshot_write(const struct source *s, bool pending, const char *beside, mode_t mode);

#endif

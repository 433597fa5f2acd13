/* SPDX-License-Identifier: MIT */
/*
 * Whose the snapshot of a program's policy is, and who may read it: nobody who
 * may not read all that it was made of. Changes nothing but the file it is given.
 */
#ifndef PINSHIM_CMD_SNAPSHOT_OWNER_H
#define PINSHIM_CMD_SNAPSHOT_OWNER_H

#include "process/source.h"

/*
 * Gives FD, a new file that only this user may read, the owner, group and mode of
 * a snapshot of S. 0, or -1 with errno.
 */
int snapshot_owner_set(const struct source *s, int fd);

#endif

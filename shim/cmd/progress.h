/* SPDX-License-Identifier: MIT */
/*
 * A line on a terminal that says how much of a policy has been read, for as long
 * as that lasts. Nothing where standard error is none.
 */
#ifndef PINSHIM_CMD_PROGRESS_H
#define PINSHIM_CMD_PROGRESS_H

/* From now on, what is read of policies is shown as being of WHAT, which has to last. */
void progress_begin(const char *what);

/* Takes the line away. */
void progress_end(void);

#endif

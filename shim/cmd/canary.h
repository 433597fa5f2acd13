/* SPDX-License-Identifier: MIT */
/*
 * A handful of programs of which a host must not lose one: they must do under
 * the library exactly what they do without it.
 */
#ifndef PINSHIM_CMD_CANARY_H
#define PINSHIM_CMD_CANARY_H

#include "cmd/trial.h"

/* Runs them. 0 when all are well, after warnings perhaps; -1 after a complaint. */
int canaries_run(const struct trial *t);

#endif

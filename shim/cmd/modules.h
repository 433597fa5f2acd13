/* SPDX-License-Identifier: MIT */
/*
 * The modules through which interpreters, frameworks and some daemons get at
 * TLS. Nothing in their own files tells of them: they are looked for when a
 * script or a configuration asks.
 */
#ifndef PINSHIM_CMD_MODULES_H
#define PINSHIM_CMD_MODULES_H

#include "cmd/closure.h"

/*
 * Calls EACH for every module on this system that may bring TLS to a program
 * which has the objects of C. Returns 0, or the first other result of EACH.
 */
int modules_each(const struct closure *c, int (*each)(const char *path, void *data), void *data);

#endif

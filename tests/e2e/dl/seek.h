/* SPDX-License-Identifier: MIT */
/*
 * seek.c, built three times.
 */
#ifndef PINSHIM_TEST_SEEK_H
#define PINSHIM_TEST_SEEK_H

void seek_program(void);
void seek_library(void);
void seek_plugin(void);
const char *mark(void);

#endif

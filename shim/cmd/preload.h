/* SPDX-License-Identifier: MIT */
/*
 * Whether the dynamic loader would really preload the shim into a program. The
 * loader itself says nothing when it does not: the program would run unpinned.
 */
#ifndef PINSHIM_CMD_PRELOAD_H
#define PINSHIM_CMD_PRELOAD_H

#include <limits.h>
#include <stddef.h>

#define PRELOAD_LIBRARY	  "libpinshim.so"
#define PRELOAD_INSTALLED PINSHIM_LIBDIR "/" PRELOAD_LIBRARY

/* Finds the shim's library: beside the command, else where it is installed. 0 or -1 with WHY. */
int preload_library(char path[PATH_MAX], char *why, size_t why_size);

/* 0 when the loader would map LIBRARY into PROGRAM, an ELF file; else -1 with WHY. */
int preload_check(const char *program, const char *library, char *why, size_t why_size);

#endif

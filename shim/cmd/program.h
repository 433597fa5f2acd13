/* SPDX-License-Identifier: MIT */
/*
 * Which file a command line would run: the search along PATH, and the #! lines
 * of scripts down to the program that the kernel loads. Runs nothing.
 */
#ifndef PINSHIM_CMD_PROGRAM_H
#define PINSHIM_CMD_PROGRAM_H

#include <limits.h>
#include <stddef.h>

/* Finds NAME as execvp(3) does. Returns 0, or an errno value. */
int program_find(const char *name, char path[PATH_MAX]);

/*
 * Replaces PATH by the file that is loaded when PATH is executed: PATH itself,
 * or its interpreter. Returns 0, or the exit code for what WHY then says.
 */
int program_follow(char path[PATH_MAX], char *why, size_t why_size);

#endif

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

/* What the loader makes of the shim when a program is executed. */
enum preload {
	PRELOAD_UNREADABLE = 0, /* the program, or the library, or not a whole ELF file */
	PRELOAD_OTHER_MACHINE,
	PRELOAD_STATIC,
	PRELOAD_OTHER_LOADER, /* not glibc's */
	PRELOAD_PRIVILEGED,   /* taken from /etc/ld.so.preload, and not from LD_PRELOAD */
	PRELOAD_WORKS,	      /* from either */
};

/* Who executes it: this process, or somebody who gains whatever the file gives. */
enum preload_caller { CALLER_SELF, CALLER_ANYONE };

/* The same, and which of the reasons it is. */
enum preload preload_judge(const char *program, const char *library, enum preload_caller caller,
			   char *why, size_t why_size);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A folder of its own for each test that works with files.
 */
#ifndef PINSHIM_TESTS_FOLDER_H
#define PINSHIM_TESTS_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[64];

/* A path below the folder of this test, in one of a few buffers of this thread. */
static inline const char *in(const char *name)
{
	static __thread char paths[8][320];
	static __thread unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

/* For cmocka: makes the folder before a test, and removes it after. */
static inline int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/pinshim-unit.XXXXXX");
	return mkdtemp(folder) && chmod(folder, 0755) == 0 ? 0 : -1;
}

static inline int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

#endif

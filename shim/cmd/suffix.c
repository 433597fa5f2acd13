/* SPDX-License-Identifier: MIT */
/*
 * Reads the Public Suffix List that Debian's package `publicsuffix' installs.
 * Its rules in letters other than ASCII are not understood, and without the
 * list only top-level domains are known: a warning less, never an error.
 */
#include "cmd/suffix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pure/name.h"

#define SUFFIX_LIST "/usr/share/publicsuffix/public_suffix_list.dat"

bool is_public_suffix(const char *name)
{
	const char *parent = name_parent(name);
	bool listed = false, excepted = false;
	char *line = NULL;
	size_t size = 0;
	FILE *list;

	if (!parent)
		return true;
	list = fopen(SUFFIX_LIST, "re");
	while (list && getline(&line, &size, list) > 0) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (!strcmp(line, name) || (!strncmp(line, "*.", 2) && !strcmp(line + 2, parent)))
			listed = true;
		if (*line == '!' && !strcmp(line + 1, name))
			excepted = true;
	}
	free(line);
	if (list)
		fclose(list);
	return listed && !excepted;
}

/* SPDX-License-Identifier: MIT */
/*
 * Reads the Public Suffix List that Debian's package `publicsuffix' installs.
 * Its rules in letters other than ASCII are not understood, and without the
 * list only top-level domains are known: a warning less, never an error.
 */
#include "cmd/suffix.h"

#include <stdlib.h>
#include <string.h>

#define SUFFIX_LIST "/usr/share/publicsuffix/public_suffix_list.dat"

/* Whether NAME is what RULE, "co.uk" or "*.ck", says. */
static bool is_meant(const char *rule, const char *name)
{
	const char *parent = name_parent(name);

	return !strcmp(rule, name) ||
	       (!strncmp(rule, "*.", 2) && parent && !strcmp(rule + 2, parent));
}

static bool is_below(const char *rule, const char *name)
{
	size_t len = strlen(rule), tail = strlen(name);

	return len > tail + 1 && rule[len - tail - 1] == '.' && !strcmp(rule + len - tail, name);
}

/* Of what stands below NAME only "*.NAME" concerns `*.NAME' too. */
static bool is_covered(const char *rule, const char *name, bool subtree)
{
	return is_below(rule, name) &&
	       (subtree || (rule[0] == '*' && strlen(rule) == strlen(name) + 2));
}

bool spans_owners_by(FILE *list, const char *name, bool subtree, char suffix[SUFFIX_SIZE])
{
	bool itself = !name_parent(name), excepted = false;
	char *line = NULL;
	size_t size = 0;

	*suffix = '\0';
	while (list && getline(&line, &size, list) > 0) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (is_meant(line, name))
			itself = true;
		else if (*line == '!')
			excepted |= !strcmp(line + 1, name);
		else if (!*suffix && strlen(line) < SUFFIX_SIZE && is_covered(line, name, subtree))
			strcpy(suffix, line);
	}
	free(line);
	if (itself && !excepted)
		strcpy(suffix, name);
	return *suffix != '\0';
}

bool spans_owners(const char *name, bool subtree, char suffix[SUFFIX_SIZE])
{
	FILE *list = fopen(SUFFIX_LIST, "re");
	bool rv = spans_owners_by(list, name, subtree, suffix);

	if (list)
		fclose(list);
	return rv;
}

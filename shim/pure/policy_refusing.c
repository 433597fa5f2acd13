/* SPDX-License-Identifier: MIT */
/*
 * A policy that is nothing but a list of names, each refused: what programs are
 * tested with. Names are read as the titles of sections are, and as strictly.
 */
#include <stdio.h>
#include <string.h>

#include "pure/policy_keys.h"

static struct policy *read_list(struct keys *k, const char *list)
{
	size_t len;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (keys_refused(k, (struct piece){ list, len }) < 0)
			return NULL;
		if (!list[len])
			return keys_end(k);
	}
}

struct policy *policy_refusing(const struct policy_maker *maker, const char *list,
			       const char *title, char error[POLICY_ERROR_SIZE])
{
	struct policy *p = NULL;
	struct keys k;
	size_t names = 1, len = strlen(list);

	for (const char *c = list; *c; c++)
		names += *c == ',';
	if (!build_fits(names, strlen(title) + len)) {
		snprintf(error, POLICY_ERROR_SIZE, "%s: is too long; write fewer names", title);
		return NULL;
	}
	if (keys_init(&k, maker, title, false, names, len, error) == 0)
		p = read_list(&k, list);
	keys_free(&k);
	return p;
}

/* SPDX-License-Identifier: MIT */
/*
 * Reads lists of denied keys, strictly: one a line, comments and blank lines
 * aside. A line that is anything else makes the whole policy bad.
 */
#include "pure/revoked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pure/policy_keys.h"

#define ALIGNMENT ((size_t)8)
#define BUCKETS	  256

/* All keys as they are read, on their way to the block. */
struct reading {
	struct policy_pin *keys;
	size_t n;
	const char *path; /* of the list that is being read */
	struct policy_place here;
	char *error;
};

static int read_line(struct reading *r, struct piece line)
{
	struct policy_pin *key = &r->keys[r->n];
	char quoted[QUOTE_SIZE];
	char why[QUOTE_SIZE];

	if (line.len == 0 || line.at[0] == '#' || line.at[0] == ';')
		return 0;
	if (pin_parse(line.at, line.len, false, key->sha256, why, sizeof(why)) < 0) {
		snprintf(r->error, POLICY_ERROR_SIZE, "%s:%u: %s %s", r->path, r->here.line,
			 keys_quote(line, quoted), why);
		return -1;
	}
	key->kind = PIN_REVOKED;
	key->place = r->here;
	r->n++;
	return 0;
}

static int read_list(struct reading *r, const struct policy_text *list)
{
	struct piece rest = lines_of(list->bytes, list->len);

	r->path = list->path;
	r->here.line = 0;
	while (rest.len > 0) {
		r->here.line++;
		if (read_line(r, piece_strip(lines_take(&rest))) < 0)
			return -1;
	}
	return 0;
}

/* The path of each list gets its place behind the block of SIZE bytes. */
static int read_lists(struct reading *r, const struct policy_text *lists, size_t n, uint32_t size)
{
	r->here.file = size;
	for (size_t i = 0; i < n; i++) {
		if (read_list(r, &lists[i]) < 0)
			return -1;
		r->here.file += (uint32_t)strlen(lists[i].path) + 1;
	}
	return 0;
}

/* By key; the same key in the order of the lists and their lines. */
static int compare(const void *a, const void *b)
{
	const struct policy_pin *x = a, *y = b;
	int order = memcmp(x->sha256, y->sha256, PIN_LEN);

	if (order != 0)
		return order;
	if (x->place.file != y->place.file)
		return x->place.file < y->place.file ? -1 : 1;
	return x->place.line < y->place.line ? -1 : x->place.line > y->place.line;
}

/* Sorts by the first byte, then each bucket, which the processor's caches hold: thrice as fast. */
static void sort(const struct policy_pin *from, size_t n, struct policy_pin *to)
{
	uint32_t ends[BUCKETS] = { 0 };
	uint32_t at = 0;

	for (size_t i = 0; i < n; i++)
		ends[from[i].sha256[0]]++;
	for (size_t i = 0; i < BUCKETS; i++) {
		uint32_t count = ends[i];

		ends[i] = at;
		at += count;
	}
	for (size_t i = 0; i < n; i++)
		to[ends[from[i].sha256[0]]++] = from[i];
	at = 0;
	for (size_t i = 0; i < BUCKETS; i++) {
		qsort(to + at, ends[i] - at, sizeof(*to), compare);
		at = ends[i];
	}
}

/* P with the paths of LISTS and the keys behind it; NULL when there is no memory. */
static struct policy *grow(struct policy *p, const struct policy_text *lists, size_t n,
			   const struct reading *r)
{
	size_t keys = (r->here.file + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	size_t size = keys + r->n * sizeof(*r->keys);
	struct policy *grown = realloc(p, size);
	char *path;

	if (!grown)
		return NULL;
	path = (char *)grown + grown->size;
	for (size_t i = 0; i < n; i++)
		path = stpcpy(path, lists[i].path) + 1;
	memset(path, 0, (size_t)((char *)grown + keys - path));
	sort(r->keys, r->n, (struct policy_pin *)((char *)grown + keys));
	grown->revoked_keys = (struct policy_span){ (uint32_t)keys, (uint32_t)r->n };
	grown->size = (uint32_t)size;
	return grown;
}

static size_t count_lines(const struct policy_text *list)
{
	const char *at = list->bytes, *end = at + list->len;
	size_t n = 1; /* the last may lack its end */

	for (; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		n++;
	return n;
}

/* Counts the lines of LISTS; 0, or -1 when they might not fit into one block with P. */
static int measure(const struct policy *p, const struct policy_text *lists, size_t n, size_t *lines)
{
	const size_t most = PTRDIFF_MAX < UINT32_MAX ? PTRDIFF_MAX : UINT32_MAX;
	size_t left = most - p->size - ALIGNMENT;

	*lines = 0;
	for (size_t i = 0; i < n; i++) {
		size_t path = strlen(lists[i].path) + 1, here = count_lines(&lists[i]);

		if (path > left || here > (left - path) / sizeof(struct policy_pin))
			return -1;
		left -= path + here * sizeof(struct policy_pin);
		*lines += here;
	}
	return 0;
}

struct policy *revoked_add(struct policy *p, const struct policy_text *lists, size_t n,
			   char error[POLICY_ERROR_SIZE])
{
	struct reading r = { .error = error };
	struct policy *grown = NULL;
	size_t lines;

	strcpy(error, "out of memory while the policy was read");
	if (measure(p, lists, n, &lines) < 0)
		snprintf(error, POLICY_ERROR_SIZE,
			 "%s:1: the lists of `revoked' are too large; write less", lists[0].path);
	else if ((r.keys = malloc((lines + 1) * sizeof(*r.keys))) &&
		 read_lists(&r, lists, n, p->size) == 0)
		grown = grow(p, lists, n, &r);
	free(r.keys);
	if (!grown)
		free(p);
	return grown;
}

bool revoked_find(const struct policy *p, const uint8_t key[PIN_LEN],
		  const struct policy_pin **found)
{
	size_t low = 0, n;
	const struct policy_pin *keys = policy_pins(p, p->revoked_keys, &n);
	size_t high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(keys[middle].sha256, key, PIN_LEN) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < n && memcmp(keys[low].sha256, key, PIN_LEN) == 0 ? &keys[low] : NULL;
	return true;
}

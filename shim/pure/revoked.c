/* SPDX-License-Identifier: MIT */
/*
 * Reads lists of denied keys, strictly: one a line, comments and blank lines
 * aside. A line that is anything else makes the whole policy bad.
 */
#include "pure/revoked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pure/check.h"
#include "pure/policy_check.h"
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

/* The path of each list becomes a text, the first the TEXTS-th byte of them. */
static int read_lists(struct reading *r, const struct policy_text *lists, size_t n, uint32_t texts)
{
	r->here.file = texts;
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

static size_t aligned(size_t at)
{
	return (at + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

/* Of the key that stands at I of the sorted ones. */
static uint64_t check_of(const struct policy_pin *key, size_t i)
{
	return check_words(i, key, sizeof(*key));
}

/* The check words stand before the keys. */
static uint64_t *checks_of(const struct policy *p)
{
	return (uint64_t *)((char *)(uintptr_t)p + p->revoked_keys.at) - p->revoked_keys.count;
}

/* The keys behind the N paths of LISTS, which become the last texts of P; there is room. */
static void add(struct policy *p, const struct policy_text *lists, size_t n,
		const struct reading *r)
{
	char *end = (char *)p + p->texts.at + p->texts.count;
	struct policy_pin *keys;
	size_t checks;

	for (size_t i = 0; i < n; i++)
		end = stpcpy(end, lists[i].path) + 1;
	p->texts.count = r->here.file;
	p->top.count = p->texts.at + p->texts.count - p->top.at;
	checks = aligned((size_t)(end - (char *)p));
	memset(end, 0, (size_t)((char *)p + checks - end));
	p->revoked_keys.at = (uint32_t)(checks + r->n * sizeof(uint64_t));
	p->revoked_keys.count = (uint32_t)r->n;
	keys = (struct policy_pin *)((char *)p + p->revoked_keys.at);
	sort(r->keys, r->n, keys);
	for (size_t i = 0; i < r->n; i++)
		checks_of(p)[i] = check_of(&keys[i], i);
	p->size = p->revoked_keys.at + (uint32_t)(r->n * sizeof(*keys));
	p->check = policy_head_check(p);
}

/* P with room for more; NULL when there is no memory. */
static struct policy *grow(const struct policy_maker *maker, struct policy *p,
			   const struct reading *r)
{
	const size_t paths = aligned(p->texts.at + r->here.file);
	const size_t keys = r->n * (sizeof(uint64_t) + sizeof(*r->keys));

	return build_resize(maker, p, p->size, paths + keys);
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
	const size_t key = sizeof(struct policy_pin) + sizeof(uint64_t);
	size_t left = most - p->size - 2 * ALIGNMENT;

	*lines = 0;
	for (size_t i = 0; i < n; i++) {
		size_t path = strlen(lists[i].path) + 1, here = count_lines(&lists[i]);

		if (path > left || here > (left - path) / key)
			return -1;
		left -= path + here * key;
		*lines += here;
	}
	return 0;
}

struct policy *revoked_add(const struct policy_maker *maker, struct policy *p,
			   const struct policy_text *lists, size_t n, char error[POLICY_ERROR_SIZE])
{
	struct reading r = { .error = error };
	struct policy *grown = NULL;
	size_t lines;

	strcpy(error, "out of memory while the policy was read");
	if (measure(p, lists, n, &lines) < 0)
		snprintf(error, POLICY_ERROR_SIZE,
			 "%s:1: the lists of `revoked' are too large; write less", lists[0].path);
	else if ((r.keys = malloc((lines + 1) * sizeof(*r.keys))) &&
		 read_lists(&r, lists, n, p->texts.count) == 0)
		grown = grow(maker, p, &r);
	if (grown)
		add(grown, lists, n, &r);
	else
		build_resize(maker, p, p->size, 0);
	free(r.keys);
	return grown;
}

static bool holds(const struct policy *p, size_t i)
{
	size_t n;
	const struct policy_pin *key = policy_pins(p, p->revoked_keys, &n) + i;

	return checks_of(p)[i] == check_of(key, i) && key->kind == PIN_REVOKED &&
	       policy_is_text(p, key->place.file);
}

/*
 * However damaged keys on the way may have led the search: when the two between
 * which it ends are whole, there is nothing between them.
 */
bool revoked_find(const struct policy *p, const uint8_t key[PIN_LEN],
		  const struct policy_pin **found)
{
	size_t low = 0, n;
	const struct policy_pin *keys = policy_pins(p, p->revoked_keys, &n);
	size_t high = n;

	*found = NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(keys[middle].sha256, key, PIN_LEN) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if ((low > 0 && !holds(p, low - 1)) || (low < n && !holds(p, low)))
		return false;
	if (low < n && memcmp(keys[low].sha256, key, PIN_LEN) == 0)
		*found = &keys[low];
	return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * Reads an ld.so.preload just as glibc's rtld.c does, mistakes included: what
 * the loader takes for an entry is one, whatever it looks like. Edits it
 * without a change to what else the loader finds there.
 */
#include "cmd/preload_text.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/preload.h"

#define ON_A_LINE " \t:" /* the separators but for the line's end */

/*
 * Blanks comments as the loader does. It goes on looking for `#' from the start
 * of the text again, but only for as many bytes as are left behind the comment
 * before: of several comments it may overlook the last ones, whose words are
 * entries then.
 */
static void blank_comments(char *text)
{
	size_t rest = strlen(text);

	while (rest > 0) {
		char *comment = memchr(text, '#', rest);

		if (!comment)
			return;
		rest -= (size_t)(comment - text);
		do
			*comment = ' ';
		while (--rest > 0 && *++comment != '\n');
	}
}

static bool is_ours(const char *entry, size_t len)
{
	const size_t own = strlen(PRELOAD_LIBRARY);

	return len >= own && !memcmp(entry + len - own, PRELOAD_LIBRARY, own) &&
	       (len == own || entry[len - own - 1] == '/');
}

static bool is_in_comment(const char *text, size_t at)
{
	size_t start = at;

	while (start > 0 && text[start - 1] != '\n')
		start--;
	return memchr(text + start, '#', at + 1 - start);
}

int preload_entries_find(const char *text, struct preload_entries *out)
{
	char *blanked = strdup(text);
	size_t len;

	out->n = 0;
	/* Two bytes an entry at least. */
	out->entries = malloc((strlen(text) / 2 + 1) * sizeof(*out->entries));
	if (!blanked || !out->entries) {
		free(blanked);
		preload_entries_free(out);
		return -1;
	}
	blank_comments(blanked);
	for (char *p = blanked + strspn(blanked, PRELOAD_SEPARATORS); *p;
	     p += strspn(p, PRELOAD_SEPARATORS)) {
		len = strcspn(p, PRELOAD_SEPARATORS);
		out->entries[out->n++] = (struct preload_entry){
			.at = (size_t)(p - blanked),
			.len = len,
			.ours = is_ours(p, len),
			.misread = is_in_comment(text, (size_t)(p - blanked)),
		};
		p += len;
	}
	free(blanked);
	return 0;
}

void preload_entries_free(struct preload_entries *e)
{
	free(e->entries);
	e->entries = NULL;
	e->n = 0;
}

/* The part of TEXT to cut with E: the whole line if nothing else is on it, or one separator. */
static struct preload_entry what_to_cut(const char *text, const struct preload_entry *e)
{
	size_t start = e->at, end = e->at + e->len, after = end + strspn(text + end, ON_A_LINE);

	while (start > 0 && strchr(ON_A_LINE, text[start - 1]))
		start--;
	if ((start == 0 || text[start - 1] == '\n') && (text[after] == '\n' || !text[after]))
		end = after + (text[after] == '\n');
	else if (after > end) {
		start = e->at;
		end = after;
	}
	return (struct preload_entry){ .at = start, .len = end - start };
}

static void cut(char *text, const struct preload_entry *e)
{
	const struct preload_entry part = what_to_cut(text, e);

	memmove(text + part.at, text + part.at + part.len, strlen(text + part.at + part.len) + 1);
}

static void put(char *text, const struct preload_entry *e, const char *entry)
{
	char *from = text + e->at + e->len, *to = text + e->at;

	memmove(to + strlen(entry), from, strlen(from) + 1);
	while (*entry)
		*to++ = *entry++;
}

static void append_line(char *text, const char *entry)
{
	size_t len = strlen(text);

	if (len && text[len - 1] != '\n')
		strcat(text, "\n");
	strcat(strcat(text, entry), "\n");
}

/* As preload_with(), or with ENTRY NULL as preload_without(). */
static char *edit(const char *text, const struct preload_entries *found, const char *entry)
{
	char *out = malloc(strlen(text) + (entry ? strlen(entry) : 0) + 3);
	size_t first = found->n;

	if (!out)
		return NULL;
	strcpy(out, text);
	for (size_t i = found->n; i-- > 0;)
		if (found->entries[i].ours)
			first = i;
	/* From the last on, so that the places of those before still hold. */
	for (size_t i = found->n; i-- > first;)
		if (found->entries[i].ours && (!entry || i > first))
			cut(out, &found->entries[i]);
	if (entry && first < found->n)
		put(out, &found->entries[first], entry);
	else if (entry)
		append_line(out, entry);
	return out;
}

/* The same without moving a byte of what is there already. */
static char *edit_in_place(const char *text, const struct preload_entries *found, const char *entry)
{
	char *out = malloc(strlen(text) + (entry ? strlen(entry) : 0) + 3);

	if (!out)
		return NULL;
	strcpy(out, text);
	for (size_t i = 0; i < found->n; i++)
		if (found->entries[i].ours)
			memset(out + found->entries[i].at, ' ', found->entries[i].len);
	if (entry)
		append_line(out, entry);
	return out;
}

/* Whether B has no entry but ours that A has not, in A's order. */
static bool adds_no_entry(const char *a, const struct preload_entries *in_a, const char *b,
			  const struct preload_entries *in_b)
{
	size_t at = 0;

	for (size_t i = 0; i < in_b->n; i++) {
		const struct preload_entry *e = &in_b->entries[i];

		if (e->ours)
			continue;
		while (at < in_a->n && (in_a->entries[at].len != e->len ||
					memcmp(a + in_a->entries[at].at, b + e->at, e->len)))
			at++;
		if (at++ == in_a->n)
			return false;
	}
	return true;
}

/* Whether TEXT is what enabling makes of OUT. */
static bool is_undone(const char *text, const char *out, const struct preload_entries *before)
{
	const struct preload_entry *last = &before->entries[before->n - 1];
	size_t len = strlen(out);

	return !strncmp(text, out, len) && last->at == len && !last->misread &&
	       text[len + last->len] == '\n' && !text[len + last->len + 1];
}

/* Whether OUT has ENTRY once, or nothing of ours where it is NULL, and no more than TEXT had. */
static int is_safe(const char *text, const struct preload_entries *found, const char *out,
		   const char *entry)
{
	struct preload_entries now;
	const size_t len = entry ? strlen(entry) : 0;
	size_t ours = 0, right = 0;
	int rv;

	if (preload_entries_find(out, &now) < 0)
		return -1;
	for (size_t i = 0; i < now.n; i++) {
		const struct preload_entry *e = &now.entries[i];

		ours += e->ours;
		right += entry && e->len == len && !memcmp(out + e->at, entry, len);
	}
	rv = ours == right && right == (entry ? 1 : 0) &&
	     (adds_no_entry(text, found, out, &now) || (!entry && is_undone(text, out, found)));
	preload_entries_free(&now);
	return rv;
}

/*
 * Adds newlines to *OUT until it is safe. The more is left behind a comment, the
 * farther the loader looks for the next: with enough of them it finds all. Nothing
 * helps where a `#' stands inside a word. 0, or -1: no memory.
 */
static int pad(const char *text, const struct preload_entries *found, char **out, const char *entry)
{
	const size_t len = strlen(*out);
	size_t most = len;
	char *padded;
	int safe;

	for (const char *c = *out; *c; c++)
		most += *c == '#' ? len : 0;
	padded = malloc(most + 1);
	if (!padded)
		return -1;
	strcpy(padded, *out);
	safe = is_safe(text, found, padded, entry);
	for (size_t n = 1; safe == 0 && len + n <= most; n *= 2) {
		memset(padded + len, '\n', n);
		padded[len + n] = '\0';
		safe = is_safe(text, found, padded, entry);
	}
	free(safe > 0 ? *out : padded);
	if (safe > 0)
		*out = padded;
	return safe < 0 ? -1 : 0;
}

/* Other lengths may lead the loader to overlook another comment. */
static char *edit_safely(const char *text, const char *entry)
{
	struct preload_entries found;
	int rv = -1, safe;
	char *out;

	if (preload_entries_find(text, &found) < 0)
		return NULL;
	out = edit(text, &found, entry);
	safe = out ? is_safe(text, &found, out, entry) : -1;
	if (safe > 0) {
		rv = 0;
	} else if (safe == 0) {
		free(out);
		out = edit_in_place(text, &found, entry);
		rv = out ? pad(text, &found, &out, entry) : -1;
	}
	preload_entries_free(&found);
	if (rv == 0)
		return out;
	free(out);
	return NULL;
}

char *preload_with(const char *text, const char *entry)
{
	return edit_safely(text, entry);
}

char *preload_without(const char *text)
{
	return edit_safely(text, NULL);
}

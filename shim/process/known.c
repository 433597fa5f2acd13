/* SPDX-License-Identifier: MIT */
/*
 * The store of known keys in memory. Readers announce themselves in a counter
 * and take one pointer; what was replaced is freed when no reader is left. There
 * is no mutex, which fork(2) could leave locked for ever in a child.
 */
#include "process/known.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "process/known_file.h"
#include "process/store.h"
#include "process/text.h"

#define GONE "%s: has gone; put it back, or start the program again"

static _Atomic(struct known_file *) current;
static _Atomic(struct known_file *) retired;
static _Atomic size_t readers;
static atomic_bool seen; /* this process has read a store that was there */

static void retire(struct known_file *first)
{
	struct known_file *last = first;

	while (last->next)
		last = last->next;
	last->next = retired;
	while (!atomic_compare_exchange_weak(&retired, &last->next, first))
		;
}

static void reclaim(void)
{
	struct known_file *gone = retired ? atomic_exchange(&retired, NULL) : NULL, *next;

	/* Who comes now finds the new one. */
	if (gone && readers) {
		retire(gone);
		return;
	}
	for (; gone; gone = next) {
		next = gone->next;
		known_file_free(gone);
	}
}

static void enter(void)
{
	readers++;
}

static void leave(void)
{
	readers--;
	reclaim();
}

/*
 * A store that has gone, or is out of reach (unmounted, chroot), must not become
 * an empty one, with which any key would be a first. Whether F is to be used.
 */
static bool may_replace(const struct known_file *old, struct known_file *f)
{
	if (!f->absent || !seen)
		return true;
	if (old && !old->error)
		return false;
	text_error(&f->error, GONE, known_file_path());
	return f->error != NULL;
}

/* What holds now; NULL when memory ran out, or a filter keeps it from being read. */
static const struct known_file *look(void)
{
	struct known_file *old = current, *f;

	if (store_sandboxed() || (old && !known_file_changed(old)))
		return old;
	f = known_file_read();
	if (!f)
		return NULL;
	if (!may_replace(old, f)) {
		known_file_free(f);
		return old;
	}
	if (!f->error && !f->absent)
		seen = true;
	if (!atomic_compare_exchange_strong(&current, &old, f)) {
		/* Another thread was faster, and has read it just now. */
		known_file_free(f);
		return old;
	}
	if (old)
		retire(old);
	return f;
}

void known_prepare(void)
{
	struct known_file *f, *expected = NULL;

	if (current || !(f = known_file_read()))
		return;
	if (!f->error && !f->absent)
		seen = true;
	if (!atomic_compare_exchange_strong(&current, &expected, f))
		known_file_free(f);
}

static void fill_in(struct tofu *t, const struct known_entry *entry)
{
	t->state = entry ? TOFU_KNOWN : TOFU_UNKNOWN;
	if (!entry)
		return;
	memcpy(t->key, entry->line.key, PIN_LEN);
	memcpy(t->since, entry->line.since, sizeof(t->since));
	t->line = entry->number;
}

void known_look_up(struct tofu *tofu, size_t n, char **error)
{
	const struct known_file *f;

	enter();
	f = look();
	for (size_t i = 0; i < n; i++) {
		tofu[i].state = TOFU_FAILED;
		if (f && !f->error)
			fill_in(&tofu[i], known_file_find(f, tofu[i].name));
	}
	if (f && f->error)
		*error = strdup(f->error);
	else if (!f && store_sandboxed())
		*error = strdup("the known keys were not read before a seccomp filter came");
	leave();
}

/* Whether what others have learned meanwhile leaves something to learn. */
static bool look_again(struct tofu *tofu, size_t n, const struct known_file *now,
		       const uint8_t key[PIN_LEN])
{
	bool left = false, other = false;

	for (size_t i = 0; i < n; i++) {
		if (!tofu[i].due)
			continue;
		fill_in(&tofu[i], known_file_find(now, tofu[i].name));
		left = left || tofu[i].state == TOFU_UNKNOWN;
		other = other || (tofu[i].state == TOFU_KNOWN && memcmp(tofu[i].key, key, PIN_LEN));
	}
	return left && !other;
}

static const char *program_name(void)
{
	const char *slash = strrchr(store_program(), '/');

	return slash ? slash + 1 : "";
}

static bool is_to_learn(const struct tofu *t)
{
	return t->due && t->state == TOFU_UNKNOWN;
}

/* Appends a line for each name that is to be learned, with one write. */
static int append(const struct known_edit *edit, struct tofu *tofu, size_t n,
		  const uint8_t key[PIN_LEN], char **error)
{
	struct known_entry entry = { { .program = program_name() }, edit->now->lines };
	char since[DATE_DAY_SIZE], *text;
	size_t len = 0, lines = 0;
	int rv = -1;

	for (size_t i = 0; i < n; i++)
		lines += is_to_learn(&tofu[i]);
	text = malloc(lines * (KNOWN_LINE_MOST + 1) + 1);
	if (!text || !date_format_day((int64_t)time(NULL), since))
		goto out;
	entry.line.since = since;
	memcpy(entry.line.key, key, PIN_LEN);
	for (size_t i = 0; i < n; i++) {
		entry.line.name = tofu[i].name;
		if (is_to_learn(&tofu[i]))
			len += known_line_write(&entry.line, text + len);
	}
	rv = known_file_append(edit, text, len, error);
	for (size_t i = 0; rv == 0 && i < n; i++) {
		if (!is_to_learn(&tofu[i]))
			continue;
		entry.number++;
		fill_in(&tofu[i], &entry);
		tofu[i].state = TOFU_LEARNED;
	}
out:
	free(text);
	return rv;
}

static int learn(struct tofu *tofu, size_t n, const uint8_t key[PIN_LEN], char **error)
{
	struct known_edit edit;
	int rv = 0;

	if (store_sandboxed())
		return text_error(
			error,
			"%s: a seccomp filter is in force, so nothing can be learned; run the "
			"program once without it",
			known_file_path());
	if (known_file_begin(&edit, error) < 0)
		return -1;
	if (edit.now->absent && seen)
		rv = text_error(error, GONE, known_file_path());
	else if (look_again(tofu, n, edit.now, key))
		rv = append(&edit, tofu, n, key, error);
	known_file_end(&edit);
	return rv;
}

void known_learn(struct tofu *tofu, size_t n, const uint8_t key[PIN_LEN], char **error)
{
	if (learn(tofu, n, key, error) == 0) {
		/* A seccomp filter may come before the next handshake, which then has to know. */
		enter();
		look();
		leave();
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (tofu[i].due)
			tofu[i].state = TOFU_FAILED;
}

/* Writes the file without the line NUMBER, which it has. */
static int replace_without(const struct known_edit *edit, unsigned number, char **error)
{
	const struct known_file *now = edit->now;
	const char *end = now->text + now->len;
	char *line = now->text, *next = line;

	while (number--) {
		line = next;
		next = (char *)memchr(line, '\n', (size_t)(end - line)) + 1;
	}
	memmove(line, next, (size_t)(end - next));
	return known_file_replace(edit, now->text, now->len - (size_t)(next - line), error);
}

int known_forget(const char *name, char **error)
{
	const struct known_entry *entry;
	struct known_file *before = known_file_read();
	struct known_edit edit;
	bool absent;
	int rv = 1;

	if (!before)
		return -1;
	absent = before->absent;
	known_file_free(before);
	/* No store is made in order to forget. */
	if (absent)
		return rv;
	if (known_file_begin(&edit, error) < 0)
		return -1;
	entry = known_file_find(edit.now, name);
	if (entry)
		rv = replace_without(&edit, entry->number, error);
	known_file_end(&edit);
	return rv;
}

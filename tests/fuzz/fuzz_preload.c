/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any text as an ld.so.preload, beside glibc's own way of reading
 * it (do_preload() and around it in elf/rtld.c, 2.36). Enabling adds our entry and
 * no other; disabling takes ours away and no other.
 */
#include "cmd/preload_text.h"
#include "fuzz.h"

#define OURS "/usr/lib/libpinshim.so"

/* The entries that the loader maps, each with a newline behind it; to be freed. */
static char *loaded(const char *text)
{
	size_t size = strlen(text), rest = size;
	char *file = strdup(text), *out = calloc(1, 2 * size + 2), *comment, *entry, *next;

	must(file && out);
	while (rest > 0 && (comment = memchr(file, '#', rest))) {
		rest -= (size_t)(comment - file);
		do
			*comment = ' ';
		while (--rest > 0 && *++comment != '\n');
	}
	next = file;
	while ((entry = strsep(&next, ": \t\n")))
		if (*entry)
			strcat(strcat(out, entry), "\n");
	free(file);
	return out;
}

static bool is_ours(const char *entry, size_t len)
{
	static const char file[] = "libpinshim.so";
	const size_t own = sizeof(file) - 1;

	return len >= own && !strncmp(entry + len - own, file, own) &&
	       (len == own || entry[len - own - 1] == '/');
}

/* Takes our entries out of LIST; returns how many there were. */
static unsigned take_ours(char *list)
{
	unsigned n = 0;
	char *to = list;

	for (size_t len; *list; list += len) {
		len = strcspn(list, "\n") + 1;
		if (is_ours(list, len - 1)) {
			n++;
			continue;
		}
		memmove(to, list, len);
		to += len;
	}
	*to = '\0';
	return n;
}

/* Whether the lines of PART stand in WHOLE, in their order. */
static bool is_part(const char *part, const char *whole)
{
	while (*part && *whole) {
		size_t len = strcspn(part, "\n") + 1;

		if (!strncmp(part, whole, len))
			part += len;
		whole += strcspn(whole, "\n") + 1;
	}
	return !*part;
}

static void check_entries(const char *text)
{
	struct preload_entries found;
	char *list = loaded(text), *at = list;

	must(preload_entries_find(text, &found) == 0);
	for (size_t i = 0; i < found.n; i++) {
		const struct preload_entry *e = &found.entries[i];

		must(e->at + e->len <= strlen(text) && e->len > 0);
		must(strcspn(at, "\n") == e->len && !strncmp(at, text + e->at, e->len));
		must(e->ours == is_ours(at, e->len));
		at += e->len + 1;
	}
	must(!*at);
	preload_entries_free(&found);
	free(list);
}

/* The entries that are nobody's comment, ours left out; as loaded(). */
static char *meant(const char *text)
{
	char *out = calloc(1, 2 * strlen(text) + 2);
	struct preload_entries found;

	must(out && preload_entries_find(text, &found) == 0);
	for (size_t i = 0; i < found.n; i++) {
		const struct preload_entry *e = &found.entries[i];

		if (!e->ours && !e->misread)
			strcat(strncat(out, text + e->at, e->len), "\n");
	}
	preload_entries_free(&found);
	return out;
}

static bool adds_nothing(const char *edited, const char *text)
{
	char *before = loaded(text), *after = loaded(edited);
	bool rv;

	take_ours(before);
	take_ours(after);
	rv = is_part(after, before);
	free(after);
	free(before);
	return rv;
}

/* EDITED must have N entries of ours and all others that TEXT means. */
static void check_edited(const char *text, const char *edited, unsigned n)
{
	char *must_stay = meant(text), *after;

	must(edited);
	after = loaded(edited);
	must(strstr(after, OURS "\n") == after || strstr(after, "\n" OURS "\n") || n == 0);
	must(take_ours(after) == n);
	must(is_part(must_stay, after));
	free(after);
	free(must_stay);
}

static bool has_hash_in_word(const char *text)
{
	for (const char *hash = text; (hash = strchr(hash, '#')); hash++)
		if (hash > text && !strchr("# \t\n:", hash[-1]))
			return true;
	return false;
}

/*
 * Whether enabling made WITH of BACK. Then what the loader overlooked before may
 * come back, comments that were entries included.
 */
static bool is_undone(const char *back, const char *with)
{
	size_t len = strlen(back), end;

	if (strncmp(with, back, len) != 0)
		return false;
	end = strcspn(with + len, "# \t\n:");
	return is_ours(with + len, end) && !strcmp(with + len + end, "\n");
}

static void check_edits(const char *text)
{
	char *with = preload_with(text, OURS), *without = preload_without(text), *back;

	check_edited(text, with, 1);
	check_edited(text, without, 0);
	must(adds_nothing(with, text));
	must(adds_nothing(without, text) || is_undone(without, text));
	back = preload_without(with);
	check_edited(with, back, 0);
	must(adds_nothing(back, with) || is_undone(back, with));
	free(back);
	free(without);
	free(with);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	check_entries(text);
	/* Of such a word the loader takes all, or what stands before its `#', whatever is done. */
	if (!has_hash_in_word(text))
		check_edits(text);
	free(text);
	return 0;
}

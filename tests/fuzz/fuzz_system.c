/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as a file of the system that the command reads: the
 * loader's index of libraries, what a process has mapped, the public suffixes, a
 * program's first bytes. The first byte says which.
 */
#include <elf.h>

#include "cmd/ldcache.h"
#include "cmd/processes.h"
#include "cmd/program.h"
#include "cmd/suffix.h"
#include "fuzz.h"

static void check_ldcache(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "libssl.so.3", "libc.so.6", "" };
	struct ldcache *c = ldcache_read(fuzz_file(data, size));
	const char *path;

	if (c)
		must(memmem(data, size, "glibc-ld.so.cache1.1", 20));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = 0;

		for (; (path = ldcache_find(c, names[i], n)); n++)
			must(memmem(data, size, path, strlen(path)) &&
			     memmem(data, size, names[i], strlen(names[i])));
		/* An entry has 24 bytes. */
		must(n <= size / 24);
	}
	ldcache_free(c);
}

static void check_maps(const uint8_t *data, size_t size)
{
	FILE *maps = fopen(fuzz_file(data, size), "re");
	const struct mapped_file *library;
	struct mapped_files m;

	must(maps && process_map_read(maps, &m) == 0);
	fclose(maps);
	for (size_t i = 0; i < m.n; i++) {
		must(m.files[i].path[0] == '/');
		for (size_t k = 0; k < i; k++)
			must(m.files[i].deleted != m.files[k].deleted ||
			     strcmp(m.files[i].path, m.files[k].path) != 0);
	}
	library = mapped_library(&m, "libssl.so");
	must(!library || (library->executable && strstr(library->path, "/libssl.so")));
	mapped_free(&m);
}

/* The first line is the name, the rest the list. A rule naively: labels from the end. */
static bool is_rule(const char *rule, size_t len, const char *name)
{
	while (len && strchr(" \t\r\n", rule[len - 1]))
		len--;
	return strlen(name) == len && !strncmp(rule, name, len);
}

static void check_suffixes(const char *text)
{
	size_t first = strcspn(text, "\n");
	const char *list = text + first + (text[first] != '\0');
	char name[NAME_SIZE], suffix[SUFFIX_SIZE], wide[SUFFIX_SIZE];
	FILE *file;
	bool one, all, itself = false, excepted = false;

	if (name_normalise(text, first, name, NULL) != NAME_HOST)
		return;
	file = fopen(fuzz_file((const uint8_t *)list, strlen(list)), "re");
	must(file);
	one = spans_owners_by(file, name, false, suffix);
	rewind(file);
	all = spans_owners_by(file, name, true, wide);
	fclose(file);
	must(one == (*suffix != '\0') && all == (*wide != '\0'));
	/* What `*.NAME' covers `**.NAME' covers too. */
	must(all || !one);
	for (const char *line = list; *line; line += strcspn(line, "\n"), line += *line != '\0') {
		size_t len = strcspn(line, " \t\r\n");

		itself = itself || is_rule(line, len, name);
		excepted = excepted || (*line == '!' && is_rule(line + 1, len - 1, name));
	}
	if (itself && !excepted)
		must(!strcmp(suffix, name) && !strcmp(wide, name));
	if (one) {
		size_t len = strlen(suffix), tail = strlen(name);

		must(len >= tail && !strcmp(suffix + len - tail, name));
		must(len == tail || (suffix[0] == '*' && len == tail + 2));
	}
	must(spans_owners_by(NULL, name, true, wide) == !strchr(name, '.'));
}

/* Which program a script leads to is an ELF file, or it is said why there is none. */
static void check_program(const uint8_t *data, size_t size)
{
	char path[PATH_MAX], why[2 * PATH_MAX] = "", magic[SELFMAG];
	FILE *file;

	strcpy(path, fuzz_file(data, size));
	if (program_follow(path, why, sizeof(why)) != 0) {
		must(*why && memchr(why, '\0', sizeof(why)) && memchr(path, '\0', PATH_MAX));
		return;
	}
	file = fopen(path, "re");
	must(file && fread(magic, 1, SELFMAG, file) == SELFMAG && !memcmp(magic, ELFMAG, SELFMAG));
	fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	switch (data[0] % 4) {
	case 0:
		check_ldcache(data + 1, size - 1);
		break;
	case 1:
		check_maps(data + 1, size - 1);
		break;
	case 2:
		text = fuzz_text(data + 1, size - 1);
		check_suffixes(text);
		free(text);
		break;
	case 3:
		check_program(data + 1, size - 1);
		break;
	}
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as the file of known keys. What is read whole is what
 * its lines say one by one; what is learned is found, and what is forgotten is
 * gone, while every other byte of the file stays.
 */
#include <errno.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "process/known.h"
#include "process/known_file.h"

static char folder[] = "/tmp/pinshim-fuzz.XXXXXX", path[64];

static void tidy_up(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	must(system(command) == 0);
}

static void init(void)
{
	must(mkdtemp(folder) && atexit(tidy_up) == 0);
	setenv("PINSHIM_STATE", folder, 1);
	snprintf(path, sizeof(path), "%s/known", folder);
}

static void put(const char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0 && write(fd, bytes, size) == (ssize_t)size && close(fd) == 0);
}

static char *get(size_t *size)
{
	FILE *file = fopen(path, "re");
	char *bytes = calloc(1, 1 << 20);

	must(file && bytes);
	*size = fread(bytes, 1, (1 << 20) - 1, file);
	fclose(file);
	return bytes;
}

/* Where the bytes behind the last newline are none of a line's, there are no others. */
static size_t whole(const char *bytes, size_t size)
{
	const char *newline = memrchr(bytes, '\n', size);

	return newline ? (size_t)(newline + 1 - bytes) : 0;
}

/* How many entries the lines are one by one; -1: one of them is none, or its name stands twice. */
static long count(const char *bytes, size_t size, const struct known_file *f)
{
	char why[KNOWN_WHY_SIZE];
	long n = 0;

	for (size_t len; size; bytes += len + 1, size -= len + 1) {
		const struct known_entry *found;
		struct known_line line;
		char *copy;

		len = (size_t)((const char *)memchr(bytes, '\n', size) - bytes);
		if (!len || *bytes == '#')
			continue;
		copy = fuzz_text((const uint8_t *)bytes, len);
		if (known_line_read(copy, len, &line, why) < 0) {
			free(copy);
			return -1;
		}
		n++;
		found = f->error ? NULL : known_file_find(f, line.name);
		if (!f->error)
			must(found && !strcmp(found->line.name, line.name) &&
			     !strcmp(found->line.since, line.since) &&
			     !memcmp(found->line.key, line.key, PIN_LEN));
		free(copy);
	}
	return n;
}

static void check_error(const char *error)
{
	const size_t len = strlen(path);

	must(error && !strncmp(error, path, len) && error[len] == ':' && strchr(error, ';') &&
	     !strchr(error, '\n'));
}

static void check_forget(const struct known_file *f, const char *name, const char *bytes,
			 size_t size)
{
	const struct known_entry *entry = known_file_find(f, name);
	const char *line = bytes, *next;
	char *error = NULL, *now;
	size_t len;

	for (unsigned i = 1; i < entry->number; i++)
		line = (const char *)memchr(line, '\n', size - (size_t)(line - bytes)) + 1;
	next = (const char *)memchr(line, '\n', size - (size_t)(line - bytes)) + 1;
	must(known_forget(name, &error) == 0 && !error);
	now = get(&len);
	must(len == size - (size_t)(next - line));
	must(!memcmp(now, bytes, (size_t)(line - bytes)));
	must(!memcmp(now + (line - bytes), next, size - (size_t)(next - bytes)));
	free(now);
	must(known_forget(name, &error) == 1 && !error);
}

/* Appended behind whole lines, with what stood there before. */
static void check_learn(const char *bytes, size_t size)
{
	const uint8_t key[PIN_LEN] = { 1, 2, 3 };
	struct tofu tofu = { .name = "learned.example", .state = TOFU_UNKNOWN, .due = true };
	struct known_file *f;
	char *error = NULL, *now;
	size_t len;

	known_learn(&tofu, 1, key, &error);
	f = known_file_read();
	must(f);
	now = get(&len);
	if (tofu.state == TOFU_FAILED) {
		must(error && len == size && !memcmp(now, bytes, size));
	} else {
		must(!error && !f->error && known_file_find(f, tofu.name));
		must(!memcmp(now, bytes, whole(bytes, size)));
	}
	if (tofu.state == TOFU_LEARNED)
		must(len > whole(bytes, size) &&
		     !memcmp(known_file_find(f, tofu.name)->line.key, key, PIN_LEN));
	free(now);
	free(error);
	known_file_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct known_file *f;
	char *bytes;
	long n;

	if (!*path)
		init();
	bytes = fuzz_text(data, size);
	put(bytes, size);
	f = known_file_read();
	must(f && !f->absent);
	n = count(bytes, whole(bytes, size), f);
	if (f->error) {
		check_error(f->error);
		/* Each line may be good, and some name stand twice, or too much behind them. */
		must(n < 0 || n > 1 || size - whole(bytes, size) > KNOWN_LINE_MOST);
	} else {
		must(n == (long)f->n && f->len == whole(bytes, size));
		for (size_t i = 1; i < f->n; i++)
			must(strcmp(f->entries[i - 1].line.name, f->entries[i].line.name) < 0);
	}
	check_learn(bytes, size);
	if (!f->error && f->n) {
		put(bytes, whole(bytes, size));
		check_forget(f, f->entries[size % f->n].line.name, bytes, whole(bytes, size));
	}
	known_file_free(f);
	free(bytes);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * The format that glibc has written since 2.2: a header, entries, and strings,
 * whose offsets count from the header. It may follow the older format, which
 * then fills the beginning of the file.
 */
#include "cmd/ldcache.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "glibc-ld.so.cache1.1"

struct header {
	char magic[sizeof(MAGIC) - 1];
	uint32_t n_entries, strings_size;
	uint32_t rest[5];
};

struct entry {
	int32_t flags;
	uint32_t name, path;
	uint32_t os_version;
	uint64_t hardware;
};

struct ldcache {
	char *file; /* from the header on */
	size_t size;
	const struct entry *entries;
	size_t n;
};

static int read_file(struct ldcache *c, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rv = -1;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		c->size = (size_t)st.st_size;
		c->file = malloc(c->size + 1);
		if (c->file && read(fd, c->file, c->size) == (ssize_t)c->size) {
			c->file[c->size] = '\0'; /* so that every string has an end */
			rv = 0;
		}
	}
	if (fd >= 0)
		close(fd);
	return rv;
}

static int read_header(struct ldcache *c)
{
	char *start = memmem(c->file, c->size, MAGIC, sizeof(MAGIC) - 1);
	struct header header;

	if (!start)
		return -1;
	c->size -= (size_t)(start - c->file);
	if (c->size < sizeof(header))
		return -1;
	/* Behind the older format it may stand where entries are not aligned. */
	memmove(c->file, start, c->size + 1);
	memcpy(&header, c->file, sizeof(header));
	c->entries = (const void *)(c->file + sizeof(header));
	c->n = header.n_entries;
	return c->n <= (c->size - sizeof(header)) / sizeof(*c->entries) ? 0 : -1;
}

struct ldcache *ldcache_read(const char *path)
{
	struct ldcache *c = calloc(1, sizeof(*c));

	if (c && read_file(c, path) == 0 && read_header(c) == 0)
		return c;
	ldcache_free(c);
	return NULL;
}

void ldcache_free(struct ldcache *c)
{
	if (c)
		free(c->file);
	free(c);
}

const char *ldcache_find(const struct ldcache *c, const char *name, size_t i)
{
	for (size_t k = 0; c && k < c->n; k++) {
		const struct entry *e = &c->entries[k];

		if (e->name < c->size && e->path < c->size && !strcmp(c->file + e->name, name) &&
		    i-- == 0)
			return c->file + e->path;
	}
	return NULL;
}

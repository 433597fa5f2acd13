/* SPDX-License-Identifier: MIT */
/*
 * What all fuzz targets share. A target takes any bytes and ends the program
 * with must() when something is not as it has to be; that is a finding.
 */
#ifndef PINSHIM_TEST_FUZZ_H
#define PINSHIM_TEST_FUZZ_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition)                                                                          \
	do {                                                                                     \
		if (!(condition)) {                                                              \
			dprintf(STDERR_FILENO, "%s:%d: ERROR: not so: %s\n", __FILE__, __LINE__, \
				#condition);                                                     \
			abort();                                                                 \
		}                                                                                \
	} while (0)

/* The bytes with a NUL behind them, from malloc(3), so that a read past that is noticed. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* A file with these bytes, as its path. It is the same file each time. */
static inline const char *fuzz_file(const uint8_t *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	must(fd >= 0 && ftruncate(fd, 0) == 0);
	must(pwrite(fd, data, size, 0) == (ssize_t)size);
	return path;
}

/* Takes what is written to STREAM, stdout or stderr, from here on. */
struct fuzz_said {
	FILE **stream, *was;
	char *text;
	size_t len;
};

static inline void fuzz_listen(struct fuzz_said *said, FILE **stream)
{
	*said = (struct fuzz_said){ .stream = stream, .was = *stream };
	*stream = open_memstream(&said->text, &said->len);
	must(*stream);
}

/* Gives STREAM back. SAID->text, which is to be freed, is all that was written. */
static inline void fuzz_listened(struct fuzz_said *said)
{
	must(fclose(*said->stream) == 0);
	*said->stream = said->was;
}

/* Lines of the command's complaints: each says who speaks, and holds nothing for a terminal. */
static inline void fuzz_must_complain(const struct fuzz_said *said)
{
	const char *line = said->text;

	must(said->len > 0 && said->text[said->len - 1] == '\n');
	must(strlen(said->text) == said->len);
	for (const char *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		must(!strncmp(line, "pinshim: ", 9));
		for (const char *c = line; c < end; c++)
			must((unsigned char)*c >= ' ' && *c != 0x7f);
	}
}

/* Says where, and what to write instead, in one line that no terminal obeys. */
static inline void fuzz_must_explain(const char *error, const char *where)
{
	must(!strncmp(error, where, strlen(where)) && strchr(error, ';'));
	for (const char *c = error; *c; c++)
		must((unsigned char)*c >= ' ' && *c != 0x7f);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Reads a policy's files with inih, strictly. inih, as Debian builds it, cuts
 * section names at 49 and lines at 199 bytes, takes ':' for '=', joins indented
 * lines and goes on after an error: the reader that feeds it lets none of that
 * show. It passes on every line that inih can read as it stands, and never one
 * that inih would read otherwise than it is written.
 */
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pure/policy_keys.h"

#define LINE_MAX_LEN 4095

struct reader {
	struct keys *keys;
	struct piece rest;  /* of the file */
	struct piece value; /* of a line too long for inih; `at' is NULL for others */
	bool in_section;
	bool started;
	bool failed;
};

/* TEXT up to a tail comment, as inih cuts it: at a ';' behind white space. */
static struct piece without_comment(struct piece text)
{
	for (size_t i = 1; i < text.len; i++) {
		if (text.at[i] == ';' && piece_is_space(text.at[i - 1]))
			text.len = i;
	}
	return piece_strip(text);
}

static struct piece whole_file(const struct policy_text *file)
{
	return lines_of(file->bytes, file->len);
}

static bool is_section(struct piece line)
{
	return line.len > 0 && line.at[0] == '[';
}

static bool is_comment(struct piece line)
{
	return line.len > 0 && (line.at[0] == ';' || line.at[0] == '#');
}

static int error_line(struct keys *k, struct piece line, const char *why)
{
	char quoted[QUOTE_SIZE];

	return keys_error(k, k->here, "%s %s", keys_quote(line, quoted), why);
}

static int check_line(struct keys *k, struct piece line)
{
	if (line.len > LINE_MAX_LEN)
		return keys_error(k, k->here, "the line is %zu bytes long; write at most %d",
				  line.len, LINE_MAX_LEN);
	if (memchr(line.at, '\0', line.len))
		return keys_error(k, k->here, "the line holds a NUL byte; write text alone");
	if (memchr(line.at, '\r', line.len))
		return keys_error(k, k->here,
				  "the line holds a carriage return; end lines with LF or CRLF");
	return 0;
}

static int read_section(struct reader *r, struct piece line)
{
	const char *close = memchr(line.at, ']', line.len);
	struct piece name, tail;

	if (!close)
		return error_line(r->keys, line, "has no ']'; write [NAME]");
	name = (struct piece){ line.at + 1, (size_t)(close - line.at) - 1 };
	tail = without_comment(piece_behind(line, name.len + 2));
	if (r->in_section && keys_section_end(r->keys) < 0)
		return -1;
	if (keys_section(r->keys, name) < 0)
		return -1;
	if (tail.len > 0)
		return error_line(
			r->keys, line,
			"has text behind its ']'; write [NAME], or ' ;' before a comment");
	r->in_section = true;
	return 0;
}

/* Inih would take a ':' for the '='. */
static int check_colon(struct keys *k, struct piece line)
{
	const char *colon = memchr(line.at, ':', line.len);

	if (!colon || memchr(line.at, '=', (size_t)(colon - line.at)))
		return 0;
	return error_line(k, line, "has a ':' before any '='; write KEY = VALUE");
}

/*
 * Writes LINE to OUT, of SIZE bytes. When it does not fit, its key alone is
 * written and the value waits in the reader. What has no key that fits is cut: it
 * is a comment, or inih will miss the '='.
 */
static void put_line(struct reader *r, struct piece line, char *out, size_t size)
{
	const char *equals = line.len < size ? NULL : memchr(line.at, '=', size - 2);
	size_t len = line.len < size ? line.len : size - 1;

	if (equals) {
		len = (size_t)(equals - line.at) + 1;
		r->value = without_comment(piece_behind(line, len));
	}
	memcpy(out, line.at, len);
	out[len] = '\0';
}

static int read_line(struct reader *r, char *out, size_t size)
{
	struct piece line = lines_take(&r->rest);

	r->keys->here.line++;
	r->value.at = NULL;
	if (check_line(r->keys, line) < 0)
		return -1;
	line = piece_strip(line);
	if (is_section(line)) {
		strcpy(out, "[a section]"); /* its name may not fit */
		return read_section(r, line);
	}
	if (!is_comment(line) && check_colon(r->keys, line) < 0)
		return -1;
	put_line(r, line, out, size);
	return 0;
}

/*
 * inih's reader. The first line, a blank one, is not the file's: it keeps inih
 * from skipping a second byte order mark.
 */
static char *feed(char *out, int size, void *stream)
{
	struct reader *r = stream;

	if (!r->started) {
		r->started = true;
		return strcpy(out, "");
	}
	if (r->failed || r->rest.len == 0)
		return NULL;
	r->failed = read_line(r, out, (size_t)size) < 0;
	return r->failed ? NULL : out;
}

/* inih's handler; it wants 0 for an error. */
static int on_pair(void *user, const char *section, const char *name, const char *value)
{
	struct reader *r = user;
	struct piece text = r->value.at ? r->value : (struct piece){ value, strlen(value) };

	r->failed = keys_pair(r->keys, section[0] != '\0', (struct piece){ name, strlen(name) },
			      text) < 0;
	return !r->failed;
}

static int error_stray(struct keys *k, const struct policy_text *file, uint32_t number)
{
	struct piece rest = whole_file(file);
	struct piece line = { NULL, 0 };

	k->here.line = number;
	while (number-- > 0)
		line = lines_take(&rest);
	return error_line(k, piece_strip(line),
			  "is not a KEY = VALUE, [NAME] or comment line; write one of these");
}

static int read_file(struct keys *k, const struct policy_text *file)
{
	struct reader r = { .keys = k, .rest = whole_file(file) };
	int first_bad;

	if (keys_file(k, file->path) < 0)
		return -1;
	first_bad = ini_parse_stream(feed, &r, on_pair, &r);
	if (first_bad < 0)
		return keys_no_memory(k);
	/* Inih goes on after a line that it cannot read. Was one before that which stopped us? */
	if (first_bad > 1 && (!r.failed || (uint32_t)first_bad - 1 < k->here.line))
		return error_stray(k, file, (uint32_t)first_bad - 1);
	if (r.failed)
		return -1;
	return r.in_section ? keys_section_end(k) : 0;
}

static size_t count_sections(const struct policy_text *file)
{
	struct piece rest = whole_file(file);
	size_t n = 0;

	while (rest.len > 0)
		n += is_section(piece_strip(lines_take(&rest)));
	return n;
}

/* Counts what all files hold. Returns 0, or -1 when it cannot become one block. */
static int measure(const struct policy_text *files, size_t n, const char *path, size_t *sections)
{
	size_t text = strlen(path) + 1;

	*sections = 0;
	for (size_t i = 0; i < n; i++) {
		text += strlen(files[i].path) + 1 + files[i].len;
		if (!build_fits(0, text))
			return -1;
	}
	for (size_t i = 0; i < n; i++)
		*sections += count_sections(&files[i]);
	return build_fits(*sections, text) ? 0 : -1;
}

static struct policy *read_files(struct keys *k, const struct policy_text *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (read_file(k, &files[i]) < 0)
			return NULL;
	}
	return keys_end(k);
}

struct policy *policy_parse(const struct policy_text *files, size_t n, const char *path, bool host,
			    char error[POLICY_ERROR_SIZE])
{
	struct policy *p = NULL;
	struct keys k;
	size_t sections;

	if (measure(files, n, path, &sections) < 0) {
		snprintf(error, POLICY_ERROR_SIZE, "%s:1: the policy is too large; write less",
			 path);
		return NULL;
	}
	if (keys_init(&k, path, host, sections, error) == 0)
		p = read_files(&k, files, n);
	keys_free(&k);
	return p;
}

/* SPDX-License-Identifier: MIT */
/*
 * Reads a policy's files with inih, strictly. inih, as Debian builds it, cuts
 * section names at 49 and lines at 199 bytes, takes ':' for '=', joins indented
 * lines and goes on after an error: the reader that feeds it lets none of that
 * show. It passes on a line up to its '=' and keeps the value, which inih would
 * cut or go over byte by byte, and passes on nothing that inih would read otherwise
 * than it is written.
 */
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pure/policy_keys.h"

#define LINE_MAX_LEN   4095
#define PROGRESS_LINES 65536 /* a report at so many of a file's */

/* How far the reading of all files is. */
struct progress {
	void (*report)(size_t done, size_t total); /* or NULL */
	size_t before, total;			   /* bytes: of the files before, of all */
};

struct reader {
	struct keys *keys;
	const struct progress *progress;
	size_t len;	    /* of the file */
	struct piece rest;  /* of it */
	struct piece value; /* of the line that inih was given last */
	bool in_section;
	bool started;
	bool failed;
};

/* TEXT up to a tail comment, as inih cuts it: at a ';' behind white space. */
static struct piece without_comment(struct piece text)
{
	const char *end = text.at + text.len, *mark = text.at;

	while ((mark = memchr(mark, ';', (size_t)(end - mark)))) {
		if (mark > text.at && piece_is_space(mark[-1])) {
			text.len = (size_t)(mark - text.at);
			break;
		}
		mark++;
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

/*
 * Writes LINE, a comment or a pair, to OUT, of SIZE bytes: up to its '=' where it
 * has one there, and its value waits in the reader. What has none is cut: it is a
 * comment, or inih will miss the '='.
 */
static int read_pair(struct reader *r, struct piece line, char *out, size_t size)
{
	const char *equals = memchr(line.at, '=', line.len);
	struct piece key = { line.at, equals ? (size_t)(equals - line.at) : line.len };

	/* Inih would take it for the '='. */
	if (!is_comment(line) && memchr(key.at, ':', key.len))
		return error_line(r->keys, line, "has a ':' before any '='; write KEY = VALUE");
	if (equals && key.len + 2 <= size) {
		r->value = without_comment(piece_behind(line, key.len + 1));
		key.len++;
	} else if (key.len >= size) {
		key.len = size - 1;
	}
	memcpy(out, key.at, key.len);
	out[key.len] = '\0';
	return 0;
}

static void report(const struct reader *r)
{
	const struct progress *p = r->progress;

	if (p->report)
		p->report(p->before + r->len - r->rest.len, p->total);
}

static int read_line(struct reader *r, char *out, size_t size)
{
	struct piece line = lines_take(&r->rest);

	if (++r->keys->here.line % PROGRESS_LINES == 0)
		report(r);
	if (check_line(r->keys, line) < 0)
		return -1;
	line = piece_strip(line);
	if (is_section(line)) {
		strcpy(out, "[x]"); /* its name may not fit */
		return read_section(r, line);
	}
	return read_pair(r, line, out, size);
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

	(void)value; /* nothing: we have it */
	r->failed = keys_pair(r->keys, section[0] != '\0', (struct piece){ name, strlen(name) },
			      r->value) < 0;
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

static int read_file(struct keys *k, const struct policy_text *file,
		     const struct progress *progress)
{
	struct reader r = {
		.keys = k, .progress = progress, .len = file->len, .rest = whole_file(file)
	};
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
	const struct piece whole = whole_file(file);
	const char *at = whole.at, *end = at + whole.len;
	size_t n = 0;

	while (at && at < end) {
		while (at < end && piece_is_space(*at))
			at++;
		n += at < end && *at == '[';
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	return n;
}

/* What all files hold. */
struct measure {
	size_t sections, text, bytes; /* with and without their names */
};

/* Returns 0, or -1 when it cannot become one block. */
static int measure(const struct policy_text *files, size_t n, const char *path, struct measure *m)
{
	*m = (struct measure){ .text = strlen(path) + 1 };
	for (size_t i = 0; i < n; i++) {
		m->text += strlen(files[i].path) + 1 + files[i].len;
		m->bytes += files[i].len;
		if (!build_fits(0, m->text))
			return -1;
	}
	for (size_t i = 0; i < n; i++)
		m->sections += count_sections(&files[i]);
	return build_fits(m->sections, m->text) ? 0 : -1;
}

static struct policy *read_files(struct keys *k, const struct policy_text *files, size_t n,
				 struct progress *progress)
{
	for (size_t i = 0; i < n; i++) {
		if (read_file(k, &files[i], progress) < 0)
			return NULL;
		progress->before += files[i].len;
	}
	return keys_end(k);
}

struct policy *policy_parse_by(const struct policy_maker *maker, const struct policy_text *files,
			       size_t n, const char *path, bool host, char error[POLICY_ERROR_SIZE])
{
	struct policy *p = NULL;
	struct progress progress;
	struct measure m;
	struct keys k;

	if (measure(files, n, path, &m) < 0) {
		snprintf(error, POLICY_ERROR_SIZE, "%s:1: the policy is too large; write less",
			 path);
		return NULL;
	}
	progress = (struct progress){ .report = maker ? maker->progress : NULL, .total = m.bytes };
	if (keys_init(&k, maker, path, host, m.sections, m.bytes, error) == 0)
		p = read_files(&k, files, n, &progress);
	keys_free(&k);
	return p;
}

struct policy *policy_parse(const struct policy_text *files, size_t n, const char *path, bool host,
			    char error[POLICY_ERROR_SIZE])
{
	return policy_parse_by(NULL, files, n, path, host, error);
}

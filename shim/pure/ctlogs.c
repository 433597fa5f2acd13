/* SPDX-License-Identifier: MIT */
/*
 * Checks a list of logs in the plain part of OpenSSL's conf format (config(5)):
 * [NAME], KEY = VALUE, #-comments. All that has a meaning of its own there, such
 * as $variables, .include, NAME::KEY and joined lines, is an error, so that OpenSSL
 * cannot read anything but what is written.
 */
#include "pure/ctlogs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pure/base64.h"
#include "pure/policy_keys.h"

/* Ten times as many as there are. They are compared with each other. */
#define LOGS_MOST 1000

struct log {
	struct piece name, key;
	unsigned line; /* of the section */
	unsigned key_line, description_line;
	bool enabled;
};

struct list {
	const char *path;
	char *error;
	unsigned line;
	struct piece enabled; /* the value of enabled_logs */
	unsigned enabled_line;
	struct log *logs;
	size_t n;
};

__attribute__((format(printf, 3, 4))) static int fail(struct list *l, unsigned line,
						      const char *format, ...)
{
	int n = snprintf(l->error, POLICY_ERROR_SIZE, "%s:%u: ", l->path, line);
	va_list args;

	va_start(args, format);
	if (n < POLICY_ERROR_SIZE)
		vsnprintf(l->error + n, (size_t)(POLICY_ERROR_SIZE - n), format, args);
	va_end(args);
	return -1;
}

static int fail_at(struct list *l, unsigned line, struct piece text, const char *why)
{
	char quoted[QUOTE_SIZE];

	return fail(l, line, "%s %s", keys_quote(text, quoted), why);
}

static bool same(struct piece a, struct piece b)
{
	return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static struct log *find(struct list *l, struct piece name)
{
	for (size_t i = 0; i < l->n; i++)
		if (same(l->logs[i].name, name))
			return &l->logs[i];
	return NULL;
}

/* Letters, digits, '-' and '_': what means itself wherever it stands. */
static bool is_plain(struct piece text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_')
			return false;
	}
	return text.len > 0;
}

static struct piece without_comment(struct piece text)
{
	const char *comment = memchr(text.at, '#', text.len);

	if (comment)
		text.len = (size_t)(comment - text.at);
	return piece_strip(text);
}

/* A backslash at its end would join even a comment with the next line. */
static int check_bytes(struct list *l, struct piece line)
{
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.at[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return fail_at(l, l->line, line, "holds a control character; write text");
		if (c == '\\' || (c == '$' && line.at[0] != '#'))
			return fail_at(l, l->line, line,
				       "holds a '\\' or '$', which would mean something else; "
				       "write it without");
	}
	return 0;
}

static int read_section(struct list *l, struct piece line)
{
	const char *close = memchr(line.at, ']', line.len);
	struct piece name = { line.at + 1, close ? (size_t)(close - line.at) - 1 : 0 };
	struct log *twin;

	if (!close || without_comment(piece_behind(line, name.len + 2)).len > 0)
		return fail_at(l, l->line, line, "is not [NAME]; write the name of a log");
	name = piece_strip(name);
	/* In the environment, and above the first section: what these two mean. */
	if (!is_plain(name) || piece_is(name, "ENV") || piece_is(name, "default"))
		return fail_at(l, l->line, name,
			       "is no name for a log; write other letters, digits, '-' and '_'");
	twin = find(l, name);
	if (twin)
		return fail(l, l->line, "[%.*s] stands twice, first in line %u; remove one",
			    (int)name.len, name.at, twin->line);
	if (l->n == LOGS_MOST)
		return fail(l, l->line, "there are more than %d logs; write fewer", LOGS_MOST);
	l->logs[l->n++] = (struct log){ .name = name, .line = l->line };
	return 0;
}

/* Whether TEXT is the base64 of one DER SEQUENCE, as a SubjectPublicKeyInfo is. */
static bool is_key(struct piece text)
{
	uint8_t head[4];
	long len = base64_decode(text.at, text.len, head, sizeof(head));

	if (len < (long)sizeof(head) || head[0] != 0x30)
		return false;
	if (head[1] < 0x80)
		return len == 2 + head[1];
	if (head[1] == 0x81)
		return len == 3 + head[2];
	return head[1] == 0x82 && len == 4 + head[2] * 256 + head[3];
}

/* Notes that KEY stands in this line, once. */
static int note(struct list *l, struct piece key, unsigned *line)
{
	if (*line)
		return fail(l, l->line, "'%.*s' stands twice, first in line %u; remove one",
			    (int)key.len, key.at, *line);
	*line = l->line;
	return 0;
}

static int read_pair(struct list *l, struct piece line)
{
	const char *equals = memchr(line.at, '=', line.len);
	struct piece key = { line.at, equals ? (size_t)(equals - line.at) : 0 };
	struct log *log = l->n ? &l->logs[l->n - 1] : NULL;
	struct piece value;

	key = piece_strip(key);
	if (!is_plain(key))
		return fail_at(
			l, l->line, line,
			"is not a KEY = VALUE, [NAME] or #-comment line; write one of these");
	value = without_comment(piece_behind(line, (size_t)(equals - line.at) + 1));
	if (!log && piece_is(key, "enabled_logs")) {
		l->enabled = value;
		return note(l, key, &l->enabled_line);
	}
	if (log && piece_is(key, "description"))
		return note(l, key, &log->description_line);
	if (!log || !piece_is(key, "key"))
		return 0; /* no business of OpenSSL's either */
	if (!is_key(value))
		return fail_at(
			l, l->line, value,
			"is no key; write the base64 of the log's public key, DER, in one line");
	log->key = value;
	return note(l, key, &log->key_line);
}

static int read_lines(struct list *l, const struct policy_text *list)
{
	struct piece rest = lines_of(list->bytes, list->len);

	while (rest.len > 0) {
		struct piece line = piece_strip(lines_take(&rest));
		int rv = 0;

		l->line++;
		if (check_bytes(l, line) < 0)
			return -1;
		if (line.len > 0 && line.at[0] == '[')
			rv = read_section(l, line);
		else if (line.len > 0 && line.at[0] != '#')
			rv = read_pair(l, line);
		if (rv < 0)
			return -1;
	}
	return 0;
}

static int enable(struct list *l, struct piece name)
{
	struct log *log = find(l, name);

	if (!log)
		return fail_at(l, l->enabled_line, name,
			       "is enabled and has no section; write one, or remove it");
	if (log->enabled)
		return fail_at(l, l->enabled_line, name, "is enabled twice; remove one");
	if (!log->key_line || !log->description_line)
		return fail(l, log->line, "[%.*s] has no '%s'; write it", (int)name.len, name.at,
			    log->key_line ? "description" : "key");
	for (size_t i = 0; i < l->n; i++)
		if (l->logs[i].enabled && same(l->logs[i].key, log->key))
			return fail(l, log->key_line,
				    "[%.*s] has the key of [%.*s]; write another, or remove it",
				    (int)name.len, name.at, (int)l->logs[i].name.len,
				    l->logs[i].name.at);
	log->enabled = true;
	return 0;
}

/* Goes through the names in enabled_logs. Returns how many, or 0. */
static size_t enable_all(struct list *l)
{
	struct piece rest = l->enabled;
	size_t n = 0;

	if (rest.len == 0) {
		fail(l, l->enabled_line ? l->enabled_line : 1,
		     "enables no log; write 'enabled_logs = NAME, NAME' above the first section");
		return 0;
	}
	for (bool last = false; !last; n++) {
		const char *comma = memchr(rest.at, ',', rest.len);
		struct piece name = { rest.at, comma ? (size_t)(comma - rest.at) : rest.len };

		last = !comma;
		if (enable(l, piece_strip(name)) < 0)
			return 0;
		rest = piece_behind(rest, name.len + (last ? 0 : 1));
	}
	return n;
}

size_t ctlogs_count(const struct policy_text *list, char error[POLICY_ERROR_SIZE])
{
	struct list l = { .path = list->path, .error = error };
	size_t n = 0;

	l.logs = malloc(LOGS_MOST * sizeof(*l.logs));
	if (!l.logs)
		strcpy(error, "out of memory while the policy was read");
	else if (read_lines(&l, list) == 0)
		n = enable_all(&l);
	free(l.logs);
	return n;
}

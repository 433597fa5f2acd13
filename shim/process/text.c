/* SPDX-License-Identifier: MIT */
/*
 * A text that grows, for messages and JSON lines. Knows nothing of what is
 * written with it.
 */
#include "process/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct text *t, size_t more)
{
	size_t size = t->size ? t->size : 1024;
	char *bytes;

	while (size - t->len <= more)
		size *= 2;
	if (size == t->size)
		return;
	bytes = realloc(t->bytes, size);
	if (!bytes) {
		t->failed = true;
		return;
	}
	t->bytes = bytes;
	t->size = size;
}

void text_add(struct text *t, const char *format, ...)
{
	va_list args, again;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	if (n < 0)
		t->failed = true;
	else if (!t->failed)
		reserve(t, (size_t)n);
	if (!t->failed)
		t->len += (size_t)vsnprintf(t->bytes + t->len, t->size - t->len, format, again);
	va_end(again);
	va_end(args);
}

/* The length of the UTF-8 sequence (RFC 3629) at S, or 0 when there is none. */
static size_t utf8_length(const unsigned char *s)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 0;
	unsigned code;

	if (len < 2)
		return len;
	code = s[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3fU);
	}
	if (s[0] > 0xf4 || code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return len;
}

void text_add_json(struct text *t, const char *s)
{
	if (!s) {
		text_add(t, "null");
		return;
	}
	text_add(t, "\"");
	while (*s) {
		size_t len = utf8_length((const unsigned char *)s);

		if (len == 0)
			text_add(t, "\\ufffd");
		else if (*s == '"' || *s == '\\')
			text_add(t, "\\%c", *s);
		else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			text_add(t, "\\u%04x", (unsigned)*s);
		else
			text_add(t, "%.*s", (int)len, s);
		s += len ? len : 1;
	}
	text_add(t, "\"");
}

bool text_ok(const struct text *t)
{
	return !t->failed && t->bytes;
}

int text_error(char **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!*error && vasprintf(error, format, args) < 0)
		*error = NULL;
	va_end(args);
	return -1;
}

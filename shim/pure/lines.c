/* SPDX-License-Identifier: MIT */
/*
 * Cuts texts into lines and trims them. It changes no byte and judges none.
 */
#include "pure/lines.h"

#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

bool piece_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct piece piece_strip(struct piece text)
{
	for (; text.len > 0 && piece_is_space(text.at[0]); text.len--)
		text.at++;
	while (text.len > 0 && piece_is_space(text.at[text.len - 1]))
		text.len--;
	return text;
}

struct piece piece_behind(struct piece text, size_t n)
{
	return (struct piece){ text.at + n, text.len - n };
}

bool piece_is(struct piece text, const char *word)
{
	return strlen(word) == text.len && memcmp(word, text.at, text.len) == 0;
}

struct piece lines_of(const char *bytes, size_t len)
{
	const size_t mark = sizeof(BYTE_ORDER_MARK) - 1;
	struct piece text = { bytes, len };

	if (text.len >= mark && memcmp(text.at, BYTE_ORDER_MARK, mark) == 0)
		text = piece_behind(text, mark);
	return text;
}

struct piece lines_take(struct piece *rest)
{
	const char *feed = memchr(rest->at, '\n', rest->len);
	struct piece line = { rest->at, feed ? (size_t)(feed - rest->at) : rest->len };

	*rest = piece_behind(*rest, line.len + (feed ? 1 : 0));
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

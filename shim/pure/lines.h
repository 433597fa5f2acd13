/* SPDX-License-Identifier: MIT */
/*
 * A text file as its lines, for everything that is read line by line: LF or CRLF
 * ends one, the last may lack it, a UTF-8 byte order mark is passed over. Inside
 * the room only. What a line means is not known here. Pure.
 */
#ifndef PINSHIM_LINES_H
#define PINSHIM_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Some bytes of a file. */
struct piece {
	const char *at;
	size_t len;
};

/* The whole of a file, without a byte order mark. */
struct piece lines_of(const char *bytes, size_t len);

/* Takes the next line, without what ends it, off REST, which is not empty. */
struct piece lines_take(struct piece *rest);

/* The white space of the C locale but the line feed, which no line holds. */
bool piece_is_space(char c);

/* TEXT without white space at its ends, and without its first N bytes. */
struct piece piece_strip(struct piece text);
struct piece piece_behind(struct piece text, size_t n);

bool piece_is(struct piece text, const char *word);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A text that grows, for messages and JSON lines. After a failed allocation it
 * swallows what follows and text_ok() says so: callers check once, at the end.
 */
#ifndef PINSHIM_TEXT_H
#define PINSHIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *bytes; /* NUL-terminated once anything was added; free(3) it */
	size_t len, size;
	bool failed;
};

__attribute__((format(printf, 2, 3))) void text_add(struct text *t, const char *format, ...);

/* S as a JSON string (RFC 8259 section 7), or null for NULL. Bytes that are not UTF-8 become
 * U+FFFD. */
void text_add_json(struct text *t, const char *s);

bool text_ok(const struct text *t);

/*
 * Makes the message *ERROR, from malloc(3), unless there is one already. Returns
 * -1. Without memory *ERROR stays NULL.
 */
__attribute__((format(printf, 2, 3))) int text_error(char **error, const char *format, ...);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The objects that the dynamic loader maps together with a program, found as
 * ld.so(8) finds them; LD_LIBRARY_PATH, which belongs to a single run, is left
 * out. Each file is read once, however many programs need it.
 */
#ifndef PINSHIM_CMD_CLOSURE_H
#define PINSHIM_CMD_CLOSURE_H

#include <stddef.h>

#include "cmd/object.h"

/* All objects that were read so far. They live as long as it does. */
struct shelf;

struct shelf *shelf_new(void); /* NULL when memory is short */
void shelf_free(struct shelf *s);

/* The object PATH; NULL when memory is short. */
struct object *shelf_get(struct shelf *s, const char *path);

struct loaded {
	struct object *object;
	size_t by; /* which item of the closure needs it */
};

/* The first item is what was asked for, and needed by itself. */
struct closure {
	struct loaded *items;
	size_t n;
};

/* Both return 0, or -1 when memory is short. closure_free() in either case. */
int closure_of(struct shelf *s, struct object *program, struct closure *out);
int closure_add(struct closure *c, struct object *object, size_t by); /* without what it needs */
void closure_free(struct closure *c);

#endif

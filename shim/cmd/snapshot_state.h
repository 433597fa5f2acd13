/* SPDX-License-Identifier: MIT */
/*
 * How the snapshot of a policy stands beside the policy's text, in words that the
 * verbs share. It is looked at by the library's own code, and never written.
 */
#ifndef PINSHIM_CMD_SNAPSHOT_STATE_H
#define PINSHIM_CMD_SNAPSHOT_STATE_H

#include <stdbool.h>

#include "process/source.h"

enum snapshot_standing {
	STANDING_UNUSABLE = 0,
	STANDING_ABSENT,
	STANDING_STALE,
	STANDING_PENDING, /* another process is about to complete it */
	STANDING_CURRENT,
};

struct snapshot_state {
	enum snapshot_standing standing;
	char *path; /* of the snapshot */
	char *text; /* "of DATE, 3 sections"; what is wrong and what to do; or NULL */
	struct snapshot_map map;
};

/*
 * Looks for the snapshot of the policy PATH, an absolute path as source_list() has
 * it, or the host's. 0, or -1 when memory ran out. snapshot_state_free() in either
 * case.
 */
int snapshot_state_find(const char *path, bool host, struct snapshot_state *out);
void snapshot_state_free(struct snapshot_state *s);

/* "absent", "stale" and so on. */
const char *snapshot_state_word(enum snapshot_standing standing);

/* Whether the snapshot MAP holds what S, which was read from the texts, holds. */
bool snapshot_state_agrees(const struct snapshot_map *map, const struct source *s);

/* Whether MAP was made of the very content that S, with its texts kept, was. */
bool snapshot_state_same_texts(const struct snapshot_map *map, const struct source *s);

/*
 * Makes sure that processes which load the policy PATH use its snapshot. 0, or -1
 * after a complaint.
 */
int snapshot_state_confirm(const char *path, bool host);

/* Complains when S was read from its texts because its snapshot is not usable. */
void snapshot_state_complain(const struct source *s);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the parts of a source's loading have of one another: its files
 * (source_files.c), its policy (source_parse.c), its snapshot (source_snapshot.c).
 * For source*.c alone.
 */
#ifndef PINSHIM_SOURCE_PARTS_H
#define PINSHIM_SOURCE_PARTS_H

#include "process/source.h"

/* Return 0, or -1 with an error in S; without one, memory ran out. */

/* Collects and reads the files of the policy: `files', and their stamps. */
int source_collect(struct source *s);

/* Reads PATH beside them. WHAT begins the message: the path itself, or the place that names it. */
int source_add_file(struct source *s, const char *path, const char *what);

/* Makes `policy' of them, puts them away, and reads the `revoked' lists. */
int source_parse(struct source *s);

/* Reads the files that the policy names and does not hold: `files'. */
int source_keep_files(struct source *s);

/* Whether only those may write PATH, of which ST is what stat(2) said, who may write a policy. */
int source_check_writers(struct source *s, const char *path, const struct stat *st);

/* What PATH was when it was read; ST NULL: not there. */
int source_add_stamp(struct source *s, const char *path, const struct stat *st);
bool source_stamp_holds(const struct source_stamp *stamp);

/* A stamp that cannot hold: the next look reads again, though nothing has changed. */
void source_read_again(struct source *s, const char *path);

/* Sets the error, unless memory ran out or there is one. -1. */
__attribute__((format(printf, 2, 3))) int source_fail(struct source *s, const char *format, ...);

/*
 * Loads S from its snapshot. Whether it did; else whether the snapshot is PENDING, and
 * S is clear but for what is wrong with it.
 */
bool source_load_snapshot(struct source *s, bool *pending);

/* Takes the policy from the snapshot that is mapped, with the stamps of its record or without. */
int source_take_snapshot(struct source *s, bool with_stamps);

/* Forgets all that was loaded. */
void source_clear(struct source *s);

void source_drop_files(struct source_file **files, size_t *n);

/* What was read so far becomes KEPT, for those who want that, or is forgotten. */
void source_put_away(struct source *s, struct source_file **kept, size_t *n);

#endif

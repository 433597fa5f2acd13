/* SPDX-License-Identifier: MIT */
/*
 * Writes the snapshot of a policy that has been read. Where it belongs and when
 * it is moved there is for the caller to say.
 */
#ifndef PINSHIM_CMD_SNAPSHOT_WRITE_H
#define PINSHIM_CMD_SNAPSHOT_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "process/source.h"
#include "pure/snapshot.h"

/* A snapshot that is being made. */
struct snapshot_new;

/*
 * Writes the whole snapshot of the good policy S to the empty file FD. S was read
 * with its texts kept, and has to live as long as what is returned. The record is
 * of S's stamps, and before these of the N files at PATHS, of which no more than
 * their text is known yet. With PENDING it is no record at all.
 *
 * Returns what snapshot_write_record() asks for, to be freed with
 * snapshot_new_free(); NULL with errno.
 */
struct snapshot_new *snapshot_write(const struct source *s, const char *const *paths, size_t n,
				    bool pending, int fd);

/*
 * Completes the record in FD, the same file, with the stamps of TEXTS, which are
 * those of the files at PATHS. 0, or -1 with errno.
 */
int snapshot_write_record(struct snapshot_new *new, const struct source *texts, int fd);

void snapshot_new_free(struct snapshot_new *new);

/*
 * What a record says of the stamp WAS and of the content that S has read at its
 * path. 0, or -1 when that cannot be digested.
 */
int snapshot_describe(const struct source *s, const struct source_stamp *was,
		      struct snapshot_stamp *out);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A policy taken from its snapshot, where that is of the files that are there.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "process/source_parts.h"

/* Whether the texts could be read as well, were there no snapshot: then they are what it is of. */
static int check_writers_of(struct source *s, const struct snapshot_stamp *stamp, const char *path)
{
	struct stat st;

	if (!stamp->there)
		return 0;
	return stat(path, &st) == 0 ? source_check_writers(s, path, &st) : -1;
}

static int take_stamps(struct source *s, const struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->head->n_stamps; i++) {
		const struct snapshot_stamp *stamp = &snapshot->stamps[i];
		const char *path = snapshot_path(snapshot, stamp->path);
		struct stat was = snapshot_file_stat(stamp);

		if (check_writers_of(s, stamp, path) < 0 ||
		    source_add_stamp(s, path, stamp->there ? &was : NULL) < 0)
			return -1;
	}
	return 0;
}

/* The files that the policy names are where the snapshot has them. */
static int take_files(struct source *s, const struct snapshot *snapshot)
{
	const uint32_t n = snapshot->head->n_files;

	s->files = calloc(n + 1, sizeof(*s->files));
	for (uint32_t i = 0; s->files && i < n; i++) {
		const struct snapshot_file *file = &snapshot->files[i];
		const char *bytes = snapshot_bytes(snapshot, file);

		s->files[i].path = strdup(snapshot_path(snapshot, file->path));
		if (!s->files[i].path)
			return -1;
		s->files[i].bytes = (char *)(uintptr_t)bytes;
		s->files[i].len = file->len;
		s->files[i].borrowed = true;
		s->n_files++;
	}
	return s->files ? 0 : -1;
}

int source_take_snapshot(struct source *s, bool with_stamps)
{
	const struct snapshot *snapshot = &s->map.snapshot;

	errno = 0;
	if ((with_stamps && take_stamps(s, snapshot) < 0) || take_files(s, snapshot) < 0)
		return -1;
	s->policy = snapshot->policy;
	s->n_ct_logs = snapshot->head->n_ct_logs;
	return 0;
}

bool source_load_snapshot(struct source *s, bool *pending)
{
	enum snapshot_age age = SNAPSHOT_STALE;
	struct stat policy;
	char *error = NULL;

	/* Without a policy no file is opened: a sandbox may let pass the one, and not the other. */
	if (stat(s->path, &policy) < 0)
		return false;
	if (snapshot_file_map(s->path, s->host, &s->map, &error) == SNAPSHOT_MAPPED) {
		age = snapshot_file_age(&s->map, s->path, s->host, NULL);
		if (age == SNAPSHOT_CURRENT && source_take_snapshot(s, true) == 0)
			return true;
		source_clear(s);
	}
	*pending = age == SNAPSHOT_PENDING;
	s->snapshot_error = error;
	return false;
}

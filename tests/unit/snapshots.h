/* SPDX-License-Identifier: MIT */
/*
 * Snapshots for unit tests: of a policy that was read, with the record that its
 * stamps make. Digests are left out; nothing that is tested here looks at them.
 */
#ifndef PINSHIM_TESTS_SNAPSHOTS_H
#define PINSHIM_TESTS_SNAPSHOTS_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "process/source.h"
#include "pure/snapshot.h"

/* How often the file at PATH is mapped in this process. */
static inline int count_maps(const char *path)
{
	CHECK(access("/proc/self/maps", R_OK) == 0);
	return lines_with("/proc/self/maps", path);
}

/* Writes the snapshot of S, which is good, to PATH, by rename. */
static inline void write_snapshot(const struct source *s, bool pending, const char *path)
{
	const char **paths = calloc(s->n_stamps + 1, sizeof(*paths));
	struct snapshot_stamp *stamps = calloc(s->n_stamps + 1, sizeof(*stamps));
	struct policy_text *files = calloc(s->n_files + 1, sizeof(*files));
	struct snapshot_parts parts = {
		.policy = s->policy,
		.made = (int64_t)time(NULL),
		.n_ct_logs = (uint32_t)s->n_ct_logs,
		.pending = pending,
		.n_stamps = s->n_stamps,
		.n_files = s->n_files,
		.stamp_paths = paths,
		.stamps = stamps,
		.files = files,
	};
	const struct snapshot_file *placed;
	struct snapshot_head *head;
	char beside[4096];
	size_t size;
	FILE *to;

	CHECK(paths && stamps && files);
	for (size_t i = 0; i < s->n_stamps; i++) {
		paths[i] = s->stamps[i].path;
		snapshot_file_stamp(&s->stamps[i].was, &stamps[i]);
	}
	for (size_t i = 0; i < s->n_files; i++)
		files[i] = (struct policy_text){ s->files[i].path, s->files[i].bytes,
						 s->files[i].len };
	head = snapshot_make_head(&parts, &size);
	snprintf(beside, sizeof(beside), "%s.new", path);
	CHECK(head && (to = fopen(beside, "w")));
	CHECK(fwrite(head, size, 1, to) == 1);
	CHECK(fwrite(s->policy, s->policy->size, 1, to) == 1);
	placed = (const void *)((const char *)head + head->files);
	for (size_t i = 0; i < s->n_files; i++)
		CHECK(fseek(to, (long)placed[i].at, SEEK_SET) == 0 &&
		      fwrite(files[i].bytes, files[i].len, 1, to) == 1);
	CHECK(fclose(to) == 0 && truncate(beside, (off_t)head->size) == 0);
	CHECK(chmod(beside, 0644) == 0 && rename(beside, path) == 0);
	free(head);
	free(files);
	free(stamps);
	free(paths);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The head, then the block as it lies in memory, then the files that the policy
 * names. What it is made of was read once; here nothing is read again.
 */
#include "cmd/snapshot_write.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "process/write_all.h"

struct snapshot_new {
	struct snapshot_parts parts; /* of what follows */
	const char **paths;
	struct snapshot_stamp *stamps;
	struct policy_text *files;
	size_t n_to_come; /* stamps that the record is yet to have */
};

static const struct source_file *find(const struct source_file *files, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(files[i].path, path))
			return &files[i];
	return NULL;
}

/* What was read of PATH, or NULL: it is a folder, or nothing is there. */
static const struct source_file *content_of(const struct source *s, const char *path)
{
	const struct source_file *file = find(s->texts, s->n_texts, path);

	if (!file)
		file = find(s->lists, s->n_lists, path);
	return file ? file : find(s->files, s->n_files, path);
}

static int take_digest(const struct source *s, const char *path, struct snapshot_stamp *out)
{
	const struct source_file *file = content_of(s, path);

	if (!file || EVP_Digest(file->bytes, file->len, out->sha256, NULL, EVP_sha256(), NULL) == 1)
		return 0;
	errno = ENOMEM;
	return -1;
}

int snapshot_describe(const struct source *s, const struct source_stamp *was,
		      struct snapshot_stamp *out)
{
	*out = (struct snapshot_stamp){ .there = 0 };
	snapshot_file_stamp(&was->was, out);
	return out->there ? take_digest(s, was->path, out) : 0;
}

void snapshot_new_free(struct snapshot_new *new)
{
	if (!new)
		return;
	free(new->paths);
	free(new->stamps);
	free(new->files);
	free(new);
}

static int collect_stamps(struct snapshot_new *new, const struct source *s,
			  const char *const *to_come)
{
	const size_t before = new->n_to_come;

	for (size_t i = 0; i < before; i++) {
		new->paths[i] = to_come[i];
		if (take_digest(s, to_come[i], &new->stamps[i]) < 0)
			return -1;
	}
	for (size_t i = 0; i < s->n_stamps; i++) {
		new->paths[before + i] = s->stamps[i].path;
		if (snapshot_describe(s, &s->stamps[i], &new->stamps[before + i]) < 0)
			return -1;
	}
	return 0;
}

static int collect(struct snapshot_new *new, const struct source *s, const char *const *to_come)
{
	const size_t n = new->n_to_come + s->n_stamps;

	new->paths = calloc(n + 1, sizeof(*new->paths));
	new->stamps = calloc(n + 1, sizeof(*new->stamps));
	new->files = calloc(s->n_files + 1, sizeof(*new->files));
	if (!new->paths || !new->stamps || !new->files || collect_stamps(new, s, to_come) < 0)
		return -1;
	for (size_t i = 0; i < s->n_files; i++)
		new->files[i] = (struct policy_text){ s->files[i].path, s->files[i].bytes,
						      s->files[i].len };
	new->parts.n_stamps = n;
	new->parts.stamp_paths = new->paths;
	new->parts.stamps = new->stamps;
	new->parts.n_files = s->n_files;
	new->parts.files = new->files;
	return 0;
}

/* Zeros up to offset AT, which is what a file that is cut longer holds. */
static int seek_to(int fd, uint64_t at)
{
	return lseek(fd, (off_t)at, SEEK_SET) < 0 ? -1 : 0;
}

/* Everything behind HEAD. */
static int write_rest(int fd, const struct snapshot_head *head, const struct snapshot_parts *parts)
{
	const struct snapshot_file *files = (const void *)((const char *)head + head->files);

	if (write_all(fd, (const char *)parts->policy, parts->policy->size) < 0)
		return -1;
	for (size_t i = 0; i < parts->n_files; i++)
		if (seek_to(fd, files[i].at) < 0 ||
		    write_all(fd, parts->files[i].bytes, parts->files[i].len) < 0)
			return -1;
	return ftruncate(fd, (off_t)head->size);
}

static int write_parts(int fd, const struct snapshot_parts *parts, bool head_alone)
{
	size_t size;
	struct snapshot_head *head = snapshot_make_head(parts, &size);
	int rv = -1;

	if (head && seek_to(fd, 0) == 0 && write_all(fd, (const char *)head, size) == 0 &&
	    (head_alone || write_rest(fd, head, parts) == 0))
		rv = 0;
	free(head);
	return rv;
}

struct snapshot_new *snapshot_write(const struct source *s, const char *const *paths, size_t n,
				    bool pending, int fd)
{
	struct snapshot_new *new = calloc(1, sizeof(*new));

	if (!new)
		return NULL;
	new->n_to_come = n;
	new->parts.policy = s->policy;
	new->parts.made = (int64_t)time(NULL);
	new->parts.n_ct_logs = (uint32_t)s->n_ct_logs;
	new->parts.pending = pending;
	if (collect(new, s, paths) == 0 && write_parts(fd, &new->parts, false) == 0)
		return new;
	snapshot_new_free(new);
	return NULL;
}

int snapshot_write_record(struct snapshot_new *new, const struct source *texts, int fd)
{
	for (size_t i = 0; i < new->n_to_come; i++)
		snapshot_file_stamp(&texts->stamps[i].was, &new->stamps[i]);
	return write_parts(fd, &new->parts, true);
}

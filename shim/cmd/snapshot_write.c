/* SPDX-License-Identifier: MIT */
/*
 * The head, then the block as it lies in memory, then the files that the policy
 * names. What it is made of was read once; here nothing is read again.
 */
#include "cmd/snapshot_write.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "process/write_all.h"
#include "pure/snapshot.h"

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

static int describe(const struct source *s, const struct source_stamp *was,
		    struct snapshot_stamp *out)
{
	const struct source_file *file = content_of(s, was->path);
	const struct stat *st = &was->was;

	*out = (struct snapshot_stamp){ .there = st->st_ino != 0 };
	if (!out->there)
		return 0;
	out->device = st->st_dev;
	out->inode = st->st_ino;
	out->size = (uint64_t)st->st_size;
	out->mtime = st->st_mtim.tv_sec;
	out->mtime_nsec = (uint32_t)st->st_mtim.tv_nsec;
	out->ctime = st->st_ctim.tv_sec;
	out->ctime_nsec = (uint32_t)st->st_ctim.tv_nsec;
	if (file && EVP_Digest(file->bytes, file->len, out->sha256, NULL, EVP_sha256(), NULL) != 1)
		return -1;
	return 0;
}

/* What PARTS points to. */
struct room {
	const char **paths;
	struct snapshot_stamp *stamps;
	struct policy_text *files;
};

static int collect(const struct source *s, struct room *room, struct snapshot_parts *parts)
{
	room->paths = calloc(s->n_stamps + 1, sizeof(*room->paths));
	room->stamps = calloc(s->n_stamps + 1, sizeof(*room->stamps));
	room->files = calloc(s->n_files + 1, sizeof(*room->files));
	if (!room->paths || !room->stamps || !room->files)
		return -1;
	for (size_t i = 0; i < s->n_stamps; i++) {
		room->paths[i] = s->stamps[i].path;
		if (describe(s, &s->stamps[i], &room->stamps[i]) < 0)
			return -1;
	}
	for (size_t i = 0; i < s->n_files; i++)
		room->files[i] = (struct policy_text){ s->files[i].path, s->files[i].bytes,
						       s->files[i].len };
	parts->n_stamps = s->n_stamps;
	parts->stamp_paths = room->paths;
	parts->stamps = room->stamps;
	parts->n_files = s->n_files;
	parts->files = room->files;
	return 0;
}

/* Zeros up to offset AT, which is what a file that is cut longer holds. */
static int seek_to(int fd, uint64_t at)
{
	return lseek(fd, (off_t)at, SEEK_SET) < 0 ? -1 : 0;
}

static int write_parts(int fd, const struct snapshot_parts *parts)
{
	size_t size;
	struct snapshot_head *head = snapshot_make_head(parts, &size);
	const struct snapshot_file *files;
	int rv = -1;

	if (!head)
		return -1;
	files = (const void *)((const char *)head + head->files);
	if (write_all(fd, (const char *)head, size) == 0 &&
	    write_all(fd, (const char *)parts->policy, parts->policy->size) == 0)
		rv = 0;
	for (size_t i = 0; rv == 0 && i < parts->n_files; i++)
		if (seek_to(fd, files[i].at) < 0 ||
		    write_all(fd, parts->files[i].bytes, parts->files[i].len) < 0)
			rv = -1;
	if (rv == 0 && ftruncate(fd, (off_t)head->size) < 0)
		rv = -1;
	free(head);
	return rv;
}

int snapshot_write(const struct source *s, bool pending, const char *beside, mode_t mode)
{
	struct snapshot_parts parts = {
		.policy = s->policy,
		.made = (int64_t)time(NULL),
		.n_ct_logs = (uint32_t)s->n_ct_logs,
		.pending = pending,
	};
	struct room room = { 0 };
	int fd, rv = -1;

	if (unlink(beside) < 0 && errno != ENOENT)
		return complain("%s: %s", beside, strerror(errno)), -1;
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && collect(s, &room, &parts) == 0 && write_parts(fd, &parts) == 0 &&
	    fchmod(fd, mode) == 0 && fsync(fd) == 0)
		rv = 0;
	else
		complain("%s: %s", beside, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (rv < 0)
		unlink(beside);
	free(room.paths);
	free(room.stamps);
	free(room.files);
	return rv;
}

/* SPDX-License-Identifier: MIT */
/*
 * A snapshot is believed when nobody could have written it but those who can
 * write the policy, and it is whole; it is used when nothing of the policy has
 * changed since. It is written by rename alone, so the file that is mapped stays
 * what it is; where that is up to another user, who could make it anything between
 * two looks, a copy is taken.
 */
#include "process/snapshot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "process/stamp.h"
#include "process/writers.h"

/* So long after a snapshot was announced its files are waited for: who announced it may have died.
 */
#define PENDING_MOST 2 /* seconds */

__attribute__((format(printf, 2, 3))) static bool fail(char **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vasprintf(error, format, args) < 0)
		*error = NULL;
	va_end(args);
	return false;
}

char *snapshot_file_path(const char *path, bool host)
{
	size_t len = strlen(path);
	char *out;

	if (host)
		return strdup(SNAPSHOT_OF_HOST);
	while (len > 1 && path[len - 1] == '/')
		len--;
	return asprintf(&out, "%.*s" SNAPSHOT_SUFFIX, (int)len, path) < 0 ? NULL : out;
}

/* What makes it anew. */
static const char *remedy(bool host)
{
	return host ? "run 'pinshim apply /etc/pinshim'" : "run 'pinshim compile' for the policy";
}

/* What the kernel calls all users without a number in this user namespace. */
#define UNKNOWN_USER 65534

/* Whether UID may stand for several users. */
static bool is_ambiguous(uid_t uid)
{
	static const char all_users[] = "         0          0 4294967295\n";
	char map[sizeof(all_users)] = "";
	int fd;

	if (uid != UNKNOWN_USER)
		return false;
	fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, map, sizeof(map)) < 0)
		map[0] = '\0';
	if (fd >= 0)
		close(fd);
	return strcmp(map, all_users) != 0;
}

/* Whether the file ST at FILE is no less protected than the policy at PATH. */
static bool is_safe(const char *file, const struct stat *st, const char *path, bool host,
		    char **error)
{
	struct writers_fault fault;
	struct stat policy;

	if (!S_ISREG(st->st_mode))
		return fail(error, "%s: is not a regular file; remove it, or %s", file,
			    remedy(host));
	if (host) {
		if (writers_only_root(file, &fault))
			return true;
		*error = fault.message;
		fault.message = NULL;
		writers_fault_free(&fault);
		return false;
	}
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return fail(error,
			    "%s: can be written by others than its owner (mode %04o); chmod go-w "
			    "it",
			    file, (unsigned)(st->st_mode & 07777));
	if (st->st_uid == 0)
		return true;
	if (is_ambiguous(st->st_uid))
		return fail(error,
			    "%s: is owned by uid %u, who may be anybody in a user namespace; chown "
			    "it to root",
			    file, (unsigned)st->st_uid);
	if (stat(path, &policy) == 0 && policy.st_uid == st->st_uid)
		return true;
	return fail(error,
		    "%s: is owned by uid %u, who is neither root nor the policy's owner; have one "
		    "of them run 'pinshim compile'",
		    file, (unsigned)st->st_uid);
}

/* Whether nobody but root and who runs this process may write to the file ST while it is mapped. */
static bool is_ours(const struct stat *st)
{
	return st->st_uid == 0 || (st->st_uid == geteuid() && st->st_uid == getuid());
}

/* SIZE bytes of FD, or fewer and zeros, which nobody can change any more. */
static void *copy_of(int fd, size_t size)
{
	char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t got = 0;
	ssize_t n = 1;

	if (bytes == MAP_FAILED)
		return bytes;
	while (got < size && (n > 0 || (n < 0 && errno == EINTR))) {
		n = read(fd, bytes + got, size - got);
		got += n > 0 ? (size_t)n : 0;
	}
	if (n >= 0 && mprotect(bytes, size, PROT_READ) == 0)
		return bytes;
	munmap(bytes, size);
	return MAP_FAILED;
}

static void *bytes_of(int fd, const struct snapshot_map *map)
{
	return map->copied ? copy_of(fd, map->size)
			   : mmap(NULL, map->size, PROT_READ, MAP_SHARED, fd, 0);
}

static bool map_file(int fd, bool host, struct snapshot_map *map, char **error)
{
	char what[SNAPSHOT_ERROR_SIZE] = "is cut short";

	if ((uintmax_t)map->was.st_size > SIZE_MAX)
		return fail(error, "%s: is too large for this process; %s", map->path,
			    remedy(host));
	map->size = (size_t)map->was.st_size;
	map->copied = !is_ours(&map->was);
	map->bytes = map->size ? bytes_of(fd, map) : MAP_FAILED;
	if (map->size && map->bytes == MAP_FAILED)
		return fail(error, "%s: cannot be mapped: %m; %s", map->path, remedy(host));
	if (map->size && snapshot_open(map->bytes, map->size, &map->snapshot, what))
		return true;
	return fail(error, "%s: %s; %s", map->path, what, remedy(host));
}

static enum snapshot_found open_and_map(const char *path, bool host, struct snapshot_map *map,
					char **error)
{
	/* O_NONBLOCK: a FIFO in its place must not hang the program. */
	int fd = open(map->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	enum snapshot_found found = SNAPSHOT_UNUSABLE;

	if (fd < 0 && (stamp_is_absence(errno) || errno == ENAMETOOLONG))
		return SNAPSHOT_ABSENT;
	if (fd < 0) {
		fail(error, "%s: cannot be read: %m; %s", map->path, remedy(host));
		return SNAPSHOT_UNUSABLE;
	}
	if (fstat(fd, &map->was) < 0)
		fail(error, "%s: cannot be examined: %m; %s", map->path, remedy(host));
	else if (is_safe(map->path, &map->was, path, host, error) && map_file(fd, host, map, error))
		found = SNAPSHOT_MAPPED;
	close(fd);
	return found;
}

enum snapshot_found snapshot_file_map(const char *path, bool host, struct snapshot_map *map,
				      char **error)
{
	enum snapshot_found found = SNAPSHOT_UNUSABLE;

	*map = (struct snapshot_map){ .bytes = MAP_FAILED };
	*error = NULL;
	map->path = snapshot_file_path(path, host);
	if (map->path)
		found = open_and_map(path, host, map, error);
	if (found != SNAPSHOT_MAPPED)
		snapshot_file_unmap(map);
	return found;
}

void snapshot_file_unmap(struct snapshot_map *map)
{
	if (map->bytes && map->bytes != MAP_FAILED)
		munmap(map->bytes, map->size);
	free(map->path);
	*map = (struct snapshot_map){ .bytes = NULL };
}

bool snapshot_file_changed(const struct snapshot_map *map)
{
	struct stat now;

	/* Another file in its place leaves alone what is mapped. */
	return map->bytes && !map->copied && stat(map->path, &now) == 0 &&
	       now.st_dev == map->was.st_dev && now.st_ino == map->was.st_ino &&
	       !stamp_is_same(&now, &map->was);
}

struct stat snapshot_file_stat(const struct snapshot_stamp *stamp)
{
	struct stat st;

	memset(&st, 0, sizeof(st));
	st.st_dev = stamp->device;
	st.st_ino = stamp->inode;
	st.st_size = (off_t)stamp->size;
	st.st_mtim.tv_sec = (time_t)stamp->mtime;
	st.st_mtim.tv_nsec = (long)stamp->mtime_nsec;
	st.st_ctim.tv_sec = (time_t)stamp->ctime;
	st.st_ctim.tv_nsec = (long)stamp->ctime_nsec;
	return st;
}

void snapshot_file_stamp(const struct stat *st, struct snapshot_stamp *stamp)
{
	stamp->there = st->st_ino != 0;
	if (!stamp->there)
		return;
	stamp->device = st->st_dev;
	stamp->inode = st->st_ino;
	stamp->size = (uint64_t)st->st_size;
	stamp->mtime = st->st_mtim.tv_sec;
	stamp->mtime_nsec = (uint32_t)st->st_mtim.tv_nsec;
	stamp->ctime = st->st_ctim.tv_sec;
	stamp->ctime_nsec = (uint32_t)st->st_ctim.tv_nsec;
}

/* What is at PATH, if this process may read it. */
static int look_at(const char *path, struct stat *now)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int rv;

	if (fd < 0)
		return -1;
	rv = fstat(fd, now);
	close(fd);
	return rv;
}

static bool holds(const char *path, const struct snapshot_stamp *stamp, char **why)
{
	const struct stat was = snapshot_file_stat(stamp);
	struct stat now;

	if (!stamp->there && stat(path, &now) < 0)
		return stamp_is_absence(errno) || fail(why, "%s cannot be read: %m", path);
	if (!stamp->there)
		return fail(why, "%s is there now", path);
	if (!stamp_is_fine(&was))
		return fail(
			why,
			"%s is where times have whole seconds and a change may not show: move it "
			"elsewhere",
			path);
	if (look_at(path, &now) < 0)
		return stamp_is_absence(errno) ? fail(why, "%s is gone", path)
					       : fail(why, "%s cannot be read: %m", path);
	return stamp_is_same(&now, &was) || fail(why, "%s has changed", path);
}

static bool is_fresh(const struct snapshot_map *map)
{
	const time_t age = time(NULL) - map->was.st_ctim.tv_sec;

	return age >= 0 && age <= PENDING_MOST;
}

enum snapshot_age snapshot_file_age(const struct snapshot_map *map, const char *path, bool host,
				    char **why)
{
	const struct snapshot *s = &map->snapshot;
	const char *own = policy_string(s->policy, s->policy->path);
	char *unasked = NULL;
	bool all = true;

	if (!why)
		why = &unasked;
	*why = NULL;
	if (s->head->pending && is_fresh(map))
		return SNAPSHOT_PENDING;
	if (s->head->pending)
		all = fail(why, "'pinshim apply' was interrupted");
	else if (!s->head->n_stamps)
		all = fail(why, "it has no record of any file");
	else if (strcmp(own, path) != 0 || !s->policy->host != !host)
		all = fail(why, "it is of the policy %s", own);
	for (uint32_t i = 0; all && i < s->head->n_stamps; i++)
		all = holds(snapshot_path(s, s->stamps[i].path), &s->stamps[i], why);
	free(unasked);
	return all ? SNAPSHOT_CURRENT : SNAPSHOT_STALE;
}

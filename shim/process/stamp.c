/* SPDX-License-Identifier: MIT */
/*
 * Comparing what stat(2) said. The time of access is nobody's change.
 */
#include "process/stamp.h"

#include <errno.h>

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool stamp_is_absence(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

bool stamp_is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       same_time(a->st_mtim, b->st_mtim) && same_time(a->st_ctim, b->st_ctim);
}

bool stamp_is_fine(const struct stat *st)
{
	return st->st_ctim.tv_nsec != 0;
}

long stamp_youth_ns(const struct stat *st, const struct timespec *read_at)
{
	time_t seconds = read_at->tv_sec - st->st_ctim.tv_sec;
	long age;

	/* Of a time far off (the clock was set) nothing is to be hoped. */
	if (seconds < -1 || seconds > 1)
		return 0;
	age = (long)seconds * 1000000000L + read_at->tv_nsec - st->st_ctim.tv_nsec;
	if (age < 0) /* written since */
		age = 0;
	return age < GRAIN_NS ? GRAIN_NS - age : 0;
}

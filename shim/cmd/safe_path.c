/* SPDX-License-Identifier: MIT */
/*
 * Walks a path as the kernel does, one name at a time, so that no folder and no
 * link on the way goes unseen. What it cannot examine is not safe.
 */
#include "cmd/safe_path.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as Linux has it */

struct walk {
	char *real; /* of PATH_MAX bytes: what has been walked */
	size_t root_len;
	char rest[PATH_MAX]; /* what is still to walk */
	char *why;
	size_t why_size;
	bool unsafe;
};

/* The first thing that is unsafe is told. */
__attribute__((format(printf, 2, 3))) static void unsafe(struct walk *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!w->unsafe)
		vsnprintf(w->why, w->why_size, format, args);
	va_end(args);
	w->unsafe = true;
}

static void examine(struct walk *w, const struct stat *st)
{
	const char *path = *w->real ? w->real : "/";
	const mode_t wanted = S_ISDIR(st->st_mode) ? S_IXOTH : S_IROTH;
	const bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);

	if (st->st_uid != 0 && st->st_uid != geteuid())
		unsafe(w, "'%s' is owned by uid %u, who could change it; chown it to root", path,
		       (unsigned)st->st_uid);
	if (S_ISLNK(st->st_mode))
		return;
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) && !sticky)
		unsafe(w, "'%s' can be written by others than root (mode %04o); chmod go-w it",
		       path, (unsigned)(st->st_mode & 07777));
	if (!S_ISDIR(st->st_mode) && !S_ISREG(st->st_mode))
		unsafe(w, "'%s' is not a regular file", path);
	if (!(st->st_mode & wanted))
		unsafe(w, "'%s' is not open to every user (mode %04o); chmod a+rX it", path,
		       (unsigned)(st->st_mode & 07777));
}

/* Takes the first name off the rest and onto the path. False: there is none. */
static bool next_name(struct walk *w, bool *fits)
{
	size_t start = strspn(w->rest, "/"), len = strcspn(w->rest + start, "/");
	size_t walked = strlen(w->real);

	*fits = true;
	if (!len)
		return false;
	if (len == 2 && !memcmp(w->rest + start, "..", 2)) {
		if (walked > w->root_len)
			*strrchr(w->real, '/') = '\0';
	} else if (len != 1 || w->rest[start] != '.') {
		*fits = walked + len + 2 <= PATH_MAX;
		if (*fits)
			sprintf(w->real + walked, "/%.*s", (int)len, w->rest + start);
	}
	memmove(w->rest, w->rest + start + len, strlen(w->rest + start + len) + 1);
	return true;
}

/* Puts what the link at the end of the path points to in its place. */
static bool follow(struct walk *w)
{
	char target[2 * PATH_MAX];
	ssize_t n = readlink(w->real, target, PATH_MAX - 1);

	if (n <= 0)
		return false;
	strcpy(target + n, w->rest); /* which is empty, or begins with a slash */
	if (strlen(target) >= sizeof(w->rest))
		return false;
	strcpy(w->rest, target);
	if (*target == '/')
		w->real[w->root_len] = '\0';
	else
		*strrchr(w->real, '/') = '\0';
	return true;
}

/* One more name. 1: go on; 0: it is walked; -1 with errno: it leads nowhere. */
static int step(struct walk *w, unsigned *links)
{
	struct stat st;
	bool fits;

	if (!next_name(w, &fits))
		return 0;
	errno = ENAMETOOLONG;
	if (!fits || lstat(*w->real ? w->real : "/", &st) < 0)
		return -1;
	examine(w, &st);
	if (!S_ISLNK(st.st_mode))
		return 1;
	errno = ELOOP;
	return ++*links <= MAX_LINKS && follow(w) ? 1 : -1;
}

enum path_state safe_path(const char *root, const char *path, char real[PATH_MAX], char *why,
			  size_t why_size)
{
	struct walk w = { .real = real, .why = why, .why_size = why_size };
	unsigned links = 0;
	struct stat st;
	int rv = -1, error;

	*why = *real = '\0';
	errno = ENAMETOOLONG;
	if (strlen(root) < PATH_MAX && strlen(path) < sizeof(w.rest)) {
		strcpy(real, root);
		w.root_len = strlen(real);
		strcpy(w.rest, path);
		rv = stat(*root ? root : "/", &st);
	}
	if (rv == 0) {
		examine(&w, &st);
		while ((rv = step(&w, &links)) > 0)
			continue;
	}
	if (rv == 0)
		return w.unsafe ? PATH_UNSAFE : PATH_SAFE;
	error = errno;
	if (error != ENOENT)
		unsafe(&w, "'%s': %s", *real ? real : path, strerror(error));
	else if (!w.unsafe)
		snprintf(why, why_size, "'%s' is not there", real);
	if (error != ENOENT || w.rest[strspn(w.rest, "/")])
		*real = '\0';
	return w.unsafe ? PATH_UNSAFE : PATH_ABSENT;
}

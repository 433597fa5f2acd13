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
};

__attribute__((format(printf, 2, 3))) static enum path_state unsafe(const struct walk *w,
								    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->why, w->why_size, format, args);
	va_end(args);
	return PATH_UNSAFE;
}

static enum path_state examine(const struct walk *w, const struct stat *st)
{
	const char *path = *w->real ? w->real : "/";
	const mode_t wanted = S_ISDIR(st->st_mode) ? S_IXOTH : S_IROTH;
	const bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);

	if (st->st_uid != 0 && st->st_uid != geteuid())
		return unsafe(w, "'%s' is owned by uid %u, who could change it; chown it to root",
			      path, (unsigned)st->st_uid);
	if (S_ISLNK(st->st_mode))
		return PATH_SAFE;
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) && !sticky)
		return unsafe(w,
			      "'%s' can be written by others than root (mode %04o); chmod go-w it",
			      path, (unsigned)(st->st_mode & 07777));
	if (!S_ISDIR(st->st_mode) && !S_ISREG(st->st_mode))
		return unsafe(w, "'%s' is not a regular file", path);
	if (!(st->st_mode & wanted))
		return unsafe(w, "'%s' is not open to every user (mode %04o); chmod a+rX it", path,
			      (unsigned)(st->st_mode & 07777));
	return PATH_SAFE;
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

enum path_state safe_path(const char *root, const char *path, char real[PATH_MAX], char *why,
			  size_t why_size)
{
	struct walk w = { .real = real, .why = why, .why_size = why_size };
	struct stat st;
	unsigned links = 0;
	bool fits;

	*why = '\0';
	if (strlen(root) >= PATH_MAX || strlen(path) >= sizeof(w.rest))
		return unsafe(&w, "'%s' is too long a path", path);
	strcpy(real, root);
	w.root_len = strlen(real);
	strcpy(w.rest, path);
	if (stat(*real ? real : "/", &st) < 0)
		return unsafe(&w, "'%s' cannot be examined: %s", real, strerror(errno));
	while (examine(&w, &st) == PATH_SAFE) {
		if (!next_name(&w, &fits))
			return PATH_SAFE;
		if (!fits)
			return unsafe(&w, "'%s' is too long a path", path);
		if (lstat(*real ? real : "/", &st) < 0) {
			bool absent = errno == ENOENT;

			unsafe(&w, "'%s': %s", real, absent ? "is not there" : strerror(errno));
			return absent ? PATH_ABSENT : PATH_UNSAFE;
		}
		if (S_ISLNK(st.st_mode)) {
			if (examine(&w, &st) != PATH_SAFE)
				return PATH_UNSAFE;
			if (++links > MAX_LINKS || !follow(&w))
				return unsafe(&w, "'%s' is a link that leads nowhere", real);
			if (stat(*real ? real : "/", &st) < 0)
				return unsafe(&w, "'%s' cannot be examined: %s", real,
					      strerror(errno));
		}
	}
	return PATH_UNSAFE;
}

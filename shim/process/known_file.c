/* SPDX-License-Identifier: MIT */
/*
 * The file of known keys. A line counts only with its newline, so that what a
 * crash or a full disk leaves behind is no key; the next writer takes it away.
 * The lock is a file of its own, which is never replaced: one that is would let
 * two in.
 */
#include "process/known_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "process/sink.h"
#include "process/stamp.h"
#include "process/text.h"

#define ROOT_FOLDER "/var/lib/pinshim"
#define FILE_NAME   "known"
#define LOCK_NAME   "known.lock"
#define NEW_NAME    "known.new"

#define FILE_MOST (64 << 20)

/* No regular file keeps one waiting, but something else may stand in its place. */
#define OPEN_FLAGS (O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

#define LOCK_WAIT_S 5
#define PAUSE_NS    1000000L
#define PAUSE_MOST  32000000L

/* Where the file is; an error in its place says why there is none. */
struct place {
	char *folder, *file, *error;
	bool is_default; /* then missing folders above it are made, too */
};

/* The folder's path from malloc(3), or NULL with *ERROR. */
static char *find_folder(bool *is_default, char **error)
{
	const char *state = secure_getenv("PINSHIM_STATE");
	const char *xdg = secure_getenv("XDG_STATE_HOME"), *home = secure_getenv("HOME");
	char *cwd, *folder = NULL;

	*is_default = !state;
	if (state && !*state) {
		text_error(error, "PINSHIM_STATE: is empty; name a folder, or unset it");
	} else if (state && *state == '/') {
		folder = strdup(state);
	} else if (state) {
		cwd = getcwd(NULL, 0);
		if (!cwd)
			text_error(error,
				   "PINSHIM_STATE: '%s' cannot be found: %m; name it from the "
				   "root on",
				   state);
		else if (asprintf(&folder, "%s/%s", cwd, state) < 0)
			folder = NULL;
		free(cwd);
	} else if (geteuid() == 0) {
		folder = strdup(ROOT_FOLDER);
	} else if (xdg && *xdg == '/') {
		if (asprintf(&folder, "%s/pinshim", xdg) < 0)
			folder = NULL;
	} else if (home && *home == '/') {
		if (asprintf(&folder, "%s/.local/state/pinshim", home) < 0)
			folder = NULL;
	} else {
		text_error(error,
			   "known keys: HOME names no folder to keep them in; set PINSHIM_STATE");
	}
	return folder;
}

static void free_place(struct place *place)
{
	if (!place)
		return;
	free(place->folder);
	free(place->file);
	free(place->error);
	free(place);
}

static struct place *find_place(void)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return NULL;
	place->folder = find_folder(&place->is_default, &place->error);
	if (place->folder && asprintf(&place->file, "%s/" FILE_NAME, place->folder) < 0)
		place->file = NULL;
	if (place->file || place->error)
		return place;
	free_place(place);
	return NULL;
}

/* NULL only when memory ran out. */
static const struct place *the_place(void)
{
	static _Atomic(struct place *) kept;
	struct place *place = kept, *expected = NULL;

	if (place)
		return place;
	place = find_place();
	if (!place || atomic_compare_exchange_strong(&kept, &expected, place))
		return place;
	free_place(place);
	return expected;
}

const char *known_file_path(void)
{
	const struct place *place = the_place();

	return place && place->file ? place->file : FILE_NAME;
}

/* Only this user, or root, may be able to change what is known. */
static int check(int fd, const char *path, mode_t type, struct stat *st, char **error)
{
	if (fstat(fd, st) < 0)
		return text_error(error, "%s: cannot be examined: %m; make it readable", path);
	if ((st->st_mode & S_IFMT) != type)
		return text_error(error, "%s: is no regular file; move it away", path);
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return text_error(
			error,
			"%s: is owned by uid %u, who could change what is known; name a folder "
			"of your own in PINSHIM_STATE",
			path, (unsigned)st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return text_error(
			error,
			"%s: can be written by others (mode %04o), so could what is known; "
			"chmod go-w it",
			path, (unsigned)(st->st_mode & 07777));
	return 0;
}

/* The folder's descriptor; -1 with *ERROR, or without where there is no such folder. */
static int open_folder(const struct place *place, char **error)
{
	struct stat st;
	int fd = open(place->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return -1;
	if (fd < 0)
		return text_error(
			error,
			"%s: cannot be opened: %m; name a folder of your own in PINSHIM_STATE",
			place->folder);
	if (check(fd, place->folder, S_IFDIR, &st, error) == 0)
		return fd;
	close(fd);
	return -1;
}

static int make_one(const char *path, mode_t mode, char **error)
{
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return 0;
	return text_error(
		error, "%s: cannot be made: %m; name a folder of your own in PINSHIM_STATE", path);
}

/*
 * Makes the folder and, of the default one, those that are missing above it. That
 * of root has things in it that every user reads, such as the last good policy.
 */
static int make_folder(const struct place *place, char **error)
{
	const mode_t mode = place->is_default && geteuid() == 0 ? 0755 : 0700;
	char *path = place->is_default ? strdup(place->folder) : NULL;
	int rv = place->is_default && !path ? -1 : 0;

	for (char *slash = path; rv == 0 && slash && (slash = strchr(slash + 1, '/'));
	     *slash = '/') {
		*slash = '\0';
		rv = make_one(path, mode, error);
	}
	free(path);
	return rv < 0 ? rv : make_one(place->folder, mode, error);
}

static char *read_text(int fd, size_t size, size_t *len)
{
	char *text = calloc(1, size + 1);
	ssize_t n = 1;

	*len = 0;
	while (text && *len < size && n > 0) {
		n = read(fd, text + *len, size - *len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			*len += (size_t)n;
	}
	if (n >= 0 || !text)
		return text;
	free(text);
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct known_entry *)a)->line.name,
		      ((const struct known_entry *)b)->line.name);
}

/* Which of two keys would hold for a name cannot be told. */
static int check_names(struct known_file *f)
{
	for (size_t i = 1; i < f->n; i++) {
		const struct known_entry *a = &f->entries[i - 1], *b = &f->entries[i];
		unsigned first = a->number < b->number ? a->number : b->number;
		unsigned last = a->number < b->number ? b->number : a->number;

		if (!strcmp(a->line.name, b->line.name))
			return text_error(
				&f->error,
				"%s:%u: '%s' stands twice, first on line %u; delete the line "
				"that is wrong",
				known_file_path(), last, a->line.name, first);
	}
	return 0;
}

/* Takes the lines to pieces; the first that is not understood is the error. */
static int parse(struct known_file *f)
{
	char why[KNOWN_WHY_SIZE], *line, *end;

	for (size_t i = 0; i < f->len; i++)
		f->lines += f->text[i] == '\n';
	f->words = calloc(1, f->len + 1);
	f->entries = calloc(f->lines + 1, sizeof(*f->entries));
	if (!f->words || !f->entries)
		return -1;
	memcpy(f->words, f->text, f->len);
	line = f->words;
	for (unsigned number = 1; number <= f->lines; number++, line = end + 1) {
		struct known_entry *entry = &f->entries[f->n];

		end = memchr(line, '\n', (size_t)(f->words + f->len - line));
		*end = '\0';
		if (end == line || *line == '#')
			continue;
		if (known_line_read(line, (size_t)(end - line), &entry->line, why) < 0)
			return text_error(&f->error, "%s:%u: %s", known_file_path(), number, why);
		entry->number = number;
		f->n++;
	}
	qsort(f->entries, f->n, sizeof(*f->entries), by_name);
	return check_names(f);
}

/* Reads what FD has. */
static int read_from(int fd, const char *path, struct known_file *f)
{
	struct timespec now;
	const char *newline;
	size_t end;

	clock_gettime(CLOCK_REALTIME, &now);
	if (check(fd, path, S_IFREG, &f->stamp, &f->error) < 0)
		return -1;
	if (f->stamp.st_size > FILE_MOST)
		return text_error(&f->error, "%s: is larger than %d bytes; move it away", path,
				  FILE_MOST);
	f->young = stamp_youth_ns(&f->stamp, &now) > 0;
	f->text = read_text(fd, (size_t)f->stamp.st_size, &f->len);
	if (!f->text)
		return errno == ENOMEM
			       ? -1
			       : text_error(&f->error, "%s: cannot be read: %m; make it readable",
					    path);
	newline = memrchr(f->text, '\n', f->len);
	end = newline ? (size_t)(newline + 1 - f->text) : 0;
	/* More than a line cannot be what is left of one: other lines may have been there. */
	if (f->len - end > KNOWN_LINE_MOST)
		return text_error(&f->error,
				  "%s: does not end with a line, but with %zu bytes of something "
				  "else; restore it, or move it away to trust anew",
				  path, f->len - end);
	f->len = end;
	return parse(f);
}

/* Reads the file in FOLDER. -1: see F's error; without one memory ran out. */
static int read_in(int folder, struct known_file *f)
{
	const char *path = known_file_path();
	int fd = openat(folder, FILE_NAME, O_RDONLY | OPEN_FLAGS), rv;

	f->absent = fd < 0 && errno == ENOENT;
	if (f->absent)
		return 0;
	if (fd < 0)
		return text_error(&f->error,
				  "%s: cannot be read: %m; make it a file that you can read", path);
	rv = read_from(fd, path, f);
	close(fd);
	return rv;
}

static int read_all(struct known_file *f)
{
	const struct place *place = the_place();
	int folder, rv;

	if (!place)
		return -1;
	if (place->error)
		return text_error(&f->error, "%s", place->error);
	folder = open_folder(place, &f->error);
	f->absent = folder < 0 && !f->error && errno == ENOENT;
	if (folder < 0)
		return f->absent ? 0 : -1;
	rv = read_in(folder, f);
	close(folder);
	return rv;
}

struct known_file *known_file_read(void)
{
	struct known_file *f = calloc(1, sizeof(*f));

	if (!f || read_all(f) == 0 || f->error)
		return f;
	known_file_free(f);
	return NULL;
}

void known_file_free(struct known_file *f)
{
	if (!f)
		return;
	free(f->error);
	free(f->text);
	free(f->words);
	free(f->entries);
	free(f);
}

bool known_file_changed(const struct known_file *f)
{
	struct stat now;

	if (f->error || f->young)
		return true;
	if (stat(known_file_path(), &now) < 0)
		return !f->absent || errno != ENOENT;
	return f->absent || !stamp_is_same(&now, &f->stamp);
}

const struct known_entry *known_file_find(const struct known_file *f, const char *name)
{
	const struct known_entry key = { .line.name = name };

	return f->n ? bsearch(&key, f->entries, f->n, sizeof(key), by_name) : NULL;
}

static int take_lock(int fd)
{
	struct timespec now, end, pause = { 0, PAUSE_NS };

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += LOCK_WAIT_S;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > end.tv_sec ||
		    (now.tv_sec == end.tv_sec && now.tv_nsec > end.tv_nsec)) {
			errno = EWOULDBLOCK;
			return -1;
		}
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < PAUSE_MOST)
			pause.tv_nsec *= 2;
	}
	return 0;
}

static int lock_in(int folder, char **error)
{
	const char *path = known_file_path();
	int fd = openat(folder, LOCK_NAME, O_RDWR | O_CREAT | OPEN_FLAGS, 0600);

	if (fd < 0)
		return text_error(error, "%s.lock: cannot be opened: %m; make its folder writable",
				  path);
	if (take_lock(fd) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		text_error(error, "%s.lock: another process has had it for %d seconds; end that",
			   path, LOCK_WAIT_S);
	else
		text_error(error,
			   "%s.lock: cannot be locked: %m; move the folder to another "
			   "file system",
			   path);
	close(fd);
	return -1;
}

static int lock_and_read(struct known_edit *edit, char **error)
{
	edit->lock = lock_in(edit->folder, error);
	edit->now = edit->lock < 0 ? NULL : calloc(1, sizeof(*edit->now));
	if (!edit->now)
		return -1;
	if (read_in(edit->folder, edit->now) == 0)
		return 0;
	/* Its error becomes the caller's. */
	if (!*error) {
		*error = edit->now->error;
		edit->now->error = NULL;
	}
	return -1;
}

int known_file_begin(struct known_edit *edit, char **error)
{
	const struct place *place = the_place();

	*edit = (struct known_edit){ .folder = -1, .lock = -1 };
	if (!place)
		return -1;
	if (place->error)
		return text_error(error, "%s", place->error);
	edit->folder = open_folder(place, error);
	if (edit->folder < 0 && !*error && make_folder(place, error) == 0)
		edit->folder = open_folder(place, error);
	if (edit->folder >= 0 && lock_and_read(edit, error) == 0)
		return 0;
	if (edit->folder < 0)
		text_error(error, "%s: goes as soon as it is made; keep it", place->folder);
	known_file_end(edit);
	return -1;
}

void known_file_end(struct known_edit *edit)
{
	known_file_free(edit->now);
	/* A child that was made meanwhile has the descriptor, too, and would keep the lock. */
	if (edit->lock >= 0) {
		flock(edit->lock, LOCK_UN);
		close(edit->lock);
	}
	if (edit->folder >= 0)
		close(edit->folder);
}

/* Writes TEXT to FD, whose file ends with whole lines at LEN before. */
static int write_behind(int fd, off_t before, const char *text, size_t len, char **error)
{
	ssize_t n = sink_write(fd, text, len);
	int why = n < 0 ? errno : ENOSPC;

	if (n == (ssize_t)len)
		return 0;
	if (n > 0 && ftruncate(fd, before) < 0)
		why = errno; /* what is left there is no line, and goes the next time */
	errno = why;
	return text_error(error, "%s: cannot be written: %m; make room for it", known_file_path());
}

int known_file_append(const struct known_edit *edit, const char *lines, size_t len, char **error)
{
	int fd = openat(edit->folder, FILE_NAME, O_WRONLY | O_APPEND | O_CREAT | OPEN_FLAGS, 0600);
	const char *path = known_file_path();
	const off_t end = (off_t)edit->now->len, expected = edit->now->stamp.st_size;
	struct stat st;
	int rv = -1;

	if (fd < 0)
		return text_error(error, "%s: cannot be written: %m; make it writable", path);
	if (check(fd, path, S_IFREG, &st, error) < 0)
		goto out;
	if (st.st_size != expected)
		text_error(error,
			   "%s: is being changed by something else; do that when no program runs",
			   path);
	else if (st.st_size > end && ftruncate(fd, end) < 0)
		text_error(error, "%s: cannot be mended: %m; make it writable", path);
	else
		rv = write_behind(fd, end, lines, len, error);
out:
	close(fd);
	return rv;
}

int known_file_replace(const struct known_edit *edit, const char *text, size_t len, char **error)
{
	const char *path = known_file_path();
	int fd, rv = -1;

	/* One that a crash left behind; whoever has the lock may take it away. */
	unlinkat(edit->folder, NEW_NAME, 0);
	fd = openat(edit->folder, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | OPEN_FLAGS, 0600);
	if (fd < 0)
		return text_error(error, "%s.new: cannot be made: %m; make its folder writable",
				  path);
	if (write_behind(fd, 0, text, len, error) == 0) {
		if (fsync(fd) < 0 || renameat(edit->folder, NEW_NAME, edit->folder, FILE_NAME) < 0)
			text_error(error, "%s: cannot be replaced: %m; make its folder writable",
				   path);
		else
			rv = fsync(edit->folder) < 0 && errno != EINVAL ? -1 : 0;
	}
	close(fd);
	if (rv < 0)
		unlinkat(edit->folder, NEW_NAME, 0);
	return rv;
}

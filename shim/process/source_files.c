/* SPDX-License-Identifier: MIT */
/*
 * Finding, checking and reading the files of one policy. Whatever cannot be
 * read whole, by this process, from files that the wrong people cannot write,
 * makes the policy bad; nothing is read in part and nothing is passed over.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process/source_parts.h"
#include "process/stamp.h"
#include "process/writers.h"

int source_fail(struct source *s, const char *format, ...)
{
	va_list args;

	if (errno == ENOMEM) /* since reading began: the policy is not to blame */
		return -1;
	va_start(args, format);
	if (!s->error && vasprintf(&s->error, format, args) < 0)
		s->error = NULL;
	va_end(args);
	return -1;
}

static void *append(void *array, size_t n, size_t size)
{
	/* Grows at powers of two, so that N additions copy O(N). */
	if (n & (n - 1))
		return array;
	return realloc(array, (n ? 2 * n : 1) * size);
}

int source_add_stamp(struct source *s, const char *path, const struct stat *st)
{
	struct source_stamp *stamps = append(s->stamps, s->n_stamps, sizeof(*stamps));
	struct source_stamp stamp = { 0 };

	if (!stamps)
		return -1;
	s->stamps = stamps;
	if (!(stamp.path = strdup(path)))
		return -1;
	if (st)
		stamp.was = *st;
	s->stamps[s->n_stamps++] = stamp;
	return 0;
}

void source_read_again(struct source *s, const char *path)
{
	static const struct stat nothing_like_it = { .st_ino = (ino_t)-1 };

	s->shortage = true;
	source_add_stamp(s, path, &nothing_like_it);
}

/* Whether a failure lies with the file, and not with a shortage that may pass. */
static bool is_of_the_file(int error)
{
	return error == EACCES || error == EPERM || error == ENOENT || error == ENOTDIR ||
	       error == ELOOP || error == ENAMETOOLONG;
}

bool source_stamp_holds(const struct source_stamp *stamp)
{
	struct stat st;

	if (stat(stamp->path, &st) < 0)
		return stamp->was.st_ino == 0;
	return stamp_is_same(&st, &stamp->was);
}

/*
 * The host's policy binds every user, so nobody but root may be able to change
 * it, nor any folder on the way to it.
 */
static int check_only_root_writes(struct source *s, const char *path)
{
	struct writers_fault fault;

	if (writers_only_root(path, &fault))
		return 0;
	if (fault.path) /* so that mending it is seen */
		source_add_stamp(s, fault.path, &fault.was);
	if (fault.message)
		source_fail(s, "%s", fault.message);
	writers_fault_free(&fault);
	return -1;
}

int source_check_writers(struct source *s, const char *path, const struct stat *st)
{
	if (s->host && !s->copying)
		return check_only_root_writes(s, path);
	if (st->st_mode & S_IWOTH)
		return source_fail(s,
				   "%s: is world-writable (mode %04o), so anyone could change the "
				   "policy; chmod o-w it",
				   path, (unsigned)(st->st_mode & 07777));
	return 0;
}

static char *read_whole(int fd, size_t expected, size_t *len)
{
	size_t size = expected + 1, got = 0;
	char *bytes = malloc(size);

	while (bytes) {
		ssize_t n = read(fd, bytes + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		got += (size_t)n;
		if (n == 0) {
			*len = got;
			return bytes;
		}
		if (got == size) {
			char *more = realloc(bytes, 2 * size);

			if (!more)
				break;
			bytes = more;
			size *= 2;
		}
	}
	free(bytes);
	return NULL;
}

/*
 * Reads the regular file PATH and takes its stamp. WHAT begins the message: the
 * path itself, or the place that names it. Of what is kept, for a snapshot it may be,
 * the kernel is made to note who writes by mmap(2) from now on: where that was noted
 * once and is not on the disk yet, more of it leaves no trace in the times.
 */
static int read_file(struct source *s, const char *path, const char *what, struct source_file *out)
{
	struct stat st;
	int fd, rv = -1;

	/* O_NONBLOCK: a FIFO in a file's place must not hang the program. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		bool lasting = is_of_the_file(errno);

		source_fail(s, "%s: cannot be read: %m; name a readable file", what);
		if (lasting)
			source_add_stamp(s, path, stat(path, &st) < 0 ? NULL : &st);
		else
			source_read_again(s, path);
		return -1;
	}
	if (s->keeping)
		(void)fsync(fd);
	if (fstat(fd, &st) < 0)
		source_fail(s, "%s: cannot be examined: %m; name a readable file", what);
	else if (source_add_stamp(s, path, &st) == 0 && !S_ISREG(st.st_mode))
		source_fail(s, "%s: is not a regular file; name one", what);
	else if (S_ISREG(st.st_mode) && source_check_writers(s, path, &st) == 0) {
		out->bytes = read_whole(fd, (size_t)st.st_size, &out->len);
		if (!out->bytes) {
			source_fail(s, "%s: cannot be read: %m; name a readable file", what);
			source_read_again(s, path);
		}
		if (out->bytes && !out->len) {
			/* Or ext4 is truncating it, and still shows its old times. */
			source_fail(s, "%s: is empty; write something into it, or remove it", what);
			s->empty = true;
		} else if (out->bytes && (out->path = strdup(path))) {
			rv = 0;
		}
	}
	close(fd);
	return rv;
}

int source_add_file(struct source *s, const char *path, const char *what)
{
	struct source_file *files = append(s->files, s->n_files, sizeof(*files));
	struct source_file file = { 0 };

	if (!files)
		return -1;
	s->files = files;
	if (read_file(s, path, what, &file) < 0) {
		free(file.bytes);
		return -1;
	}
	s->files[s->n_files++] = file;
	return 0;
}

bool source_is_text(const char *name)
{
	size_t len = strlen(name);

	return *name != '.' && len > 4 && !strcmp(name + len - 4, ".ini");
}

static int is_ini(const struct dirent *entry)
{
	return source_is_text(entry->d_name);
}

/* alphasort(3) would go by the program's locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(struct source *s, const char *path, const struct stat *st)
{
	struct dirent **entries = NULL;
	int n, rv = 0;

	if (source_add_stamp(s, path, st) < 0 || source_check_writers(s, path, st) < 0)
		return -1;
	n = scandir(path, &entries, is_ini, by_name);
	if (n < 0) {
		if (!is_of_the_file(errno))
			source_read_again(s, path);
		return source_fail(s, "%s: cannot be listed: %m; make it readable", path);
	}
	for (int i = 0; i < n; i++) {
		char *file = NULL;

		if (rv == 0 && (asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0 ||
				source_add_file(s, file, file) < 0))
			rv = -1;
		if (rv == 0)
			s->files[s->n_files - 1].in_folder = true;
		free(file);
		free(entries[i]);
	}
	free(entries);
	return rv;
}

/* Adds s->path, a file or a folder that has to be there. */
static int collect_path(struct source *s)
{
	size_t before = s->n_files;
	struct stat st;

	if (stat(s->path, &st) < 0) {
		s->absent = stamp_is_absence(errno);
		source_fail(s, "%s: cannot be read: %m; name a policy file or a folder of *.ini",
			    s->path);
		source_add_stamp(s, s->path, NULL);
		return -1;
	}
	if (!S_ISDIR(st.st_mode))
		return source_add_file(s, s->path, s->path);
	if (add_folder(s, s->path, &st) < 0)
		return -1;
	if (s->n_files == before)
		return source_fail(s, "%s: holds no *.ini file; put a policy there", s->path);
	return 0;
}

/* Adds PATH, a file or a folder that need not be there. */
static int add_if_there(struct source *s, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ? add_folder(s, path, &st)
					   : source_add_file(s, path, path);
	if (!stamp_is_absence(errno))
		source_fail(s, "%s: cannot be read: %m; make it readable for every user", path);
	return source_add_stamp(s, path, NULL) < 0 || s->error ? -1 : 0;
}

static int collect_program(struct source *s)
{
	if (!*s->path)
		return source_fail(
			s, "PINSHIM_POLICY: has an empty element, which names no policy; name a "
			   "file or folder, or unset it");
	return collect_path(s);
}

/* Adds NAME in FOLDER, that need not be there. */
static int add_part(struct source *s, const char *folder, const char *name)
{
	char *path = NULL;
	int rv = asprintf(&path, "%s/%s", folder, name) < 0 ? -1 : add_if_there(s, path);

	free(path);
	return rv;
}

static int collect_host(struct source *s)
{
	if (add_part(s, s->path, POLICY_FILE) < 0 || add_part(s, s->path, POLICY_DIR) < 0)
		return -1;
	if (s->n_files)
		return 0;
	s->absent = true;
	return source_fail(s, "%s: holds neither policy.ini nor policy.d/*.ini; write one",
			   s->path);
}

/* The draft is read as any policy: what will be the host's is a copy of it. */
static int collect_draft_itself(struct source *s)
{
	int rv;

	s->copying = true;
	rv = collect_path(s);
	s->copying = false;
	return rv;
}

static int collect_draft(struct source *s)
{
	bool has_home = access(SOURCE_HOST_DIR, F_OK) == 0;
	struct stat st;

	if (!strcmp(s->path, SOURCE_HOST_DIR))
		return collect_host(s);
	if (check_only_root_writes(s, has_home ? SOURCE_HOST_DIR : "/etc") < 0)
		return -1;
	if (stat(s->path, &st) == 0 && S_ISDIR(st.st_mode))
		return add_part(s, SOURCE_HOST_DIR, POLICY_FILE) < 0 ? -1 : collect_draft_itself(s);
	return collect_draft_itself(s) < 0 ? -1 : add_part(s, SOURCE_HOST_DIR, POLICY_DIR);
}

int source_collect(struct source *s)
{
	if (s->draft)
		return collect_draft(s);
	return s->host ? collect_host(s) : collect_program(s);
}

bool source_file_holds(const struct source_file *file)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t len = 0;
	char *bytes = fd < 0 ? NULL : read_whole(fd, file->len, &len);
	bool holds = bytes && len == file->len && !memcmp(bytes, file->bytes, len);

	free(bytes);
	if (fd >= 0)
		close(fd);
	return holds;
}

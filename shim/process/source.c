/* SPDX-License-Identifier: MIT */
/*
 * Finding, checking and reading the files of one policy. Whatever cannot be
 * read whole, by this process, from files that the wrong people cannot write,
 * makes the policy bad; nothing is read in part and nothing is passed over.
 */
#include "process/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "process/block.h"
#include "process/stamp.h"
#include "process/writers.h"
#include "pure/ctlogs.h"
#include "pure/revoked.h"

#define ATTEMPTS 16

__attribute__((format(printf, 2, 3))) static int fail(struct source *s, const char *format, ...)
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

static int add_stamp(struct source *s, const char *path, const struct stat *st)
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

/* A stamp that cannot hold: the next look reads again, though nothing has changed. */
static void read_again(struct source *s, const char *path)
{
	static const struct stat nothing_like_it = { .st_ino = (ino_t)-1 };

	s->shortage = true;
	add_stamp(s, path, &nothing_like_it);
}

/* Whether a failure lies with the file, and not with a shortage that may pass. */
static bool is_of_the_file(int error)
{
	return error == EACCES || error == EPERM || error == ENOENT || error == ENOTDIR ||
	       error == ELOOP || error == ENAMETOOLONG;
}

static bool stamp_holds(const struct source_stamp *stamp)
{
	struct stat st;

	if (stat(stamp->path, &st) < 0)
		return stamp->was.st_ino == 0;
	return stamp_is_same(&st, &stamp->was);
}

bool source_changed(const struct source *s)
{
	for (size_t i = 0; i < s->n_stamps; i++)
		if (!stamp_holds(&s->stamps[i]))
			return true;
	return source_spoiled(s);
}

bool source_spoiled(const struct source *s)
{
	return s->distrusted || snapshot_file_changed(&s->map);
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
		add_stamp(s, fault.path, &fault.was);
	if (fault.message)
		fail(s, "%s", fault.message);
	writers_fault_free(&fault);
	return -1;
}

static int check_writers(struct source *s, const char *path, const struct stat *st)
{
	if (s->host && !s->copying)
		return check_only_root_writes(s, path);
	if (st->st_mode & S_IWOTH)
		return fail(s,
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
 * path itself, or the place that names it.
 */
static int read_file(struct source *s, const char *path, const char *what, struct source_file *out)
{
	struct stat st;
	int fd, rv = -1;

	/* O_NONBLOCK: a FIFO in a file's place must not hang the program. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		bool lasting = is_of_the_file(errno);

		fail(s, "%s: cannot be read: %m; name a readable file", what);
		if (lasting)
			add_stamp(s, path, stat(path, &st) < 0 ? NULL : &st);
		else
			read_again(s, path);
		return -1;
	}
	if (fstat(fd, &st) < 0)
		fail(s, "%s: cannot be examined: %m; name a readable file", what);
	else if (add_stamp(s, path, &st) == 0 && !S_ISREG(st.st_mode))
		fail(s, "%s: is not a regular file; name one", what);
	else if (S_ISREG(st.st_mode) && check_writers(s, path, &st) == 0) {
		out->bytes = read_whole(fd, (size_t)st.st_size, &out->len);
		if (!out->bytes) {
			fail(s, "%s: cannot be read: %m; name a readable file", what);
			read_again(s, path);
		}
		if (out->bytes && !out->len) {
			/* Or ext4 is truncating it, and still shows its old times. */
			fail(s, "%s: is empty; write something into it, or remove it", what);
			s->empty = true;
		} else if (out->bytes && (out->path = strdup(path))) {
			rv = 0;
		}
	}
	close(fd);
	return rv;
}

static int add_file(struct source *s, const char *path, const char *what)
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

	if (add_stamp(s, path, st) < 0 || check_writers(s, path, st) < 0)
		return -1;
	n = scandir(path, &entries, is_ini, by_name);
	if (n < 0) {
		if (!is_of_the_file(errno))
			read_again(s, path);
		return fail(s, "%s: cannot be listed: %m; make it readable", path);
	}
	for (int i = 0; i < n; i++) {
		char *file = NULL;

		if (rv == 0 && (asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0 ||
				add_file(s, file, file) < 0))
			rv = -1;
		if (rv == 0)
			s->files[s->n_files - 1].in_folder = true;
		free(file);
		free(entries[i]);
	}
	free(entries);
	return rv;
}

static bool is_absence(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/* Adds s->path, a file or a folder that has to be there. */
static int collect_path(struct source *s)
{
	size_t before = s->n_files;
	struct stat st;

	if (stat(s->path, &st) < 0) {
		s->absent = is_absence(errno);
		fail(s, "%s: cannot be read: %m; name a policy file or a folder of *.ini", s->path);
		add_stamp(s, s->path, NULL);
		return -1;
	}
	if (!S_ISDIR(st.st_mode))
		return add_file(s, s->path, s->path);
	if (add_folder(s, s->path, &st) < 0)
		return -1;
	if (s->n_files == before)
		return fail(s, "%s: holds no *.ini file; put a policy there", s->path);
	return 0;
}

/* Adds PATH, a file or a folder that need not be there. */
static int add_if_there(struct source *s, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ? add_folder(s, path, &st) : add_file(s, path, path);
	if (!is_absence(errno))
		fail(s, "%s: cannot be read: %m; make it readable for every user", path);
	return add_stamp(s, path, NULL) < 0 || s->error ? -1 : 0;
}

static int collect_program(struct source *s)
{
	if (!*s->path)
		return fail(s,
			    "PINSHIM_POLICY: has an empty element, which names no policy; name a "
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
	return fail(s, "%s: holds neither policy.ini nor policy.d/*.ini; write one", s->path);
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

static int collect(struct source *s)
{
	if (s->draft)
		return collect_draft(s);
	return s->host ? collect_host(s) : collect_program(s);
}

static const struct policy_maker maker = { .resize = block_resize };

static void drop_files(struct source_file **files, size_t *n)
{
	for (size_t i = 0; i < *n; i++) {
		free((*files)[i].path);
		if (!(*files)[i].borrowed)
			free((*files)[i].bytes);
	}
	free(*files);
	*files = NULL;
	*n = 0;
}

/* What was read so far is parsed and done with, but for those who want it kept. */
static void put_away(struct source *s, struct source_file **kept, size_t *n)
{
	if (s->keeping) {
		*kept = s->files;
		*n = s->n_files;
		s->files = NULL;
		s->n_files = 0;
	}
	drop_files(&s->files, &s->n_files);
}

/* Reads the file that KEY of the policy P names as VALUE, once. */
static int add_named(struct source *s, const struct policy *p, const char *key,
		     const struct policy_value *value)
{
	const char *path = policy_string(p, value->text);
	char *what = NULL;
	int rv;

	if (source_file(s, path))
		return 0;
	if (asprintf(&what, "%s:%u: %s '%s'", policy_string(p, value->place.file),
		     value->place.line, key, path) < 0)
		return -1;
	rv = add_file(s, path, what);
	free(what);
	return rv;
}

/* The files read so far as texts, from malloc(3). */
static struct policy_text *texts_of(const struct source *s)
{
	struct policy_text *texts = calloc(s->n_files + 1, sizeof(*texts));

	for (size_t i = 0; texts && i < s->n_files; i++)
		texts[i] = (struct policy_text){ s->files[i].path, s->files[i].bytes,
						 s->files[i].len };
	return texts;
}

/* Takes over LOOSE; the policy with the keys of its `revoked' lists, or NULL. */
static struct policy *add_revoked(struct source *s, struct policy *loose,
				  char error[POLICY_ERROR_SIZE])
{
	const struct policy_value *lists;
	struct policy_text *texts;
	size_t n;
	int rv = 0;

	lists = policy_values(loose, loose->revoked, &n);
	if (!n)
		return loose;
	for (size_t i = 0; rv == 0 && i < n; i++)
		rv = add_named(s, loose, "revoked", &lists[i]);
	texts = rv == 0 ? texts_of(s) : NULL;
	if (!texts) {
		block_free(loose);
		return NULL;
	}
	loose = revoked_add(&maker, loose, texts, s->n_files, error);
	if (!loose)
		fail(s, "%s", error);
	free(texts);
	put_away(s, &s->lists, &s->n_lists);
	return loose;
}

static int parse(struct source *s)
{
	struct policy_text *texts = texts_of(s);
	char *error = malloc(POLICY_ERROR_SIZE);
	struct policy *loose = NULL;

	if (texts && error) {
		loose = policy_parse_by(&maker, texts, s->n_files, s->path, s->host, error);
		if (!loose)
			fail(s, "%s", error);
		put_away(s, &s->texts, &s->n_texts);
		if (loose)
			loose = add_revoked(s, loose, error);
	}
	if (loose)
		s->policy = block_seal(loose);
	free(error);
	free(texts);
	return s->policy ? 0 : -1;
}

static int add_ca_file(struct source *s, const struct policy_value *value)
{
	const struct source_file *file;

	if (add_named(s, s->policy, "ca-file", value) < 0)
		return -1;
	file = source_file(s, policy_string(s->policy, value->text));
	if (memmem(file->bytes, file->len, "-----BEGIN ", 11))
		return 0;
	return fail(s,
		    "%s:%u: ca-file '%s': holds no PEM certificate; name a file of trust anchors",
		    policy_string(s->policy, value->place.file), value->place.line, file->path);
}

static int add_ct_logs(struct source *s, const struct policy_value *value)
{
	const struct source_file *file;
	char *error;

	if (add_named(s, s->policy, "ct-logs", value) < 0 || !(error = malloc(POLICY_ERROR_SIZE)))
		return -1;
	file = source_file(s, policy_string(s->policy, value->text));
	s->n_ct_logs =
		ctlogs_count(&(struct policy_text){ file->path, file->bytes, file->len }, error);
	if (!s->n_ct_logs)
		fail(s, "%s", error);
	free(error);
	return s->n_ct_logs ? 0 : -1;
}

/* What stays of all the files is what the policy refers to and does not hold. */
static int keep_files(struct source *s)
{
	const struct policy_value *ca_files;
	size_t n;

	if (s->policy->ct_logs.text && add_ct_logs(s, &s->policy->ct_logs) < 0)
		return -1;
	ca_files = policy_values(s->policy, s->policy->ca_files, &n);
	for (size_t i = 0; i < n; i++)
		if (add_ca_file(s, &ca_files[i]) < 0)
			return -1;
	return 0;
}

static void drop_policy(struct source *s)
{
	if (s->policy && !s->map.bytes)
		block_free(s->policy);
	s->policy = NULL;
}

static void clear(struct source *s)
{
	drop_files(&s->texts, &s->n_texts);
	drop_files(&s->lists, &s->n_lists);
	drop_files(&s->files, &s->n_files);
	for (size_t i = 0; i < s->n_stamps; i++)
		free(s->stamps[i].path);
	free(s->stamps);
	s->stamps = NULL;
	s->n_stamps = 0;
	drop_policy(s);
	snapshot_file_unmap(&s->map);
	free(s->snapshot_error);
	s->snapshot_error = NULL;
	free(s->error);
	s->error = NULL;
	s->absent = false;
	s->empty = false;
	s->shortage = false;
}

/* How long until everything read is older than the grain; 0 when it is. */
static long youth_ns(const struct source *s, const struct timespec *read_at)
{
	long most = 0;

	for (size_t i = 0; i < s->n_stamps; i++) {
		const struct stat *was = &s->stamps[i].was;
		long youth = was->st_ino ? stamp_youth_ns(was, read_at) : 0;

		if (youth > most)
			most = youth;
	}
	return most;
}

static int load_once(struct source *s)
{
	errno = 0;
	if (collect(s) < 0)
		return -1;
	if (s->unparsed) {
		put_away(s, &s->texts, &s->n_texts);
		return 0;
	}
	return parse(s) < 0 ? -1 : keep_files(s);
}

/* --- from a snapshot */

/* Whether the texts could be read as well, were there no snapshot: then they are what it is of. */
static int check_writers_of(struct source *s, const struct snapshot_stamp *stamp, const char *path)
{
	struct stat st;

	if (!stamp->there)
		return 0;
	return stat(path, &st) == 0 ? check_writers(s, path, &st) : -1;
}

static int take_stamps(struct source *s, const struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->head->n_stamps; i++) {
		const struct snapshot_stamp *stamp = &snapshot->stamps[i];
		const char *path = snapshot_path(snapshot, stamp->path);
		struct stat was = snapshot_file_stat(stamp);

		if (check_writers_of(s, stamp, path) < 0 ||
		    add_stamp(s, path, stamp->there ? &was : NULL) < 0)
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

/* The policy from the snapshot that is mapped. 0, or -1 with nothing of it left but an error. */
static int take_snapshot(struct source *s, bool with_stamps)
{
	const struct snapshot *snapshot = &s->map.snapshot;

	errno = 0;
	if ((with_stamps && take_stamps(s, snapshot) < 0) || take_files(s, snapshot) < 0)
		return -1;
	s->policy = snapshot->policy;
	s->n_ct_logs = snapshot->head->n_ct_logs;
	return 0;
}

/*
 * Loads S from its snapshot. Whether it did; else whether the snapshot is PENDING, and
 * S is clear but for what is wrong with it.
 */
static bool load_snapshot(struct source *s, bool *pending)
{
	enum snapshot_age age = SNAPSHOT_STALE;
	char *error = NULL;

	if (snapshot_file_map(s->path, s->host, &s->map, &error) == SNAPSHOT_MAPPED) {
		age = snapshot_file_age(&s->map, s->path, s->host, NULL);
		if (age == SNAPSHOT_CURRENT && take_snapshot(s, true) == 0)
			return true;
		clear(s);
	}
	*pending = age == SNAPSHOT_PENDING;
	s->snapshot_error = error;
	return false;
}

/* --- from the texts */

static void pause_for(long ns)
{
	struct timespec pause = { 0, ns };

	while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
		;
}

/* Once: whether S is what it is now, or how long to wait before it is read again. */
static long read_once(struct source *s, int *rv)
{
	struct timespec read_at;
	long young;

	clock_gettime(CLOCK_REALTIME, &read_at);
	*rv = load_once(s);
	young = youth_ns(s, &read_at);
	return young || (!s->empty && !source_changed(s)) ? young : GRAIN_NS;
}

/* How often a snapshot that is just being made is looked for: a second. */
#define WAITS 50

static int load_stable(struct source *s, bool text_alone)
{
	int rv = -1, waits = 0;
	bool pending;
	long again;

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		clear(s);
		pending = false;
		if (!text_alone && load_snapshot(s, &pending))
			return 0;
		if (pending && waits++ < WAITS) {
			attempt--;
			pause_for(GRAIN_NS);
			continue;
		}
		again = read_once(s, &rv);
		if (!again)
			break;
		pause_for(again);
		if (attempt == ATTEMPTS - 1 && !s->empty) {
			clear(s);
			rv = fail(s, "%s: keeps changing while it is read; replace it by rename",
				  s->path);
			read_again(s, s->path);
		}
	}
	return rv;
}

static struct source *new_source(const char *path, bool host)
{
	struct source *s = calloc(1, sizeof(*s));

	if (s && (s->path = strdup(path))) {
		s->host = host;
		return s;
	}
	free(s);
	return NULL;
}

/* S as callers get it, of which RV says whether it is good. */
static struct source *finished(struct source *s, int rv)
{
	if (rv == 0)
		return s;
	drop_policy(s);
	if (s->error)
		return s;
	source_free(s); /* memory ran out */
	return NULL;
}

struct source *source_load(const char *path, bool host)
{
	struct source *s = new_source(path, host);

	return s ? finished(s, load_stable(s, false)) : NULL;
}

struct source *source_read(const char *path, bool host, bool keep)
{
	struct source *s = new_source(path, host);

	if (!s)
		return NULL;
	s->keeping = keep;
	return finished(s, load_stable(s, true));
}

struct source *source_load_draft(const char *path)
{
	struct source *s = new_source(path, true);

	if (!s)
		return NULL;
	s->draft = s->keeping = true;
	return finished(s, load_stable(s, true));
}

/* Where TEXT of a draft stands once it is published, from malloc(3). */
static char *published_path(const struct source_file *text)
{
	char *path;

	if (!text->in_folder)
		return strdup(SOURCE_HOST_DIR "/" POLICY_FILE);
	return asprintf(&path, SOURCE_HOST_DIR "/" POLICY_DIR "%s", strrchr(text->path, '/')) < 0
		       ? NULL
		       : path;
}

/* The texts of DRAFT, whose bytes stay its own, as they will be called. */
static int borrow_texts(struct source *s, const struct source *draft)
{
	s->files = calloc(draft->n_texts + 1, sizeof(*s->files));
	for (size_t i = 0; s->files && i < draft->n_texts; i++) {
		s->files[i] = draft->texts[i];
		s->files[i].borrowed = true;
		s->files[i].path = published_path(&draft->texts[i]);
		if (!s->files[i].path)
			return -1;
		s->n_files++;
	}
	return s->files ? 0 : -1;
}

struct source *source_of_draft(const struct source *draft)
{
	struct source *s = new_source(SOURCE_HOST_DIR, true);
	int rv = -1;

	if (!s)
		return NULL;
	s->keeping = true;
	errno = 0;
	if (borrow_texts(s, draft) == 0 && parse(s) == 0)
		rv = keep_files(s);
	return finished(s, rv);
}

struct source *source_read_texts(void)
{
	struct source *s = new_source(SOURCE_HOST_DIR, true);

	if (!s)
		return NULL;
	s->keeping = s->unparsed = true;
	return finished(s, load_stable(s, true));
}

struct source *source_load_last_good(void)
{
	struct source *s = new_source(SNAPSHOT_OF_HOST, true);
	int rv = -1;

	if (!s)
		return NULL;
	s->last_good = true;
	errno = 0;
	switch (snapshot_file_map(SOURCE_HOST_DIR, true, &s->map, &s->error)) {
	case SNAPSHOT_ABSENT:
		s->absent = true;
		fail(s, "%s: is not there; 'pinshim apply' makes it", s->path);
		break;
	case SNAPSHOT_UNUSABLE:
		break;
	case SNAPSHOT_MAPPED:
		rv = take_snapshot(s, false);
	}
	return finished(s, rv);
}

struct source *source_of_refused(const char *list)
{
	struct source *s = calloc(1, sizeof(*s));
	char *error = malloc(POLICY_ERROR_SIZE);
	struct policy *loose = NULL;

	errno = 0;
	if (s && error && (s->path = strdup(SOURCE_REFUSE)))
		loose = policy_refusing(&maker, list, s->path, error);
	if (loose)
		s->policy = block_seal(loose);
	else if (s && s->path)
		fail(s, "%s", error);
	free(error);
	if (s && (s->policy || s->error))
		return s;
	source_free(s);
	return NULL;
}

void source_free(struct source *s)
{
	struct source_kept *kept, *next;

	if (!s)
		return;
	for (kept = s->kept; kept; kept = next) {
		next = kept->next;
		kept->drop(kept);
	}
	clear(s);
	free(s->path);
	free(s);
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

const struct source_file *source_file(const struct source *s, const char *path)
{
	for (size_t i = 0; i < s->n_files; i++)
		if (!strcmp(s->files[i].path, path))
			return &s->files[i];
	return NULL;
}

void source_keep(const struct source *s, struct source_kept *kept)
{
	_Atomic(struct source_kept *) *first = &((struct source *)(uintptr_t)s)->kept;

	kept->next = *first;
	while (!atomic_compare_exchange_weak(first, &kept->next, kept))
		;
}

const struct source_kept *source_kept(const struct source *s, const void *owner)
{
	const struct source_kept *kept = s->kept;

	while (kept && kept->owner != owner)
		kept = kept->next;
	return kept;
}

char **source_list(const char *list)
{
	char *cwd = getcwd(NULL, 0), **out, *text = NULL;
	size_t n = 1;

	/* A folder that was deleted makes relative paths name nothing, and say so. */
	if (!cwd)
		cwd = strdup("(no working folder)");
	for (const char *c = list; *c; c++)
		n += *c == ':';
	out = cwd ? malloc((n + 1) * sizeof(*out) + strlen(list) + n * (strlen(cwd) + 2)) : NULL;
	for (size_t i = 0; out && i < n; i++) {
		size_t len = strcspn(list, ":");

		text = i ? text : (char *)(out + n + 1);
		out[i] = text;
		if (len && *list != '/')
			text += sprintf(text, "%s/", cwd);
		memcpy(text, list, len);
		text[len] = '\0';
		text += len + 1;
		list += len + 1;
	}
	if (out)
		out[n] = NULL;
	free(cwd);
	return out;
}

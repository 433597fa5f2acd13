/* SPDX-License-Identifier: MIT */
/*
 * How a policy takes the place of another. All is written beside its place and
 * on the disk before anything is moved. The last good policy goes first, a snapshot
 * that is marked as pending: should the second step fail to be whole, it is what
 * processes fall back on, and it is the very policy that was to be published. When
 * the texts are in place, a second snapshot that lacked nothing but the record of
 * them takes its place, so that nobody waits for more than that.
 */
#include "cmd/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "cmd/snapshot_state.h"
#include "cmd/snapshot_write.h"
#include "cmd/sync_folder.h"
#include "process/stamp.h"
#include "process/write_all.h"
#include "process/writers.h"

/* Hidden, so that they are never read for a part of a policy. */
#define NEW_FILE      SOURCE_HOST_DIR "/." POLICY_FILE ".new"
#define NEW_DIR	      SOURCE_HOST_DIR "/." POLICY_DIR ".new"
#define NEW_SNAPSHOT  SNAPSHOT_HOME "/.policy.snapshot.new"
#define NEW_LAST_GOOD SNAPSHOT_HOME "/.last-good.new"
#define OLD_SNAPSHOT  SNAPSHOT_HOME "/.policy.snapshot.old"
#define LOCK	      SNAPSHOT_HOME "/apply.lock"

/* Where earlier versions kept the texts of the last good policy. */
#define OLD_LAST_GOOD SNAPSHOT_HOME "/last-good"

#define NEW_TEXT PUBLISHED_DIR "/.text.new"

/* What stands in policy.d while its files are replaced one by one: no policy parses with it. */
#define MARK	  PUBLISHED_DIR "/pinshim-apply.ini"
#define MARK_TEXT "pinshim apply is at work here: if it was interrupted, run it again\n"

enum outcome { UNCHANGED = 0, BROKEN_OFF, DONE };

static bool is_open_to_all(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & 0555) == 0555;
}

static int make_folder(const char *path)
{
	/* The mode is not left to the umask; one that will do may be on a disk that is only read.
	 */
	if ((mkdir(path, 0755) < 0 && errno != EEXIST) ||
	    (!is_open_to_all(path) && chmod(path, 0755) < 0))
		return complain_file(path);
	return 0;
}

static int write_file(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	int rv = -1;

	if (fd >= 0 && fchmod(fd, 0644) == 0 && fchown(fd, 0, 0) == 0 &&
	    write_all(fd, bytes, len) == 0 && fsync(fd) == 0)
		rv = 0;
	else
		complain_file(path);
	if (fd >= 0)
		close(fd);
	return rv;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

/* Removes PATH and, when it is a folder, all that is in it. */
static int remove_tree(const char *path)
{
	if (nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
		return 0;
	return complain_file(path);
}

int publish_lock(void)
{
	int fd;

	/* Every user's process has to get through it, to the last good policy. */
	if (make_folder(SNAPSHOT_HOME) < 0)
		return -1;
	/* Nobody but root can open it, and hold it for ever. */
	fd = open(LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return complain_file(LOCK);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		complain("waiting for another 'pinshim apply'");
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return complain_file(LOCK);
	return 0;
}

/* --- writing beside */

static const char *base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Writes TEXT into FOLDER as the file that it was. */
static int write_into(const char *folder, const struct source_file *text)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", folder, base_name(text->path)) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return complain_file(text->path);
	}
	return write_file(path, text->bytes, text->len);
}

/* Writes the texts that come from a folder to FOLDER, which is made, and nothing else in it. */
static int write_folder(const char *folder, const struct source *draft)
{
	if (remove_tree(folder) < 0 || make_folder(folder) < 0)
		return -1;
	for (size_t i = 0; i < draft->n_texts; i++)
		if (draft->texts[i].in_folder && write_into(folder, &draft->texts[i]) < 0)
			return -1;
	return sync_folder(folder);
}

/* Writes the text that comes from no folder, if there is one, to PATH. */
static int write_single(const char *path, const struct source *draft)
{
	const struct source_file *text = draft->texts;

	for (size_t i = 0; i < draft->n_texts; i++, text++)
		if (!text->in_folder)
			return write_file(path, text->bytes, text->len);
	return 0;
}

/* A snapshot that is written, to PATH, and stays open. */
struct written {
	const char *path;
	int fd;
	struct snapshot_new *new;
};

static void close_written(struct written *w)
{
	snapshot_new_free(w->new);
	if (w->fd >= 0)
		close(w->fd);
}

/* Writes the snapshot of S, which has yet to get a record of the N files at PATHS. */
static int write_snapshot(const struct source *s, const char *const *paths, size_t n, bool pending,
			  struct written *w)
{
	struct writers_fault fault;
	int rv = -1;

	if (remove_tree(w->path) < 0)
		return -1;
	w->fd = open(w->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (w->fd < 0 || fchmod(w->fd, 0644) < 0 ||
	    !(w->new = snapshot_write(s, paths, n, pending, w->fd)) || fsync(w->fd) < 0)
		return complain_file(w->path);
	/* Nobody would use one that others can write to. */
	if (writers_only_root(w->path, &fault))
		rv = 0;
	else
		complain("%s", fault.message ? fault.message : "out of memory");
	writers_fault_free(&fault);
	return rv;
}

static int write_texts(const struct source *draft, enum publish_place place)
{
	switch (place) {
	case PUBLISH_FILE:
		return write_single(NEW_FILE, draft);
	case PUBLISH_FOLDER:
		return write_folder(NEW_DIR, draft);
	case PUBLISH_IN_PLACE:
		break;
	}
	return 0;
}

/* --- moving into place */

static int exchange(const char *a, const char *b)
{
	return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
}

/* B takes the place of A, and what was there is B after this, where something was. */
static int swap(const char *a, const char *b, const char *meanwhile)
{
	if (exchange(a, b) == 0)
		return 0;
	if (errno == ENOENT)
		return rename(b, a);
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* The file system cannot exchange. */
	if (remove_tree(meanwhile) < 0)
		return -1;
	if (link(a, meanwhile) < 0)
		return errno == ENOENT ? rename(b, a) : -1;
	return rename(b, a) < 0 ? -1 : rename(meanwhile, b);
}

/* What was the last good policy is NEW_LAST_GOOD after this. */
static int move_last_good(void)
{
	if (swap(SNAPSHOT_OF_HOST, NEW_LAST_GOOD, OLD_SNAPSHOT) < 0)
		return complain_file(SNAPSHOT_OF_HOST);
	return sync_folder(SNAPSHOT_HOME);
}

static void take_back_last_good(bool had_one)
{
	if (had_one ? exchange(NEW_LAST_GOOD, SNAPSHOT_OF_HOST) < 0 &&
			      rename(NEW_LAST_GOOD, SNAPSHOT_OF_HOST) < 0
		    : unlink(SNAPSHOT_OF_HOST) < 0)
		complain_file(SNAPSHOT_OF_HOST);
}

static enum outcome move_file(void)
{
	if (rename(NEW_FILE, PUBLISHED_FILE) == 0)
		return sync_folder(SOURCE_HOST_DIR) == 0 ? DONE : BROKEN_OFF;
	complain_file(PUBLISHED_FILE);
	return UNCHANGED;
}

static bool is_text_of(const struct source *draft, const char *name)
{
	for (size_t i = 0; i < draft->n_texts; i++)
		if (draft->texts[i].in_folder && !strcmp(base_name(draft->texts[i].path), name))
			return true;
	return false;
}

/* Calls F with the path of each entry of PUBLISHED_DIR and DRAFT until one does not return 0. */
static int each_entry(int (*f)(const char *path, const struct source *draft),
		      const struct source *draft)
{
	DIR *folder = opendir(PUBLISHED_DIR);
	const struct dirent *entry;
	char path[PATH_MAX];
	int rv = 0;

	if (!folder)
		return errno == ENOENT ? 0 : complain_file(PUBLISHED_DIR);
	while (rv == 0 && (entry = readdir(folder))) {
		snprintf(path, sizeof(path), "%s/%s", PUBLISHED_DIR, entry->d_name);
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rv = f(path, draft);
	}
	closedir(folder);
	return rv;
}

/* Files that are no policy would go with the folder. */
static int refuse_to_lose(const char *path, const struct source *draft)
{
	(void)draft;
	if (source_is_text(base_name(path)) || !strcmp(path, NEW_TEXT))
		return 0;
	complain("%s: is no policy file and would be lost; move it out of %s", path, PUBLISHED_DIR);
	return -1;
}

static int remove_unless_of(const char *path, const struct source *draft)
{
	if (!source_is_text(base_name(path)) || is_text_of(draft, base_name(path)) ||
	    !strcmp(path, MARK) || unlink(path) == 0)
		return 0;
	return complain_file(path);
}

static int replace_text(const char *path, const char *bytes, size_t len)
{
	if (write_file(NEW_TEXT, bytes, len) < 0)
		return -1;
	return rename(NEW_TEXT, path) < 0 ? complain_file(path) : 0;
}

static int replace_texts(const struct source *draft)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < draft->n_texts; i++) {
		const struct source_file *text = &draft->texts[i];

		snprintf(path, sizeof(path), "%s/%s", PUBLISHED_DIR, base_name(text->path));
		if (text->in_folder && replace_text(path, text->bytes, text->len) < 0)
			return -1;
	}
	return each_entry(remove_unless_of, draft);
}

/*
 * One file after the other, and bad in between: processes keep the policy that
 * they have, or begin with the last good one, which is the new one.
 */
static enum outcome replace_folder(const struct source *draft)
{
	if (replace_text(MARK, MARK_TEXT, strlen(MARK_TEXT)) < 0)
		return UNCHANGED;
	if (sync_folder(PUBLISHED_DIR) == 0 && replace_texts(draft) == 0 &&
	    sync_folder(PUBLISHED_DIR) == 0 && unlink(MARK) == 0 && sync_folder(PUBLISHED_DIR) == 0)
		return DONE;
	complain("%s: is half replaced: run 'pinshim apply' again; until then the last good policy "
		 "is used, which is the new one",
		 PUBLISHED_DIR);
	return BROKEN_OFF;
}

static enum outcome move_folder(const struct source *draft)
{
	struct stat st;

	if (exchange(NEW_DIR, PUBLISHED_DIR) == 0 ||
	    (lstat(PUBLISHED_DIR, &st) < 0 && errno == ENOENT &&
	     rename(NEW_DIR, PUBLISHED_DIR) == 0))
		return sync_folder(SOURCE_HOST_DIR) == 0 ? DONE : BROKEN_OFF;
	switch (errno) {
	case EINVAL: /* the file system cannot */
	case ENOSYS:
	case EXDEV: /* overlayfs: it belongs to a lower layer */
	case EBUSY: /* it is a mount point */
		return replace_folder(draft);
	}
	complain_file(PUBLISHED_DIR);
	return UNCHANGED;
}

static enum outcome move(const struct source *draft, enum publish_place place)
{
	switch (place) {
	case PUBLISH_FILE:
		return move_file();
	case PUBLISH_FOLDER:
		return move_folder(draft);
	case PUBLISH_IN_PLACE:
		break;
	}
	return DONE;
}

/* --- the record of what is in place now */

/* The paths of the host's policy whose texts are those of PUBLISHED, as source_read_texts() has
 * them. */
static const char **paths_of(const struct source *published, size_t *n)
{
	const char **paths = calloc(published->n_texts + 2, sizeof(*paths));

	*n = 0;
	if (!paths)
		return NULL;
	paths[(*n)++] = PUBLISHED_FILE;
	paths[(*n)++] = PUBLISHED_DIR;
	for (size_t i = 0; i < published->n_texts; i++)
		if (published->texts[i].in_folder)
			paths[(*n)++] = published->texts[i].path;
	return paths;
}

static bool same_file(const struct source_file *a, const struct source_file *b)
{
	return !strcmp(a->path, b->path) && a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

/* Whether NOW, what is in place, is PUBLISHED, and what that names is what it was. */
static bool is_published(const struct source *now, const struct source *published,
			 const char *const *paths, size_t n)
{
	if (now->n_stamps != n || now->n_texts != published->n_texts)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(now->stamps[i].path, paths[i]) != 0)
			return false;
	for (size_t i = 0; i < now->n_texts; i++)
		if (!same_file(&now->texts[i], &published->texts[i]))
			return false;
	/* These may have been read within the grain of their clock. */
	for (size_t i = 0; i < published->n_lists; i++)
		if (!source_file_holds(&published->lists[i]))
			return false;
	for (size_t i = 0; i < published->n_files; i++)
		if (!source_file_holds(&published->files[i]))
			return false;
	return !source_changed(published);
}

/* Completes W, the snapshot of what is in place now, and puts it in its own. */
static int finish_snapshot(struct written *w, const struct source *published,
			   const char *const *paths, size_t n)
{
	static const struct timespec grain = { 0, GRAIN_NS };
	struct source *now;
	int rv = -1;

	nanosleep(&grain, NULL); /* or else it would be read twice */
	now = source_read_texts();
	if (!now)
		complain("out of memory");
	else if (now->error)
		complain("%s", now->error);
	else if (!is_published(now, published, paths, n))
		complain(SOURCE_HOST_DIR ": has been changed since it was published");
	else if (snapshot_write_record(w->new, now, w->fd) < 0 || fsync(w->fd) < 0 ||
		 rename(w->path, SNAPSHOT_OF_HOST) < 0)
		complain_file(SNAPSHOT_OF_HOST);
	else
		rv = sync_folder(SNAPSHOT_HOME);
	source_free(now);
	return rv;
}

/* What there is to say when the texts are published, and processes will have to read them. */
static enum publish_result confirm(int rv)
{
	if (rv == 0 && snapshot_state_confirm(SOURCE_HOST_DIR, true) == 0)
		return PUBLISH_DONE;
	complain("the policy is published, but its snapshot is not current: every process reads "
		 "the text; run 'pinshim apply " SOURCE_HOST_DIR "'");
	return PUBLISH_STALE;
}

/* The snapshot of DRAFT, which is in place, takes the place of what is there. */
static enum publish_result publish_in_place(const struct source *draft)
{
	struct written w = { .path = NEW_SNAPSHOT, .fd = -1 };
	enum publish_result result = PUBLISH_FAILED;

	if (write_snapshot(draft, NULL, 0, false, &w) == 0) {
		if (swap(SNAPSHOT_OF_HOST, w.path, OLD_SNAPSHOT) < 0)
			complain_file(SNAPSHOT_OF_HOST);
		else if (sync_folder(SNAPSHOT_HOME) == 0)
			result = confirm(0);
	}
	close_written(&w);
	return result;
}

static enum publish_result publish_texts(const struct source *draft, const struct source *published,
					 enum publish_place place, const char *const *paths,
					 size_t n)
{
	struct written whole = { .path = NEW_SNAPSHOT, .fd = -1 };
	struct written last_good = { .path = NEW_LAST_GOOD, .fd = -1 };
	struct stat st;
	bool had_one = lstat(SNAPSHOT_OF_HOST, &st) == 0;
	enum publish_result result = PUBLISH_FAILED;
	enum outcome outcome = UNCHANGED;

	if (write_texts(draft, place) == 0 &&
	    write_snapshot(published, paths, n, false, &whole) == 0 &&
	    write_snapshot(published, paths, n, true, &last_good) == 0 && move_last_good() == 0) {
		outcome = move(draft, place);
		if (outcome == UNCHANGED)
			take_back_last_good(had_one);
		if (outcome == DONE)
			result = confirm(finish_snapshot(&whole, published, paths, n));
	}
	close_written(&whole);
	close_written(&last_good);
	return result;
}

static enum publish_result publish_draft(const struct source *draft, enum publish_place place)
{
	struct source *published = NULL;
	enum publish_result result = PUBLISH_FAILED;
	const char **paths = NULL;
	size_t n;

	if (make_folder(SOURCE_HOST_DIR) < 0 || sync_folder("/etc") < 0)
		return PUBLISH_FAILED;
	if (place == PUBLISH_IN_PLACE)
		return publish_in_place(draft);
	if (place == PUBLISH_FOLDER && each_entry(refuse_to_lose, draft) < 0)
		return PUBLISH_FAILED;
	progress_begin(SOURCE_HOST_DIR);
	published = source_of_draft(draft);
	progress_end();
	if (published && !published->policy)
		complain("%s", published->error);
	else if (!published || !(paths = paths_of(published, &n)))
		complain("out of memory");
	else
		result = publish_texts(draft, published, place, paths, n);
	free(paths);
	source_free(published);
	return result;
}

enum publish_result publish(const struct source *draft, enum publish_place place)
{
	static const char *const left_over[] = { NEW_FILE,	NEW_DIR,      NEW_SNAPSHOT,
						 NEW_LAST_GOOD, OLD_SNAPSHOT, NEW_TEXT };
	enum publish_result result = publish_draft(draft, place);

	if (result != PUBLISH_FAILED && remove_tree(OLD_LAST_GOOD) < 0)
		result = PUBLISH_FAILED;

	/* Now what was there before, or what could not be moved. */
	for (size_t i = 0; i < sizeof(left_over) / sizeof(left_over[0]); i++)
		if (remove_tree(left_over[i]) < 0)
			result = PUBLISH_FAILED;
	return result;
}

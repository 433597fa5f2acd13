/* SPDX-License-Identifier: MIT */
/*
 * How a policy takes the place of another. All is written beside its place and
 * on the disk before anything is moved. The last good policy goes first: should
 * the second step fail to be whole, it is what processes fall back on, and it is
 * the very policy that was to be published.
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
#include "process/last_good.h"
#include "process/write_all.h"

#define LAST_GOOD_HOME SNAPSHOT_HOME
#define LAST_GOOD_DIR  LAST_GOOD_HOME "/last-good"

/* Hidden, so that they are never read for a part of a policy. */
#define NEW_FILE      SOURCE_HOST_DIR "/." POLICY_FILE ".new"
#define NEW_DIR	      SOURCE_HOST_DIR "/." POLICY_DIR ".new"
#define NEW_LAST_GOOD LAST_GOOD_HOME "/.last-good.new"
#define LOCK	      LAST_GOOD_HOME "/apply.lock"

#define NEW_TEXT PUBLISHED_DIR "/.text.new"

/* What stands in policy.d while its files are replaced one by one: no policy parses with it. */
#define MARK	  PUBLISHED_DIR "/pinshim-apply.ini"
#define MARK_TEXT "pinshim apply is at work here: if it was interrupted, run it again\n"

enum outcome { UNCHANGED = 0, BROKEN_OFF, DONE };

static int complain_of(const char *path)
{
	complain("%s: %s", path, strerror(errno));
	return -1;
}

static int sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rv = -1;

	if (fd >= 0 && fsync(fd) == 0)
		rv = 0;
	else
		complain_of(path);
	if (fd >= 0)
		close(fd);
	return rv;
}

static int make_folder(const char *path)
{
	/* The mode is not left to the umask. */
	if ((mkdir(path, 0755) < 0 && errno != EEXIST) || chmod(path, 0755) < 0)
		return complain_of(path);
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
		complain_of(path);
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
	return complain_of(path);
}

int publish_lock(void)
{
	int fd;

	/* Every user's process has to get through it, to the last good policy. */
	if (make_folder(LAST_GOOD_HOME) < 0)
		return -1;
	/* Nobody but root can open it, and hold it for ever. */
	fd = open(LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return complain_of(LOCK);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		complain("waiting for another 'pinshim apply'");
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return complain_of(LOCK);
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
		return complain_of(text->path);
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

static bool has_folder(const struct source *draft)
{
	for (size_t i = 0; i < draft->n_texts; i++)
		if (draft->texts[i].in_folder)
			return true;
	return false;
}

static int write_last_good(const struct source *draft)
{
	struct source *written;
	int rv = -1;

	if (remove_tree(NEW_LAST_GOOD) < 0 || make_folder(NEW_LAST_GOOD) < 0 ||
	    write_single(NEW_LAST_GOOD "/" POLICY_FILE, draft) < 0 ||
	    (has_folder(draft) && write_folder(NEW_LAST_GOOD "/" POLICY_DIR, draft) < 0) ||
	    sync_folder(NEW_LAST_GOOD) < 0)
		return -1;
	/* Nobody would use one that others can write to. */
	written = source_load(NEW_LAST_GOOD, true);
	if (written && written->policy)
		rv = 0;
	else
		complain("%s", written ? written->error : "out of memory");
	source_free(written);
	return rv;
}

static int write_beside(const struct source *draft, enum publish_place place)
{
	if (make_folder(SOURCE_HOST_DIR) < 0 || sync_folder("/etc") < 0 ||
	    write_last_good(draft) < 0)
		return -1;
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

/* What was the last good policy is NEW_LAST_GOOD after this, where that can be. */
static int move_last_good(void)
{
	/*
	 * Where folders cannot be exchanged (on overlayfs those of a lower layer) there
	 * is none for a moment, in which the host's policy still is what it was.
	 */
	if (exchange(NEW_LAST_GOOD, LAST_GOOD_DIR) < 0 &&
	    ((errno != ENOENT && remove_tree(LAST_GOOD_DIR) < 0) ||
	     rename(NEW_LAST_GOOD, LAST_GOOD_DIR) < 0))
		return complain_of(LAST_GOOD_DIR);
	return sync_folder(LAST_GOOD_HOME);
}

static void take_back_last_good(bool had_one)
{
	if (exchange(NEW_LAST_GOOD, LAST_GOOD_DIR) < 0 && !had_one)
		remove_tree(LAST_GOOD_DIR);
}

static enum outcome move_file(void)
{
	if (rename(NEW_FILE, PUBLISHED_FILE) == 0)
		return sync_folder(SOURCE_HOST_DIR) == 0 ? DONE : BROKEN_OFF;
	complain_of(PUBLISHED_FILE);
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
		return errno == ENOENT ? 0 : complain_of(PUBLISHED_DIR);
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
	return complain_of(path);
}

static int replace_text(const char *path, const char *bytes, size_t len)
{
	if (write_file(NEW_TEXT, bytes, len) < 0)
		return -1;
	return rename(NEW_TEXT, path) < 0 ? complain_of(path) : 0;
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
	if (replace_texts(draft) == 0 && sync_folder(PUBLISHED_DIR) == 0 && unlink(MARK) == 0 &&
	    sync_folder(PUBLISHED_DIR) == 0)
		return DONE;
	complain("%s: is half replaced: run 'pinshim apply' again; until then the last good policy "
		 "is used, which is the new one",
		 PUBLISHED_DIR);
	return BROKEN_OFF;
}

static enum outcome move_folder(const struct source *draft)
{
	if (exchange(NEW_DIR, PUBLISHED_DIR) == 0 ||
	    (errno == ENOENT && rename(NEW_DIR, PUBLISHED_DIR) == 0))
		return sync_folder(SOURCE_HOST_DIR) == 0 ? DONE : BROKEN_OFF;
	switch (errno) {
	case EINVAL: /* the file system cannot */
	case ENOSYS:
	case EXDEV: /* overlayfs: it belongs to a lower layer */
	case EBUSY: /* it is a mount point */
		return replace_folder(draft);
	}
	complain_of(PUBLISHED_DIR);
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

int publish(const struct source *draft, enum publish_place place)
{
	bool had_one = access(LAST_GOOD_DIR, F_OK) == 0;
	enum outcome outcome = UNCHANGED;

	if (place == PUBLISH_FOLDER && each_entry(refuse_to_lose, draft) < 0)
		return -1;
	if (write_beside(draft, place) == 0 && move_last_good() == 0) {
		outcome = move(draft, place);
		if (outcome == UNCHANGED)
			take_back_last_good(had_one);
	}
	/* Now what was there before, or what could not be moved. */
	if (remove_tree(NEW_FILE) < 0 || remove_tree(NEW_DIR) < 0 || remove_tree(NEW_LAST_GOOD) < 0)
		return -1;
	return outcome == DONE ? 0 : -1;
}

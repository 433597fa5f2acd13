/* SPDX-License-Identifier: MIT */
/*
 * Reading and replacing ld.so.preload: a temporary file beside it, on the disk
 * before it is renamed. A text that cannot be written whole changes nothing.
 */
#include "cmd/preload_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/safe_path.h"
#include "process/stamp.h"
#include "process/write_all.h"

#define MAX_SIZE  (1 << 20) /* of a file that holds a few paths */
#define TEMPORARY ".ld.so.preload.pinshim"
#define WHY_SIZE  (2UL * PATH_MAX)

static int failed(const char *path)
{
	complain("'%s': %s", path, strerror(errno));
	return -1;
}

static int read_text(struct preload_file *f, int fd)
{
	ssize_t n = 0;
	size_t len = 0;

	if (fstat(fd, &f->st) < 0)
		return failed(f->name);
	if (!S_ISREG(f->st.st_mode) || f->st.st_size > MAX_SIZE) {
		complain("'%s' is not a file of a few lines; look at it, and move it away",
			 f->name);
		return -1;
	}
	f->text = malloc((size_t)f->st.st_size + 1);
	if (!f->text)
		return failed(f->name);
	do {
		len += (size_t)n;
		n = read(fd, f->text + len, (size_t)f->st.st_size - len);
	} while (n > 0);
	if (n < 0)
		return failed(f->name);
	f->text[len] = '\0';
	f->there = true;
	if (strlen(f->text) == len)
		return 0;
	complain("'%s' holds a NUL byte, where the loader stops reading; take it out", f->name);
	return -1;
}

static int read_file(struct preload_file *f)
{
	int rv, fd = open(f->real, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 && errno != ENOENT)
		return failed(f->name);
	if (fd < 0) {
		f->text = strdup("");
		return f->text ? 0 : failed(f->name);
	}
	rv = read_text(f, fd);
	close(fd);
	return rv;
}

/* Where the name leads. A link to a file that is not there is as good as no file. */
static int resolve(struct preload_file *f, const char *root)
{
	enum path_state state;
	char why[WHY_SIZE];
	struct stat st;

	if (safe_path(root, "/etc", f->real, why, sizeof(why)) == PATH_ABSENT) {
		complain("'%s%s' is not there; is that the root folder of a system?", root, "/etc");
		return -1;
	}
	f->link = lstat(f->name, &st) == 0 && S_ISLNK(st.st_mode);
	state = safe_path(root, PRELOAD_FILE, f->real, why, sizeof(why));
	if (!*f->real) {
		complain("'%s' leads nowhere: %s", f->name, why);
		return -1;
	}
	if (state != PATH_UNSAFE)
		return 0;
	f->unsafe = strdup(why);
	return f->unsafe ? 0 : failed(f->name);
}

/* Of the folder, since the file itself is replaced. */
static int take_lock(struct preload_file *f)
{
	char *slash = strrchr(f->real, '/');

	*slash = '\0';
	f->lock = open(*f->real ? f->real : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*slash = '/';
	if (f->lock < 0)
		return failed(f->real);
	return flock(f->lock, LOCK_EX) < 0 ? failed(f->real) : 0;
}

int preload_file_read(const char *root, bool lock, struct preload_file *out)
{
	*out = (struct preload_file){ .lock = -1 };
	if (snprintf(out->name, sizeof(out->name), "%s%s", root, PRELOAD_FILE) >=
	    (int)sizeof(out->name)) {
		complain("'%s' is too long a path", root);
		return -1;
	}
	if (resolve(out, root) < 0 || (lock && take_lock(out) < 0))
		return -1;
	return read_file(out);
}

void preload_file_close(struct preload_file *f)
{
	if (f->lock >= 0)
		close(f->lock);
	free(f->text);
	free(f->unsafe);
}

/* What cannot be copied here (another file system, no right to) is left to the system's default. */
static void copy_attributes(const char *from, int to)
{
	char names[4096], value[4096];
	ssize_t len = listxattr(from, names, sizeof(names)), n;

	for (char *name = names; len > 0 && name < names + len; name += strlen(name) + 1) {
		n = getxattr(from, name, value, sizeof(value));
		if (n >= 0)
			fsetxattr(to, name, value, (size_t)n, 0);
	}
}

static int fill(const struct preload_file *f, int fd, const char *text)
{
	/* Whatever the umask: every program must be able to read it. */
	mode_t mode = f->there ? f->st.st_mode & 07777 : 0644;

	if (write_all(fd, text, strlen(text)) < 0 ||
	    (f->there && fchown(fd, f->st.st_uid, f->st.st_gid) < 0) || fchmod(fd, mode) < 0)
		return -1;
	if (f->there)
		copy_attributes(f->real, fd);
	return fsync(fd);
}

/* Whether the file is still the one that was read. */
static bool is_as_read(const struct preload_file *f)
{
	struct stat st;

	if (stat(f->real, &st) < 0)
		return errno == ENOENT && !f->there;
	return f->there && stamp_is_same(&st, &f->st);
}

/* Makes the rename or the removal last. It is done already: what fails here is only told. */
static void settle(const struct preload_file *f)
{
	if (fsync(f->lock) < 0)
		complain("'%s' is replaced, but may not be on the disk yet: %s", f->name,
			 strerror(errno));
}

static int remove_file(const struct preload_file *f)
{
	if (unlink(f->real) < 0)
		return failed(f->name);
	settle(f);
	return 0;
}

static int rename_over(const struct preload_file *f, const char *text)
{
	const char *name = strrchr(f->real, '/') + 1;
	int fd;

	/* Under the lock nobody else uses it: it was left behind by a crash. */
	unlinkat(f->lock, TEMPORARY, 0);
	fd = openat(f->lock, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed(f->name);
	if (fill(f, fd, text) < 0 || renameat(f->lock, TEMPORARY, f->lock, name) < 0) {
		failed(f->name);
		close(fd);
		unlinkat(f->lock, TEMPORARY, 0);
		return -1;
	}
	close(fd);
	settle(f);
	return 0;
}

int preload_file_replace(const struct preload_file *f, const char *text)
{
	if (!is_as_read(f)) {
		complain("'%s' was changed by somebody else in the meantime; try again", f->name);
		return -1;
	}
	/* A link that led nowhere afterwards would look broken: it keeps an empty file. */
	return *text || f->link ? rename_over(f, text) : remove_file(f);
}

/* SPDX-License-Identifier: MIT */
/*
 * A snapshot holds what was in several files, and each of these lies in folders
 * of its own. Rights are only ever taken away here, one file or folder after the
 * other.
 */
#include "cmd/snapshot_owner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVERY_USER (S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)

/* What a snapshot is to be given. */
struct rights {
	uid_t uid;
	gid_t gid;
	mode_t mode;
	bool owner_reads; /* all of it, whoever made the snapshot */
};

/* Takes away what the file or folder ST, which is to be read or passed through, does not grant. */
static void narrow(struct rights *r, const struct stat *st)
{
	const bool folder = S_ISDIR(st->st_mode);
	const bool owner = st->st_mode & (folder ? S_IXUSR : S_IRUSR);
	const bool group = st->st_mode & (folder ? S_IXGRP : S_IRGRP);
	const bool others = st->st_mode & (folder ? S_IXOTH : S_IROTH);

	/* Whoever is of a file's group is not among its others, and the owner of neither. */
	if (!group || (st->st_gid != r->gid && !others))
		r->mode &= ~(mode_t)S_IRGRP;
	if (!group || !others)
		r->mode &= ~(mode_t)S_IROTH;
	if (!(st->st_uid == r->uid ? owner : group && others))
		r->owner_reads = false;
}

/* The same of what STAMP is of, and of each folder on the way to it, links resolved. */
static void narrow_by_path(struct rights *r, const struct source_stamp *stamp)
{
	char *real = realpath(stamp->path, NULL), *slash;
	struct stat st;

	narrow(r, &stamp->was);
	while (real && (slash = strrchr(real, '/')) && slash != real) {
		*slash = '\0';
		if (stat(real, &st) < 0)
			break;
		narrow(r, &st);
	}
	if (!real || slash != real) {
		r->mode &= S_IRUSR | S_IWUSR;
		r->owner_reads = false;
	}
	free(real);
}

static void narrow_by_all(struct rights *r, const struct source *s)
{
	r->mode = EVERY_USER;
	r->owner_reads = true;
	for (size_t i = 0; i < s->n_stamps; i++)
		if (s->stamps[i].was.st_ino)
			narrow_by_path(r, &s->stamps[i]);
}

int snapshot_owner_set(const struct source *s, int fd)
{
	struct rights r = { 0 };
	struct stat st;

	if (stat(s->path, &st) < 0)
		return -1;
	r.uid = st.st_uid;
	r.gid = st.st_gid;
	narrow_by_all(&r, s);
	/* Everybody uses what is root's. Where it is not for everybody it is for the policy's
	 * owner, unless root has read what that user may not. */
	if (geteuid() == 0 &&
	    fchown(fd, r.owner_reads && !(r.mode & S_IROTH) ? r.uid : 0, r.gid) < 0)
		return -1;
	/* A user may be of the policy's group; or else the file's own one counts. */
	if (geteuid() != 0 && fchown(fd, (uid_t)-1, r.gid) < 0 && fstat(fd, &st) == 0) {
		r.gid = st.st_gid;
		narrow_by_all(&r, s);
	}
	return fchmod(fd, r.mode);
}

/* SPDX-License-Identifier: MIT */
/*
 * A mount namespace with an overlay on /etc. What lies in the overlay is on a
 * tmpfs that nothing but the overlay holds, so nothing is left behind.
 */
#include "cmd/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/source.h"
#include "process/write_all.h"

/* Any folder would do: what is in it is out of sight only for a moment. */
#define CORNER	 "/tmp"
#define OVER_ETC CORNER "/etc"
#define OLD_FILE "/etc/ld.so.preload"
#define NEW_FILE CORNER OLD_FILE

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	int rv = fd < 0 ? -1 : write_all(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return rv;
}

static int put_over(const struct stage *s)
{
	if (mount("pinshim", CORNER, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=2m") < 0 ||
	    mkdir(OVER_ETC, 0755) < 0 || write_file(NEW_FILE, s->preload) < 0 ||
	    write_file(CORNER STAGE_LIBRARY, "") < 0)
		return -1;
	/* Where overlays do not lie over what /etc is, a file that is there can still be hidden. */
	if (mount("pinshim", "/etc", "overlay", MS_RDONLY, "lowerdir=" OVER_ETC ":/etc") < 0 &&
	    mount(NEW_FILE, OLD_FILE, NULL, MS_BIND, NULL) < 0)
		return -1;
	if (umount2(CORNER, MNT_DETACH) < 0)
		return -1;
	return s->library ? mount(s->library, STAGE_LIBRARY, NULL, MS_BIND, NULL) : 0;
}

static int hide_policy(void)
{
	if (access(SOURCE_HOST_DIR, F_OK) < 0)
		return errno == ENOENT ? 0 : -1;
	return mount("pinshim", SOURCE_HOST_DIR, "tmpfs", MS_RDONLY, "mode=755,size=4k");
}

static int become_nobody(void)
{
	const gid_t gid = 65534;
	const uid_t uid = 65534;

	return setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
			       setresuid(uid, uid, uid) < 0
		       ? -1
		       : 0;
}

int stage_enter(void *data)
{
	const struct stage *s = data;

	umask(022);
	if (s->preload &&
	    (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	     put_over(s) < 0 || (s->without_policy && hide_policy() < 0)))
		return -1;
	return s->as_nobody ? become_nobody() : 0;
}

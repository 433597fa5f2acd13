/* SPDX-License-Identifier: MIT */
/*
 * `pinshim compile': the snapshot of a policy that $PINSHIM_POLICY names is written
 * beside it. The policy itself is only read, and what is in the snapshot's place
 * stays until another one is whole.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/check_warn.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "cmd/publish.h"
#include "cmd/snapshot_owner.h"
#include "cmd/snapshot_state.h"
#include "cmd/snapshot_write.h"
#include "cmd/summary.h"
#include "cmd/sync_folder.h"

/* Writes what is to be TO to BESIDE, a file that is made of this template, and leaves nothing where
 * it fails. */
static int write_beside(const struct source *s, const char *to, char *beside)
{
	struct snapshot_new *new = NULL;
	int fd = mkostemp(beside, O_CLOEXEC), rv = -1;

	if (fd < 0)
		return complain_file(to);
	if ((new = snapshot_write(s, NULL, 0, false, fd)) && snapshot_owner_set(s, fd) == 0 &&
	    fsync(fd) == 0)
		rv = 0;
	else
		complain_file(to);
	snapshot_new_free(new);
	close(fd);
	if (rv < 0)
		unlink(beside);
	return rv;
}

static int put_in_place(const struct source *s, const char *to)
{
	char *beside, *folder = strdup(to);
	int rv = -1;

	if (!folder || asprintf(&beside, "%s.XXXXXX", to) < 0) {
		complain("out of memory");
		free(folder);
		return -1;
	}
	if (write_beside(s, to, beside) == 0) {
		if (rename(beside, to) == 0) {
			strrchr(folder, '/')[1] = '\0';
			rv = sync_folder(folder);
		} else {
			complain_file(to);
			unlink(beside);
		}
	}
	free(beside);
	free(folder);
	return rv;
}

/* A key on the terminal that would end the command does so before or after that. */
static int put_in_place_at_once(const struct source *s, const char *to)
{
	sigset_t ends, before;
	int rv;

	sigemptyset(&ends);
	sigaddset(&ends, SIGHUP);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGQUIT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, &before);
	rv = put_in_place(s, to);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rv;
}

static int compile_policy(const char *path)
{
	struct source *s;
	char *to = snapshot_file_path(path, false);
	int status = EXIT_FAILURE;

	progress_begin(path);
	s = source_read(path, false, true);
	progress_end();
	if (!s || !to)
		complain("out of memory");
	else if (!s->policy)
		fprintf(stderr, "%s\n", visible(s->error));
	else if (put_in_place_at_once(s, to) == 0 && snapshot_state_confirm(path, false) == 0) {
		check_warn(s);
		printf("%s: ", to);
		print_counts(s->policy);
		putchar('\n');
		status = EXIT_SUCCESS;
	}
	free(to);
	source_free(s);
	return status;
}

static bool is_same(const char *path, const char *other)
{
	struct stat a, b;

	return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* Whether PATH is the host's policy or a part of it. */
static bool is_of_host(const char *path)
{
	char *folder = strdup(path);
	bool of_host = is_same(path, SOURCE_HOST_DIR) || is_same(path, PUBLISHED_FILE) ||
		       is_same(path, PUBLISHED_DIR);

	if (folder && !of_host) {
		strrchr(folder, '/')[1] = '\0';
		of_host = is_same(folder, PUBLISHED_DIR);
	}
	free(folder);
	return of_host;
}

/* Whether a snapshot of PATH that this user makes would be used, and it is not the host's policy.
 */
static bool is_worth_it(const char *path)
{
	const uid_t uid = geteuid();
	struct stat st;

	if (stat(path, &st) < 0) /* which reading it will find out */
		return true;
	if (is_of_host(path)) {
		complain("%s: is of the host's policy; 'pinshim apply " SOURCE_HOST_DIR
			 "' makes its snapshot",
			 path);
		return false;
	}
	if (uid == 0 || uid == st.st_uid)
		return true;
	complain("%s: is owned by uid %u, so that a snapshot of yours would not be used; run "
		 "'pinshim compile' as its owner or as root",
		 path, (unsigned)st.st_uid);
	return false;
}

static int compile(const struct verb *verb, int argc, char **argv)
{
	char *list = NULL;
	const char *path = append_policy(&list, policy_argument(verb, argc, argv));
	int status = EXIT_FAILURE;

	if (path && is_worth_it(path))
		status = compile_policy(path);
	free(list);
	return status;
}

static const struct option longs[] = { COMMON_OPTIONS, { 0 } };

const struct verb verb_compile = {
	.name = "compile",
	.synopsis = "compile FILE|DIR",
	.help = "Reads the policy FILE, or the policy of all *.ini in DIR, prints warnings, and "
		"writes\n"
		"its snapshot beside it, FILE.snapshot or DIR.snapshot. Programs whose "
		"$PINSHIM_POLICY\n"
		"names the policy then map the snapshot instead of reading the text, until the "
		"text\n"
		"changes. For the host's policy, `pinshim apply' does this.\n",
	.shorts = ":",
	.longs = longs,
	.main = compile,
};

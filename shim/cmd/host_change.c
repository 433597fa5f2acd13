/* SPDX-License-Identifier: MIT */
/*
 * `pinshim host enable' and `disable'. Enabling looks, tries and proves first,
 * and changes a file as its last act. Disabling asks for nothing but the file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cmd/canary.h"
#include "cmd/cmd.h"
#include "cmd/host.h"
#include "cmd/preload.h"
#include "cmd/preload_file.h"
#include "cmd/preload_text.h"
#include "cmd/proof.h"
#include "cmd/safe_path.h"

/* The library, as ld.so.preload names it, and where that is on this system. */
struct library {
	char entry[PATH_MAX], real[PATH_MAX];
};

/*
 * Looks for the library below ROOT: the installed one before the one beside this
 * command, which may be a build's.
 */
static enum path_state find_below(const char *root, const char *beside, struct library *out,
				  char why[HOST_WHY_SIZE])
{
	const char *const paths[] = { PRELOAD_INSTALLED, beside };
	enum path_state state = PATH_ABSENT;

	for (size_t i = 0; i < 2 && state == PATH_ABSENT; i++) {
		snprintf(out->entry, sizeof(out->entry), "%s", paths[i]);
		state = safe_path(root, paths[i], out->real, why, HOST_WHY_SIZE);
	}
	return state;
}

/* For a host that has no library yet: this system's, whoever may write it here. */
static enum path_state borrow(const struct host *h, const char *beside, struct library *out,
			      char why[HOST_WHY_SIZE])
{
	complain("warning: '%s%s' is not there; put it there before anything starts in '%s': the "
		 "loader runs programs without it",
		 h->root, out->entry, h->root);
	if (find_below("", beside, out, why) == PATH_UNSAFE)
		snprintf(out->real, sizeof(out->real), "%s", out->entry);
	return access(out->real, R_OK) < 0 ? PATH_ABSENT : PATH_SAFE;
}

static int find_library(const struct host *h, struct library *out)
{
	char beside[PATH_MAX], why[HOST_WHY_SIZE];
	enum path_state state;

	if (preload_library(beside, why, sizeof(why)) < 0) {
		complain("%s", why);
		return -1;
	}
	state = find_below(h->root, beside, out, why);
	if (state == PATH_ABSENT && *h->root)
		state = borrow(h, beside, out, why);
	switch (state) {
	case PATH_SAFE:
		return 0;
	case PATH_ABSENT:
		complain("there is no library to enable: neither '" PRELOAD_INSTALLED
			 "' nor one beside this command; install pinshim");
		return -1;
	case PATH_UNSAFE:
		complain("the library would not be safe in every program: %s", why);
		return -1;
	}
	return -1;
}

/* What of the entry and the file is to be seen without running anything. */
static int check_library(const struct library *l)
{
	char why[HOST_WHY_SIZE], *self = realpath("/proc/self/exe", NULL);
	struct statvfs fs;
	int rv = -1;

	if (strpbrk(l->entry, PRELOAD_SEPARATORS "#$"))
		complain("ld.so.preload cannot hold the path '%s'; install pinshim where no path "
			 "has a blank, ':', '#' or '$'",
			 l->entry);
	else if (!self || preload_check(self, l->real, why, sizeof(why)) < 0)
		complain("'%s' cannot be enabled: %s", l->real, why);
	else if (statvfs(l->real, &fs) == 0 && (fs.f_flag & ST_NOEXEC))
		complain("'%s' is on a file system that is mounted noexec, so no program could "
			 "load it",
			 l->real);
	else
		rv = 0;
	free(self);
	return rv;
}

static int check_policy(const struct host *h)
{
	struct host_state state;

	host_policy(h, &state);
	switch (state.policy) {
	case POLICY_BAD:
		complain("the host's policy is bad; mend it first:");
		fprintf(stderr, "%s\n", visible(state.why));
		return -1;
	case POLICY_UNKNOWN:
		complain("warning: the host's policy: %s", state.why);
		return 0;
	case POLICY_ABSENT:
		complain(
			"warning: there is no host policy yet, so nothing will be judged; give one "
			"to 'pinshim apply'");
		return 0;
	case POLICY_GOOD:
		return 0;
	}
	return -1;
}

static int try_and_prove(const struct host *h, const struct library *l)
{
	struct trial t;
	int rv = -1;

	if (trial_begin(*h->root ? l->real : l->entry, *h->root, &t) == 0 &&
	    canaries_run(&t) == 0 && proof_make(&t) == 0)
		rv = 0;
	trial_end(&t);
	return rv;
}

static int need_root(const struct host *h, const char *word)
{
	if (*h->root || geteuid() == 0)
		return 0;
	complain("host %s: only root can change " PRELOAD_FILE "; use sudo", word);
	return -1;
}

/* Says what is done to the other copies of the library in the file. */
static void tell(const struct preload_file *f, const char *entry)
{
	struct preload_entries e;
	bool kept = false;

	if (preload_entries_find(f->text, &e) < 0)
		return;
	for (size_t i = 0; i < e.n; i++) {
		const char *text = f->text + e.entries[i].at;
		int len = (int)e.entries[i].len;

		if (!e.entries[i].ours)
			continue;
		if (entry && !kept && strlen(entry) == (size_t)len && !memcmp(text, entry, len))
			kept = true;
		else
			printf("%s: took out %.*s\n", f->name, len, text);
	}
	preload_entries_free(&e);
	if (entry && !kept)
		printf("%s: put in %s\n", f->name, entry);
	if (entry && !kept && !strcmp(f->name, PRELOAD_FILE))
		puts("Processes that run already go on without it until they are started again.");
}

/* The loader overlooks some comments; whoever reads the file does not see which. */
static void warn_of_comments(const struct preload_file *f, const char *text)
{
	struct preload_entries e;

	if (preload_entries_find(text, &e) < 0)
		return;
	for (size_t i = 0; i < e.n; i++) {
		if (!e.entries[i].misread)
			continue;
		complain("warning: %s: the loader takes '%.*s' in a comment for an entry, as it "
			 "does behind several comments; take some out",
			 f->name, (int)e.entries[i].len, text + e.entries[i].at);
		break;
	}
	preload_entries_free(&e);
}

/* Makes the text of F what TEXT says. */
static int change(const struct preload_file *f, const char *text, const char *entry)
{
	if (!text) {
		complain("out of memory");
		return EXIT_FAILURE;
	}
	warn_of_comments(f, text);
	if (!strcmp(text, f->text)) {
		printf("%s: %s; nothing was changed\n", f->name,
		       entry ? "has the library already" : "does not have the library");
		return EXIT_SUCCESS;
	}
	if (preload_file_replace(f, text) < 0)
		return EXIT_FAILURE;
	tell(f, entry);
	return EXIT_SUCCESS;
}

static int put_in(const struct host *h, const struct library *l)
{
	struct preload_file f;
	int status = EXIT_FAILURE;
	char *text;

	if (preload_file_read(h->root, true, &f) == 0) {
		text = preload_with(f.text, l->entry);
		status = change(&f, text, l->entry);
		free(text);
	}
	preload_file_close(&f);
	return status;
}

/* Before the long part, what would make it vain. */
static int check_file(const struct host *h)
{
	struct preload_file f;
	int rv = preload_file_read(h->root, false, &f);

	if (rv == 0 && f.unsafe) {
		complain("%s", f.unsafe);
		rv = -1;
	}
	preload_file_close(&f);
	return rv;
}

int host_enable(const struct host *h)
{
	struct library library;

	if (need_root(h, "enable") < 0 || check_file(h) < 0 || find_library(h, &library) < 0 ||
	    check_library(&library) < 0 || check_policy(h) < 0 || try_and_prove(h, &library) < 0)
		return EXIT_FAILURE;
	return put_in(h, &library);
}

int host_disable(const struct host *h)
{
	struct preload_file f;
	int status = EXIT_FAILURE;
	char *text;

	if (need_root(h, "disable") < 0)
		return EXIT_FAILURE;
	if (preload_file_read(h->root, true, &f) == 0) {
		text = preload_without(f.text);
		status = change(&f, text, NULL);
		free(text);
	}
	preload_file_close(&f);
	return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * `pinshim apply': a policy becomes the host's, after the library's own code has
 * found that the host's policy would be good with it, and the last good one.
 * What it does not accept leaves everything as it was.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/check_warn.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "cmd/publish.h"
#include "cmd/summary.h"
#include "process/source.h"

static bool is(const struct stat *st, const char *path)
{
	struct stat other;

	return stat(path, &other) == 0 && other.st_dev == st->st_dev && other.st_ino == st->st_ino;
}

static enum publish_place place_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return PUBLISH_FILE; /* which reading it will find out */
	if (is(&st, PUBLISHED_FILE) || is(&st, PUBLISHED_DIR) || is(&st, SOURCE_HOST_DIR))
		return PUBLISH_IN_PLACE;
	return S_ISDIR(st.st_mode) ? PUBLISH_FOLDER : PUBLISH_FILE;
}

/* " (with 2 files of /etc/pinshim/policy.d)": the other part, where there is one. */
static void print_other_part(const struct source *draft, enum publish_place place)
{
	size_t in_folder = 0;

	for (size_t i = 0; i < draft->n_texts; i++)
		in_folder += draft->texts[i].in_folder;
	if (place == PUBLISH_FILE && in_folder)
		printf(" (with %zu file%s of " PUBLISHED_DIR ")", in_folder, plural(in_folder));
	if (place == PUBLISH_FOLDER && in_folder < draft->n_texts)
		fputs(" (with " PUBLISHED_FILE ")", stdout);
}

static void print_success(const struct source *draft, enum publish_place place)
{
	switch (place) {
	case PUBLISH_FILE:
		fputs("published " PUBLISHED_FILE, stdout);
		break;
	case PUBLISH_FOLDER:
		fputs("published " PUBLISHED_DIR, stdout);
		break;
	case PUBLISH_IN_PLACE:
		fputs("kept " SOURCE_HOST_DIR " as the last good policy", stdout);
		break;
	}
	fputs(": ", stdout);
	print_counts(draft->policy);
	print_other_part(draft, place);
	putchar('\n');
}

static int apply_draft(const struct source *draft, enum publish_place place)
{
	enum publish_result result;

	if (!draft->policy) {
		fprintf(stderr, "%s\n", visible(draft->error));
		return EXIT_FAILURE;
	}
	result = publish(draft, place);
	if (result == PUBLISH_FAILED)
		return EXIT_FAILURE;
	check_warn(draft);
	print_success(draft, place);
	return result == PUBLISH_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int apply(const struct verb *verb, int argc, char **argv)
{
	enum publish_place place;
	struct source *draft;
	const char *path = policy_argument(verb, argc, argv);
	int status = EXIT_FAILURE;

	if (geteuid() != 0) {
		complain("only root may publish the host's policy; run 'pinshim apply' as root");
		return EXIT_FAILURE;
	}
	if (publish_lock() < 0)
		return EXIT_FAILURE;
	place = place_of(path);
	progress_begin(path);
	draft = source_load_draft(place == PUBLISH_IN_PLACE ? SOURCE_HOST_DIR : path);
	progress_end();
	if (draft)
		status = apply_draft(draft, place);
	else
		complain("out of memory");
	source_free(draft);
	return status;
}

static const struct option longs[] = { COMMON_OPTIONS, { 0 } };

const struct verb verb_apply = {
	.name = "apply",
	.synopsis = "apply FILE|DIR",
	.help = "Checks the policy FILE, or the policy of all *.ini in DIR, together with the rest "
		"of\n"
		"the host's policy, and publishes it: a copy of FILE becomes\n"
		"/etc/pinshim/policy.ini, one of DIR /etc/pinshim/policy.d. It holds from the "
		"next\n"
		"handshake of every process. The snapshot of the whole, which processes map "
		"instead\n"
		"of reading the texts, is the last good policy too, which they use that start "
		"while\n"
		"the host's policy is bad.\n",
	.shorts = ":",
	.longs = longs,
	.main = apply,
};

/* SPDX-License-Identifier: MIT */
/*
 * `pinshim compile': the snapshot of a policy that $PINSHIM_POLICY names is written
 * beside it. The policy itself is only read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/snapshot_write.h"
#include "cmd/summary.h"
#include "process/source.h"

static int put_in_place(const struct source *s, const char *to)
{
	char *beside;
	int rv = -1;

	if (asprintf(&beside, "%s.new", to) < 0) {
		complain("out of memory");
		return -1;
	}
	if (snapshot_write(s, false, beside, 0644) == 0) {
		if (rename(beside, to) == 0)
			rv = 0;
		else
			complain("%s: %s", to, strerror(errno));
	}
	free(beside);
	return rv;
}

static int compile_policy(const char *path)
{
	struct source *s = source_read(path, false, true);
	char *to = snapshot_file_path(path, false);
	int status = EXIT_FAILURE;

	if (!s || !to)
		complain("out of memory");
	else if (!s->policy)
		fprintf(stderr, "%s\n", visible(s->error));
	else if (put_in_place(s, to) == 0) {
		printf("%s: ", to);
		print_counts(s->policy);
		putchar('\n');
		status = EXIT_SUCCESS;
	}
	free(to);
	source_free(s);
	return status;
}

static int compile(const struct verb *verb, int argc, char **argv)
{
	char **paths;
	int status;

	next_option(verb, argc, argv);
	if (optind == argc)
		usage_error(verb, "FILE or DIR is missing");
	if (optind + 1 < argc)
		usage_error(verb, "'%s' is one argument too many", argv[optind + 1]);
	if (!*argv[optind])
		usage_error(verb, "'' names no policy");
	paths = source_list(argv[optind]);
	if (!paths) {
		complain("out of memory");
		return EXIT_FAILURE;
	}
	status = compile_policy(paths[0]);
	free(paths);
	return status;
}

static const struct option longs[] = { COMMON_OPTIONS, { 0 } };

const struct verb verb_compile = {
	.name = "compile",
	.synopsis = "compile FILE|DIR",
	.help = "Reads the policy FILE, or the policy of all *.ini in DIR, and writes its snapshot "
		"beside\n"
		"it, FILE.snapshot or DIR.snapshot.\n",
	.shorts = ":",
	.longs = longs,
	.main = compile,
};

/* SPDX-License-Identifier: MIT */
/*
 * `pinshim run': checks all that can go wrong beforehand, sets the environment
 * and becomes PROGRAM. Prints nothing when it succeeds, and never runs PROGRAM
 * when the shim would not be in it.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/preload.h"
#include "cmd/program.h"
#include "process/source.h"

#define WHY_SIZE (2 * PATH_MAX)

static int check_policy(const char *path)
{
	struct source *source = source_load(path, false);
	int rv = -1;

	if (!source)
		complain("out of memory");
	else if (!source->policy)
		complain("%s", source->error);
	else
		rv = 0;
	source_free(source);
	return rv;
}

/* Appends ARGUMENT to $PINSHIM_POLICY. */
static int add_policy(const char *argument)
{
	const char *inherited = getenv("PINSHIM_POLICY"), *path;
	char *list = inherited ? strdup(inherited) : NULL;
	int rv = -1;

	path = append_policy(&list, argument);
	if (path && check_policy(path) == 0 && setenv("PINSHIM_POLICY", list, 1) == 0)
		rv = 0;
	free(list);
	return rv;
}

static bool is_listed(const char *list, const char *path)
{
	size_t len;

	for (; *list; list += len + (list[len] != '\0')) {
		len = strcspn(list, " :");
		if (len == strlen(path) && !strncmp(list, path, len))
			return true;
	}
	return false;
}

/* Puts LIBRARY before whatever is preloaded already. */
static int set_preload(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	char *list;
	int rv;

	if (!others || !*others)
		return setenv("LD_PRELOAD", library, 1);
	if (is_listed(others, library))
		return 0;
	if (asprintf(&list, "%s:%s", library, others) < 0)
		return -1;
	rv = setenv("LD_PRELOAD", list, 1);
	free(list);
	return rv;
}

static int execution_error(const char *program, int error)
{
	complain("'%s' cannot be run: %s", program, strerror(error));
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

static int run(const struct verb *verb, int argc, char **argv)
{
	char path[PATH_MAX], loaded[PATH_MAX], library[PATH_MAX], why[WHY_SIZE];
	int error, status;

	while (next_option(verb, argc, argv) == 'p')
		if (add_policy(optarg) < 0)
			return EXIT_OWN;
	if (optind == argc)
		usage_error(verb, "PROGRAM is missing");
	argv += optind;

	error = program_find(argv[0], path);
	if (error)
		return execution_error(argv[0], error);
	strcpy(loaded, path);
	status = program_follow(loaded, why, sizeof(why));
	if (status) {
		complain("'%s' is not run: %s", argv[0], why);
		return status;
	}
	if (preload_library(library, why, sizeof(why)) < 0 ||
	    preload_check(loaded, library, why, sizeof(why)) < 0) {
		complain("'%s' is not run, because the shim would not be in it: %s", argv[0], why);
		return EXIT_OWN;
	}
	if (set_preload(library) < 0) {
		complain("out of memory");
		return EXIT_OWN;
	}
	/* PATH is not searched again: what was checked is what runs. */
	execvp(path, argv);
	return execution_error(argv[0], errno);
}

static const struct option longs[] = { COMMON_OPTIONS, { 0 } };

const struct verb verb_run = {
	.name = "run",
	.synopsis = "run [-p POLICY]... [--] PROGRAM [ARG]...",
	.help = "Runs PROGRAM with its OpenSSL connections held to the host's policy, to those of\n"
		"$PINSHIM_POLICY and to each POLICY.\n"
		"\n"
		"  -p POLICY   a policy file, or a folder of *.ini; may be repeated\n"
		"\n"
		"Exits as PROGRAM does; 125: pinshim failed, or the shim would not be in PROGRAM;\n"
		"126: PROGRAM cannot be run; 127: it was not found.\n",
	.shorts = "+:p:",
	.longs = longs,
	.main = run,
};

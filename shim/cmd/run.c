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
#include "cmd/snapshot_state.h"
#include "process/sink.h"
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
	if (rv == 0)
		snapshot_state_complain(source);
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

/* Nothing is refused by $PINSHIM_POLICY; where it is not even looked at, that stays so. */
static int set_report(void)
{
	const char *inherited = getenv("PINSHIM_MODE");

	if (inherited && !strcmp(inherited, policy_mode_word(MODE_OFF)))
		return 0;
	return setenv("PINSHIM_MODE", policy_mode_word(MODE_REPORT), 1);
}

/* NAME behind the others of LIST, which is freed; NULL when memory ran out. */
static char *join(char *list, const char *name)
{
	char *joined;

	if (!list || asprintf(&joined, "%s%s%s", list, *list ? "," : "", name) < 0)
		joined = NULL;
	free(list);
	return joined;
}

/* The names that POLICY refuses become $PINSHIM_REFUSE, each once and in its normal form. */
static int set_refused(const struct policy *policy)
{
	const struct policy_section *sections;
	char title[POLICY_TITLE_SIZE], *list = strdup("");
	size_t n;
	int rv;

	sections = policy_sections(policy, &n);
	for (size_t i = 0; i < n; i++)
		list = join(list, policy_title(policy, &sections[i], title));
	rv = list ? setenv("PINSHIM_REFUSE", list, 1) : -1;
	free(list);
	return rv;
}

/* Appends HOST to $PINSHIM_REFUSE, once the library's own code has read it. */
static int add_refused(const char *host)
{
	const char *inherited = getenv("PINSHIM_REFUSE");
	char *list = inherited ? join(strdup(inherited), host) : strdup(host);
	struct source *source = list ? source_of_refused(list) : NULL;
	int rv = -1;

	if (source && !source->policy)
		complain("%s", source->error);
	else if (!source || (rv = set_refused(source->policy)) < 0)
		complain("out of memory");
	source_free(source);
	free(list);
	return rv;
}

/* Every handshake is to be told to FILE. Events would be lost in silence, were it not opened here.
 */
static int set_events(const char *file)
{
	char *folder = NULL, *path = NULL;
	int fd, rv = -1;

	if (!strcmp(file, "-"))
		return setenv("PINSHIM_EVENTS", file, 1);
	fd = sink_open(file);
	if (fd < 0) {
		complain("events '%s': %s", file, strerror(errno));
		return -1;
	}
	close(fd);
	if (*file == '/')
		return setenv("PINSHIM_EVENTS", file, 1);
	folder = getcwd(NULL, 0);
	if (folder && asprintf(&path, "%s/%s", folder, file) >= 0)
		rv = setenv("PINSHIM_EVENTS", path, 1);
	else
		complain("the current folder cannot be found: %s", strerror(errno));
	free(path);
	free(folder);
	return rv;
}

static int take_option(int option)
{
	switch (option) {
	case 'p':
		return add_policy(optarg);
	case 'r':
		return set_report();
	case 'x':
		return add_refused(optarg);
	case 'e':
		return set_events(optarg);
	}
	return -1;
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
	int option, error, status;

	while ((option = next_option(verb, argc, argv)) != -1)
		if (take_option(option) < 0)
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

static const struct option longs[] = {
	COMMON_OPTIONS,
	{ "policy", required_argument, NULL, 'p' },
	{ "report", no_argument, NULL, 'r' },
	{ "refuse", required_argument, NULL, 'x' },
	{ "events", required_argument, NULL, 'e' },
	{ 0 },
};

const struct verb verb_run = {
	.name = "run",
	.synopsis = "run [-p POLICY]... [-r] [-x HOST]... [-e FILE] [--] PROGRAM [ARG]...",
	.help = "Runs PROGRAM with its OpenSSL connections held to the host's policy, to those of\n"
		"$PINSHIM_POLICY and to each POLICY.\n"
		"\n"
		"  -p, --policy POLICY   a policy file, or a folder of *.ini; may be repeated\n"
		"  -r, --report          refuse nothing because of these policies, only tell it\n"
		"  -x, --refuse HOST     refuse HOST, listed or not, whatever its key, also with "
		"-r;\n"
		"                        may be repeated\n"
		"  -e, --events FILE     append a line of JSON for every client handshake to "
		"FILE;\n"
		"                        `-' is standard error\n"
		"\n"
		"Exits as PROGRAM does; 125: pinshim failed, or the shim would not be in PROGRAM;\n"
		"126: PROGRAM cannot be run; 127: it was not found.\n",
	.shorts = "+:p:rx:e:",
	.longs = longs,
	.main = run,
};

/* SPDX-License-Identifier: MIT */
/*
 * `pinshim check': reads a policy with the library's own code, and has it looked
 * at for what is well-formed and yet hardly meant. It never changes a policy,
 * and what it accepts the library accepts.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check_connect.h"
#include "cmd/check_snapshot.h"
#include "cmd/check_warn.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "cmd/server.h"
#include "cmd/summary.h"
#include "process/last_good.h"
#include "process/source.h"

/* Not that of a refusal: the network may be down. */
#define EXIT_NOT_ASKED 3

struct wanted {
	bool strict, connect;
	const char *port; /* NULL: not said */
	char **hosts;	  /* NULL-terminated */
};

/* What programs that start now do under the host's policy, which is bad. */
static void tell_of_last_good(void)
{
	struct source *good = last_good_load();
	char date[DATE_SIZE];

	if (good && good->policy)
		complain("the last good policy of %s is used by programs that start now: %s",
			 last_good_date(good, date), good->path);
	else if (good && good->absent)
		complain("every handshake is refused: 'pinshim apply' has kept no last good "
			 "policy");
	else if (good)
		complain("every handshake is refused: the last good policy is bad, too: %s",
			 good->error);
	source_free(good);
}

/* The worst that was found. */
static int status_of(const struct connect_result *result, bool strict, unsigned warnings)
{
	if (result->refused || (strict && warnings))
		return EXIT_FAILURE;
	return result->not_asked ? EXIT_NOT_ASKED : EXIT_SUCCESS;
}

static int report(const struct source *source, const struct wanted *wanted)
{
	struct connect_task task = { source, wanted->port, wanted->hosts };
	struct connect_result result = { 0 };
	unsigned warnings;
	bool agrees;
	int rv;

	if (!source->policy) {
		fprintf(stderr, "%s\n", visible(source->error));
		if (source->host && !source->absent)
			tell_of_last_good();
		return EXIT_FAILURE;
	}
	warnings = check_warn(source);
	printf("%s: ", source->path);
	print_counts(source->policy);
	putchar('\n');
	agrees = check_snapshot(source, &warnings);
	if (wanted->connect && (rv = check_connect(&task, &result)) != 0)
		return rv;
	rv = status_of(&result, wanted->strict, warnings + result.warnings);
	return agrees ? rv : EXIT_FAILURE;
}

static void take_options(const struct verb *verb, int argc, char **argv, struct wanted *wanted)
{
	int option;

	while ((option = next_option(verb, argc, argv)) != -1) {
		if (option == OPTION_STRICT)
			wanted->strict = true;
		else if (option == OPTION_PORT)
			wanted->port = optarg;
		else
			wanted->connect = true;
	}
	if (wanted->port && !wanted->connect)
		usage_error(verb, "--port is for --connect");
	if (wanted->port && !server_is_port(wanted->port))
		usage_error(verb, "'%s' is not a port; write a number from 1 to 65535",
			    wanted->port);
}

static int check(const struct verb *verb, int argc, char **argv)
{
	struct wanted wanted = { 0 };
	const char *path = SOURCE_HOST_DIR;
	struct source *source;
	int status = EXIT_FAILURE;

	take_options(verb, argc, argv, &wanted);
	if (optind < argc)
		path = argv[optind++];
	if (!*path)
		usage_error(verb, "'' names no policy");
	if (optind < argc && !wanted.connect)
		usage_error(verb, "'%s' is one argument too many", argv[optind]);
	if (optind < argc && wanted.port)
		usage_error(verb, "--port is for the hosts of the policy; write HOST:PORT");
	if (!wanted.port)
		wanted.port = "443";
	wanted.hosts = argv + optind;
	progress_begin(path);
	source = source_read(path, !strcmp(path, SOURCE_HOST_DIR), true);
	progress_end();
	if (source)
		status = report(source, &wanted);
	else
		complain("out of memory");
	source_free(source);
	return status;
}

static const struct option longs[] = {
	COMMON_OPTIONS,
	{ "connect", no_argument, NULL, 'c' },
	{ "port", required_argument, NULL, OPTION_PORT },
	{ "strict", no_argument, NULL, OPTION_STRICT },
	{ 0 },
};

const struct verb verb_check = {
	.name = "check",
	.synopsis = "check [-c] [--port PORT] [--strict] [FILE|DIR] [HOST[:PORT]]...",
	.help = "Reads the policy FILE, or the policy of all *.ini in DIR, or the host's policy, "
		"and\n"
		"prints its error, or warnings and a summary. The text is what is read, and a "
		"snapshot\n"
		"is compared with it.\n"
		"\n"
		"  -c, --connect   also ask each server that a section names, or each HOST: "
		"whether\n"
		"                  it is accepted, by which pin, and when its certificate ends\n"
		"  --port PORT     ask the servers of sections at PORT instead of 443\n"
		"  --strict        exit with 1 for warnings as well\n"
		"\n"
		"Exits with 0; 1: the policy is bad, its snapshot holds another one, or a server "
		"is\n"
		"refused; 3: a server could not be asked, and none is refused.\n",
	.shorts = ":c",
	.longs = longs,
	.main = check,
};

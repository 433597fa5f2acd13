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

#include "cmd/check_warn.h"
#include "cmd/cmd.h"
#include "process/source.h"

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void print_summary(const struct source *source)
{
	const struct policy_section *sections;
	const struct policy_pin *in_section;
	size_t n, n_pins, pins = 0;

	sections = policy_sections(source->policy, &n);
	for (size_t i = 0; i < n; i++) {
		in_section = policy_pins(source->policy, sections[i].pins, &n_pins);
		for (size_t k = 0; k < n_pins; k++)
			pins += in_section[k].kind != PIN_DENY;
	}
	printf("%s: %zu section%s, %zu pin%s\n", source->path, n, plural(n), pins, plural(pins));
}

static int report(const struct source *source, bool strict)
{
	unsigned warnings;

	if (!source->policy) {
		fprintf(stderr, "%s\n", source->error);
		return EXIT_FAILURE;
	}
	warnings = check_warn(source);
	print_summary(source);
	return strict && warnings ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int check(const struct verb *verb, int argc, char **argv)
{
	const char *path = SOURCE_HOST_DIR;
	struct source *source;
	bool strict = false;
	int status = EXIT_FAILURE;

	while (next_option(verb, argc, argv) == OPTION_STRICT)
		strict = true;
	if (optind + 1 < argc)
		usage_error(verb, "'%s' is one argument too many", argv[optind + 1]);
	if (optind < argc)
		path = argv[optind];
	if (!*path)
		usage_error(verb, "'' names no policy");
	source = source_load(path, !strcmp(path, SOURCE_HOST_DIR));
	if (source)
		status = report(source, strict);
	else
		complain("out of memory");
	source_free(source);
	return status;
}

static const struct option longs[] = {
	COMMON_OPTIONS,
	{ "strict", no_argument, NULL, OPTION_STRICT },
	{ 0 },
};

const struct verb verb_check = {
	.name = "check",
	.synopsis = "check [--strict] [FILE|DIR]",
	.help = "Reads the policy FILE, or the policy of all *.ini in DIR, or the host's policy, "
		"and\n"
		"prints its error, or warnings and a summary.\n"
		"\n"
		"  --strict   exit with 1 for warnings as well\n",
	.shorts = ":",
	.longs = longs,
	.main = check,
};

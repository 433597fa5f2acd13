/* SPDX-License-Identifier: MIT */
/*
 * What all verbs need done alike: options, complaints, and a standard output
 * whose loss is noticed. Does no verb's work, and knows none.
 */
#include "cmd/cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process/source.h"

const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

char *visible(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) /* U+009B is ESC [ */
			c[0] = c[1] = '?';
	}
	return text;
}

static void complain_of(const char *verb, const char *format, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	fprintf(stderr, "pinshim: %s%s%s\n", verb, *verb ? ": " : "",
		text ? visible(text) : "out of memory");
	free(text);
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_of("", format, args);
	va_end(args);
}

int complain_file(const char *path)
{
	complain("%s: %s", path, strerror(errno));
	return -1;
}

void usage_error(const struct verb *verb, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_of(verb->name, format, args);
	va_end(args);
	fprintf(stderr, "usage: pinshim %s\n", verb->synopsis);
	exit(EXIT_USAGE);
}

int finish_output(int status)
{
	int lost = ferror(stdout);

	errno = 0;
	if (fclose(stdout) == 0 && !lost)
		return status;
	complain("standard output: %s", strerror(errno ? errno : EIO));
	return status ? status : EXIT_FAILURE;
}

int print_version(void)
{
	puts("pinshim " PINSHIM_VERSION);
	return finish_output(EXIT_SUCCESS);
}

static int print_help(const struct verb *verb)
{
	printf("usage: pinshim %s\n\n%s", verb->synopsis, verb->help);
	return finish_output(EXIT_SUCCESS);
}

int next_option(const struct verb *verb, int argc, char **argv)
{
	int option = getopt_long(argc, argv, verb->shorts, verb->longs, NULL);

	switch (option) {
	case OPTION_HELP:
		exit(print_help(verb));
	case OPTION_VERSION:
		exit(print_version());
	case ':':
		if (optopt >= OPTION_HELP)
			usage_error(verb, "option '%s' needs an argument", argv[optind - 1]);
		usage_error(verb, "option '-%c' needs an argument", optopt);
	case '?':
		if (optopt > 0 && optopt < OPTION_HELP)
			usage_error(verb, "unknown option '-%c'", optopt);
		usage_error(verb, "unknown option '%s'", argv[optind - 1]);
	}
	return option;
}

const char *policy_argument(const struct verb *verb, int argc, char **argv)
{
	next_option(verb, argc, argv);
	if (optind == argc)
		usage_error(verb, "FILE or DIR is missing");
	if (optind + 1 < argc)
		usage_error(verb, "'%s' is one argument too many", argv[optind + 1]);
	if (!*argv[optind])
		usage_error(verb, "'' names no policy");
	return argv[optind];
}

const char *append_policy(char **list, const char *argument)
{
	const char *before = *list ? *list : "";
	char *joined = NULL, **path;
	size_t at;

	if (!*argument) {
		complain("-p '' names no policy; give a file, or a folder of *.ini");
		return NULL;
	}
	path = source_list(argument);
	if (path && (path[1] || strchr(path[0], ':'))) {
		complain("policy '%s': PINSHIM_POLICY cannot hold a path with ':'; rename it",
			 argument);
		free(path);
		return NULL;
	}
	if (!path || asprintf(&joined, "%s%s%s", before, *list ? ":" : "", path[0]) < 0) {
		complain("out of memory");
		free(path);
		return NULL;
	}
	at = strlen(joined) - strlen(path[0]);
	free(path);
	free(*list);
	*list = joined;
	return joined + at;
}

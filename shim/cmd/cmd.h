/* SPDX-License-Identifier: MIT */
/*
 * What the verbs of the command share: their table entry, options, complaints
 * and exit codes. The command judges nothing of its own: policies, names and
 * pins are read by the code that the library has.
 */
#ifndef PINSHIM_CMD_H
#define PINSHIM_CMD_H

#include <getopt.h>
#include <stddef.h>

/* As env(1) and timeout(1) have them, so that PROGRAM's own codes stay apart. */
enum {
	EXIT_USAGE = 2,
	EXIT_OWN = 125,
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
};

enum {
	OPTION_HELP = 256,
	OPTION_VERSION,
	OPTION_STRICT,
	OPTION_ALL,
	OPTION_JSON,
	OPTION_PORT,
};

#define COMMON_OPTIONS                                       \
	{ "help", no_argument, NULL, OPTION_HELP },          \
	{                                                    \
		"version", no_argument, NULL, OPTION_VERSION \
	}

struct verb {
	const char *name;
	const char *synopsis; /* what follows "pinshim " */
	const char *help;
	const char *shorts; /* for getopt_long(3); the ':' that silences it included */
	const struct option *longs;
	int (*main)(const struct verb *verb, int argc, char **argv); /* returns the exit code */
};

extern const struct verb verb_run, verb_pin, verb_check, verb_explain, verb_learn, verb_scan,
	verb_host, verb_known, verb_apply, verb_compile;

/*
 * The next option, or -1 behind the last. Ends the command itself for --help,
 * --version and mistakes.
 */
int next_option(const struct verb *verb, int argc, char **argv);

/*
 * The one argument of VERB, which has no options but the common ones and names a
 * policy. Ends the command itself where it is called in another way.
 */
const char *policy_argument(const struct verb *verb, int argc, char **argv);

/* Says which version this is. Returns the exit code, as the next one does. */
int print_version(void);

/* Ends the standard output. Returns STATUS, or 1 when something that was printed is lost. */
int finish_output(int status);

/* "" for one, "s" for any other number. */
const char *plural(size_t n);

/* TEXT, which may be other people's, with '?' for all that a terminal would obey. */
char *visible(char *text);

/* Prints "pinshim: MESSAGE" to standard error, one line whatever is in it. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says what errno says of the file PATH. -1. */
int complain_file(const char *path);

/* Complains, shows how VERB is called, and ends the command with EXIT_USAGE. */
void usage_error(const struct verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/*
 * Appends the policy that an option -p names, as an absolute path, to *LIST, a
 * colon-separated list from malloc(3) or NULL. Returns that path (inside *LIST),
 * or NULL after a complaint.
 */
const char *append_policy(char **list, const char *argument);

#endif

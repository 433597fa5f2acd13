/* SPDX-License-Identifier: MIT */
/*
 * The command: finds the verb. Does no verb's work.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/handshake_client.h"

static const struct verb *const verbs[] = {
	&verb_run,     &verb_pin,   &verb_check, &verb_explain, &verb_apply,
	&verb_compile, &verb_learn, &verb_scan,	 &verb_known,	&verb_host,
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void print_synopses(FILE *to)
{
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(to, "%s pinshim %s\n", i ? "      " : "usage:", verbs[i]->synopsis);
	fputs("       pinshim [VERB] --help | --version\n", to);
}

/*
 * A closed descriptor 0, 1 or 2 would be handed out again for a file or a
 * socket, which would then get our output. PROGRAM still finds it closed.
 */
static void occupy_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
}

int main(int argc, char **argv)
{
	occupy_standard_descriptors();
	if (argc < 2) {
		complain("a verb is missing");
		print_synopses(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--version"))
		return print_version();
	if (!strcmp(argv[1], "--help")) {
		print_synopses(stdout);
		return finish_output(EXIT_SUCCESS);
	}
	if (!strcmp(argv[1], HANDSHAKE_VERB))
		return finish_output(handshake_client(argc - 1, argv + 1));
	for (size_t i = 0; i < N_VERBS; i++)
		if (!strcmp(argv[1], verbs[i]->name))
			return finish_output(verbs[i]->main(verbs[i], argc - 1, argv + 1));
	complain("unknown verb '%s'", argv[1]);
	print_synopses(stderr);
	return EXIT_USAGE;
}

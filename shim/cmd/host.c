/* SPDX-License-Identifier: MIT */
/*
 * `pinshim host': the verb with its words and options, and what they ask of the
 * system that is meant. Changes nothing itself.
 */
#include "cmd/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "process/last_good.h"
#include "process/write_all.h"

enum { OPTION_ROOT = OPTION_HELP + 100 };

static const struct {
	const char *name;
	int (*main)(const struct host *h);
} words[] = {
	{ "enable", host_enable },
	{ "disable", host_disable },
	{ "status", host_status },
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

static int take_root(const struct verb *verb, const char *argument, char root[PATH_MAX])
{
	struct stat st;

	if (!*argument)
		usage_error(verb, "--root '' names no folder");
	if (!realpath(argument, root) || stat(root, &st) < 0) {
		complain("--root '%s': %s", argument, strerror(errno));
		return -1;
	}
	if (!S_ISDIR(st.st_mode)) {
		complain("--root '%s': %s", argument, strerror(ENOTDIR));
		return -1;
	}
	if (!strcmp(root, "/")) /* this system */
		*root = '\0';
	return 0;
}

/* What there is in reserve, for the end of the summary of a policy that is GOOD or not. */
static void add_last_good(bool good, char *why, size_t why_size)
{
	struct source *last = last_good_load();
	size_t len = strlen(why);
	char date[DATE_SIZE];

	if (last && last->policy)
		snprintf(why + len, why_size - len, "; the last good one, of %s, is %s",
			 last_good_date(last, date),
			 good ? "kept" : "used by programs that start now");
	else if (!good)
		snprintf(why + len, why_size - len,
			 "; no last good one is kept, so every handshake is refused");
	source_free(last);
}

static enum host_policy judge(const struct source *source, char *why, size_t why_size)
{
	size_t n;

	if (source->absent) {
		snprintf(why, why_size, "there is none");
		return POLICY_ABSENT;
	}
	if (source->policy) {
		policy_sections(source->policy, &n);
		snprintf(why, why_size, "%zu section%s, mode = %s", n, plural(n),
			 policy_mode_word(source->policy->mode));
	} else {
		snprintf(why, why_size, "%s", source->error);
	}
	add_last_good(source->policy, why, why_size);
	return source->policy ? POLICY_GOOD : POLICY_BAD;
}

static void load_snapshot(struct host_state *out)
{
	struct snapshot_state state;

	if (snapshot_state_find(SOURCE_HOST_DIR, true, &state) == 0) {
		out->snapshot_known = true;
		out->snapshot = state.standing;
		snprintf(out->snapshot_text, sizeof(out->snapshot_text), "%s",
			 state.text ? state.text : "");
	}
	snapshot_state_free(&state);
}

static void load(struct host_state *out)
{
	struct source *source = source_load(SOURCE_HOST_DIR, true);

	out->policy = POLICY_BAD;
	if (source)
		out->policy = judge(source, out->why, sizeof(out->why));
	else
		snprintf(out->why, sizeof(out->why), "out of memory");
	source_free(source);
	load_snapshot(out);
	/* There is nothing to make another one of. */
	if (out->policy == POLICY_ABSENT && out->snapshot_known && out->snapshot == STANDING_STALE)
		snprintf(out->snapshot_text, sizeof(out->snapshot_text),
			 "the policy is gone; remove " SNAPSHOT_OF_HOST ", or publish a policy");
}

static bool read_whole(int fd, void *to, size_t size)
{
	for (size_t got = 0; got < size;) {
		ssize_t n = read(fd, (char *)to + got, size - got);

		if (n <= 0 && !(n < 0 && errno == EINTR))
			return false;
		got += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Reads it in a process whose root folder that is, as a program there would. */
static void load_below(const char *root, struct host_state *out)
{
	struct host_state *found = calloc(1, sizeof(*found));
	int fds[2];
	bool whole;
	pid_t pid;

	snprintf(out->why, sizeof(out->why), "it cannot be read from here");
	if (!found || pipe2(fds, O_CLOEXEC) < 0) {
		free(found);
		return;
	}
	pid = fork();
	if (pid == 0) {
		if (chroot(root) < 0 || chdir("/") < 0)
			_exit(EXIT_FAILURE);
		load(found);
		write_all(fds[1], (const char *)found, sizeof(*found));
		_exit(EXIT_SUCCESS);
	}
	close(fds[1]);
	whole = pid > 0 && read_whole(fds[0], found, sizeof(*found));
	if (pid > 0 && waitpid(pid, NULL, 0) == pid && whole)
		*out = *found;
	close(fds[0]);
	free(found);
}

void host_policy(const struct host *h, struct host_state *out)
{
	*out = (struct host_state){ .policy = POLICY_UNKNOWN };
	if (*h->root)
		load_below(h->root, out);
	else
		load(out);
}

static int host(const struct verb *verb, int argc, char **argv)
{
	struct host h = { 0 };
	int option;

	while ((option = next_option(verb, argc, argv)) != -1) {
		if (option == OPTION_JSON)
			h.json = true;
		else if (take_root(verb, optarg, h.root) < 0)
			return EXIT_FAILURE;
	}
	if (optind == argc)
		usage_error(verb, "enable, disable or status is missing");
	if (optind + 1 < argc)
		usage_error(verb, "'%s' is one argument too many", argv[optind + 1]);
	for (size_t i = 0; i < N_WORDS; i++) {
		if (strcmp(argv[optind], words[i].name) != 0)
			continue;
		if (h.json && words[i].main != host_status)
			usage_error(verb, "--json goes with status alone");
		return words[i].main(&h);
	}
	usage_error(verb, "'%s' is not understood; write enable, disable or status", argv[optind]);
}

static const struct option longs[] = {
	COMMON_OPTIONS,
	{ "root", required_argument, NULL, OPTION_ROOT },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ 0 },
};

const struct verb verb_host = {
	.name = "host",
	.synopsis = "host enable|disable|status [--root DIR] [--json]",
	.help = "Puts the library into every program of this host, by /etc/ld.so.preload; takes "
		"it\n"
		"out again; or says how things are. enable first tries some programs and a TLS\n"
		"handshake of its own under the library, and changes nothing when one fails.\n"
		"\n"
		"  --root DIR   the host whose root folder is DIR; programs are tried on this one\n"
		"  --json       status: one object a line\n"
		"\n"
		"status exits with 0 when the library is enabled and all is well, else with 1.\n",
	.shorts = ":",
	.longs = longs,
	.main = host,
};

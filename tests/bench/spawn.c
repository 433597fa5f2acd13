/* SPDX-License-Identifier: MIT */
/*
 * Starts programs, one after the other, as a shell does, and prints of each what half of its starts
 * took no longer than, from start to end: milliseconds of a clock, and of processor time. The
 * programs take turns, COUNT times, so that a busy machine hurts all alike. Before a program's name
 * stand variables of its environment; whoever is to be preloaded is among them. Output goes
 * nowhere. A start that fails is an error, never a fast one.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAMS  64
#define VARIABLES 64

struct program {
	char **argv;
	char *environment[VARIABLES + 1];
	double *wall, *processor; /* ms, of each start */
};

static struct program programs[PROGRAMS];
static posix_spawn_file_actions_t actions;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double ms(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "spawn: %s failed\n", what);
	exit(1);
}

static void start(struct program *p, int turn)
{
	double begun = now();
	struct rusage used;
	pid_t pid;
	int status;

	if (posix_spawn(&pid, p->argv[0], &actions, NULL, p->argv, p->environment) != 0 ||
	    wait4(pid, &status, 0, &used) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail(p->argv[0]);
	p->wall[turn] = now() - begun;
	p->processor[turn] = ms(used.ru_utime) + ms(used.ru_stime);
}

/* The program at WORD, which ends before the next `--'. Returns what stands behind that, or NULL.
 */
static char **take(struct program *p, char **word, int count)
{
	int n = 0;

	for (char **variable = environ; *variable && n < VARIABLES; variable++)
		p->environment[n++] = *variable;
	for (; *word && strchr(*word, '=') && n < VARIABLES; word++)
		p->environment[n++] = *word;
	p->argv = word;
	p->wall = calloc(count, sizeof(*p->wall));
	p->processor = calloc(count, sizeof(*p->processor));
	if (!p->wall || !p->processor || !*word)
		fail("memory");
	while (*word && strcmp(*word, "--") != 0)
		word++;
	if (!*word)
		return NULL;
	*word = NULL;
	return word + 1;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double middle(double *values, int count)
{
	qsort(values, count, sizeof(*values), by_value);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[1]) : 0, n = 0;
	char **word = argv + 2;

	if (count < 1) {
		fprintf(stderr,
			"usage: spawn COUNT [NAME=VALUE]... PROGRAM [ARG]... [-- ...]...\n");
		return 2;
	}
	while (word && n < PROGRAMS)
		word = take(&programs[n++], word, count);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	for (int turn = 0; turn < count; turn++)
		for (int i = 0; i < n; i++)
			start(&programs[i], turn);
	for (int i = 0; i < n; i++)
		printf("%d each ms %.5f\n%d cpu ms %.5f\n", i + 1, middle(programs[i].wall, count),
		       i + 1, middle(programs[i].processor, count));
	return 0;
}

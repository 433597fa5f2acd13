/* SPDX-License-Identifier: MIT */
/*
 * Starts a program again and again, one after the other, as a shell does, and prints milliseconds a
 * start and end. The program inherits this one's environment, so whoever is to be preloaded stands
 * there; its output goes nowhere. A start that fails is an error, never a fast one.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int start(char **program, const posix_spawn_file_actions_t *actions)
{
	pid_t pid;
	int status;

	if (posix_spawn(&pid, program[0], actions, NULL, program, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	double begun;
	int count;

	if (argc < 3) {
		fprintf(stderr, "usage: spawn COUNT PROGRAM [ARG]...\n");
		return 2;
	}
	count = atoi(argv[1]);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	begun = now();
	for (int i = 0; i < count; i++) {
		if (start(argv + 2, &actions) < 0) {
			fprintf(stderr, "spawn: %s failed\n", argv[2]);
			return 1;
		}
	}
	printf("each ms %.5f\n", (now() - begun) / count / 1e6);
	return 0;
}

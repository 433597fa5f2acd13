/* SPDX-License-Identifier: MIT */
/*
 * Programs that the command runs to see how they end: with an environment of
 * their own, both outputs caught, and given up in time. Says nothing itself.
 */
#ifndef PINSHIM_CMD_CHILD_H
#define PINSHIM_CMD_CHILD_H

#include <sys/types.h>

#define CHILD_TEXT_SIZE 4096

struct child {
	const char *const *argv;	/* argv[0] is the file; NULL-terminated */
	const char *const *environment; /* VARIABLE=VALUE...; NULL-terminated, nothing is added */
	/* Called in the new process before the program, or NULL; -1 with errno: do not run it. */
	int (*prepare)(void *data);
	void *data;

	/* What follows is written by the two functions. */
	pid_t pid;
	int fds[2];
	int status;					 /* as waitpid(2) has it */
	char out[CHILD_TEXT_SIZE], err[CHILD_TEXT_SIZE]; /* the beginning of both, as text */
};

/* Starts it, with an empty standard input. 0, or -1 with errno; then nothing is to be ended. */
int child_start(struct child *c);

/*
 * Waits until both outputs are closed, SECONDS at most (then it is killed), and
 * reaps it. 0, or -1 when time ran out.
 */
int child_end(struct child *c, int seconds);

/* Whether the program ended by itself with exit code CODE. */
#define child_exited(c, code) (WIFEXITED((c)->status) && WEXITSTATUS((c)->status) == (code))

#endif

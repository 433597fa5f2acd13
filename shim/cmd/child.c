/* SPDX-License-Identifier: MIT */
/*
 * Starts a program and catches what it says. Whether it could be started is
 * told by a pipe that execve(2) closes, so that no exit code is mistaken.
 */
#include "cmd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In the new process: becomes the program, or says on TOLD why not. */
__attribute__((noreturn)) static void become(const struct child *c, const int outs[2], int told)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	signal(SIGPIPE, SIG_DFL);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(outs[0], STDOUT_FILENO) >= 0 &&
	    dup2(outs[1], STDERR_FILENO) >= 0 && (!c->prepare || c->prepare(c->data) == 0))
		execve(c->argv[0], (char **)(uintptr_t)c->argv, (char **)(uintptr_t)c->environment);
	if (write(told, &errno, sizeof(errno)) < 0)
		abort();
	_exit(EXIT_FAILURE);
}

static void close_all(const int *fds, size_t n)
{
	int error = errno;

	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	errno = error;
}

int child_start(struct child *c)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, told[2] = { -1, -1 }, error = 0;

	c->pid = -1;
	c->status = 0;
	*c->out = *c->err = '\0';
	if (pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0 && pipe2(told, O_CLOEXEC) == 0)
		c->pid = fork();
	if (c->pid == 0)
		become(c, (const int[]){ out[1], err[1] }, told[1]);
	close_all((const int[]){ out[1], err[1], told[1] }, 3);
	if (c->pid > 0 && read(told[0], &error, sizeof(error)) == sizeof(error)) {
		waitpid(c->pid, NULL, 0);
		c->pid = -1;
		errno = error;
	}
	close_all(&told[0], 1);
	if (c->pid < 0) {
		close_all((const int[]){ out[0], err[0] }, 2);
		return -1;
	}
	c->fds[0] = out[0];
	c->fds[1] = err[0];
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads once from FD into what is left of TEXT, and throws away the rest. Whether more may come. */
static int take(int fd, char text[CHILD_TEXT_SIZE])
{
	char rest[CHILD_TEXT_SIZE];
	size_t len = strlen(text);
	ssize_t n = read(fd, rest, sizeof(rest) - 1);

	if (n <= 0)
		return n < 0 && errno == EINTR;
	/* A NUL is no text. */
	for (ssize_t i = 0; i < n && len < CHILD_TEXT_SIZE - 1; i++)
		text[len++] = rest[i] ? rest[i] : '?';
	text[len] = '\0';
	return 1;
}

int child_end(struct child *c, int seconds)
{
	struct pollfd polls[2] = { { c->fds[0], POLLIN, 0 }, { c->fds[1], POLLIN, 0 } };
	char *const texts[2] = { c->out, c->err };
	int64_t until = now_ms() + (int64_t)seconds * 1000, left;
	int rv = 0;

	while (rv == 0 && (polls[0].fd >= 0 || polls[1].fd >= 0)) {
		left = until - now_ms();
		if (left <= 0 || poll(polls, 2, (int)left) == 0)
			rv = -1;
		for (int i = 0; rv == 0 && i < 2; i++)
			if (polls[i].fd >= 0 && polls[i].revents && !take(polls[i].fd, texts[i]))
				polls[i].fd = -1;
	}
	if (rv < 0)
		kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
		continue;
	close_all(c->fds, 2);
	return rv;
}

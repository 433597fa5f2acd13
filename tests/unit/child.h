/* SPDX-License-Identifier: MIT */
/*
 * Checks that need a process of their own: fresh static state, another user, a
 * mount namespace, a signal that must not come. cmocka's assertions do not work
 * across fork(2), so the child says what is wrong and exits.
 */
#ifndef PINSHIM_TEST_CHILD_H
#define PINSHIM_TEST_CHILD_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* For helpers that run in a child as well as in the test itself. */
#define CHECK(condition)                                                                    \
	do {                                                                                \
		if (!(condition)) {                                                         \
			dprintf(STDERR_FILENO, "%s:%d: not so: %s (errno: %s)\n", __FILE__, \
				__LINE__, #condition, strerror(errno));                     \
			_exit(1);                                                           \
		}                                                                           \
	} while (0)

/* Runs F in a child; returns 0, its exit code, or 1000 and the signal that ended it. */
static inline int in_child(void (*f)(const void *), const void *arg)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		/* cmocka's handlers would go on with the tests. */
		for (int number = 1; number < 32; number++)
			signal(number, SIG_DFL);
		alarm(1000); /* a hang; sanitizers on a busy machine are slow */
		f(arg);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* How many lines of the file PATH hold TEXT; 0 where there is none. */
static inline int lines_with(const char *path, const char *text)
{
	FILE *file = fopen(path, "r");
	char line[8192];
	int n = 0;

	while (file && fgets(line, sizeof(line), file))
		n += strstr(line, text) != NULL;
	if (file)
		fclose(file);
	return n;
}

static inline void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t len = strlen(text);

	CHECK(fd >= 0);
	CHECK(write(fd, text, len) == (ssize_t)len);
	CHECK(close(fd) == 0);
}

/* Replaces PATH in one step, as an administrator should. */
static inline void replace_file(const char *path, const char *text)
{
	char temporary[4096];

	snprintf(temporary, sizeof(temporary), "%s.%d.new", path, (int)getpid());
	write_file(temporary, text);
	CHECK(rename(temporary, path) == 0);
}

/* What was read must have aged by the clock's grain before a change of it can be told apart. */
static inline void age(void)
{
	usleep(25000);
}

static inline int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	CHECK(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* An empty folder in place of PATH, which is there, seen by this process and its children alone. */
static inline void hide(const char *path)
{
	CHECK(mount("tmpfs", path, "tmpfs", 0, "mode=755") == 0);
}

static inline void own_mounts(void)
{
	CHECK(unshare(CLONE_NEWNS) == 0);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
}

/* Whether this process may hide folders; where tests must not be passed over, it has to. */
static inline bool may_mount(void)
{
	return geteuid() == 0 || getenv("CI");
}

#endif

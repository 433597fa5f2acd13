/* SPDX-License-Identifier: MIT */
/*
 * watch FILE PROGRAM [ARG...]: runs PROGRAM with $WATCH_PRELOAD preloaded and
 * says whether FILE was opened meanwhile. The exit code is the program's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), status;
	char events[4096];
	pid_t pid;

	if (argc < 3 || watch < 0 || inotify_add_watch(watch, argv[1], IN_OPEN) < 0)
		return 2;
	pid = fork();
	if (pid == 0) {
		setenv("LD_PRELOAD", getenv("WATCH_PRELOAD"), 1);
		execv(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 2;
	puts(read(watch, events, sizeof(events)) > 0 ? "opened" : "untouched");
	return WEXITSTATUS(status);
}

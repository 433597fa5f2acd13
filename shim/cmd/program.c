/* SPDX-License-Identifier: MIT */
/*
 * The kernel's and execvp(3)'s way to a program, walked without running it.
 * Where that way cannot be told for certain, says so instead of guessing.
 */
#include "cmd/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"

#define MAX_SCRIPTS 4	/* fewer #! lines than Linux follows, more than anyone writes */
#define HEAD_SIZE   256 /* as much of one as Linux reads: BINPRM_BUF_SIZE */
#define BLANKS	    " \t"

/* Whether execve(2) would get as far as opening PATH: 0, or its error. */
static int examine(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (!S_ISREG(st.st_mode))
		return EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

int program_find(const char *name, char path[PATH_MAX])
{
	const char *folders = getenv("PATH");
	int found, error = ENOENT;
	size_t len;

	if (strchr(name, '/')) {
		if (snprintf(path, PATH_MAX, "%s", name) >= PATH_MAX)
			return ENAMETOOLONG;
		return examine(path);
	}
	if (!*name)
		return ENOENT;
	if (!folders)
		folders = "/bin:/usr/bin"; /* glibc's _CS_PATH */
	for (;; folders += len + 1) {
		len = strcspn(folders, ":");
		if (snprintf(path, PATH_MAX, "%.*s/%s", len ? (int)len : 1, len ? folders : ".",
			     name) < PATH_MAX) {
			found = examine(path);
			if (found == 0)
				return 0;
			if (found == EACCES)
				error = EACCES;
		}
		if (!folders[len])
			return error;
	}
}

/* The NAME of `env [-S] [VARIABLE=VALUE]... NAME', or NULL. Cuts ARGUMENTS up. */
static const char *name_for_env(char *arguments)
{
	char *rest, *word = strtok_r(arguments, BLANKS, &rest);

	while (word && (!strcmp(word, "-S") || strchr(word, '=')))
		word = strtok_r(NULL, BLANKS, &rest);
	return word && *word != '-' ? word : NULL;
}

/* Reads the first bytes of PATH, NUL-terminated. */
static int read_head(const char *path, char head[HEAD_SIZE + 1])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, head, HEAD_SIZE, 0);

	if (fd >= 0)
		close(fd);
	head[n > 0 ? n : 0] = '\0';
	return n < 0 ? -1 : 0;
}

/* Replaces PATH, a script that begins with HEAD, by its interpreter. */
static int follow_once(char path[PATH_MAX], char *head, char *why, size_t why_size)
{
	char shell[] = "/bin/sh"; /* what execvp(3) gives a file to that has no #! */
	char *interpreter = shell, *arguments;
	const char *name;
	int error;

	head[strcspn(head, "\n")] = '\0';
	if (!strncmp(head, "#!", 2))
		interpreter = head + 2 + strspn(head + 2, BLANKS);
	arguments = interpreter + strcspn(interpreter, BLANKS);
	if (*arguments)
		*arguments++ = '\0';
	name = strrchr(interpreter, '/');
	if (name && !strcmp(name, "/env")) {
		name = name_for_env(arguments);
		if (!name) {
			snprintf(why, why_size,
				 "'%s' gives env(1) options that pinshim cannot follow", path);
			return EXIT_OWN;
		}
		error = program_find(name, path);
	} else {
		name = interpreter;
		snprintf(path, PATH_MAX, "%s", interpreter);
		error = examine(path);
	}
	if (!error)
		return 0;
	snprintf(why, why_size, "its interpreter '%s': %s", name, strerror(error));
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

int program_follow(char path[PATH_MAX], char *why, size_t why_size)
{
	char head[HEAD_SIZE + 1];
	int status;

	for (int scripts = 0; scripts <= MAX_SCRIPTS; scripts++) {
		if (read_head(path, head) < 0) {
			snprintf(why, why_size, "'%s' cannot be read: %s", path, strerror(errno));
			return EXIT_OWN;
		}
		if (!strncmp(head, ELFMAG, SELFMAG))
			return 0;
		status = follow_once(path, head, why, why_size);
		if (status)
			return status;
	}
	snprintf(why, why_size, "its #! lines are nested more than %d deep", MAX_SCRIPTS);
	return EXIT_OWN;
}

/* SPDX-License-Identifier: MIT */
/*
 * The processes of this system and the files they have mapped, as proc(5) shows
 * them at this moment. Says what is there, and never what it means. A process
 * may end while it is looked at.
 */
#ifndef PINSHIM_CMD_PROCESSES_H
#define PINSHIM_CMD_PROCESSES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define PROCESS_NAME_SIZE 64

struct process {
	pid_t pid;
	uid_t uid;		      /* effective */
	char name[PROCESS_NAME_SIZE]; /* what ps(1) calls it */
	char exe[PATH_MAX];	      /* its program, below its own root; "": see `error' */
	bool deleted;		      /* that file is gone, or another one has its name now */
	int error; /* 0. ENOENT: no program (kernel thread, ended). EACCES: not ours to look at */
};

/* Looks at the process PID. 0, or -1 with errno: ENOENT when there is none. */
int process_look(pid_t pid, struct process *out);

/*
 * Calls EACH for every process until it returns other than 0, and returns that;
 * 0 behind the last; -1 with errno when /proc cannot be read.
 */
int process_each(int (*each)(const struct process *p, void *data), void *data);

struct mapped_file {
	char *path; /* below the process's own root */
	bool deleted;
	bool executable; /* some part of it is: loaded as a program or a library */
};

struct mapped_files {
	struct mapped_file *files;
	size_t n;
};

/*
 * The distinct files that PID has mapped. 0, or -1 with errno (EACCES, ENOENT,
 * ESRCH, ENOMEM) and nothing to free.
 */
int process_map(pid_t pid, struct mapped_files *out);

/* The same out of MAPS, which is such a text. */
int process_map_read(FILE *maps, struct mapped_files *out);

void mapped_free(struct mapped_files *m);

/* The first loaded library called NAME, such as "libssl.so", or NAME and a version; or NULL. */
const struct mapped_file *mapped_library(const struct mapped_files *m, const char *name);

#endif

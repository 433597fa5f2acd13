/* SPDX-License-Identifier: MIT */
/*
 * What is found out about one program or process: which TLS stacks it uses, in
 * which way, and whether the shim covers them. Prints nothing.
 */
#ifndef PINSHIM_CMD_FINDING_H
#define PINSHIM_CMD_FINDING_H

#include <limits.h>
#include <sys/types.h>

#include "cmd/closure.h"
#include "cmd/preload.h"

/* How a program comes by a stack. */
enum manner {
	MANNER_LINKED,	 /* it, or a library that it needs, needs the stack's library */
	MANNER_INSIDE,	 /* it, or such a library, has the stack linked in statically */
	MANNER_MAY_LOAD, /* it, or such a library, names the stack's library for dlopen(3) */
	MANNER_MODULE,	 /* a module that it may load, see modules.h, has it in any of these ways */
	N_MANNERS
};

struct use {
	enum stack stack;
	enum manner manner;
	bool covered; /* where the shim gets into the program */
	/* They belong to the shelf, and each may be NULL: */
	const char *library; /* of MANNER_LINKED: the stack's, its path */
	const char *through; /* the name of the library or the module that brings it */
	const char *version; /* of OpenSSL */
};

enum kind { KIND_PROGRAM, KIND_SCRIPT, KIND_LIBRARY, KIND_PROCESS, KIND_OTHER };

enum covered {
	COVERED_NO = 0, /* it uses TLS, and the shim sees none of it */
	COVERED_UNKNOWN,
	COVERED_PARTLY,
	COVERED_YES,
	COVERED_NO_TLS, /* none was found: there is nothing to cover */
};

#define FINDING_WHY_SIZE (2 * PATH_MAX)

struct finding {
	enum kind kind;
	bool failed; /* it could not be looked at: `why' says why not */
	char path[PATH_MAX];
	char program[PATH_MAX]; /* what is loaded, the interpreter of a script; "": unknown */
	enum covered covered;
	enum preload preload;	    /* what the loader would make of the shim */
	char why[FINDING_WHY_SIZE]; /* of COVERED_UNKNOWN, and of `preload'; or "" */
	struct use uses[N_STACKS * N_MANNERS];
	size_t n_uses;
	/* Of a process: */
	pid_t pid;
	bool shim; /* the shim is loaded in it */
};

/* What all findings need, and what they point into. */
struct scanner {
	struct shelf *shelf;
	struct object *library; /* the shim's */
};

/* 0, or -1 with WHY. scanner_end() in either case. */
int scanner_start(struct scanner *s, char *why, size_t why_size);
void scanner_end(struct scanner *s);

/* Both return 0, or -1 when memory is short. */
int finding_of_file(struct scanner *s, const char *path, struct finding *out);
int finding_of_process(struct scanner *s, pid_t pid, struct finding *out);

#endif

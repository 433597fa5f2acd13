/* SPDX-License-Identifier: MIT */
/*
 * Who could change a file, which is what makes it one to believe. Looks at owners
 * and modes alone; changes nothing.
 */
#ifndef PINSHIM_WRITERS_H
#define PINSHIM_WRITERS_H

#include <stdbool.h>
#include <sys/stat.h>

/* What is wrong with who may write; both from malloc(3). */
struct writers_fault {
	char *path;	 /* what is to be mended; NULL: it could not be found out */
	struct stat was; /* of `path' */
	char *message;	 /* "PATH: what is wrong; what to do"; NULL: no memory */
};

/*
 * Whether nobody but root can write PATH nor, symbolic links resolved, any folder
 * on the way to it. When not, FAULT says why.
 */
bool writers_only_root(const char *path, struct writers_fault *fault);

void writers_fault_free(struct writers_fault *fault);

#endif

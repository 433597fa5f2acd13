/* SPDX-License-Identifier: MIT */
/*
 * Where a path leads, below another root folder too, and whether somebody else
 * than root could lead it elsewhere. Looks at every folder and link on the way.
 */
#ifndef PINSHIM_CMD_SAFE_PATH_H
#define PINSHIM_CMD_SAFE_PATH_H

#include <limits.h>
#include <stddef.h>

enum path_state {
	PATH_UNSAFE = 0, /* others could change it or what is on the way, or it cannot be told */
	PATH_ABSENT,	 /* there is nothing, and root alone could change that */
	PATH_SAFE,
};

/*
 * Follows the absolute PATH as a process would whose root folder is ROOT ("":
 * this one's). REAL gets the path here, without links; of an absent file the
 * path that it would have, or "" where its folder is absent or the path leads
 * nowhere. WHY says what is unsafe or absent, and what to do.
 *
 * Safe is what belongs to root (or to the caller), what nobody else may write,
 * and what everybody may read. A sticky folder, such as /tmp, is safe for what is in it.
 */
enum path_state safe_path(const char *root, const char *path, char real[PATH_MAX], char *why,
			  size_t why_size);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Where the last good policy is, and since when. What makes it one to believe is
 * what makes the host's: only root may write it.
 */
#include "process/last_good.h"

#include <string.h>

struct source *last_good_load(void)
{
	return source_load(LAST_GOOD_DIR, true);
}

bool last_good_is(const struct source *s)
{
	return s->host && !strcmp(s->path, LAST_GOOD_DIR);
}

const char *last_good_date(char out[DATE_SIZE])
{
	struct stat st;

	/* The folder is made anew each time. */
	if (stat(LAST_GOOD_DIR, &st) < 0 || !date_format((int64_t)st.st_mtime, out))
		strcpy(out, "unknown date");
	return out;
}

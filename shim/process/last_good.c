/* SPDX-License-Identifier: MIT */
/*
 * What makes the last good policy one to believe is what makes the host's: only
 * root may write it.
 */
#include "process/last_good.h"

#include <string.h>

struct source *last_good_load(void)
{
	return source_load_last_good();
}

bool last_good_is(const struct source *s)
{
	return s->last_good;
}

const char *last_good_date(const struct source *good, char out[DATE_SIZE])
{
	if (!good->map.bytes || !date_format(good->map.snapshot.head->made, out))
		strcpy(out, "unknown date");
	return out;
}

/* SPDX-License-Identifier: MIT */
/*
 * The line is written over itself, and only when it changes: a policy that is
 * read at once has none.
 */
#include "cmd/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "process/source.h"

static const char *reading;
static int shown = -1; /* per cent, or no line */

static void show(size_t done, size_t total)
{
	int percent = total ? (int)(100.0 * (double)done / (double)total) : 100;

	if (percent == shown || percent >= 100)
		return;
	shown = percent;
	fprintf(stderr, "\rpinshim: reading %s: %d %%\033[K", reading, percent);
}

void progress_begin(const char *what)
{
	reading = what;
	if (isatty(STDERR_FILENO))
		source_progress = show;
}

void progress_end(void)
{
	source_progress = NULL;
	if (shown >= 0)
		fputs("\r\033[K", stderr);
	shown = -1;
}

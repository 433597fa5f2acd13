/* SPDX-License-Identifier: MIT */
/*
 * A snapshot that is not used costs time and nothing else, so it is a warning. One
 * that is used and holds something else than the text is what programs go by.
 */
#include "cmd/check_snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "cmd/snapshot_state.h"

static void warn(const struct snapshot_state *state, const char *more)
{
	fprintf(stderr, "%s: warning: the snapshot is %s: %s%s\n", state->path,
		snapshot_state_word(state->standing), state->text, more);
}

/* Whether S is what it would be for the library, which has PATH of it. */
static bool is_as_loaded(const struct source *s, const char *path)
{
	return s->host || !strcmp(s->path, path);
}

/* STATE is mapped, and FULL is what there is now. */
static bool compare(const struct snapshot_state *state, const struct source *full,
		    unsigned *warnings)
{
	if (state->standing == STANDING_CURRENT && !snapshot_state_agrees(&state->map, full)) {
		complain(
			"%s: the snapshot is not what the policy's text gives, though programs "
			"take it for that: it is damaged, another version has made it, or somebody "
			"has changed it; remove it, and find out which",
			state->path);
		return false;
	}
	if (state->standing == STANDING_CURRENT) {
		printf("%s: current, %s\n", state->path, state->text);
		return true;
	}
	warn(state,
	     snapshot_state_same_texts(&state->map, full) ? " (what was read is the same)" : "");
	(*warnings)++;
	return true;
}

static bool compare_with_text(const struct snapshot_state *state, const struct source *source,
			      const char *path, unsigned *warnings)
{
	struct source *full;
	bool agrees = true;

	if (is_as_loaded(source, path))
		return compare(state, source, warnings);
	/* A block has the policy's path in it. */
	progress_begin(path);
	full = source_read(path, false, true);
	progress_end();
	if (full && full->policy)
		agrees = compare(state, full, warnings);
	else
		complain("%s", full ? full->error : "out of memory");
	source_free(full);
	return agrees;
}

bool check_snapshot(const struct source *source, unsigned *warnings)
{
	char **paths = source_list(source->path);
	struct snapshot_state state;
	bool agrees = true;

	if (!paths || paths[1]) { /* one that has a colon can have none */
		free(paths);
		return true;
	}
	if (snapshot_state_find(paths[0], source->host, &state) < 0) {
		complain("out of memory");
	} else if (state.map.bytes) {
		agrees = compare_with_text(&state, source, paths[0], warnings);
	} else if (state.standing != STANDING_ABSENT) {
		warn(&state, "");
		(*warnings)++;
	}
	snapshot_state_free(&state);
	free(paths);
	return agrees;
}

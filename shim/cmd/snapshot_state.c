/* SPDX-License-Identifier: MIT */
/*
 * What a process would do with the snapshot is found out as a process does it;
 * what is in it is compared byte by byte with what the texts give.
 */
#include "cmd/snapshot_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/snapshot_write.h"
#include "pure/date.h"

/* What makes the snapshot anew, to be run, from malloc(3). */
static char *remedy(const char *path, bool host)
{
	char *text;

	if (host)
		return strdup("run 'pinshim apply " SOURCE_HOST_DIR "'");
	return asprintf(&text, "run 'pinshim compile %s'", path) < 0 ? NULL : text;
}

static char *sum_up(const struct snapshot *snapshot)
{
	char date[DATE_SIZE], *text;
	size_t n;

	policy_sections(snapshot->policy, &n);
	if (!date_format(snapshot->head->made, date))
		strcpy(date, "unknown date");
	return asprintf(&text, "of %s, %zu section%s", date, n, plural(n)) < 0 ? NULL : text;
}

static char *explain_stale(const char *why, const char *path, bool host)
{
	char *what = remedy(path, host), *text = NULL;

	if (!why || !what || asprintf(&text, "%s; %s", why, what) < 0)
		text = NULL;
	free(what);
	return text;
}

static void compare(const char *path, bool host, struct snapshot_state *out)
{
	char *why;

	switch (snapshot_file_age(&out->map, path, host, &why)) {
	case SNAPSHOT_CURRENT:
		out->standing = STANDING_CURRENT;
		out->text = sum_up(&out->map.snapshot);
		return;
	case SNAPSHOT_PENDING:
		out->standing = STANDING_PENDING;
		out->text = strdup("'pinshim apply' is at work");
		return;
	case SNAPSHOT_STALE:
		out->standing = STANDING_STALE;
		out->text = explain_stale(why, path, host);
		free(why);
	}
}

/* ERROR without the path that it begins with. */
static char *behind_path(char *error, const char *path)
{
	const size_t len = strlen(path);

	if (error && !strncmp(error, path, len) && !strncmp(error + len, ": ", 2))
		memmove(error, error + len + 2, strlen(error + len + 2) + 1);
	return error;
}

int snapshot_state_find(const char *path, bool host, struct snapshot_state *out)
{
	char *error = NULL;

	*out = (struct snapshot_state){ .path = snapshot_file_path(path, host) };
	if (!out->path)
		return -1;
	switch (snapshot_file_map(path, host, &out->map, &error)) {
	case SNAPSHOT_ABSENT:
		out->standing = STANDING_ABSENT;
		return 0;
	case SNAPSHOT_UNUSABLE:
		out->standing = STANDING_UNUSABLE;
		out->text = behind_path(error, out->path);
		break;
	case SNAPSHOT_MAPPED:
		compare(path, host, out);
	}
	return out->text ? 0 : -1;
}

void snapshot_state_free(struct snapshot_state *s)
{
	snapshot_file_unmap(&s->map);
	free(s->path);
	free(s->text);
}

const char *snapshot_state_word(enum snapshot_standing standing)
{
	switch (standing) {
	case STANDING_UNUSABLE:
		return "unusable";
	case STANDING_ABSENT:
		return "absent";
	case STANDING_STALE:
		return "stale";
	case STANDING_PENDING:
		return "pending";
	case STANDING_CURRENT:
		return "current";
	}
	return "unusable";
}

bool snapshot_state_agrees(const struct snapshot_map *map, const struct source *s)
{
	const struct snapshot *snapshot = &map->snapshot;

	if (snapshot->policy->size != s->policy->size ||
	    memcmp(snapshot->policy, s->policy, s->policy->size) != 0 ||
	    snapshot->head->n_ct_logs != s->n_ct_logs || snapshot->head->n_files != s->n_files)
		return false;
	for (size_t i = 0; i < s->n_files; i++) {
		const struct snapshot_file *file = &snapshot->files[i];

		if (strcmp(snapshot_path(snapshot, file->path), s->files[i].path) != 0 ||
		    file->len != s->files[i].len ||
		    memcmp(snapshot_bytes(snapshot, file), s->files[i].bytes, file->len) != 0)
			return false;
	}
	return true;
}

bool snapshot_state_same_texts(const struct snapshot_map *map, const struct source *s)
{
	const struct snapshot *snapshot = &map->snapshot;

	if (snapshot->head->pending || snapshot->head->n_stamps != s->n_stamps)
		return false;
	for (size_t i = 0; i < s->n_stamps; i++) {
		const struct snapshot_stamp *was = &snapshot->stamps[i];
		struct snapshot_stamp now;

		if (strcmp(snapshot_path(snapshot, was->path), s->stamps[i].path) != 0 ||
		    snapshot_describe(s, &s->stamps[i], &now) < 0 || was->there != now.there ||
		    memcmp(was->sha256, now.sha256, sizeof(now.sha256)) != 0)
			return false;
	}
	return true;
}

/* Why S, which was loaded, was read from its texts. */
static void complain_of_unused(const struct source *s)
{
	struct snapshot_state state;

	if (s->snapshot_error)
		complain("%s", s->snapshot_error);
	else if (snapshot_state_find(s->path, s->host, &state) < 0)
		complain("out of memory");
	else
		complain("%s: is %s and not used%s%s", state.path,
			 snapshot_state_word(state.standing), state.text ? ": " : "",
			 state.text ? state.text : "");
	if (!s->snapshot_error)
		snapshot_state_free(&state);
}

/* Whether the snapshot of PATH is somebody else's, whose processes alone use it. */
static bool is_of_another(const char *path)
{
	char *file = snapshot_file_path(path, false);
	struct stat st;
	bool other = file && stat(file, &st) == 0 && st.st_uid != 0 && st.st_uid != geteuid();

	free(file);
	return other;
}

int snapshot_state_confirm(const char *path, bool host)
{
	struct source *s = source_load(path, host);
	int rv = -1;

	if (!s)
		complain("out of memory");
	else if (s->map.bytes || (!host && is_of_another(path)))
		rv = 0;
	else
		complain_of_unused(s);
	source_free(s);
	return rv;
}

void snapshot_state_complain(const struct source *s)
{
	if (s->snapshot_error)
		complain("the text is read, and not the snapshot: %s", s->snapshot_error);
}

/* SPDX-License-Identifier: MIT */
/*
 * The life of a source: which way it is loaded, how often it is read until it
 * stands still, what has become of it since, and its end.
 */
#include "process/source.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "process/block.h"
#include "process/source_parts.h"
#include "process/stamp.h"

#define ATTEMPTS 16

bool source_changed(const struct source *s)
{
	for (size_t i = 0; i < s->n_stamps; i++)
		if (!source_stamp_holds(&s->stamps[i]))
			return true;
	return source_spoiled(s);
}

bool source_spoiled(const struct source *s)
{
	return s->distrusted || snapshot_file_changed(&s->map);
}

static void drop_policy(struct source *s)
{
	if (s->policy && !s->map.bytes)
		block_free(s->policy);
	s->policy = NULL;
}

void source_clear(struct source *s)
{
	source_drop_files(&s->texts, &s->n_texts);
	source_drop_files(&s->lists, &s->n_lists);
	source_drop_files(&s->files, &s->n_files);
	for (size_t i = 0; i < s->n_stamps; i++)
		free(s->stamps[i].path);
	free(s->stamps);
	s->stamps = NULL;
	s->n_stamps = 0;
	drop_policy(s);
	snapshot_file_unmap(&s->map);
	free(s->snapshot_error);
	s->snapshot_error = NULL;
	free(s->error);
	s->error = NULL;
	s->absent = false;
	s->empty = false;
	s->shortage = false;
}

/* How long until everything read is older than the grain; 0 when it is. */
static long youth_ns(const struct source *s, const struct timespec *read_at)
{
	long most = 0;

	for (size_t i = 0; i < s->n_stamps; i++) {
		const struct stat *was = &s->stamps[i].was;
		long youth = was->st_ino ? stamp_youth_ns(was, read_at) : 0;

		if (youth > most)
			most = youth;
	}
	return most;
}

static int load_once(struct source *s)
{
	errno = 0;
	if (source_collect(s) < 0)
		return -1;
	if (s->unparsed) {
		source_put_away(s, &s->texts, &s->n_texts);
		return 0;
	}
	return source_parse(s) < 0 ? -1 : source_keep_files(s);
}

static void pause_for(long ns)
{
	struct timespec pause = { 0, ns };

	while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
		;
}

/* Once: whether S is what it is now, or how long to wait before it is read again. */
static long read_once(struct source *s, int *rv)
{
	struct timespec read_at;
	long young;

	clock_gettime(CLOCK_REALTIME, &read_at);
	*rv = load_once(s);
	young = youth_ns(s, &read_at);
	return young || (!s->empty && !source_changed(s)) ? young : GRAIN_NS;
}

/* How often a snapshot that is just being made is looked for: a second. */
#define WAITS 50

static int load_stable(struct source *s, bool text_alone)
{
	int rv = -1, waits = 0;
	bool pending;
	long again;

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		source_clear(s);
		pending = false;
		if (!text_alone && source_load_snapshot(s, &pending))
			return 0;
		if (pending && waits++ < WAITS) {
			attempt--;
			pause_for(GRAIN_NS);
			continue;
		}
		again = read_once(s, &rv);
		if (!again)
			break;
		pause_for(again);
		if (attempt == ATTEMPTS - 1 && !s->empty) {
			source_clear(s);
			rv = source_fail(
				s, "%s: keeps changing while it is read; replace it by rename",
				s->path);
			source_read_again(s, s->path);
		}
	}
	return rv;
}

static struct source *new_source(const char *path, bool host)
{
	struct source *s = calloc(1, sizeof(*s));

	if (s && (s->path = strdup(path))) {
		s->host = host;
		return s;
	}
	free(s);
	return NULL;
}

/* S as callers get it, of which RV says whether it is good. */
static struct source *finished(struct source *s, int rv)
{
	if (rv == 0)
		return s;
	drop_policy(s);
	if (s->error)
		return s;
	source_free(s); /* memory ran out */
	return NULL;
}

struct source *source_load(const char *path, bool host)
{
	struct source *s = new_source(path, host);

	return s ? finished(s, load_stable(s, false)) : NULL;
}

struct source *source_read(const char *path, bool host, bool keep)
{
	struct source *s = new_source(path, host);

	if (!s)
		return NULL;
	s->keeping = keep;
	return finished(s, load_stable(s, true));
}

struct source *source_load_draft(const char *path)
{
	struct source *s = new_source(path, true);

	if (!s)
		return NULL;
	s->draft = s->keeping = true;
	return finished(s, load_stable(s, true));
}

/* Where TEXT of a draft stands once it is published, from malloc(3). */
static char *published_path(const struct source_file *text)
{
	char *path;

	if (!text->in_folder)
		return strdup(SOURCE_HOST_DIR "/" POLICY_FILE);
	return asprintf(&path, SOURCE_HOST_DIR "/" POLICY_DIR "%s", strrchr(text->path, '/')) < 0
		       ? NULL
		       : path;
}

/* The texts of DRAFT, whose bytes stay its own, as they will be called. */
static int borrow_texts(struct source *s, const struct source *draft)
{
	s->files = calloc(draft->n_texts + 1, sizeof(*s->files));
	for (size_t i = 0; s->files && i < draft->n_texts; i++) {
		s->files[i] = draft->texts[i];
		s->files[i].borrowed = true;
		s->files[i].path = published_path(&draft->texts[i]);
		if (!s->files[i].path)
			return -1;
		s->n_files++;
	}
	return s->files ? 0 : -1;
}

struct source *source_of_draft(const struct source *draft)
{
	struct source *s = new_source(SOURCE_HOST_DIR, true);
	int rv = -1;

	if (!s)
		return NULL;
	s->keeping = true;
	errno = 0;
	if (borrow_texts(s, draft) == 0 && source_parse(s) == 0)
		rv = source_keep_files(s);
	return finished(s, rv);
}

struct source *source_read_texts(void)
{
	struct source *s = new_source(SOURCE_HOST_DIR, true);

	if (!s)
		return NULL;
	s->keeping = s->unparsed = true;
	return finished(s, load_stable(s, true));
}

struct source *source_load_last_good(void)
{
	struct source *s = new_source(SNAPSHOT_OF_HOST, true);
	int rv = -1;

	if (!s)
		return NULL;
	s->last_good = true;
	errno = 0;
	switch (snapshot_file_map(SOURCE_HOST_DIR, true, &s->map, &s->error)) {
	case SNAPSHOT_ABSENT:
		s->absent = true;
		source_fail(s, "%s: is not there; 'pinshim apply' makes it", s->path);
		break;
	case SNAPSHOT_UNUSABLE:
		if (errno == ENOMEM) { /* the snapshot is not to blame */
			free(s->error);
			s->error = NULL;
		}
		break;
	case SNAPSHOT_MAPPED:
		rv = source_take_snapshot(s, false);
	}
	return finished(s, rv);
}

struct source *source_of_refused(const char *list)
{
	struct source *s = calloc(1, sizeof(*s));
	char *error = malloc(POLICY_ERROR_SIZE);
	const struct policy_maker maker = { .resize = block_resize };
	struct policy *loose = NULL;

	errno = 0;
	if (s && error && (s->path = strdup(SOURCE_REFUSE)))
		loose = policy_refusing(&maker, list, s->path, error);
	if (loose)
		s->policy = block_seal(loose);
	else if (s && s->path)
		source_fail(s, "%s", error);
	free(error);
	if (s && (s->policy || s->error))
		return s;
	source_free(s);
	return NULL;
}

void source_free(struct source *s)
{
	struct source_kept *kept, *next;

	if (!s)
		return;
	for (kept = s->kept; kept; kept = next) {
		next = kept->next;
		kept->drop(kept);
	}
	source_clear(s);
	free(s->path);
	free(s);
}

const struct source_file *source_file(const struct source *s, const char *path)
{
	for (size_t i = 0; i < s->n_files; i++)
		if (!strcmp(s->files[i].path, path))
			return &s->files[i];
	return NULL;
}

void source_keep(const struct source *s, struct source_kept *kept)
{
	_Atomic(struct source_kept *) *first = &((struct source *)(uintptr_t)s)->kept;

	kept->next = *first;
	while (!atomic_compare_exchange_weak(first, &kept->next, kept))
		;
}

const struct source_kept *source_kept(const struct source *s, const void *owner)
{
	const struct source_kept *kept = s->kept;

	while (kept && kept->owner != owner)
		kept = kept->next;
	return kept;
}

/* PATH with one slash where several stand, and without "." in it and a slash at its end. */
static void squeeze(char *path)
{
	const char *from = path;
	char *to = path;

	if (*path != '/')
		return;
	for (size_t len; *from; from += len) {
		from += strspn(from, "/");
		len = strcspn(from, "/");
		if (!len || (len == 1 && *from == '.'))
			continue;
		*to++ = '/';
		memmove(to, from, len);
		to += len;
	}
	if (to == path)
		to++;
	*to = '\0';
}

char **source_list(const char *list)
{
	char *cwd = getcwd(NULL, 0), **out, *text = NULL;
	size_t n = 1;

	/* A folder that was deleted makes relative paths name nothing, and say so. */
	if (!cwd)
		cwd = strdup("(no working folder)");
	for (const char *c = list; *c; c++)
		n += *c == ':';
	out = cwd ? malloc((n + 1) * sizeof(*out) + strlen(list) + n * (strlen(cwd) + 2)) : NULL;
	for (size_t i = 0; out && i < n; i++) {
		size_t len = strcspn(list, ":");

		text = i ? text : (char *)(out + n + 1);
		out[i] = text;
		if (len && *list != '/')
			text += sprintf(text, "%s/", cwd);
		memcpy(text, list, len);
		text[len] = '\0';
		text += len + 1;
		list += len + 1;
		squeeze(out[i]);
	}
	if (out)
		out[n] = NULL;
	free(cwd);
	return out;
}

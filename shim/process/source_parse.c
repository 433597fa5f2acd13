/* SPDX-License-Identifier: MIT */
/*
 * The texts that were read become a policy, and the files that it names are read
 * as well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process/block.h"
#include "process/source_parts.h"
#include "pure/ctlogs.h"
#include "pure/revoked.h"

void (*source_progress)(size_t done, size_t total);

static const struct policy_maker maker = { .resize = block_resize };

void source_drop_files(struct source_file **files, size_t *n)
{
	for (size_t i = 0; i < *n; i++) {
		free((*files)[i].path);
		if (!(*files)[i].borrowed)
			free((*files)[i].bytes);
	}
	free(*files);
	*files = NULL;
	*n = 0;
}

/* What was read so far is parsed and done with, but for those who want it kept. */
void source_put_away(struct source *s, struct source_file **kept, size_t *n)
{
	if (s->keeping) {
		*kept = s->files;
		*n = s->n_files;
		s->files = NULL;
		s->n_files = 0;
	}
	source_drop_files(&s->files, &s->n_files);
}

/* Reads the file that KEY of the policy P names as VALUE, once. */
static int add_named(struct source *s, const struct policy *p, const char *key,
		     const struct policy_value *value)
{
	const char *path = policy_string(p, value->text);
	char *what = NULL;
	int rv;

	if (source_file(s, path))
		return 0;
	if (asprintf(&what, "%s:%u: %s '%s'", policy_string(p, value->place.file),
		     value->place.line, key, path) < 0)
		return -1;
	rv = source_add_file(s, path, what);
	free(what);
	return rv;
}

/* The files read so far as texts, from malloc(3). */
static struct policy_text *texts_of(const struct source *s)
{
	struct policy_text *texts = calloc(s->n_files + 1, sizeof(*texts));

	for (size_t i = 0; texts && i < s->n_files; i++)
		texts[i] = (struct policy_text){ s->files[i].path, s->files[i].bytes,
						 s->files[i].len };
	return texts;
}

/* Takes over LOOSE; the policy with the keys of its `revoked' lists, or NULL. */
static struct policy *add_revoked(struct source *s, struct policy *loose,
				  char error[POLICY_ERROR_SIZE])
{
	const struct policy_value *lists;
	struct policy_text *texts;
	size_t n;
	int rv = 0;

	lists = policy_values(loose, loose->revoked, &n);
	if (!n)
		return loose;
	for (size_t i = 0; rv == 0 && i < n; i++)
		rv = add_named(s, loose, "revoked", &lists[i]);
	texts = rv == 0 ? texts_of(s) : NULL;
	if (!texts) {
		block_free(loose);
		return NULL;
	}
	loose = revoked_add(&maker, loose, texts, s->n_files, error);
	if (!loose)
		source_fail(s, "%s", error);
	free(texts);
	source_put_away(s, &s->lists, &s->n_lists);
	return loose;
}

int source_parse(struct source *s)
{
	const struct policy_maker telling = { .resize = block_resize, .progress = source_progress };
	struct policy_text *texts = texts_of(s);
	char *error = malloc(POLICY_ERROR_SIZE);
	struct policy *loose = NULL;

	if (texts && error) {
		loose = policy_parse_by(&telling, texts, s->n_files, s->path, s->host, error);
		if (!loose)
			source_fail(s, "%s", error);
		source_put_away(s, &s->texts, &s->n_texts);
		if (loose)
			loose = add_revoked(s, loose, error);
	}
	if (loose)
		s->policy = block_seal(loose);
	free(error);
	free(texts);
	return s->policy ? 0 : -1;
}

static int add_ca_file(struct source *s, const struct policy_value *value)
{
	const struct source_file *file;

	if (add_named(s, s->policy, "ca-file", value) < 0)
		return -1;
	file = source_file(s, policy_string(s->policy, value->text));
	if (memmem(file->bytes, file->len, "-----BEGIN ", 11))
		return 0;
	return source_fail(
		s, "%s:%u: ca-file '%s': holds no PEM certificate; name a file of trust anchors",
		policy_string(s->policy, value->place.file), value->place.line, file->path);
}

static int add_ct_logs(struct source *s, const struct policy_value *value)
{
	const struct source_file *file;
	char *error;

	if (add_named(s, s->policy, "ct-logs", value) < 0 || !(error = malloc(POLICY_ERROR_SIZE)))
		return -1;
	file = source_file(s, policy_string(s->policy, value->text));
	s->n_ct_logs =
		ctlogs_count(&(struct policy_text){ file->path, file->bytes, file->len }, error);
	if (!s->n_ct_logs)
		source_fail(s, "%s", error);
	free(error);
	return s->n_ct_logs ? 0 : -1;
}

/* What stays of all the files is what the policy refers to and does not hold. */
int source_keep_files(struct source *s)
{
	const struct policy_value *ca_files;
	size_t n;

	if (s->policy->ct_logs.text && add_ct_logs(s, &s->policy->ct_logs) < 0)
		return -1;
	ca_files = policy_values(s->policy, s->policy->ca_files, &n);
	for (size_t i = 0; i < n; i++)
		if (add_ca_file(s, &ca_files[i]) < 0)
			return -1;
	return 0;
}

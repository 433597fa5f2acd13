/* SPDX-License-Identifier: MIT */
/*
 * Finds out once how programs can be tried here, and runs them that way.
 */
#include "cmd/trial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/preload_file.h"
#include "cmd/preload_text.h"

#define PATIENCE_S 20

static int read_texts(struct trial *t)
{
	struct preload_file f;
	int rv = preload_file_read("", false, &f);

	if (rv == 0) {
		t->without = preload_without(f.text);
		t->with = preload_with(f.text, t->elsewhere ? STAGE_LIBRARY : t->library);
		if (!t->without || !t->with) {
			complain("out of memory");
			rv = -1;
		}
	}
	preload_file_close(&f);
	return rv;
}

int trial_begin(const char *library, bool elsewhere, struct trial *t)
{
	static const char *const nothing[] = { "/bin/true", NULL };
	struct child child;

	*t = (struct trial){ .library = library, .elsewhere = elsewhere };
	if (read_texts(t) < 0)
		return -1;
	if (trial_run(t, false, false, nothing, NULL, &child) < 0)
		t->unstaged = errno;
	/* Not as another user than root, nor where no other is mapped. */
	t->nobody = trial_run(t, false, true, nothing, NULL, &child) == 0;
	return 0;
}

void trial_end(struct trial *t)
{
	free(t->with);
	free(t->without);
}

struct stage trial_stage(const struct trial *t, bool with, bool as_nobody)
{
	if (t->unstaged)
		return (struct stage){ .as_nobody = as_nobody };
	return (struct stage){
		.preload = with ? t->with : t->without,
		.library = t->elsewhere ? t->library : NULL,
		.as_nobody = as_nobody,
	};
}

int trial_run(const struct trial *t, bool with, bool as_nobody, const char *const *argv,
	      const char *variable, struct child *out)
{
	struct stage stage = trial_stage(t, with, as_nobody);
	const char *environment[6] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/" };
	char *preload = NULL;
	size_t n = 3;
	int rv = -1;

	if (variable)
		environment[n++] = variable;
	if (t->unstaged && with) {
		if (asprintf(&preload, "LD_PRELOAD=%s", t->library) < 0)
			return -1;
		environment[n] = preload;
	}
	*out = (struct child){
		.argv = argv, .environment = environment, .prepare = stage_enter, .data = &stage
	};
	if (child_start(out) == 0)
		rv = child_end(out, PATIENCE_S) < 0 ? 1 : 0;
	free(preload);
	return rv;
}

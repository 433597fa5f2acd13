/* SPDX-License-Identifier: MIT */
/*
 * `pinshim known': shows the keys that `tofu = yes' has learned for this user,
 * and takes one out. It never adds one: a key is learned in a handshake.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "process/known.h"
#include "process/known_file.h"
#include "process/text.h"

static void print_table(const struct known_file *f)
{
	char pin[PIN_TEXT_SIZE];
	int widest = 0;

	for (size_t i = 0; i < f->n; i++)
		if ((int)strlen(f->entries[i].line.name) > widest)
			widest = (int)strlen(f->entries[i].line.name);
	for (size_t i = 0; i < f->n; i++) {
		const struct known_line *line = &f->entries[i].line;

		printf("%-*s  %s  %s  %s\n", widest, line->name, pin_format(line->key, pin),
		       line->since, line->program);
	}
}

static int print_json(const struct known_file *f)
{
	char pin[PIN_TEXT_SIZE];
	struct text t = { 0 };
	bool ok;

	text_add(&t, "%s", "");
	for (size_t i = 0; i < f->n; i++) {
		const struct known_line *line = &f->entries[i].line;

		text_add(&t, "{\"hostname\":");
		text_add_json(&t, line->name);
		text_add(&t, ",\"pin\":\"%s\",\"since\":\"%s\",\"program\":",
			 pin_format(line->key, pin), line->since);
		text_add_json(&t, line->program);
		text_add(&t, ",\"line\":%u}\n", f->entries[i].number);
	}
	ok = text_ok(&t);
	if (ok)
		fputs(t.bytes, stdout);
	free(t.bytes);
	return ok ? 0 : -1;
}

static int list(bool json)
{
	struct known_file *f = known_file_read();
	int rv = -1;

	if (f && f->error) {
		complain("%s", f->error);
	} else if (!f || (json && print_json(f) < 0)) {
		complain("out of memory");
	} else {
		rv = 0;
		if (!json)
			print_table(f);
	}
	known_file_free(f);
	return rv;
}

static int forget(const char *name)
{
	char *error = NULL;
	int rv = known_forget(name, &error);

	if (rv > 0)
		complain("no key of '%s' is known in %s", name, known_file_path());
	else if (rv < 0)
		complain("%s", error ? error : "out of memory");
	free(error);
	return rv ? -1 : 0;
}

static int known(const struct verb *verb, int argc, char **argv)
{
	char name[NAME_SIZE];
	bool json = false, forgets;
	const char *why;
	int rv;

	while (next_option(verb, argc, argv) == OPTION_JSON)
		json = true;
	if (optind == argc)
		usage_error(verb, "'list' or 'forget NAME' is missing");
	forgets = !strcmp(argv[optind], "forget");
	if (!forgets && strcmp(argv[optind], "list"))
		usage_error(verb, "'%s' is neither 'list' nor 'forget'", argv[optind]);
	if (forgets && json)
		usage_error(verb, "--json goes with 'list'");
	if (forgets && optind + 1 == argc)
		usage_error(verb, "NAME is missing");
	if (optind + 1 + forgets < argc)
		usage_error(verb, "'%s' is one argument too many", argv[optind + 1 + forgets]);
	if (forgets &&
	    name_normalise(argv[optind + 1], strlen(argv[optind + 1]), name, &why) == NAME_BAD)
		usage_error(verb, "'%s' %s", argv[optind + 1], why);
	rv = forgets ? forget(name) : list(json);
	return rv ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const struct option longs[] = {
	COMMON_OPTIONS,
	{ "json", no_argument, NULL, OPTION_JSON },
	{ 0 },
};

const struct verb verb_known = {
	.name = "known",
	.synopsis = "known list [--json] | known forget NAME",
	.help = "Shows the keys that sections with 'tofu = yes' have learned for this user: name, "
		"key,\n"
		"since when, and the program that learned it. Or takes out the key of NAME, so "
		"that\n"
		"the next key of that server is learned. Do that only when the new key is "
		"confirmed\n"
		"by another channel.\n"
		"\n"
		"  --json   one object a line\n",
	.shorts = ":",
	.longs = longs,
	.main = known,
};

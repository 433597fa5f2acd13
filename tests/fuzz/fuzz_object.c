/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as an ELF file before what `pinshim scan' reads of it,
 * of the libraries that it names and of the modules that it may load. The first
 * byte says under which of a few paths it is found.
 */
#include <ctype.h>
#include <elf.h>
#include <limits.h>

#include "cmd/closure.h"
#include "cmd/modules.h"
#include "cmd/object.h"
#include "cmd/preload.h"
#include "fuzz.h"

static bool stands_in(const char *text, const uint8_t *data, size_t size)
{
	return memmem(data, size, text, strlen(text) + 1) != NULL;
}

static void check(const struct object *o, const uint8_t *data, size_t size)
{
	const char *const texts[] = { o->soname, o->rpath, o->runpath };

	must(!o->error && o->needed);
	if (o->whole)
		must(size > 4 && !memcmp(data, ELFMAG, SELFMAG) &&
		     (o->class == ELFCLASS32 || o->class == ELFCLASS64) &&
		     (o->data == ELFDATA2LSB || o->data == ELFDATA2MSB));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		must(!texts[i] || stands_in(texts[i], data, size));
	for (char **needed = o->needed; *needed; needed++)
		must(stands_in(*needed, data, size));
	must((o->provides | o->holds | o->may_load) < STACK_BIT(N_STACKS));
	must(!(o->may_load & (o->provides | o->holds)));
	must(!o->provides || o->library);
	must(strlen(o->version) < sizeof(o->version));
	for (const char *c = o->version; *c; c++)
		must(isprint((unsigned char)*c));
}

static int take_module(const char *path, void *data)
{
	(void)data;
	must(*path == '/');
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = { "/usr/bin/env", "/usr/bin/perl", "/usr/bin/python3",
					     "/usr/lib/os-release", "/nowhere/php8.2" };
	static struct shelf *shelf;
	struct object *o, *again;
	struct closure c;
	const char *file;
	char why[PATH_MAX + 256] = "";

	if (!shelf)
		shelf = shelf_new();
	must(shelf);
	if (!size)
		return 0;
	file = fuzz_file(data + 1, size - 1);
	o = object_read(file);
	again = object_read(file);
	must(o && again);
	check(o, data + 1, size - 1);
	must(o->whole == again->whole && o->provides == again->provides &&
	     o->holds == again->holds && o->may_load == again->may_load);
	object_free(again);
	must(preload_judge(file, file, CALLER_ANYONE, why, sizeof(why)) == PRELOAD_WORKS || *why);
	must(memchr(why, '\0', sizeof(why)));

	free(o->path);
	o->path = strdup(paths[data[0] % (sizeof(paths) / sizeof(paths[0]))]);
	must(o->path && closure_of(shelf, o, &c) == 0 && c.n >= 1 && c.items[0].object == o);
	for (size_t i = 1; i < c.n; i++)
		must(c.items[i].by < i && c.items[i].object->whole &&
		     c.items[i].object->machine == o->machine);
	must(modules_each(&c, take_module, NULL) == 0);
	closure_free(&c);
	object_free(o);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * The search of ld.so(8): what is loaded already, DT_RPATH of the object and of
 * those that led to it, DT_RUNPATH, the index of ldconfig(8), default folders.
 */
#include "cmd/closure.h"

#include <elf.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/ldcache.h"

#define MAX_OBJECTS 65536 /* more than any program loads */

/* What the index and the default folders have under a name, for one machine. */
struct answer {
	char *name;
	unsigned char class, data;
	unsigned machine;
	struct object *object; /* or NULL: nothing */
};

struct shelf {
	void *objects; /* tsearch(3): struct object, by path */
	void *answers; /* struct answer */
	struct ldcache *cache;
};

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct object *)a)->path, ((const struct object *)b)->path);
}

static int by_name(const void *a, const void *b)
{
	const struct answer *x = a, *y = b;

	if (x->machine != y->machine)
		return x->machine < y->machine ? -1 : 1;
	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	if (x->data != y->data)
		return x->data < y->data ? -1 : 1;
	return strcmp(x->name, y->name);
}

struct shelf *shelf_new(void)
{
	struct shelf *s = calloc(1, sizeof(*s));

	if (s)
		s->cache = ldcache_read(LDCACHE_FILE);
	return s;
}

static void free_object(void *object)
{
	object_free(object);
}

static void free_answer(void *answer)
{
	free(((struct answer *)answer)->name);
	free(answer);
}

void shelf_free(struct shelf *s)
{
	if (!s)
		return;
	tdestroy(s->answers, free_answer);
	tdestroy(s->objects, free_object);
	ldcache_free(s->cache);
	free(s);
}

struct object *shelf_get(struct shelf *s, const char *path)
{
	struct object key = { .path = (char *)path }, *o;
	struct object **at = tfind(&key, &s->objects, by_path);

	if (at)
		return *at;
	o = object_read(path);
	if (o && tsearch(o, &s->objects, by_path))
		return o;
	object_free(o);
	return NULL;
}

/* --- one library */

static bool fits(const struct object *o, const struct object *program)
{
	return o->whole && o->class == program->class && o->data == program->data &&
	       o->machine == program->machine;
}

/* Sets *OUT when PATH is a library for the machine of PROGRAM. -1 when memory is short. */
static int try(struct shelf *s, const char *path, const struct object *program, struct object **out)
{
	struct object *o;

	if (access(path, F_OK) < 0)
		return 0;
	o = shelf_get(s, path);
	if (!o)
		return -1;
	if (fits(o, program))
		*out = o;
	return 0;
}

/* Debian's name for a machine, which is a part of the folders of its libraries; or "". */
static const char *machine_name(const struct object *o)
{
	switch (o->machine) {
	case EM_X86_64:
		return o->class == ELFCLASS32 ? "x86_64-linux-gnux32" : "x86_64-linux-gnu";
	case EM_386:
		return "i386-linux-gnu";
	case EM_AARCH64:
		return "aarch64-linux-gnu";
	case EM_ARM:
		return "arm-linux-gnueabihf";
	case EM_PPC64:
		return "powerpc64le-linux-gnu";
	case EM_S390:
		return "s390x-linux-gnu";
	case EM_RISCV:
		return "riscv64-linux-gnu";
	}
	return "";
}

/* What stands in the index and the default folders, without a memory. */
static int search_system(struct shelf *s, const struct object *program, const char *name,
			 struct object **out)
{
	static const char *const folders[] = { "/lib/%s/%s",	"/usr/lib/%s/%s",
					       "/lib64%.0s/%s", "/usr/lib64%.0s/%s",
					       "/lib%.0s/%s",	"/usr/lib%.0s/%s" };
	const char *found;
	char path[PATH_MAX];

	for (size_t i = 0; !*out && (found = ldcache_find(s->cache, name, i)); i++)
		if (try(s, found, program, out) < 0)
			return -1;
	for (size_t i = 0; !*out && i < sizeof(folders) / sizeof(folders[0]); i++) {
		int n = snprintf(path, sizeof(path), folders[i], machine_name(program), name);

		if (n < (int)sizeof(path) && try(s, path, program, out) < 0)
			return -1;
	}
	return 0;
}

static int find_in_system(struct shelf *s, const struct object *program, const char *name,
			  struct object **out)
{
	struct answer key = { (char *)name, program->class, program->data, program->machine, NULL };
	struct answer **at = tfind(&key, &s->answers, by_name), *answer;

	if (at) {
		*out = (*at)->object;
		return 0;
	}
	if (search_system(s, program, name, out) < 0)
		return -1;
	answer = malloc(sizeof(*answer));
	if (!answer)
		return -1;
	*answer = key;
	answer->object = *out;
	answer->name = strdup(name);
	if (answer->name && tsearch(answer, &s->answers, by_name))
		return 0;
	free_answer(answer);
	return -1;
}

/* What the variable that FROM begins with, of a path of O, stands for; sets *LEN to its length. */
static bool value_of(const struct object *o, const char *from, size_t *len, char value[PATH_MAX])
{
	if (!strncmp(from, "$ORIGIN", 7) || !strncmp(from, "${ORIGIN}", 9)) {
		*len = from[1] == '{' ? 9 : 7;
		if (!realpath(o->path, value))
			return false;
		*strrchr(value, '/') = '\0';
	} else if (!strncmp(from, "$LIB", 4) || !strncmp(from, "${LIB}", 6)) {
		*len = from[1] == '{' ? 6 : 4;
		snprintf(value, PATH_MAX, "lib/%s", machine_name(o));
	} else {
		*len = 1;
		snprintf(value, PATH_MAX, "%c", *from);
	}
	return true;
}

/* Makes PATH of the LEN bytes at FROM, in which O may name its own place. */
static bool expand(const struct object *o, const char *from, size_t len, char path[PATH_MAX])
{
	char value[PATH_MAX];
	size_t n = 0, taken;

	for (const char *end = from + len; from < end; from += taken) {
		if (!value_of(o, from, &taken, value) || n + strlen(value) >= PATH_MAX)
			return false;
		n = (size_t)(stpcpy(path + n, value) - path);
	}
	return n > 0;
}

/* Searches FOLDERS, a list with colons of O's, or NULL. */
static int search_folders(struct shelf *s, const struct object *o, const char *folders,
			  const char *name, struct object **out)
{
	char folder[PATH_MAX], path[PATH_MAX];
	size_t len;

	for (; folders && *folders && !*out; folders += len + (folders[len] != '\0')) {
		len = strcspn(folders, ":");
		if (expand(o, folders, len, folder) &&
		    snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path) &&
		    try(s, path, o, out) < 0)
			return -1;
	}
	return 0;
}

/* DT_RPATH of the item AT of C, which has no DT_RUNPATH, and of those that led to it. */
static int search_rpaths(struct shelf *s, const struct closure *c, size_t at, const char *name,
			 struct object **out)
{
	const struct object *o = c->items[at].object;
	int rv = 0;

	if (!o->runpath)
		rv = search_folders(s, o, o->rpath, name, out);
	if (rv < 0 || *out || at == 0)
		return rv;
	return search_rpaths(s, c, c->items[at].by, name, out);
}

/* Finds NAME, which the item AT of C needs. */
static int find(struct shelf *s, const struct closure *c, size_t at, const char *name,
		struct object **out)
{
	const struct object *o = c->items[at].object;
	char path[PATH_MAX];
	int rv = 0;

	if (strchr(name, '/'))
		return expand(o, name, strlen(name), path) ? try(s, path, o, out) : 0;
	if (!o->runpath)
		rv = search_rpaths(s, c, at, name, out);
	if (rv == 0 && !*out)
		rv = search_folders(s, o, o->runpath, name, out);
	if (rv == 0 && !*out && !o->no_default_folders)
		rv = find_in_system(s, o, name, out);
	return rv;
}

/* --- all of them */

static bool is_loaded(const struct closure *c, const char *name)
{
	for (size_t i = 1; i < c->n; i++)
		if (object_is_called(c->items[i].object, name))
			return true;
	return false;
}

int closure_add(struct closure *c, struct object *object, size_t by)
{
	struct loaded *items;

	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].object == object)
			return 0;
	items = realloc(c->items, (c->n + 1) * sizeof(*items));
	if (!items)
		return -1;
	c->items = items;
	c->items[c->n++] = (struct loaded){ object, by };
	return 0;
}

int closure_of(struct shelf *s, struct object *program, struct closure *out)
{
	struct closure c = { 0 };
	int rv = closure_add(&c, program, 0);

	for (size_t i = 0; rv == 0 && i < c.n && c.n < MAX_OBJECTS; i++) {
		char **needed = c.items[i].object->needed;

		for (size_t k = 0; rv == 0 && needed[k]; k++) {
			struct object *found = NULL;

			if (is_loaded(&c, needed[k]))
				continue;
			rv = find(s, &c, i, needed[k], &found);
			if (rv == 0 && found)
				rv = closure_add(&c, found, i);
		}
	}
	*out = c;
	return rv;
}

void closure_free(struct closure *c)
{
	free(c->items);
	*c = (struct closure){ 0 };
}

/* SPDX-License-Identifier: MIT */
/*
 * Puts together what the objects of a program say. Whether the shim gets into
 * it is asked where `pinshim run' asks: the two can never disagree.
 */
#include "cmd/finding.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/modules.h"
#include "cmd/processes.h"
#include "cmd/program.h"

int scanner_start(struct scanner *s, char *why, size_t why_size)
{
	char path[PATH_MAX];

	*s = (struct scanner){ 0 };
	if (preload_library(path, why, why_size) < 0)
		return -1;
	s->shelf = shelf_new();
	s->library = s->shelf ? shelf_get(s->shelf, path) : NULL;
	if (!s->library)
		snprintf(why, why_size, "out of memory");
	else if (s->library->error)
		snprintf(why, why_size, "'%s' cannot be read: %s", path,
			 strerror(s->library->error));
	else if (!s->library->whole)
		snprintf(why, why_size, "'%s' is not a whole ELF file", path);
	else
		return 0;
	return -1;
}

void scanner_end(struct scanner *s)
{
	shelf_free(s->shelf);
}

/* --- which stacks */

/* One entry for each stack and manner: the first that the loader comes to. */
static void add_use(struct finding *f, const struct use *use)
{
	for (size_t i = 0; i < f->n_uses; i++)
		if (f->uses[i].stack == use->stack && f->uses[i].manner == use->manner)
			return;
	f->uses[f->n_uses++] = *use;
}

/* The version of the libcrypto in C that O, a libssl, needs. */
static const char *crypto_version(const struct closure *c, const struct object *o)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; c->items[i].object->is_libcrypto && o->needed[k]; k++)
			if (object_is_called(c->items[i].object, o->needed[k]) &&
			    *c->items[i].object->version)
				return c->items[i].object->version;
	return NULL;
}

/* What the item I of C says. MODULE: the name of the module that C belongs to, or NULL. */
static void add_uses_of(const struct scanner *s, struct finding *f, const struct closure *c,
			size_t i, const char *module)
{
	const struct object *o = c->items[i].object;
	size_t by = c->items[i].by;

	for (enum stack stack = 0; stack < N_STACKS; stack++) {
		struct use use = { .stack = stack, .through = module };
		bool openssl = stack == STACK_OPENSSL;

		if (o->provides & STACK_BIT(stack)) {
			use.manner = MANNER_LINKED;
			use.library = o->path;
			use.covered = openssl;
			use.version = openssl ? crypto_version(c, o) : NULL;
		} else if (o->holds & STACK_BIT(stack)) {
			use.manner = MANNER_INSIDE;
			use.version = openssl && *o->version ? o->version : NULL;
			by = i;
		} else if (o->may_load & STACK_BIT(stack)) {
			use.manner = MANNER_MAY_LOAD;
			use.covered = openssl && s->library->defines_dlsym;
			by = i;
		} else {
			continue;
		}
		if (module)
			use.manner = MANNER_MODULE;
		else if (by != 0)
			use.through = object_name(c->items[by].object);
		add_use(f, &use);
	}
}

static void add_uses(const struct scanner *s, struct finding *f, const struct closure *c,
		     const char *module)
{
	for (size_t i = 0; i < c->n; i++)
		add_uses_of(s, f, c, i, module);
}

struct module_search {
	struct scanner *s;
	struct finding *f;
	const struct object *program;
};

static int add_module(const char *path, void *data)
{
	struct module_search *m = data;
	struct object *o = shelf_get(m->s->shelf, path);
	struct closure c = { 0 };
	int rv = o ? 0 : -1;

	if (o && o->whole && o->class == m->program->class && o->machine == m->program->machine) {
		rv = closure_of(m->s->shelf, o, &c);
		add_uses(m->s, m->f, &c, object_name(o));
	}
	closure_free(&c);
	return rv;
}

static bool has_use(const struct finding *f, enum stack stack, enum manner manner)
{
	for (size_t i = 0; i < f->n_uses; i++)
		if (f->uses[i].stack == stack && f->uses[i].manner == manner)
			return true;
	return false;
}

/* What is there anyway need not be loaded. */
static void drop_doubles(struct finding *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_uses; i++) {
		struct use use = f->uses[i];

		if (use.manner >= MANNER_MAY_LOAD && has_use(f, use.stack, MANNER_LINKED))
			continue;
		f->uses[n++] = use;
	}
	f->n_uses = n;
}

static int find_uses(struct scanner *s, struct finding *f, const struct closure *c)
{
	struct module_search m = { s, f, c->items[0].object };
	int rv;

	add_uses(s, f, c, NULL);
	rv = modules_each(c, add_module, &m);
	drop_doubles(f);
	return rv;
}

/* REACHED: the shim gets, or got, into it. */
static enum covered sum_up(const struct finding *f, bool reached)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_uses; i++)
		n += f->uses[i].covered;
	if (f->n_uses == 0)
		return COVERED_NO_TLS;
	if (!reached || n == 0)
		return COVERED_NO;
	return n == f->n_uses ? COVERED_YES : COVERED_PARTLY;
}

/* --- files */

__attribute__((format(printf, 2, 3))) static void fail(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(f->why, sizeof(f->why), format, args);
	va_end(args);
	f->covered = COVERED_UNKNOWN;
	f->failed = true;
}

enum head { HEAD_ELF, HEAD_SCRIPT, HEAD_TEXT, HEAD_OTHER };

/* What kind of file PATH is by its first bytes. -1 with errno. */
static int read_head(const char *path, enum head *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char head[256];
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		if (S_ISREG(st.st_mode))
			n = read(fd, head, sizeof(head));
	}
	close(fd);
	if (n < 0)
		return -1;
	if (n >= SELFMAG && !memcmp(head, ELFMAG, SELFMAG))
		*out = HEAD_ELF;
	else if (n >= 2 && !memcmp(head, "#!", 2))
		*out = HEAD_SCRIPT;
	else
		*out = memchr(head, '\0', (size_t)n) ? HEAD_OTHER : HEAD_TEXT;
	return 0;
}

static int look_at_elf(struct scanner *s, struct finding *f)
{
	struct object *o = shelf_get(s->shelf, f->program);
	struct closure c = { 0 };
	bool reached;
	int rv;

	if (!o)
		return -1;
	if (o->error) {
		fail(f, "%s", strerror(o->error));
		return 0;
	}
	if (o->whole && o->library) {
		f->kind = KIND_LIBRARY;
		f->preload = o->class == s->library->class && o->data == s->library->data &&
					     o->machine == s->library->machine
				     ? PRELOAD_WORKS
				     : PRELOAD_OTHER_MACHINE;
	} else {
		f->preload = preload_judge(f->program, s->library->path, CALLER_ANYONE, f->why,
					   sizeof(f->why));
	}
	reached = f->preload >= PRELOAD_PRIVILEGED;
	rv = closure_of(s->shelf, o, &c);
	if (rv == 0)
		rv = find_uses(s, f, &c);
	closure_free(&c);
	f->covered = sum_up(f, reached);
	if (!o->whole || f->preload == PRELOAD_UNREADABLE) {
		snprintf(f->why, sizeof(f->why), "not a whole ELF file");
		f->covered = COVERED_UNKNOWN;
		f->n_uses = 0;
	}
	return rv;
}

int finding_of_file(struct scanner *s, const char *path, struct finding *f)
{
	enum head head;

	memset(f, 0, sizeof(*f));
	f->kind = KIND_OTHER;
	if (snprintf(f->path, sizeof(f->path), "%s", path) >= (int)sizeof(f->path)) {
		fail(f, "%s", strerror(ENAMETOOLONG));
		return 0;
	}
	if (read_head(path, &head) < 0) {
		fail(f, "%s", errno == EINVAL ? "not a regular file" : strerror(errno));
		return 0;
	}
	if (head == HEAD_OTHER || (head == HEAD_TEXT && access(path, X_OK) < 0)) {
		snprintf(f->why, sizeof(f->why), "neither an ELF file nor a script");
		f->covered = COVERED_UNKNOWN;
		return 0;
	}
	f->kind = head == HEAD_ELF ? KIND_PROGRAM : KIND_SCRIPT;
	strcpy(f->program, path);
	if (program_follow(f->program, f->why, sizeof(f->why)) != 0) {
		*f->program = '\0';
		f->covered = COVERED_UNKNOWN;
		return 0;
	}
	/* What is installed beside a program is beside its file, not beside links to it. */
	if (realpath(f->program, f->why))
		strcpy(f->program, f->why);
	*f->why = '\0';
	return look_at_elf(s, f);
}

/* --- processes */

/* How this process can open PATH, which P sees; P may have another root. */
static bool reach(const struct process *p, const char *path, bool deleted, char out[PATH_MAX])
{
	struct stat ours, theirs;
	char below[64 + PATH_MAX];

	if (deleted)
		return false;
	snprintf(below, sizeof(below), "/proc/%d/root%s", (int)p->pid, path);
	if (stat(below, &theirs) < 0)
		return false;
	if (stat(path, &ours) < 0 || ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino)
		path = below;
	return snprintf(out, PATH_MAX, "%s", path) < PATH_MAX;
}

/* Says of each item of C which of the others needs it. */
static void find_needers(struct closure *c)
{
	for (size_t i = 1; i < c->n; i++)
		for (size_t k = 0; k < c->n && c->items[i].by == 0; k++)
			for (char **name = c->items[k].object->needed; *name; name++)
				if (object_is_called(c->items[i].object, *name)) {
					c->items[i].by = k;
					k = c->n - 1;
					break;
				}
}

/* What is mapped in P, as far as it can still be read. */
static int mapped_closure(struct scanner *s, const struct process *p, const struct mapped_files *m,
			  struct closure *c)
{
	struct object *o;
	char path[PATH_MAX];
	int rv;

	if (!reach(p, p->exe, p->deleted, path))
		snprintf(path, sizeof(path), "/proc/%d/exe", (int)p->pid);
	o = shelf_get(s->shelf, path);
	rv = o ? closure_add(c, o, 0) : -1;
	for (size_t i = 0; rv == 0 && i < m->n; i++) {
		if (!m->files[i].executable ||
		    !reach(p, m->files[i].path, m->files[i].deleted, path))
			continue;
		o = shelf_get(s->shelf, path);
		if (!o)
			rv = -1;
		else if (o->whole)
			rv = closure_add(c, o, 0);
	}
	find_needers(c);
	return rv;
}

/* A libssl whose file is gone, as after an upgrade, is told by its name. */
static void add_deleted(struct finding *f, const struct mapped_files *m)
{
	const struct mapped_file *libssl = mapped_library(m, "libssl.so");
	struct use use = { .stack = STACK_OPENSSL, .manner = MANNER_LINKED, .covered = true };

	if (libssl && libssl->deleted)
		add_use(f, &use);
}

static int look_at_process(struct scanner *s, const struct process *p, struct finding *f)
{
	struct mapped_files m = { 0 };
	struct closure c = { 0 };
	int rv;

	if (process_map(p->pid, &m) < 0) {
		if (errno == ENOMEM)
			return -1;
		fail(f, "%s", errno == ESRCH ? "no such process" : strerror(errno));
		return 0;
	}
	f->shim = mapped_library(&m, "libpinshim.so");
	rv = mapped_closure(s, p, &m, &c);
	if (rv == 0) {
		add_deleted(f, &m);
		f->preload = preload_judge(c.items[0].object->path, s->library->path, CALLER_ANYONE,
					   f->why, sizeof(f->why));
		rv = find_uses(s, f, &c);
		f->covered = sum_up(f, f->shim);
	}
	closure_free(&c);
	mapped_free(&m);
	return rv;
}

int finding_of_process(struct scanner *s, pid_t pid, struct finding *f)
{
	struct process p;

	memset(f, 0, sizeof(*f));
	f->kind = KIND_PROCESS;
	f->pid = pid;
	snprintf(f->path, sizeof(f->path), "%d", (int)pid);
	if (process_look(pid, &p) < 0)
		fail(f, "%s",
		     errno == ENOENT || errno == ESRCH ? "no such process" : strerror(errno));
	else if (p.error)
		fail(f, "%s",
		     p.error == ENOENT ? "a process without a program" : strerror(p.error));
	if (f->failed)
		return 0;
	strcpy(f->program, p.exe);
	return look_at_process(s, &p, f);
}

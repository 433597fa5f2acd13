/* SPDX-License-Identifier: MIT */
/*
 * The canaries: each runs without the library and with it, and exit code and
 * both outputs are compared. None of them does anything but print.
 */
#include "cmd/canary.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/object.h"

struct canary {
	const char *what;
	const char *argv[4];
	const char *variable;
	bool as_nobody;
};

static const struct canary ordinary[] = {
	{ "a program", { "/bin/true" }, NULL, false },
	{ "a shell", { "/bin/sh", "-c", "echo ok" }, NULL, false },
	/* Functions are bound when they are called: one that does not exist shows only then. */
	{ "a program whose functions are all bound at once",
	  { "/bin/true" },
	  "LD_BIND_NOW=1",
	  false },
	{ "a program of another user", { "/bin/true" }, NULL, true },
};

/* Each is setuid on some system, is linked dynamically there, and does this without a password. */
static const struct canary privileged[] = {
	{ "a setuid program", { "/usr/bin/su", "--help" }, NULL, true },
	{ "a setuid program", { "/bin/su", "--help" }, NULL, true },
	{ "a setuid program", { "/usr/bin/mount", "--version" }, NULL, true },
	{ "a setuid program", { "/bin/mount", "--version" }, NULL, true },
	{ "a setuid program", { "/usr/bin/passwd", "--help" }, NULL, true },
	{ "a setuid program", { "/usr/bin/sudo", "--version" }, NULL, true },
	{ "a setuid program", { "/usr/bin/chsh", "--help" }, NULL, true },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int line_len(const char *text)
{
	return (int)strcspn(text, "\n");
}

/* Complains of the first thing in which WITH, the run under the library, differs. */
static int compare(const struct trial *t, const struct canary *c, const struct child *without,
		   const struct child *with)
{
	const char *said = *with->err ? with->err : with->out;

	if (without->status != with->status && WIFSIGNALED(with->status))
		complain("canary: '%s' (%s) is ended by signal %d (%s) under '%s': %.*s",
			 c->argv[0], c->what, WTERMSIG(with->status),
			 strsignal(WTERMSIG(with->status)), t->library, line_len(said), said);
	else if (without->status != with->status)
		complain("canary: '%s' (%s) exits with %d, not %d, under '%s': %.*s", c->argv[0],
			 c->what, WEXITSTATUS(with->status), WEXITSTATUS(without->status),
			 t->library, line_len(said), said);
	else if (strcmp(without->err, with->err) != 0)
		complain("canary: '%s' (%s) has another standard error under '%s': %.*s",
			 c->argv[0], c->what, t->library, line_len(with->err), with->err);
	else if (strcmp(without->out, with->out) != 0)
		complain("canary: '%s' (%s) prints something else under '%s': %.*s", c->argv[0],
			 c->what, t->library, line_len(with->out), with->out);
	else
		return 0;
	return -1;
}

/* Complains when C could not be run. */
static int run_one(const struct trial *t, bool with, const struct canary *c, struct child *out)
{
	int rv = trial_run(t, with, c->as_nobody, c->argv, c->variable, out);

	if (rv > 0)
		complain("canary: '%s' (%s) does not end%s", c->argv[0], c->what,
			 with ? " under the library" : "");
	else if (rv < 0)
		complain("canary: '%s' (%s) cannot be run: %s", c->argv[0], c->what,
			 strerror(errno));
	return rv ? -1 : 0;
}

static int run(const struct trial *t, const struct canary *c)
{
	struct child without, with;

	if (run_one(t, false, c, &without) < 0 || run_one(t, true, c, &with) < 0)
		return -1;
	return compare(t, c, &without, &with);
}

/* As another user only where there is one, and where that user gets at the library. */
static bool can_run(const struct trial *t, const struct canary *c)
{
	return !c->as_nobody || (t->nobody && !(t->unstaged && t->elsewhere));
}

static int run_privileged(const struct trial *t)
{
	struct stat st;

	if (t->unstaged || !t->nobody) {
		complain("warning: no setuid program was tried, since %s",
			 t->unstaged ? "the loader ignores LD_PRELOAD in them"
				     : "there is no other user to run one as");
		return 0;
	}
	for (size_t i = 0; i < COUNT(privileged); i++)
		if (stat(privileged[i].argv[0], &st) == 0 && S_ISREG(st.st_mode) &&
		    (st.st_mode & S_ISUID))
			return run(t, &privileged[i]);
	complain("warning: no setuid program was found to try");
	return 0;
}

/* Whether PATH is a dynamically linked program that another loader than ours loads. */
static bool is_foreign(const char *path)
{
	const unsigned char own = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	unsigned char ident[EI_NIDENT] = { 0 };
	struct object *o;
	bool foreign;

	if (fd < 0)
		return false;
	/* There are thousands of files, and few of them are foreign. */
	foreign = read(fd, ident, sizeof(ident)) == sizeof(ident) &&
		  !memcmp(ident, ELFMAG, SELFMAG) && ident[EI_CLASS] != own;
	close(fd);
	if (!foreign)
		return false;
	o = object_read(path);
	foreign = o && o->whole && !o->library && o->needed && o->needed[0];
	object_free(o);
	return foreign;
}

static bool find_foreign(const char *folder, char path[PATH_MAX])
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		found = (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN) &&
			snprintf(path, PATH_MAX, "%s/%s", folder, entry->d_name) < PATH_MAX &&
			is_foreign(path);
	}
	if (dir)
		closedir(dir);
	return found;
}

/*
 * The library has one ELF class, so the loader of the other one passes it over
 * with a message. The loader alone runs here: what the program does is unknown.
 */
static int run_foreign(const struct trial *t)
{
	static const char *const folders[] = { "/usr/local/bin", "/usr/bin", "/usr/sbin" };
	char path[PATH_MAX];
	struct canary c = {
		"a program of another word size", { path }, "LD_TRACE_LOADED_OBJECTS=1", true
	};
	struct child without, with;
	const char *said;
	bool found = false;

	for (size_t i = 0; !found && i < COUNT(folders); i++)
		found = find_foreign(folders[i], path);
	/* One that does not run here without the library says nothing about it. */
	if (!found || !can_run(t, &c) ||
	    trial_run(t, false, true, c.argv, c.variable, &without) != 0 ||
	    !child_exited(&without, 0))
		return 0;
	if (run_one(t, true, &c, &with) < 0)
		return -1;
	if (!child_exited(&with, 0))
		return compare(t, &c, &without, &with);
	said = strstr(with.err, "ERROR: ld.so:");
	if (said && strcmp(with.err, without.err) != 0)
		complain("warning: programs of another word size, such as '%s', run without the "
			 "library, and the loader says so on standard error each time: %.*s",
			 path, line_len(said), said);
	return 0;
}

int canaries_run(const struct trial *t)
{
	if (t->unstaged)
		complain("warning: no mount namespace can be had (%s), so the programs were tried "
			 "with LD_PRELOAD",
			 strerror(t->unstaged));
	for (size_t i = 0; i < COUNT(ordinary); i++)
		if (can_run(t, &ordinary[i]) && run(t, &ordinary[i]) < 0)
			return -1;
	return run_privileged(t) < 0 ? -1 : run_foreign(t);
}

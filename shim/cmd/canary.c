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
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/cmd.h"

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

static int run_privileged(const struct trial *t)
{
	struct stat st;

	if (t->unstaged) {
		complain("warning: no setuid program was tried, since the loader ignores "
			 "LD_PRELOAD in them");
		return 0;
	}
	for (size_t i = 0; i < COUNT(privileged); i++)
		if (stat(privileged[i].argv[0], &st) == 0 && S_ISREG(st.st_mode) &&
		    (st.st_mode & S_ISUID))
			return run(t, &privileged[i]);
	complain("warning: no setuid program was found to try");
	return 0;
}

/* Whether PATH is a program that another loader than ours loads. */
static bool is_foreign(int folder, const char *name)
{
	const unsigned char own = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	union {
		unsigned char ident[EI_NIDENT];
		Elf32_Ehdr narrow;
		Elf64_Ehdr wide;
	} header = { { 0 } };
	bool foreign = false;

	if (fd < 0)
		return false;
	if (read(fd, &header, sizeof(header)) == sizeof(header) &&
	    !memcmp(header.ident, ELFMAG, SELFMAG) && header.ident[EI_CLASS] != own)
		foreign = header.ident[EI_CLASS] == ELFCLASS32 ? header.narrow.e_phnum > 1
							       : header.wide.e_phnum > 1;
	close(fd);
	return foreign;
}

static bool find_foreign(const char *folder, char path[PATH_MAX])
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		found = entry->d_type == DT_REG && is_foreign(dirfd(dir), entry->d_name);
		if (found)
			snprintf(path, PATH_MAX, "%s/%s", folder, entry->d_name);
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
	if (!found || trial_run(t, false, true, c.argv, c.variable, &without) != 0 ||
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
		if ((!ordinary[i].as_nobody || geteuid() == 0) && run(t, &ordinary[i]) < 0)
			return -1;
	return run_privileged(t) < 0 ? -1 : run_foreign(t);
}

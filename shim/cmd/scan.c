/* SPDX-License-Identifier: MIT */
/*
 * `pinshim scan': goes through what it is given, or the folders of PATH, and
 * tells of each program what was found. Runs nothing and changes nothing.
 */
#include <ctype.h>
#include <errno.h>
#include <fts.h>
#include <linux/magic.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/finding.h"
#include "cmd/scan_report.h"

/* A file of a folder. It is told once, by a name that is no link if it has one. */
struct file {
	dev_t device;
	ino_t inode;
	char *path;
	bool link;
};

struct scan {
	struct scanner scanner;
	struct report *report;
	enum listing listing; /* of what is in folders */
	bool progress;
	int status;
	void *files; /* tsearch(3): struct file, by device and inode */
	struct file **list;
	size_t n;
};

static int out_of_memory(struct scan *s)
{
	complain("out of memory");
	s->status = EXIT_FAILURE;
	return -1;
}

static int tell(struct scan *s, const struct finding *f, enum listing listing)
{
	if (f->failed)
		s->status = EXIT_FAILURE;
	return report_add(s->report, f, listing) < 0 ? out_of_memory(s) : 0;
}

/* --- folders */

static int by_file(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

static int by_path(const void *a, const void *b)
{
	return strcmp((*(struct file *const *)a)->path, (*(struct file *const *)b)->path);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void free_file(void *file)
{
	free(((struct file *)file)->path);
	free(file);
}

static int add_file(struct scan *s, const struct file *key, const char *path)
{
	struct file **list = realloc(s->list, (s->n + 1) * sizeof(struct file *)), *file;

	if (!list)
		return -1;
	s->list = list;
	file = malloc(sizeof(*file));
	if (!file)
		return -1;
	*file = *key;
	file->path = strdup(path);
	if (!file->path || !tsearch(file, &s->files, by_file)) {
		free_file(file);
		return -1;
	}
	s->list[s->n++] = file;
	return 0;
}

static int note_file(struct scan *s, const char *path, const struct stat *st, bool link)
{
	struct file key = { st->st_dev, st->st_ino, NULL, link };
	struct file **at = tfind(&key, &s->files, by_file);
	char *better;

	if (!at)
		return add_file(s, &key, path);
	if (link || !(*at)->link)
		return 0;
	better = strdup(path);
	if (!better)
		return -1;
	free((*at)->path);
	(*at)->path = better;
	(*at)->link = false;
	return 0;
}

/* Folders in which no programs are, but files that it is no good to open. */
static bool is_of_kernel(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 &&
	       (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC);
}

static int note_entry(struct scan *s, FTS *fts, FTSENT *entry)
{
	struct finding *f;
	struct stat st;
	int rv;

	switch (entry->fts_info) {
	case FTS_D:
		if ((entry->fts_level == 0 ||
		     entry->fts_statp->st_dev != entry->fts_parent->fts_statp->st_dev) &&
		    is_of_kernel(entry->fts_path))
			fts_set(fts, entry, FTS_SKIP);
		return 0;
	case FTS_F:
		return entry->fts_statp->st_mode & 0111
			       ? note_file(s, entry->fts_path, entry->fts_statp, false)
			       : 0;
	case FTS_SL:
		return stat(entry->fts_path, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 0111
			       ? note_file(s, entry->fts_path, &st, true)
			       : 0;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		f = calloc(1, sizeof(*f));
		if (!f)
			return -1;
		f->kind = KIND_OTHER;
		f->failed = true;
		f->covered = COVERED_UNKNOWN;
		snprintf(f->path, sizeof(f->path), "%s", entry->fts_path);
		snprintf(f->why, sizeof(f->why), "%s", strerror(entry->fts_errno));
		rv = tell(s, f, LIST_IT);
		free(f);
		return rv;
	}
	return 0;
}

static int list_folder(struct scan *s, const char *folder)
{
	char *paths[] = { (char *)folder, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, by_name);
	FTSENT *entry;
	int rv = fts ? 0 : -1;

	while (rv == 0 && (entry = fts_read(fts)))
		rv = note_entry(s, fts, entry);
	if (fts)
		fts_close(fts);
	return rv;
}

/* --- */

static void show_progress(const struct scan *s, size_t done, size_t of)
{
	if (!s->progress)
		return;
	if (done < of)
		fprintf(stderr, "\rlooked at %zu of %zu programs", done, of);
	else
		fputs("\r\033[K", stderr);
}

static int look_at_folder(struct scan *s, const char *folder, struct finding *f)
{
	size_t begin = s->n;

	if (list_folder(s, folder) < 0)
		return out_of_memory(s);
	if (s->n > begin)
		qsort(s->list + begin, s->n - begin, sizeof(struct file *), by_path);
	for (size_t i = begin; i < s->n; i++) {
		if ((i - begin) % 16 == 0)
			show_progress(s, i - begin, s->n - begin);
		if (finding_of_file(&s->scanner, s->list[i]->path, f) < 0)
			return out_of_memory(s);
		/* In folders, libraries are parts of the programs that need them. */
		if (f->kind != KIND_LIBRARY && tell(s, f, s->listing) < 0)
			return -1;
	}
	show_progress(s, s->n - begin, s->n - begin);
	return 0;
}

static bool is_pid(const char *argument)
{
	size_t len = strspn(argument, "0123456789");

	return len > 0 && argument[len] == '\0';
}

static int look_at(struct scan *s, const char *argument, struct finding *f)
{
	struct stat st;
	long pid;

	if (is_pid(argument)) {
		errno = 0;
		pid = strtol(argument, NULL, 10);
		if (errno || pid > INT_MAX)
			pid = INT_MAX; /* more than Linux has */
		if (finding_of_process(&s->scanner, (pid_t)pid, f) < 0)
			return out_of_memory(s);
		return tell(s, f, LIST_IT);
	}
	if (stat(argument, &st) == 0 && S_ISDIR(st.st_mode))
		return look_at_folder(s, argument, f);
	if (finding_of_file(&s->scanner, argument, f) < 0)
		return out_of_memory(s);
	return tell(s, f, LIST_IT);
}

/* Those folders of PATH that exist. */
static int look_at_path(struct scan *s, struct finding *f)
{
	const char *folders = getenv("PATH");
	char *copy = strdup(folders ? folders : "/bin:/usr/bin"), *rest, *folder;
	struct stat st;
	int rv = copy ? 0 : out_of_memory(s);

	for (folder = copy ? strtok_r(copy, ":", &rest) : NULL; folder && rv == 0;
	     folder = strtok_r(NULL, ":", &rest))
		if (stat(folder, &st) == 0 && S_ISDIR(st.st_mode))
			rv = look_at_folder(s, folder, f);
	free(copy);
	return rv;
}

static int scan(const struct verb *verb, int argc, char **argv)
{
	struct scan s = { .listing = LIST_TLS, .progress = isatty(STDERR_FILENO) };
	struct finding *f = malloc(sizeof(*f));
	char why[FINDING_WHY_SIZE];
	bool json = false;
	int option, rv;

	while ((option = next_option(verb, argc, argv)) != -1) {
		if (option == OPTION_JSON)
			json = true;
		else
			s.listing = LIST_IT;
	}
	s.report = report_new(json);
	if (!f || !s.report) {
		out_of_memory(&s);
	} else if (scanner_start(&s.scanner, why, sizeof(why)) < 0) {
		complain("%s", why);
		s.status = EXIT_FAILURE;
	} else {
		rv = optind == argc ? look_at_path(&s, f) : 0;
		for (; optind < argc && rv == 0; optind++)
			rv = look_at(&s, argv[optind], f);
		if (rv == 0 && report_end(s.report) < 0)
			out_of_memory(&s);
	}
	tdestroy(s.files, free_file);
	free(s.list);
	report_free(s.report);
	scanner_end(&s.scanner);
	free(f);
	return s.status;
}

static const struct option longs[] = {
	COMMON_OPTIONS,
	{ "all", no_argument, NULL, OPTION_ALL },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ 0 },
};

const struct verb verb_scan = {
	.name = "scan",
	.synopsis = "scan [--all] [--json] [PATH|PID]...",
	.help = "Says of each program which TLS stack it uses, and whether the shim covers it: of\n"
		"the program or script PATH, of all programs in the folder PATH and below it, or "
		"of\n"
		"the running process PID (only digits; write ./7 for a file of that name).\n"
		"Without arguments, of all programs in the folders of $PATH.\n"
		"\n"
		"  --all    list every file of a folder, also programs without TLS and each "
		"script\n"
		"  --json   print one JSON object a line for each file, process and error\n"
		"\n"
		"Exits with 1 when something could not be looked at.\n",
	.shorts = ":",
	.longs = longs,
	.main = scan,
};

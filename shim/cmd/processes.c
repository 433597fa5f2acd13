/* SPDX-License-Identifier: MIT */
/*
 * Reads /proc: `status', `exe' and `maps'. What the kernel escapes or appends
 * there (\012, " (deleted)") is taken back here and nowhere else.
 */
#include "cmd/processes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DELETED " (deleted)"

static FILE *open_of(pid_t pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return fopen(path, "re");
}

/* Cuts " (deleted)" off PATH, if it ends so. */
static bool cut_deleted(char *path)
{
	size_t len = strlen(path), end = sizeof(DELETED) - 1;

	if (len <= end || strcmp(path + len - end, DELETED) != 0)
		return false;
	path[len - end] = '\0';
	return true;
}

static void read_exe(struct process *p)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)p->pid);
	n = readlink(link, p->exe, sizeof(p->exe) - 1);
	p->exe[n > 0 ? n : 0] = '\0';
	if (n < 0)
		p->error = errno == ESRCH ? ENOENT : errno;
	else if (n == 0)
		p->error = ENOENT;
	else
		p->deleted = cut_deleted(p->exe);
}

int process_look(pid_t pid, struct process *out)
{
	struct process p = { .pid = pid, .uid = (uid_t)-1 };
	FILE *status = open_of(pid, "status");
	char *line = NULL;
	size_t size = 0;
	unsigned uid;

	if (!status)
		return -1;
	while (getline(&line, &size, status) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "Name:\t", 6))
			snprintf(p.name, sizeof(p.name), "%s", line + 6);
		else if (sscanf(line, "Uid: %*u %u", &uid) == 1)
			p.uid = uid;
	}
	free(line);
	fclose(status);
	read_exe(&p);
	*out = p;
	return 0;
}

int process_each(int (*each)(const struct process *p, void *data), void *data)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct process p;
	int rv = 0;

	if (!proc)
		return -1;
	while (rv == 0 && (entry = readdir(proc)))
		if (isdigit((unsigned char)*entry->d_name) &&
		    process_look((pid_t)strtol(entry->d_name, NULL, 10), &p) == 0)
			rv = each(&p, data);
	closedir(proc);
	return rv;
}

/* "\012" stands for a newline in PATH, which is changed in place. */
static void unescape(char *path)
{
	char *to = path;

	for (; *path; to++) {
		*to = !strncmp(path, "\\012", 4) ? '\n' : *path;
		path += *to == '\n' ? 4 : 1;
	}
	*to = '\0';
}

static struct mapped_file *find(struct mapped_files *m, const char *path, bool deleted)
{
	for (size_t i = m->n; i-- > 0;) /* the parts of a file follow each other */
		if (m->files[i].deleted == deleted && !strcmp(m->files[i].path, path))
			return &m->files[i];
	return NULL;
}

static int add(struct mapped_files *m, char *path, bool executable)
{
	bool deleted = cut_deleted(path);
	struct mapped_file *file, *grown;

	unescape(path);
	file = find(m, path, deleted);
	if (file) {
		file->executable = file->executable || executable;
		return 0;
	}
	grown = realloc(m->files, (m->n + 1) * sizeof(*grown));
	if (!grown)
		return -1;
	m->files = grown;
	path = strdup(path);
	if (!path)
		return -1;
	m->files[m->n++] = (struct mapped_file){ path, deleted, executable };
	return 0;
}

int process_map_read(FILE *maps, struct mapped_files *out)
{
	struct mapped_files m = { 0 };
	char *line = NULL, permissions[5];
	size_t size = 0;
	int rv = 0, at, error;

	errno = 0;
	while (rv == 0 && getline(&line, &size, maps) > 0) {
		line[strcspn(line, "\n")] = '\0';
		/* start-end permissions offset device inode path */
		at = 0;
		if (sscanf(line, "%*s %4s %*s %*s %*s %n", permissions, &at) == 1 && at &&
		    line[at] == '/')
			rv = add(&m, line + at, permissions[2] == 'x');
	}
	error = rv < 0 ? ENOMEM : ferror(maps) ? errno : 0;
	free(line);
	if (!error) {
		*out = m;
		return 0;
	}
	mapped_free(&m);
	errno = error;
	return -1;
}

int process_map(pid_t pid, struct mapped_files *out)
{
	FILE *maps = open_of(pid, "maps");
	int rv, error;

	if (!maps)
		return -1;
	rv = process_map_read(maps, out);
	error = errno;
	fclose(maps);
	errno = error;
	return rv;
}

void mapped_free(struct mapped_files *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->files[i].path);
	free(m->files);
	*m = (struct mapped_files){ 0 };
}

const struct mapped_file *mapped_library(const struct mapped_files *m, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < m->n; i++) {
		const char *slash = strrchr(m->files[i].path, '/');

		if (m->files[i].executable && !strncmp(slash + 1, name, len) &&
		    (slash[1 + len] == '\0' || slash[1 + len] == '.'))
			return &m->files[i];
	}
	return NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * Looks at each process: its root folder, what it has mapped, and the variable
 * of the environment that it began with. Whatever has ended meanwhile is left out.
 */
#include "cmd/host_processes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/preload.h"
#include "cmd/processes.h"
#include "process/text.h"

/* What decides, besides the host's policy, what a process is held to. */
static const struct {
	const char *name, *key; /* of the JSON object */
} variables[] = {
	{ "PINSHIM_POLICY", "pinshim-policy" },
	{ "PINSHIM_MODE", "pinshim-mode" },
	{ "PINSHIM_REFUSE", "pinshim-refuse" },
};

#define N_VARIABLES (sizeof(variables) / sizeof(variables[0]))

struct look {
	bool json, host_policy, titled;
	bool held; /* the process in hand: to the host's policy */
	struct stat root;
	struct host_count *count;
};

/* The values in the environment that PID began with, from malloc(3), or NULL. */
static void find_values(pid_t pid, char *values[N_VARIABLES])
{
	char path[64], *item = NULL;
	FILE *environment;
	size_t size = 0, len;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	environment = fopen(path, "re");
	while (environment && getdelim(&item, &size, '\0', environment) > 0)
		for (size_t i = 0; i < N_VARIABLES; i++) {
			len = strlen(variables[i].name);
			/* The first of two counts, as in getenv(3). */
			if (!strncmp(item, variables[i].name, len) && item[len] == '=' &&
			    !values[i])
				values[i] = strdup(item + len + 1);
		}
	free(item);
	if (environment)
		fclose(environment);
}

/* Programs below another root folder have another ld.so.preload. */
static int is_elsewhere(const struct look *l, pid_t pid, bool *elsewhere)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	if (stat(path, &st) < 0)
		return -1;
	*elsewhere = st.st_dev != l->root.st_dev || st.st_ino != l->root.st_ino;
	return 0;
}

static void print_people(struct look *l, const struct process *p, const char *state, bool ssl,
			 char *const values[N_VARIABLES])
{
	char program[sizeof(p->exe) + sizeof(p->name)];
	const char *before = "  [";

	/* All of these texts are other people's. */
	strcpy(program, *p->exe ? p->exe : p->name);
	if (!l->titled)
		puts("\n    PID  LIBRARY   OPENSSL  PROGRAM  [POLICIES]");
	l->titled = true;
	printf("%7d  %-8s  %-7s  %s", (int)p->pid, state, ssl ? "yes" : "no", visible(program));
	if (l->held) {
		printf("%shost", before);
		before = ", ";
	}
	for (size_t i = 0; i < N_VARIABLES; i++)
		if (values[i]) {
			printf("%s%s=%s", before, variables[i].name, visible(values[i]));
			before = ", ";
		}
	puts(*before == ',' ? "]" : "");
}

static void print_json(const struct look *l, const struct process *p, const char *state,
		       const char *ssl, char *const values[N_VARIABLES])
{
	struct text t = { 0 };

	text_add(&t, "{\"pid\":%d,\"uid\":%u,\"program\":", (int)p->pid, (unsigned)p->uid);
	text_add_json(&t, *p->exe ? p->exe : p->name);
	text_add(&t, ",\"library\":\"%s\",\"libssl\":", state);
	text_add_json(&t, ssl);
	text_add(&t, ",\"host-policy\":%s", l->held ? "true" : "false");
	for (size_t i = 0; i < N_VARIABLES; i++) {
		text_add(&t, ",\"%s\":", variables[i].key);
		text_add_json(&t, values[i]);
	}
	text_add(&t, "}");
	if (text_ok(&t))
		puts(t.bytes);
	else
		complain("out of memory");
	free(t.bytes);
}

static void judge(struct look *l, const struct process *p, const struct mapped_files *m)
{
	const struct mapped_file *library = mapped_library(m, PRELOAD_LIBRARY);
	const struct mapped_file *ssl = mapped_library(m, "libssl.so");
	const char *state = "no";
	char *values[N_VARIABLES] = { NULL };

	if (!library && !ssl)
		return;
	if (library) {
		state = library->deleted ? "replaced" : "yes";
		find_values(p->pid, values);
	}
	l->held = library && l->host_policy;
	if (!library)
		l->count->without++;
	else if (library->deleted)
		l->count->replaced++;
	else
		l->count->with++;
	if (l->json)
		print_json(l, p, state, ssl ? ssl->path : NULL, values);
	else
		print_people(l, p, state, ssl, values);
	for (size_t i = 0; i < N_VARIABLES; i++)
		free(values[i]);
}

static int look(const struct process *p, void *data)
{
	struct look *l = data;
	struct mapped_files m;
	bool elsewhere = false;

	/* A thread of the kernel, or it has ended. */
	if (p->error == ENOENT || p->pid == getpid())
		return 0;
	if (p->error || is_elsewhere(l, p->pid, &elsewhere) < 0 ||
	    (!elsewhere && process_map(p->pid, &m) < 0)) {
		if (p->error == EACCES || errno == EACCES || errno == EPERM)
			l->count->unseen++;
		return 0;
	}
	if (elsewhere) {
		l->count->elsewhere++;
		return 0;
	}
	judge(l, p, &m);
	mapped_free(&m);
	return 0;
}

static void print_sums(bool json, bool enabled, const struct host_count *c)
{
	if (json) {
		printf("{\"with\":%u,\"replaced\":%u,\"without\":%u,\"elsewhere\":%u,\"unseen\":%u}"
		       "\n",
		       c->with, c->replaced, c->without, c->elsewhere, c->unseen);
		return;
	}
	printf("\nprocesses: %u with the library", c->with);
	if (c->replaced)
		printf(", %u with a copy that has been replaced since", c->replaced);
	printf(", %u with OpenSSL and without it\n", c->without);
	if (enabled && c->without + c->replaced)
		puts("Restart those without the library or with a replaced one.");
	if (c->elsewhere)
		printf("Not looked at: %u below another root folder, as in containers.\n",
		       c->elsewhere);
	if (c->unseen)
		printf("Not looked at: %u that this user may not look at.\n", c->unseen);
}

int host_processes(bool json, bool enabled, bool host_policy, struct host_count *out)
{
	struct look l = { .json = json, .host_policy = host_policy, .count = out };

	*out = (struct host_count){ 0 };
	if (stat("/", &l.root) < 0 || process_each(look, &l) < 0)
		return -1;
	print_sums(json, enabled, out);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Some hosts at a time, each in a process of its own that is this command under
 * the library: it judges, and tells what it saw in a file in memory. Nothing is
 * learned, and nothing logged, but what the host's policy logs by itself.
 */
#include "cmd/check_connect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cmd/check_remark.h"
#include "cmd/cmd.h"
#include "cmd/handshake.h"
#include "cmd/preload.h"
#include "cmd/server.h"
#include "pure/verdict.h"

#define AT_ONCE	 8
#define WHY_SIZE (2 * PATH_MAX)

/* What a client's environment has: what is passed on, and what is said here. */
#define OWN_VARIABLES 4
static const char *const passed_on[] = { "SSL_CERT_DIR", "SSL_CERT_FILE", "HOME", "XDG_STATE_HOME",
					 "PINSHIM_STATE" };

struct asking {
	const struct source *source;
	char library[PATH_MAX];
	char *policy; /* the value of PINSHIM_POLICY, or NULL: the host's policy alone */
	struct connect_result *result;
	size_t n;
	bool progress; /* a line of it stands on the terminal */
};

/* The client that asks one host. */
struct question {
	const struct server *server;
	struct child client;
	int started; /* -1: it could not be */
	int error;   /* then why */
	int events;  /* the file in memory, or -1 */
};

static void show_progress(struct asking *a)
{
	a->progress = isatty(STDERR_FILENO) && a->n > 1;
	if (a->progress)
		fprintf(stderr, "\r%u of %zu hosts", a->result->asked, a->n);
}

static void hide_progress(struct asking *a)
{
	if (a->progress)
		fputs("\r\033[K", stderr);
	a->progress = false;
}

/* In the client: lets it keep the file. */
static int keep_open(void *data)
{
	return fcntl(*(const int *)data, F_SETFD, 0);
}

static void free_variables(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

/* VARIABLE=VALUE... in an array from malloc(3), each of them too; NULL: no memory. */
static char **make_variables(const struct asking *a, int events)
{
	const size_t n_passed = sizeof(passed_on) / sizeof(passed_on[0]);
	char **list = calloc(n_passed + OWN_VARIABLES + 1, sizeof(*list));
	const char *value;
	size_t n = 0;
	bool failed = !list;

	for (size_t i = 0; !failed && i < n_passed; i++)
		if ((value = getenv(passed_on[i])))
			failed = asprintf(&list[n++], "%s=%s", passed_on[i], value) < 0;
	failed = failed || asprintf(&list[n++], "PINSHIM_EVENTS=/proc/self/fd/%d", events) < 0;
	/* With `report' the first use of a name is not learned. */
	if (a->policy)
		failed = failed || asprintf(&list[n++], "PINSHIM_POLICY=%s", a->policy) < 0 ||
			 asprintf(&list[n++], "PINSHIM_MODE=report") < 0 ||
			 asprintf(&list[n++], "PINSHIM_LOG=none") < 0;
	if (!failed)
		return list;
	/* What asprintf(3) could not make is undefined. */
	if (n)
		list[n - 1] = NULL;
	free_variables(list);
	return NULL;
}

static void start(const struct asking *a, struct question *q, const struct server *server)
{
	struct handshake h = { .library = a->library,
			       .host = server->name,
			       .port = server->port,
			       .name = server->kind == NAME_HOST ? server->name : NULL,
			       .prepare = keep_open,
			       .data = &q->events };
	char **variables = NULL;

	q->server = server;
	q->started = -1;
	q->events = memfd_create("pinshim", MFD_CLOEXEC);
	if (q->events >= 0)
		variables = make_variables(a, q->events);
	if (variables) {
		h.variables = (const char *const *)variables;
		q->started = handshake_start(&h, &q->client);
	}
	q->error = errno;
	free_variables(variables);
}

/* What the client told. 0, or -1: nothing. */
static int read_events(const struct question *q, struct seen *seen)
{
	/* The client wrote through an open file of its own: this one is still at its start. */
	int fd = dup(q->events);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	int rv = file ? seen_read(file, q->server->name, seen) : -1;

	if (file)
		fclose(file);
	else if (fd >= 0)
		close(fd);
	return rv;
}

static const struct policy_section *section_of(const struct asking *a, const struct server *server)
{
	const struct policy_section *s;

	policy_find(a->source->policy, server->name, server->kind, &s);
	return s;
}

static void complain_of(const struct asking *a, const struct question *q, const char *why)
{
	const struct policy *p = a->source->policy;
	const struct policy_section *s = section_of(a, q->server);

	if (s)
		fprintf(stderr, "%s:%u: ", policy_string(p, s->place.file), s->place.line);
	else
		fprintf(stderr, "%s: ", a->source->path);
	fprintf(stderr, "not asked: %s port %s: %s\n", q->server->name, q->server->port, why);
}

/* The mode in force for S today. */
static enum policy_mode mode_now(const struct policy_section *s)
{
	return time(NULL) < policy_expires(s) ? (enum policy_mode)s->mode
					      : (enum policy_mode)s->after_expiry;
}

static void count_remark(struct asking *a, const struct question *q, enum remark remark)
{
	switch (remark) {
	case REMARK_REFUSED:
		a->result->refused++;
		return;
	case REMARK_NOT_JUDGED:
		a->result->not_judged++;
		return;
	case REMARK_EXEMPT:
		complain_of(a, q, "the policy exempts this command, so nothing was judged");
		a->result->not_asked++;
		return;
	case REMARK_ACCEPTED:
		a->result->accepted++;
		return;
	}
}

static void tell(struct asking *a, const struct question *q, const struct seen *seen)
{
	const struct policy_section *section = section_of(a, q->server);
	struct host_told told = { .source = a->source,
				  .path = a->policy ? a->policy : SOURCE_HOST_DIR,
				  .section = section,
				  .name = q->server->name,
				  .port = q->server->port,
				  .seen = seen,
				  .looks = section && mode_now(section) != MODE_OFF,
				  .now = time(NULL) };

	count_remark(a, q, remark_host(&told, &a->result->warnings));
}

/* Waits for the client and says what came of it. */
static void finish(struct asking *a, struct question *q)
{
	struct seen *seen = malloc(sizeof(*seen));
	enum handshake_end end = HANDSHAKE_NOT_RUN;
	char why[WHY_SIZE];

	snprintf(why, sizeof(why), "the client cannot be run: %s", strerror(q->error));
	if (q->started == 0)
		end = handshake_wait(&q->client, why, sizeof(why));
	a->result->asked++;
	hide_progress(a);
	if (q->started == 0 && seen && read_events(q, seen) == 0) {
		tell(a, q, seen);
	} else {
		if (end == HANDSHAKE_ACCEPTED)
			snprintf(why, sizeof(why), "the library '%s' did not tell what it saw",
				 a->library);
		complain_of(a, q, why);
		a->result->not_asked++;
	}
	fflush(stdout);
	show_progress(a);
	if (q->events >= 0)
		close(q->events);
	free(seen);
}

static void ask_all(struct asking *a, const struct server *servers)
{
	static struct question questions[AT_ONCE];

	show_progress(a);
	for (size_t i = 0; i < a->n + AT_ONCE; i++) {
		struct question *q = &questions[i % AT_ONCE];

		if (i >= AT_ONCE && i - AT_ONCE < a->n)
			finish(a, q);
		if (i < a->n)
			start(a, q, &servers[i]);
	}
	hide_progress(a);
}

static void take_section(const struct policy *p, const struct policy_section *s, const char *port,
			 struct server *out)
{
	const char *name = policy_name(p, s);
	char normal[NAME_SIZE];

	out->kind = name_normalise(name, strlen(name), normal, NULL);
	snprintf(out->name, sizeof(out->name), "%s", name);
	snprintf(out->port, sizeof(out->port), "%s", port);
}

/* Every section that names one host and looks at it; how many name none, in *OTHERS. */
static size_t take_sections(const struct connect_task *task, struct server *servers, size_t *others)
{
	const struct policy *p = task->source->policy;
	const struct policy_section *sections;
	size_t n, taken = 0;

	sections = policy_sections(p, &n);
	*others = 0;
	for (size_t i = 0; i < n; i++) {
		if (mode_now(&sections[i]) == MODE_OFF)
			continue;
		if (sections[i].wildcard != WILDCARD_NONE)
			++*others;
		else
			take_section(p, &sections[i], task->port, &servers[taken++]);
	}
	return taken;
}

static int take_hosts(const struct connect_task *task, struct server *servers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (server_parse(task->hosts[i], &servers[i]) < 0)
			return -1;
	return 0;
}

static int prepare(const struct connect_task *task, struct asking *a)
{
	char why[2 * PATH_MAX];

	if (preload_library(a->library, why, sizeof(why)) < 0 ||
	    preload_check("/proc/self/exe", a->library, why, sizeof(why)) < 0) {
		complain("--connect: %s", why);
		return -1;
	}
	return task->source->host || append_policy(&a->policy, task->source->path) ? 0 : -1;
}

static void print_summary(const struct connect_task *task, const struct connect_result *r,
			  size_t others)
{
	printf("%s: %u host%s asked: %u accepted, %u refused, %u not reached", task->source->path,
	       r->asked, plural(r->asked), r->accepted, r->refused, r->not_asked);
	if (r->not_judged)
		printf(", %u not judged", r->not_judged);
	putchar('\n');
	if (others)
		printf("%s: %zu section%s with a star not asked; name hosts of theirs\n",
		       task->source->path, others, plural(others));
}

int check_connect(const struct connect_task *task, struct connect_result *result)
{
	struct asking a = { .source = task->source, .result = result };
	struct server *servers = NULL;
	int rv = EXIT_FAILURE;
	size_t n, others = 0;

	while (task->hosts[a.n])
		a.n++;
	policy_sections(task->source->policy, &n);
	servers = calloc(n + a.n + 1, sizeof(*servers));
	if (!servers) {
		complain("out of memory");
	} else if (prepare(task, &a) == 0) {
		rv = a.n && take_hosts(task, servers, a.n) < 0 ? EXIT_USAGE : 0;
		if (!a.n)
			a.n = take_sections(task, servers, &others);
	}
	if (rv == 0) {
		fflush(stdout);
		ask_all(&a, servers);
		print_summary(task, result, others);
	}
	free(a.policy);
	free(servers);
	return rv;
}

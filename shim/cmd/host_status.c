/* SPDX-License-Identifier: MIT */
/*
 * `pinshim host status': the entry, the library, the policy and the processes,
 * each with what is wrong with it. Changes nothing and tries nothing.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/host.h"
#include "cmd/host_processes.h"
#include "cmd/preload.h"
#include "cmd/preload_file.h"
#include "cmd/preload_text.h"
#include "cmd/processes.h"
#include "cmd/safe_path.h"
#include "process/text.h"

#define VERSION_MARK "@(#)pinshim " /* in the library, for what(1) */
#define VERSION_SIZE 32

struct status {
	const struct host *host;
	char *entry;		    /* the first copy of the library in the file; or NULL */
	unsigned copies;	    /* of it there */
	char version[VERSION_SIZE]; /* of the library; "": unknown */
	bool loaded;		    /* in this process */
	struct host_state state;
	struct text wrong; /* JSON strings, after each other with commas */
	bool well;
};

/* Something is wrong: says so at once to people, and keeps it for scripts. */
__attribute__((format(printf, 2, 3))) static void wrong(struct status *s, const char *format, ...)
{
	char *message = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&message, format, args) < 0)
		message = NULL;
	va_end(args);
	s->well = false;
	if (s->host->json) {
		text_add(&s->wrong, "%s", s->wrong.len ? "," : "");
		text_add_json(&s->wrong, message ? message : "out of memory");
	} else {
		complain("%s", message ? message : "out of memory");
	}
	free(message);
}

static void find_version(const char *path, char version[VERSION_SIZE])
{
	const size_t mark = strlen(VERSION_MARK);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	const char *bytes, *found;
	size_t left;

	*version = '\0';
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes != MAP_FAILED) {
			found = memmem(bytes, (size_t)st.st_size, VERSION_MARK, mark);
			left = found ? (size_t)(bytes + st.st_size - found) - mark : 0;
			if (found && left >= VERSION_SIZE)
				snprintf(version, VERSION_SIZE, "%.*s", VERSION_SIZE - 1,
					 found + mark);
			munmap((void *)(uintptr_t)bytes, (size_t)st.st_size);
		}
	}
	close(fd);
}

static int read_entry(struct status *s)
{
	struct preload_entries e;
	struct preload_file f;
	int rv = preload_file_read(s->host->root, false, &f);

	if (rv == 0 && (rv = preload_entries_find(f.text, &e)) == 0) {
		for (size_t i = e.n; i-- > 0;)
			if (e.entries[i].ours) {
				free(s->entry);
				s->entry = strndup(f.text + e.entries[i].at, e.entries[i].len);
				s->copies++;
			}
		preload_entries_free(&e);
	}
	if (rv == 0 && f.unsafe && s->entry)
		wrong(s, "%s", f.unsafe);
	preload_file_close(&f);
	return rv;
}

static void check_library(struct status *s)
{
	char real[PATH_MAX], why[HOST_WHY_SIZE];

	if (s->copies > 1)
		wrong(s,
		      PRELOAD_FILE " has %u copies of the library; 'pinshim host enable' leaves "
				   "one",
		      s->copies);
	if (*s->entry != '/') {
		wrong(s, "'%s' is no absolute path, so which file it is depends on the loader",
		      s->entry);
		return;
	}
	switch (safe_path(s->host->root, s->entry, real, why, sizeof(why))) {
	case PATH_ABSENT:
		wrong(s,
		      "%s, and every program says so when it starts; install it, or run 'pinshim "
		      "host disable'",
		      why);
		return;
	case PATH_UNSAFE:
		wrong(s, "%s", why);
		snprintf(real, sizeof(real), "%s%s", s->host->root, s->entry);
		break;
	case PATH_SAFE:
		break;
	}
	find_version(real, s->version);
}

static bool is_loaded_here(void)
{
	struct mapped_files m;
	bool loaded;

	if (process_map(getpid(), &m) < 0)
		return false;
	loaded = mapped_library(&m, PRELOAD_LIBRARY);
	mapped_free(&m);
	return loaded;
}

static void check_policy(struct status *s)
{
	const struct host_state *state = &s->state;

	host_policy(s->host, &s->state);
	if (state->policy == POLICY_BAD)
		wrong(s, "the host's policy is bad: %s", state->why);
	else if (state->policy == POLICY_ABSENT && s->entry)
		wrong(s, "there is no host policy, so nothing is judged");
	/* One that is stale costs time and nothing else. */
	if (state->snapshot_known && state->snapshot == STANDING_UNUSABLE)
		wrong(s, "the snapshot of the host's policy is not usable: %s",
		      state->snapshot_text);
}

static const char *policy_state(enum host_policy state)
{
	switch (state) {
	case POLICY_BAD:
		return "bad";
	case POLICY_UNKNOWN:
		return "unknown";
	case POLICY_ABSENT:
		return "absent";
	case POLICY_GOOD:
		return "good";
	}
	return "bad";
}

static const char *snapshot_word(const struct host_state *state)
{
	return state->snapshot_known ? snapshot_state_word(state->snapshot) : "unknown";
}

static void print_state(const char *what, const char *word, const char *text)
{
	printf("%s:%*s%s%s%s%s\n", what, 9 - (int)strlen(what), "", word, *text ? " (" : "", text,
	       *text ? ")" : "");
}

static void print_people(const struct status *s)
{
	printf("file:     %s%s: ", s->host->root, PRELOAD_FILE);
	if (s->entry)
		printf("enabled, %s\n", s->entry);
	else
		puts("not enabled");
	if (s->entry)
		printf("library:  %s%s, version %s\n", s->host->root, s->entry,
		       *s->version ? s->version : "unknown");
	print_state("policy", policy_state(s->state.policy), s->state.why);
	print_state("snapshot", snapshot_word(&s->state), s->state.snapshot_text);
	if (!*s->host->root)
		printf("command:  this process runs %s the library\n",
		       s->loaded ? "with" : "without");
}

static void print_json(const struct status *s)
{
	struct text t = { 0 };
	char *file = NULL;

	if (asprintf(&file, "%s%s", s->host->root, PRELOAD_FILE) < 0)
		file = NULL;
	text_add(&t, "{\"file\":");
	text_add_json(&t, file);
	text_add(&t, ",\"enabled\":%s,\"library\":", s->entry ? "true" : "false");
	text_add_json(&t, s->entry);
	text_add(&t, ",\"copies\":%u,\"version\":", s->copies);
	text_add_json(&t, *s->version ? s->version : NULL);
	text_add(&t, ",\"policy\":\"%s\",\"policy-text\":", policy_state(s->state.policy));
	text_add_json(&t, s->state.why);
	text_add(&t, ",\"snapshot\":\"%s\",\"snapshot-text\":", snapshot_word(&s->state));
	text_add_json(&t, s->state.snapshot_text);
	text_add(&t, ",\"loaded\":%s", *s->host->root ? "null" : s->loaded ? "true" : "false");
	text_add(&t, ",\"wrong\":[%s]}", s->wrong.bytes ? s->wrong.bytes : "");
	if (text_ok(&t) && !s->wrong.failed)
		puts(t.bytes);
	else
		complain("out of memory");
	free(t.bytes);
	free(file);
}

static void look_at_processes(struct status *s)
{
	struct host_count count;

	if (host_processes(s->host->json, s->entry != NULL, s->state.policy != POLICY_ABSENT,
			   &count) < 0) {
		wrong(s, "/proc cannot be read, so nothing is known of processes");
		return;
	}
	if (s->entry && count.without + count.replaced)
		s->well = false;
}

int host_status(const struct host *h)
{
	struct status s = { .host = h, .well = true };
	int status = EXIT_FAILURE;

	if (read_entry(&s) == 0) {
		if (s.entry)
			check_library(&s);
		check_policy(&s);
		s.loaded = is_loaded_here();
		if (s.entry && !*h->root && !s.loaded)
			wrong(&s, "this very process runs without the library, though it is in %s",
			      PRELOAD_FILE);
		if (h->json)
			print_json(&s);
		else
			print_people(&s);
		if (!*h->root)
			look_at_processes(&s);
		status = s.entry && s.well ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	free(s.entry);
	free(s.wrong.bytes);
	return status;
}

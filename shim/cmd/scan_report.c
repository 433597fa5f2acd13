/* SPDX-License-Identifier: MIT */
/*
 * Words and JSON for findings. Says of a reason what is known, and "may" of
 * what is decided only when a program runs.
 */
#include "cmd/scan_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "process/text.h"

#define COLUMN_MAX 60 /* a longer path moves its own line, not all others */

static const struct {
	const char *word, *name;
	const char *why_not; /* the shim does not cover it */
} stacks[N_STACKS] = {
	[STACK_OPENSSL] = { "openssl", "libssl", "out of the loader's reach" },
	[STACK_GNUTLS] = { "gnutls", "GnuTLS", "not OpenSSL" },
	[STACK_NSS] = { "nss", "NSS", "not OpenSSL" },
	[STACK_GO] = { "go", "Go", "TLS of its own" },
	[STACK_RUSTLS] = { "rustls", "rustls", "not OpenSSL" },
	[STACK_BORINGSSL] = { "boringssl", "BoringSSL", "not OpenSSL" },
	[STACK_MBEDTLS] = { "mbedtls", "mbedTLS", "not OpenSSL" },
	[STACK_WOLFSSL] = { "wolfssl", "wolfSSL", "not OpenSSL" },
	[STACK_JAVA] = { "java", "Java", "TLS of its own" },
	[STACK_HASKELL] = { "haskell", "Haskell", "TLS of its own" },
	[STACK_BUSYBOX] = { "busybox", "BusyBox", "TLS of its own" },
};

static const char *const kinds[] = {
	[KIND_PROGRAM] = "program", [KIND_SCRIPT] = "script", [KIND_LIBRARY] = "library",
	[KIND_PROCESS] = "process", [KIND_OTHER] = "other",
};

static const char *const manners[] = {
	[MANNER_LINKED] = "linked",
	[MANNER_INSIDE] = "static",
	[MANNER_MAY_LOAD] = "may-load",
	[MANNER_MODULE] = "module",
};

static const char *const covered_words[] = {
	[COVERED_NO] = "no",   [COVERED_UNKNOWN] = "unknown", [COVERED_PARTLY] = "partly",
	[COVERED_YES] = "yes", [COVERED_NO_TLS] = "no-tls",
};

struct row {
	char *path, *covered, *stacks, *reason;
	char *interpreter; /* of a row for all its scripts; or NULL */
	size_t n_scripts;
};

struct report {
	bool json;
	struct row *rows;
	size_t n_rows;
	size_t n, by_covered[COVERED_NO_TLS + 1], host_only;
	size_t by_stack[N_STACKS], by_stack_covered[N_STACKS];
	size_t unlisted;
};

struct report *report_new(bool json)
{
	struct report *r = calloc(1, sizeof(*r));

	if (r)
		r->json = json;
	return r;
}

static void free_row(struct row *row)
{
	free(row->path);
	free(row->covered);
	free(row->stacks);
	free(row->reason);
	free(row->interpreter);
}

void report_free(struct report *r)
{
	for (size_t i = 0; r && i < r->n_rows; i++)
		free_row(&r->rows[i]);
	if (r)
		free(r->rows);
	free(r);
}

/* --- in words */

static const char *stack_name(const struct use *use)
{
	if (use->stack == STACK_OPENSSL && use->manner == MANNER_INSIDE)
		return "OpenSSL";
	return stacks[use->stack].name;
}

/* "libssl 3.0.19 through libcurl.so.4" */
static void add_use(struct text *t, const struct use *use)
{
	if (use->manner == MANNER_MAY_LOAD)
		text_add(t, "may load ");
	text_add(t, "%s", stack_name(use));
	if (use->version)
		text_add(t, " %s", use->version);
	if (use->manner == MANNER_MODULE)
		text_add(t, " through its module %s", use->through);
	else if (use->manner == MANNER_INSIDE && use->stack != STACK_GO)
		text_add(t, use->through ? " inside %s" : " linked in statically", use->through);
	else if (use->through)
		text_add(t, " through %s", use->through);
}

static void add_uses(struct text *t, const struct finding *f, bool covered)
{
	const char *separator = "";

	for (size_t i = 0; i < f->n_uses; i++) {
		if (f->uses[i].covered != covered)
			continue;
		text_add(t, "%s", separator);
		add_use(t, &f->uses[i]);
		if (!covered)
			text_add(t, ", %s", stacks[f->uses[i].stack].why_not);
		separator = "; ";
	}
}

/* Why the loader does not take the shim into F; "" when it does. */
static const char *obstacle_to(const struct finding *f)
{
	switch (f->preload) {
	case PRELOAD_UNREADABLE:
		return "not a whole ELF file";
	case PRELOAD_OTHER_MACHINE:
		return "for another architecture than the shim";
	case PRELOAD_STATIC:
		return "static program";
	case PRELOAD_OTHER_LOADER:
		return "not loaded by glibc";
	case PRELOAD_PRIVILEGED:
		return "gains privileges, so that LD_PRELOAD is ignored";
	case PRELOAD_WORKS:
		return "";
	}
	return "";
}

static size_t count_uses(const struct finding *f, bool covered)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_uses; i++)
		n += f->uses[i].covered == covered;
	return n;
}

static bool is_host_only(const struct finding *f)
{
	return f->kind != KIND_PROCESS && f->preload == PRELOAD_PRIVILEGED &&
	       (f->covered == COVERED_YES || f->covered == COVERED_PARTLY);
}

/* Whether the shim is, or gets, into F; nothing where that goes without saying. */
static void add_reach(struct text *t, const struct finding *f)
{
	const char *obstacle = obstacle_to(f);

	if (f->kind != KIND_PROCESS) {
		if (f->preload < PRELOAD_PRIVILEGED || f->covered != COVERED_NO_TLS)
			text_add(t, "%s", obstacle);
		if (!*obstacle && f->kind == KIND_LIBRARY && count_uses(f, true))
			text_add(t, "where a program loads it");
		return;
	}
	text_add(t, f->shim ? "the shim is loaded" : "the shim is not loaded");
	if (!f->shim && count_uses(f, true))
		text_add(t, ": %s", *obstacle ? obstacle : "it was started without");
}

static void add_separator(struct text *t)
{
	if (t->len)
		text_add(t, "; ");
}

static void add_reason(struct text *t, const struct finding *f)
{
	text_add(t, "%s", "");
	if (f->covered == COVERED_UNKNOWN) {
		text_add(t, "%s", f->why);
		return;
	}
	add_reach(t, f);
	if (f->kind == KIND_SCRIPT) {
		add_separator(t);
		text_add(t, "run by %s", f->program);
		if (f->covered == COVERED_NO_TLS)
			text_add(t, ", and starts what is not looked at here");
	}
	if (count_uses(f, true)) {
		add_separator(t);
		add_uses(t, f, true);
	}
	if (count_uses(f, false)) {
		add_separator(t);
		text_add(t, f->covered == COVERED_PARTLY ? "not: " : "");
		add_uses(t, f, false);
	}
}

static void add_stacks(struct text *t, const struct finding *f)
{
	static const char *const notes[] = {
		[MANNER_LINKED] = "",
		[MANNER_INSIDE] = "",
		[MANNER_MAY_LOAD] = " (may load)",
		[MANNER_MODULE] = " (module)",
	};

	text_add(t, "%s", f->n_uses ? "" : "-");
	for (size_t i = 0; i < f->n_uses; i++)
		text_add(t, "%s%s%s", i ? ", " : "", stack_name(&f->uses[i]),
			 notes[f->uses[i].manner]);
}

static const char *covered_name(const struct finding *f)
{
	switch (f->covered) {
	case COVERED_NO:
		return "not covered";
	case COVERED_UNKNOWN:
		return "unknown";
	case COVERED_PARTLY:
		return is_host_only(f) ? "partly, host" : "partly";
	case COVERED_YES:
		return is_host_only(f) ? "host only" : "covered";
	case COVERED_NO_TLS:
		return "no TLS found";
	}
	return NULL;
}

/* --- rows */

static struct row *find_scripts(struct report *r, const char *interpreter)
{
	for (size_t i = 0; i < r->n_rows; i++)
		if (r->rows[i].interpreter && !strcmp(r->rows[i].interpreter, interpreter))
			return &r->rows[i];
	return NULL;
}

static int add_row(struct report *r, const struct finding *f, const char *interpreter)
{
	struct row *rows = realloc(r->rows, (r->n_rows + 1) * sizeof(*rows));
	struct text path = { 0 }, shown = { 0 }, reason = { 0 };
	struct row *row;

	if (!rows)
		return -1;
	r->rows = rows;
	row = &rows[r->n_rows++];
	text_add(&path, "%s", f->path);
	if (f->kind == KIND_PROCESS && *f->program)
		text_add(&path, " %s", f->program);
	add_stacks(&shown, f);
	add_reason(&reason, f);
	*row = (struct row){ path.bytes,
			     strdup(covered_name(f)),
			     shown.bytes,
			     reason.bytes,
			     interpreter ? strdup(interpreter) : NULL,
			     1 };
	return text_ok(&path) && text_ok(&shown) && text_ok(&reason) && row->covered &&
			       (!interpreter || row->interpreter)
		       ? 0
		       : -1;
}

static int add_listed(struct report *r, const struct finding *f, enum listing listing)
{
	struct row *scripts;

	if (listing == LIST_IT || f->covered == COVERED_UNKNOWN)
		return add_row(r, f, NULL);
	if (f->covered == COVERED_NO_TLS) {
		r->unlisted++;
		return 0;
	}
	if (f->kind != KIND_SCRIPT)
		return add_row(r, f, NULL);
	scripts = find_scripts(r, f->program);
	if (!scripts)
		return add_row(r, f, f->program);
	scripts->n_scripts++;
	return 0;
}

/* --- JSON */

static void print_json(const struct finding *f)
{
	struct text t = { 0 }, reason = { 0 };
	bool reached = f->covered == COVERED_YES || f->covered == COVERED_PARTLY;
	const char *how = "[]";

	if (reached && f->kind != KIND_PROCESS)
		how = f->preload == PRELOAD_PRIVILEGED ? "[\"host\"]" : "[\"run\",\"host\"]";
	add_reason(&reason, f);
	text_add(&t, "{\"path\":");
	text_add_json(&t, f->kind == KIND_PROCESS ? NULL : f->path);
	text_add(&t, ",\"pid\":");
	text_add(&t, f->kind == KIND_PROCESS ? "%d" : "null", (int)f->pid);
	text_add(&t, ",\"kind\":");
	text_add_json(&t, f->failed && f->kind != KIND_PROCESS ? NULL : kinds[f->kind]);
	text_add(&t, ",\"program\":");
	text_add_json(&t, *f->program ? f->program : NULL);
	text_add(&t, ",\"covered\":\"%s\",\"how\":%s,\"stacks\":[", covered_words[f->covered], how);
	for (size_t i = 0; i < f->n_uses; i++) {
		const struct use *use = &f->uses[i];

		text_add(&t, "%s{\"stack\":\"%s\",\"manner\":\"%s\",\"covered\":%s,\"library\":",
			 i ? "," : "", stacks[use->stack].word, manners[use->manner],
			 use->covered ? "true" : "false");
		text_add_json(&t, use->library);
		text_add(&t, ",\"through\":");
		text_add_json(&t, use->through);
		text_add(&t, ",\"version\":");
		text_add_json(&t, use->version);
		text_add(&t, "}");
	}
	text_add(&t, "],\"shim\":%s,\"reason\":",
		 f->kind != KIND_PROCESS || f->failed ? "null"
		 : f->shim			      ? "true"
						      : "false");
	text_add_json(&t, reason.bytes && *reason.bytes && !f->failed ? reason.bytes : NULL);
	text_add(&t, ",\"error\":");
	text_add_json(&t, f->failed ? f->why : NULL);
	text_add(&t, "}");
	if (text_ok(&t))
		puts(t.bytes);
	free(t.bytes);
	free(reason.bytes);
}

/* --- all of it */

int report_add(struct report *r, const struct finding *f, enum listing listing)
{
	bool reached = f->covered == COVERED_YES || f->covered == COVERED_PARTLY;
	unsigned seen = 0, covered = 0;

	if (r->json) {
		print_json(f);
		return 0;
	}
	r->n++;
	r->by_covered[f->covered]++;
	r->host_only += is_host_only(f);
	for (size_t i = 0; i < f->n_uses; i++) {
		seen |= STACK_BIT(f->uses[i].stack);
		if (reached && f->uses[i].covered)
			covered |= STACK_BIT(f->uses[i].stack);
	}
	for (enum stack stack = 0; stack < N_STACKS; stack++) {
		r->by_stack[stack] += (seen & STACK_BIT(stack)) != 0;
		r->by_stack_covered[stack] += (covered & STACK_BIT(stack)) != 0;
	}
	return add_listed(r, f, listing);
}

static int width(const struct report *r, size_t offset)
{
	size_t widest = 0, len;

	for (size_t i = 0; i < r->n_rows; i++) {
		len = strlen(*(char *const *)((const char *)&r->rows[i] + offset));
		if (len > widest && len <= COLUMN_MAX)
			widest = len;
	}
	return (int)widest;
}

/* A row for several scripts bears their number in place of a path. */
static int name_scripts(struct report *r)
{
	char *name;

	for (size_t i = 0; i < r->n_rows; i++) {
		if (r->rows[i].n_scripts < 2)
			continue;
		if (asprintf(&name, "%zu scripts", r->rows[i].n_scripts) < 0)
			return -1;
		free(r->rows[i].path);
		r->rows[i].path = name;
	}
	return 0;
}

/* The rows of one file each, or the others. */
static void print_rows(const struct report *r, bool several)
{
	int path = width(r, offsetof(struct row, path));
	int covered = width(r, offsetof(struct row, covered));
	int shown = width(r, offsetof(struct row, stacks));

	for (size_t i = 0; i < r->n_rows; i++) {
		const struct row *row = &r->rows[i];

		if ((row->n_scripts > 1) != several)
			continue;
		/* Files may be called as other people like. */
		printf("%-*s  %-*s  ", path, visible(row->path), covered, row->covered);
		if (*row->reason)
			printf("%-*s  %s\n", shown, row->stacks, visible(row->reason));
		else
			printf("%s\n", row->stacks);
	}
}

static void print_counts(const struct report *r)
{
	static const char *const names[] = {
		[COVERED_NO] = "not covered",	  [COVERED_UNKNOWN] = "unknown",
		[COVERED_PARTLY] = "partly",	  [COVERED_YES] = "covered",
		[COVERED_NO_TLS] = "without TLS",
	};
	static const enum covered order[] = { COVERED_YES, COVERED_PARTLY, COVERED_NO,
					      COVERED_NO_TLS, COVERED_UNKNOWN };
	const char *separator = ": ";

	printf("%zu looked at", r->n);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (!r->by_covered[order[i]])
			continue;
		printf("%s%zu %s", separator, r->by_covered[order[i]], names[order[i]]);
		separator = ", ";
	}
	if (r->host_only)
		printf("; %zu of them by /etc/ld.so.preload only", r->host_only);
	puts("");
	for (enum stack stack = 0; stack < N_STACKS; stack++)
		if (r->by_stack[stack])
			printf("%-9s %5zu: %zu covered, %zu not\n", stacks[stack].name,
			       r->by_stack[stack], r->by_stack_covered[stack],
			       r->by_stack[stack] - r->by_stack_covered[stack]);
	if (r->unlisted)
		printf("Those without TLS are not listed; `--all' lists them.\n");
}

int report_end(struct report *r)
{
	if (r->json)
		return 0;
	if (name_scripts(r) < 0)
		return -1;
	print_rows(r, false);
	print_rows(r, true);
	print_counts(r);
	return 0;
}

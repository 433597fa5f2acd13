/* SPDX-License-Identifier: MIT */
/*
 * `pinshim learn': a policy that would have accepted what was seen. It believes
 * no key: what a policy objected to is never more than a comment, and all is to
 * be confirmed by whoever reads it. What it prints is always a valid policy.
 */
#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/event_read.h"

/* Of what stands in certificates and events; a comment need not hold more. */
#define TEXT_SIZE 160

/* A key that was seen under a name, its leaf's or a CA's. */
struct key {
	char pin[PIN_TEXT_SIZE]; /* what it is found by */
	char subject[TEXT_SIZE], issuer[TEXT_SIZE];
	char first[DATE_SIZE], last[DATE_SIZE];
	unsigned long seen;
	unsigned long unverified;
	char objection[TEXT_SIZE]; /* why a policy would not have it: "no-pin-match"; or "" */
};

struct host {
	char name[NAME_SIZE]; /* what it is found by */
	void *leaves, *cas;   /* trees of struct key, of tsearch(3) */
	unsigned long seen;
	unsigned long bare; /* handshakes in which no key was shown */
	bool pinned;	    /* one of its leaves is more than a comment */
};

struct learning {
	void *hosts; /* a tree of struct host */
	char first[DATE_SIZE], last[DATE_SIZE];
	unsigned long handshakes, nameless, unusable, errors;
	bool pinned;
};

/* The text by which a thing is found stands at its front. */
static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What TREE has under TEXT; SIZE bytes that begin with it are made when it has nothing. */
static void *find_or_add(void **tree, const char *text, size_t size)
{
	void **found = tfind(text, tree, by_text);
	char *added;

	if (found)
		return *found;
	added = calloc(1, size);
	if (!added || !tsearch(strcpy(added, text), tree, by_text)) {
		/* tsearch(3) compares, and is done with it when it has no memory. */
		free(added);
		complain("out of memory");
		return NULL;
	}
	return added;
}

/* TEXT for a comment: one line of ASCII, whatever it was. */
static void put_text(char out[TEXT_SIZE], const char *text)
{
	const size_t most = TEXT_SIZE - sizeof("...");
	size_t i = 0;

	for (; text && text[i] && i < most; i++)
		out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	strcpy(out + i, text && text[i] ? "..." : "");
}

static void widen(char first[DATE_SIZE], char last[DATE_SIZE], const char *time)
{
	if (!*first || strcmp(time, first) < 0)
		strcpy(first, time);
	if (strcmp(time, last) > 0)
		strcpy(last, time);
}

static bool is(const char *word, const char *other)
{
	return !strcmp(word, other);
}

/*
 * Whether nothing was objected to the key itself: it was accepted, or refused on
 * request, or let through with no more said than that the name was not listed.
 */
static bool is_welcome(const struct event_read *event)
{
	if (is(event->verdict, "accepted") || is(event->verdict, "learned"))
		return true;
	if (is(event->verdict, "refused"))
		return is(event->reason, "simulated");
	return is(event->verdict, "would-refuse") && is(event->reason, "unlisted");
}

static int add_leaf(struct host *host, const struct event_read *event)
{
	const struct event_read_cert *cert = &event->served[0];
	struct key *leaf = find_or_add(&host->leaves, cert->pin, sizeof(*leaf));

	if (!leaf)
		return -1;
	if (strcmp(event->time, leaf->last) >= 0) {
		put_text(leaf->subject, cert->subject);
		put_text(leaf->issuer, cert->issuer);
	}
	widen(leaf->first, leaf->last, event->time);
	leaf->seen++;
	leaf->unverified += event->n_validated == 0;
	if (!is_welcome(event))
		put_text(leaf->objection, event->reason);
	return 0;
}

static int add_cas(struct host *host, const struct event_read_cert *certs, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct key *ca = find_or_add(&host->cas, certs[i].pin, sizeof(*ca));

		if (!ca)
			return -1;
		put_text(ca->subject, certs[i].subject);
	}
	return 0;
}

static int add_event(const struct event_read *event, void *arg)
{
	struct learning *all = arg;
	struct host *host;

	if (is(event->verdict, "policy-error")) {
		all->errors++;
		return 0;
	}
	widen(all->first, all->last, event->time);
	all->handshakes++;
	if (event->kind == NAME_BAD) {
		if (event->hostname)
			all->unusable++;
		else
			all->nameless++;
		return 0;
	}
	host = find_or_add(&all->hosts, event->name, sizeof(*host));
	if (!host)
		return -1;
	host->seen++;
	if (!event->n_served) {
		host->bare++;
		return 0;
	}
	if (add_leaf(host, event) < 0)
		return -1;
	/* Only of chains that somebody verified: what a server sends along proves nothing. */
	return is_welcome(event) ? add_cas(host, event->validated, event->n_validated) : 0;
}

static int read_file(const char *path, struct learning *all)
{
	FILE *in = is(path, "-") ? stdin : fopen(path, "re");
	int rv;

	if (!in) {
		complain("%s: %s", path, strerror(errno));
		return -1;
	}
	rv = event_read_all(in, in == stdin ? "standard input" : path, add_event, all);
	if (in != stdin)
		fclose(in);
	return rv;
}

static bool is_in_order(VISIT visit)
{
	return visit == postorder || visit == leaf;
}

static void print_seen(const char *first, const char *last)
{
	if (is(first, last))
		printf(" on %s\n", first);
	else
		printf(" from %s to %s\n", first, last);
}

static void print_leaf(const void *node, VISIT visit, void *arg)
{
	const struct key *seen = *(struct key *const *)node;

	(void)arg;
	if (!is_in_order(visit))
		return;
	if (*seen->subject)
		printf("; %s, issued by %s\n", seen->subject, seen->issuer);
	printf("; seen %lu time%s,", seen->seen, plural(seen->seen));
	print_seen(seen->first, seen->last);
	if (*seen->objection)
		printf("; A policy objected to it (%s): do not pin it before you know why.\n",
		       seen->objection);
	else if (seen->unverified)
		printf("; Its chain did not verify here (%lu time%s).\n", seen->unverified,
		       plural(seen->unverified));
	printf("%spin = %s\n", *seen->objection ? "; " : "", seen->pin);
}

static void print_ca(const void *node, VISIT visit, void *arg)
{
	const struct key *ca = *(struct key *const *)node;

	(void)arg;
	if (is_in_order(visit))
		printf("; pin-ca = %s ; %s\n", ca->pin, ca->subject);
}

static void look_for_pins(const void *node, VISIT visit, void *host)
{
	const struct key *seen = *(struct key *const *)node;

	if (is_in_order(visit) && !*seen->objection)
		((struct host *)host)->pinned = true;
}

static void print_host(const void *node, VISIT visit, void *arg)
{
	struct host *host = *(struct host *const *)node;
	struct learning *all = arg;

	if (!is_in_order(visit))
		return;
	twalk_r(host->leaves, look_for_pins, host);
	all->pinned = all->pinned || host->pinned;
	/* A section without a pin would be an error: then it is a comment as a whole. */
	printf("\n%s[%s]\n", host->pinned ? "" : "; ", host->name);
	twalk_r(host->leaves, print_leaf, NULL);
	twalk_r(host->cas, print_ca, NULL);
	if (host->bare)
		printf("; %lu handshake%s without any certificate (a pre-shared key, or a session "
		       "that says no more)\n",
		       host->bare, plural(host->bare));
}

static int print_policy(struct learning *all)
{
	printf("; Made by `pinshim learn' of %lu handshake%s", all->handshakes,
	       plural(all->handshakes));
	if (all->handshakes)
		print_seen(all->first, all->last);
	else
		puts("");
	puts("; Confirm each key by another channel before you rely on it, and add to each "
	     "section\n"
	     "; the pin of a key that is not in use yet.");
	if (all->nameless)
		printf("; %lu of them had neither a name nor an address; `unnamed' is for these.\n",
		       all->nameless);
	if (all->unusable)
		printf("; %lu of them had a name that no policy can have.\n", all->unusable);
	if (all->errors)
		printf("; %lu error%s of policies stood between them.\n", all->errors,
		       plural(all->errors));
	twalk_r(all->hosts, print_host, all);
	if (all->pinned)
		return EXIT_SUCCESS;
	complain("no key was seen that could be pinned; this is no policy yet");
	return EXIT_FAILURE;
}

static void free_host(void *node)
{
	struct host *host = node;

	tdestroy(host->leaves, free);
	tdestroy(host->cas, free);
	free(host);
}

static int learn(const struct verb *verb, int argc, char **argv)
{
	struct learning all = { .hosts = NULL };
	int status = EXIT_SUCCESS;

	while (next_option(verb, argc, argv) != -1)
		continue;
	if (optind == argc)
		usage_error(verb, "FILE is missing");
	for (; status == EXIT_SUCCESS && optind < argc; optind++)
		if (read_file(argv[optind], &all) < 0)
			status = EXIT_FAILURE;
	if (status == EXIT_SUCCESS)
		status = print_policy(&all);
	tdestroy(all.hosts, free_host);
	return status;
}

static const struct option longs[] = { COMMON_OPTIONS, { 0 } };

const struct verb verb_learn = {
	.name = "learn",
	.synopsis = "learn FILE...",
	.help = "Prints a policy that would have accepted the handshakes which are told in each "
		"FILE\n"
		"of events (`pinshim run -e', PINSHIM_EVENTS, or a policy's `log'); `-' reads "
		"standard\n"
		"input. The keys of CAs, and keys that a policy objected to, are comments.\n"
		"\n"
		"Exits with 1 when a line is no event, or no key was seen that could be pinned.\n",
	.shorts = ":",
	.longs = longs,
	.main = learn,
};

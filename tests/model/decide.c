/* SPDX-License-Identifier: MIT */
/*
 * The library's own decision, asked from outside: reads policies and cases on
 * standard input, and prints a verdict and a reason for each case, and where the
 * rule stands. It decides nothing and must know nothing of what the answers should
 * be; model.py does. `decide snapshot' puts each policy into a snapshot, and then
 * asks what it finds in the file.
 *
 * A key or a digest is a letter here, and stands for 32 times that byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <unistd.h>

#include "pure/revoked.h"
#include "pure/snapshot.h"
#include "pure/verdict.h"

#define MOST_KEYS  16
#define MOST_FILES 16

/* A policy, and where it lies: in memory of its own, or in a snapshot's. */
struct rules {
	const struct policy *policy;
	struct policy *own;
	void *bytes;
	size_t size;
};

static void give_up(const char *what, const char *line)
{
	fprintf(stderr, "decide: %s: %s\n", what, line);
	exit(2);
}

static struct policy_text read_text(const char *path, size_t len)
{
	char *bytes = malloc(len + 1);

	if (!bytes || fread(bytes, 1, len, stdin) != len)
		give_up("cut short", path);
	return (struct policy_text){ .path = path, .bytes = bytes, .len = len };
}

/* "P LENGTH REVOKED", and then so many bytes of the policy and of its list of revoked keys. */
static struct policy *read_policy(const char *line)
{
	char error[POLICY_ERROR_SIZE];
	struct policy_text text, list;
	size_t len, more;
	struct policy *p;

	if (sscanf(line, "P %zu %zu", &len, &more) != 2)
		give_up("not a policy", line);
	text = read_text("p.ini", len);
	list = read_text("list", more);
	p = policy_parse(&text, 1, "p.ini", false, error);
	if (p && more)
		p = revoked_add(NULL, p, &list, 1, error);
	if (!p) {
		fwrite(text.bytes, 1, len, stderr);
		give_up("not a policy", error);
	}
	free((char *)text.bytes);
	free((char *)list.bytes);
	return p;
}

/* All that P names has to be in its snapshot. */
static size_t name_files(const struct policy *p, struct policy_text out[MOST_FILES])
{
	const struct policy_value *ca_files;
	size_t n;

	ca_files = policy_values(p, p->ca_files, &n);
	for (size_t i = 0; i < n && i < MOST_FILES - 1; i++)
		out[i] = (struct policy_text){ policy_string(p, ca_files[i].text), "ca", 2 };
	if (p->ct_logs.text)
		out[n++] = (struct policy_text){ policy_string(p, p->ct_logs.text), "logs", 4 };
	return n;
}

static void put(int fd, uint64_t at, const void *bytes, size_t len)
{
	if (pwrite(fd, bytes, len, (off_t)at) != (ssize_t)len)
		give_up("cannot be written", "the snapshot");
}

/* The file that P becomes, closed by then. P is freed. */
static struct rules through_snapshot(struct policy *p)
{
	struct policy_text files[MOST_FILES];
	struct snapshot_parts parts = { .policy = p, .files = files };
	struct snapshot_head *head;
	const struct snapshot_file *placed;
	char error[SNAPSHOT_ERROR_SIZE];
	struct snapshot s;
	struct rules out = { .own = NULL };
	int fd = memfd_create("snapshot", 0);

	parts.n_files = name_files(p, files);
	head = snapshot_make_head(&parts, &out.size);
	if (fd < 0 || !head)
		give_up("not made", "the snapshot");
	put(fd, 0, head, out.size);
	put(fd, head->block, p, p->size);
	placed = (const void *)((const char *)head + head->files);
	for (size_t i = 0; i < parts.n_files; i++)
		put(fd, placed[i].at, files[i].bytes, files[i].len);
	out.size = head->size;
	if (ftruncate(fd, (off_t)out.size) < 0)
		give_up("cannot be cut", "the snapshot");
	free(head);
	free(p);
	out.bytes = mmap(NULL, out.size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (out.bytes == MAP_FAILED || !snapshot_open(out.bytes, out.size, &s, error))
		give_up("cannot be opened", "the snapshot");
	out.policy = s.policy;
	return out;
}

static void drop(struct rules *rules)
{
	if (rules->bytes)
		munmap(rules->bytes, rules->size);
	free(rules->own);
}

static void spread(char letter, uint8_t out[PIN_LEN])
{
	memset(out, letter, PIN_LEN);
}

/* The pin of the section whose CA is one of LETTERS. */
static const struct policy_pin *anchor(const struct demand *d, const char *letters)
{
	const struct policy_pin *pins;
	size_t n;

	if (!d->section)
		return NULL;
	pins = policy_pins(d->policy, d->section->pins, &n);
	for (size_t i = 0; i < n; i++)
		if (pins[i].kind == PIN_CA && strchr(letters, pins[i].sha256[0]))
			return &pins[i];
	return NULL;
}

/*
 * "C NOW SHOWN KEY CERT CHAIN FULL ANCHORS LOGS OWNER TOFU KNOWN NAME": SHOWN is c, r, u
 * or -; a list that is empty, and no name, are -; a name is = and its bytes in hexadecimal.
 */
static void answer(const struct policy *p, const char *line)
{
	uint8_t chain[MOST_KEYS][PIN_LEN];
	char shown, key, cert, known, chain_of[MOST_KEYS + 1], anchors[MOST_KEYS + 1];
	char hex[1 + 2 * 512 + 1], text[513], name[NAME_SIZE];
	unsigned full, owner, state, logs;
	long long now;
	enum name_kind kind = NAME_BAD;
	struct tofu tofu = { .name = name };
	struct evidence e = { .chain = (const uint8_t(*)[PIN_LEN])chain, .tofu = &tofu };
	struct judgement j;
	struct demand d;
	size_t len;

	if (sscanf(line, "C %lld %c %c %c %16s %u %16s %u %u %u %c %1025s", &now, &shown, &key,
		   &cert, chain_of, &full, anchors, &logs, &owner, &state, &known, hex) != 12)
		give_up("not a case", line);
	len = (strlen(hex) - 1) / 2;
	for (size_t i = 0; i < len; i++) {
		unsigned byte;

		if (sscanf(hex + 1 + 2 * i, "%2x", &byte) != 1)
			give_up("not hexadecimal", line);
		text[i] = (char)byte;
	}
	text[len] = '\0';
	if (strcmp(hex, "-") != 0) {
		kind = name_normalise(text, len, name, NULL);
		if (kind == NAME_BAD)
			name_printable(text, name);
	}
	verdict_demand(p, strcmp(hex, "-") != 0 ? name : NULL, kind, now, &d);
	e.certificate = shown == 'c';
	e.raw_key = shown == 'r';
	e.unseen = shown == 'u';
	spread(key, e.key);
	spread(cert, e.cert);
	if (strcmp(chain_of, "-") != 0)
		for (e.chain_len = 0; chain_of[e.chain_len]; e.chain_len++)
			spread(chain_of[e.chain_len], chain[e.chain_len]);
	e.full = (enum check)full;
	e.ca = anchor(&d, anchors);
	e.ct_logs = logs;
	e.owner = (enum check)owner;
	tofu.state = (enum tofu_state)state;
	spread(known, tofu.key);
	verdict_judge(&d, &e, &j);
	printf("%s %s %s:%u\n", verdict_word(j.verdict), reason_word(j.reason),
	       j.place.line ? policy_string(p, j.place.file) : "", j.place.line);
}

int main(int argc, char **argv)
{
	const bool by_snapshot = argc > 1 && !strcmp(argv[1], "snapshot");
	struct rules rules = { .policy = NULL };
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		if (line[0] == 'P') {
			drop(&rules);
			rules = (struct rules){ .own = read_policy(line) };
			rules.policy = rules.own;
			if (by_snapshot)
				rules = through_snapshot(rules.own);
		} else if (rules.policy) {
			answer(rules.policy, line);
		} else {
			give_up("a case before a policy", line);
		}
	}
	drop(&rules);
	return 0;
}

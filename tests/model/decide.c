/* SPDX-License-Identifier: MIT */
/*
 * The library's own decision, asked from outside: reads policies and cases on
 * standard input, and prints a verdict and a reason for each case. It decides
 * nothing and must know nothing of what the answers should be; model.py does.
 *
 * A key or a digest is a letter here, and stands for 32 times that byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pure/verdict.h"

#define MOST_KEYS 16

static void give_up(const char *what, const char *line)
{
	fprintf(stderr, "decide: %s: %s\n", what, line);
	exit(2);
}

/* "P LENGTH", and then so many bytes. */
static struct policy *read_policy(const char *line)
{
	char error[POLICY_ERROR_SIZE];
	size_t len = strtoul(line + 2, NULL, 10);
	char *bytes = malloc(len + 1);
	struct policy_text text = { .path = "p.ini", .bytes = bytes, .len = len };
	struct policy *p;

	if (!bytes || fread(bytes, 1, len, stdin) != len)
		give_up("cut short", line);
	p = policy_parse(&text, 1, "p.ini", false, error);
	if (!p) {
		fwrite(bytes, 1, len, stderr);
		give_up("not a policy", error);
	}
	free(bytes);
	return p;
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
	printf("%s %s\n", verdict_word(j.verdict), reason_word(j.reason));
}

int main(void)
{
	struct policy *p = NULL;
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		if (line[0] == 'P') {
			free(p);
			p = read_policy(line);
		} else if (p) {
			answer(p, line);
		} else {
			give_up("a case before a policy", line);
		}
	}
	free(p);
	return 0;
}

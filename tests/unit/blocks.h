/* SPDX-License-Identifier: MIT */
/*
 * A policy's block to be damaged: it has one of everything. What is asked of it,
 * and how somebody would make the check words fit again who means harm.
 */
#ifndef PINSHIM_TEST_BLOCKS_H
#define PINSHIM_TEST_BLOCKS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pure/check.h"
#include "pure/policy_check.h"
#include "pure/revoked.h"
#include "pure/verdict.h"

#define BLOCK_PIN(c) "sha256/" c "AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static const char block_text[] =
	"mode = report\n"
	"unlisted = report\n"
	"log = /var/log/pins.json\n"
	"exempt = /usr/bin/*\n"
	"deny = " BLOCK_PIN(
		"A") "\n"
		     "deny = " BLOCK_PIN(
			     "B") "\n"
				  "ct-logs = /etc/logs.cnf\n"
				  "revoked = /etc/revoked.txt\n"
				  "[api.example.com]\n"
				  "mode = enforce\n"
				  "pin = " BLOCK_PIN(
					  "C") "\n"
					       "pin = " BLOCK_PIN(
						       "D") "\n"
							    "[*.example.com]\n"
							    "pin-ca = " BLOCK_PIN(
								    "E") "\n"
									 "ca-file = /etc/ca.pem\n"
									 "[**.example.net]\n"
									 "pin-cert = " BLOCK_PIN(
										 "F") "\n"
										      "expires = "
										      "2031-03-01\n"
										      "after-"
										      "expiry = "
										      "enforce\n"
										      "[192.0.2.7]"
										      "\n"
										      "tofu = yes\n"
										      "pin "
										      "="
										      " " BLOCK_PIN(
											      "G") "\n"
												   "match = every\n"
												   "[ct.example.com]\n"
												   "ct = require\n"
												   "deny = " BLOCK_PIN(
													   "H") "\n"
														"ca-file = /etc/other.pem\n"
														"verify = full\n"
														"[off.example.net]\n"
														"mode = off\n";

/* Sections of which some are for no name here, so that slots of the index meet. */
#define BLOCK_OTHERS 12

static const struct {
	const char *text;
	enum name_kind kind;
} block_names[] = {
	{ "api.example.com", NAME_HOST },
	{ "www.example.com", NAME_HOST },
	{ "a.b.example.net", NAME_HOST },
	{ "example.net", NAME_HOST },
	{ "192.0.2.7", NAME_ADDRESS },
	{ "192.0.2.8", NAME_ADDRESS },
	{ "ct.example.com", NAME_HOST },
	{ "off.example.net", NAME_HOST },
	{ "x.off.example.net", NAME_HOST },
	{ "elsewhere.example.org", NAME_HOST },
	{ "com", NAME_HOST },
	{ "o3.example.org", NAME_HOST },
};
#define BLOCK_NAMES (sizeof(block_names) / sizeof(block_names[0]))

#define BLOCK_REVOKED 5

/* The key that stands at I of the list; one that does not where it is not whole. */
static inline void block_key(size_t i, uint8_t key[PIN_LEN])
{
	memset(key, (int)(i * 40 + 7), PIN_LEN);
}

/* From malloc(3); NULL when the text is no policy any more. */
static inline struct policy *block_make(void)
{
	static char error[POLICY_ERROR_SIZE];
	char text[sizeof(block_text) + BLOCK_OTHERS * 128], list[BLOCK_REVOKED * PIN_TEXT_SIZE];
	const struct policy_text file = { "pins.ini", text, 0 },
				 revoked = { "/etc/revoked.txt", list, sizeof(list) };
	struct policy_text files[] = { file };
	struct policy *p;
	size_t len;

	strcpy(text, block_text);
	for (int i = 0; i < BLOCK_OTHERS; i++)
		sprintf(text + strlen(text), "[o%d.example.org]\npin = " BLOCK_PIN("J") "\n", i);
	len = strlen(text);
	files[0].len = len;
	for (size_t i = 0; i < BLOCK_REVOKED; i++) {
		uint8_t key[PIN_LEN];

		block_key(i, key);
		pin_format(key, list + i * PIN_TEXT_SIZE);
		list[(i + 1) * PIN_TEXT_SIZE - 1] = '\n';
	}
	p = policy_parse(files, 1, "pins.ini", false, error);
	return p ? revoked_add(NULL, p, &revoked, 1, error) : NULL;
}

/* --- asking: a damaged block beside the whole one it was copied from */

static inline bool block_same_place(const struct policy *p, struct policy_place a,
				    const struct policy *whole, struct policy_place b)
{
	return a.line == b.line &&
	       strcmp(policy_string(p, a.file), policy_string(whole, b.file)) == 0;
}

static inline bool block_same_pin(const struct policy *p, const struct policy_pin *a,
				  const struct policy *whole, const struct policy_pin *b)
{
	return a->kind == b->kind && memcmp(a->sha256, b->sha256, PIN_LEN) == 0 &&
	       block_same_place(p, a->place, whole, b->place);
}

static inline bool block_same_section(const struct policy *p, const struct policy_section *a,
				      const struct policy *whole, const struct policy_section *b)
{
	char title[POLICY_TITLE_SIZE], other[POLICY_TITLE_SIZE];
	const struct policy_pin *pins, *others;
	size_t n, m;

	pins = policy_pins(p, a->pins, &n);
	others = policy_pins(whole, b->pins, &m);
	if (strcmp(policy_title(p, a, title), policy_title(whole, b, other)) != 0 || n != m ||
	    policy_expires(a) != policy_expires(b) || a->mode != b->mode ||
	    a->after_expiry != b->after_expiry || a->match != b->match || a->verify != b->verify ||
	    a->ct != b->ct || a->tofu != b->tofu || a->simulated != b->simulated ||
	    !block_same_place(p, a->place, whole, b->place) ||
	    !a->ca_file.text != !b->ca_file.text ||
	    !block_same_place(p, a->ca_file.place, whole, b->ca_file.place) ||
	    strcmp(policy_string(p, a->ca_file.text), policy_string(whole, b->ca_file.text)) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!block_same_pin(p, &pins[i], whole, &others[i]))
			return false;
	return true;
}

enum block_answer { BLOCK_WRONG = 0, BLOCK_FOUND_OUT, BLOCK_AS_BEFORE };

/* Which section is for name I. */
static inline enum block_answer block_ask_name(const struct policy *p, const struct policy *whole,
					       size_t i)
{
	const struct policy_section *a, *b;

	if (!policy_find(whole, block_names[i].text, block_names[i].kind, &b))
		return BLOCK_WRONG;
	if (!policy_find(p, block_names[i].text, block_names[i].kind, &a))
		return a ? BLOCK_WRONG : BLOCK_FOUND_OUT;
	if (!a && !b)
		return BLOCK_AS_BEFORE;
	return a && b && block_same_section(p, a, whole, b) ? BLOCK_AS_BEFORE : BLOCK_WRONG;
}

/* Which line has key I of the list, or one beside it that is not there. */
static inline enum block_answer block_ask_key(const struct policy *p, const struct policy *whole,
					      size_t i, bool there)
{
	const struct policy_pin *a, *b;
	uint8_t key[PIN_LEN];

	block_key(i, key);
	key[PIN_LEN - 1] ^= !there;
	if (!revoked_find(whole, key, &b) || !b == there)
		return BLOCK_WRONG;
	if (!revoked_find(p, key, &a))
		return a ? BLOCK_WRONG : BLOCK_FOUND_OUT;
	if (!a && !b)
		return BLOCK_AS_BEFORE;
	return a && b && block_same_pin(p, a, whole, b) ? BLOCK_AS_BEFORE : BLOCK_WRONG;
}

/*
 * Asks everything of P, of SIZE bytes, that may be damaged. Returns how often that
 * was found out, or -1 when an answer was wrong.
 */
static inline int block_ask_all(const struct policy *p, size_t size, const struct policy *whole)
{
	int found_out = 0;

	if (!policy_check_top(p, size))
		return 1;
	/* What the top says is compared as a whole. */
	if (memcmp(p, whole, sizeof(*p)) != 0 ||
	    memcmp((const char *)p + p->top.at, (const char *)whole + p->top.at, p->top.count) != 0)
		return -1;
	for (size_t i = 0; i < BLOCK_NAMES + 2 * BLOCK_REVOKED; i++) {
		size_t key = i - BLOCK_NAMES;
		enum block_answer answer = i < BLOCK_NAMES
						   ? block_ask_name(p, whole, i)
						   : block_ask_key(p, whole, key / 2, key % 2);

		if (answer == BLOCK_WRONG)
			return -1;
		found_out += answer == BLOCK_FOUND_OUT;
	}
	return found_out;
}

/* --- using: a block whose top holds, and that is made of anything */

static inline bool block_use_section(const struct policy *p, const struct policy_section *s)
{
	char title[POLICY_TITLE_SIZE];
	const struct policy_pin *pins;
	size_t n;

	pins = policy_pins(p, s->pins, &n);
	for (size_t i = 0; i < n; i++)
		if (!*policy_pin_word((enum pin_kind)pins[i].kind) ||
		    strlen(policy_string(p, pins[i].place.file)) >= p->size)
			return false;
	return *policy_title(p, s, title) && *policy_mode_word((enum policy_mode)s->mode) &&
	       *policy_mode_word((enum policy_mode)s->after_expiry) &&
	       strlen(policy_string(p, s->place.file)) < p->size &&
	       strlen(policy_string(p, s->ca_file.text)) < p->size &&
	       strlen(policy_string(p, s->ca_file.place.file)) < p->size;
}

static inline bool block_use_values(const struct policy *p, struct policy_span span)
{
	const struct policy_value *values;
	size_t n;

	values = policy_values(p, span, &n);
	for (size_t i = 0; i < n; i++)
		if (strlen(policy_string(p, values[i].text)) >= p->size ||
		    strlen(policy_string(p, values[i].place.file)) >= p->size)
			return false;
	return true;
}

static inline bool block_use_verdict(const struct policy *p, size_t i)
{
	uint8_t chain[2][PIN_LEN];
	const struct evidence e = { .certificate = true,
				    .chain = (const uint8_t(*)[PIN_LEN])chain,
				    .chain_len = 2 };
	struct judgement j;
	struct demand d;

	block_key(1, chain[0]);
	memset(chain[1], 0x55, PIN_LEN);
	verdict_demand(p, block_names[i].text, block_names[i].kind, 1, &d);
	verdict_judge(&d, &e, &j);
	if (d.damaged && (!j.damaged || d.blank || d.section))
		return false;
	if (j.damaged && (j.verdict != VERDICT_REFUSED || j.reason != REASON_INTERNAL_ERROR))
		return false;
	return *verdict_word(j.verdict) && *reason_word(j.reason) &&
	       strlen(policy_string(p, j.place.file)) < p->size;
}

/* Reads all that can be asked of P; a sanitizer watches. *FOUND gets how many sections there were.
 */
static inline bool block_use_all(const struct policy *p, unsigned *found)
{
	bool good = block_use_values(p, p->logs) && block_use_values(p, p->exempts) &&
		    block_use_values(p, p->revoked) && block_use_values(p, p->ca_files) &&
		    strlen(policy_string(p, p->path)) < p->size &&
		    strlen(policy_string(p, p->ct_logs.text)) < p->size;

	*found = 0;
	for (size_t i = 0; good && i < BLOCK_NAMES; i++) {
		const struct policy_section *s;

		good = block_use_verdict(p, i);
		if (!policy_find(p, block_names[i].text, block_names[i].kind, &s) || !s)
			continue;
		++*found;
		good = good && strstr(block_names[i].text, policy_name(p, s)) &&
		       block_use_section(p, s);
	}
	for (size_t i = 0; good && i < BLOCK_REVOKED; i++) {
		const struct policy_pin *key;
		uint8_t wanted[PIN_LEN];

		block_key(i, wanted);
		if (revoked_find(p, wanted, &key) && key)
			good = *policy_pin_word((enum pin_kind)key->kind) &&
			       strlen(policy_string(p, key->place.file)) < p->size;
	}
	return good;
}

/* --- forging */

static inline bool block_has(struct policy_span span, size_t item, size_t size)
{
	return span.at >= sizeof(struct policy) && span.at <= size &&
	       span.count <= (size - span.at) / item && span.at % 8 == 0;
}

static inline void block_forge_index(struct policy *p, struct policy_span span)
{
	uint64_t *slots = (uint64_t *)((char *)p + span.at);

	for (uint32_t i = 0; i < span.count; i++)
		slots[i] = policy_slot(i, policy_slot_number(slots[i]),
				       (uint32_t)(slots[i] >> 32) << 24);
}

static inline void block_forge_sections(struct policy *p, struct policy_span span, size_t size)
{
	struct policy_section *s = (struct policy_section *)((char *)p + span.at);

	for (uint32_t i = 1; i <= span.count; i++, s++) {
		size_t len =
			s->pins.at - s->name + (size_t)s->pins.count * sizeof(struct policy_pin);

		if (s->name <= size && len <= size - s->name)
			s->check = policy_section_check(
				policy_body_check((char *)p + s->name, len, i), s);
	}
}

static inline void block_forge_keys(struct policy *p, struct policy_span span)
{
	const struct policy_pin *keys = (const struct policy_pin *)((char *)p + span.at);
	uint64_t *checks = (uint64_t *)((char *)p + span.at) - span.count;

	for (uint32_t i = 0; i < span.count; i++)
		checks[i] = check_words(i, &keys[i], sizeof(*keys));
}

/* Makes all check words in the SIZE bytes at P fit what they are of, as far as that can be found.
 */
static inline void block_forge(struct policy *p, size_t size)
{
	/* Tables may lie anywhere by now, also one in the other. */
	const struct policy_span index = p->index, sections = p->sections, keys = p->revoked_keys;

	if (block_has(index, sizeof(uint64_t), size))
		block_forge_index(p, index);
	if (block_has(sections, sizeof(struct policy_section), size))
		block_forge_sections(p, sections, size);
	if (block_has(keys, sizeof(struct policy_pin), size) &&
	    keys.at >= sizeof(*p) + keys.count * sizeof(uint64_t))
		block_forge_keys(p, keys);
	if (p->top.at <= size && p->top.count <= size - p->top.at)
		p->check = policy_head_check(p);
}

#endif

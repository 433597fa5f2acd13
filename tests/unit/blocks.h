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

static inline bool block_has(struct policy_span span, size_t item, size_t size)
{
	return span.at <= size && span.count <= (size - span.at) / item && span.at % 4 == 0;
}

/* Makes all check words in the SIZE bytes at P fit what they are of, as far as that can be found.
 */
static inline void block_forge(struct policy *p, size_t size)
{
	if (block_has(p->index, sizeof(uint64_t), size) && p->index.at % 8 == 0) {
		uint64_t *slots = (uint64_t *)((char *)p + p->index.at);

		for (uint32_t i = 0; i < p->index.count; i++)
			slots[i] = policy_slot(i, policy_slot_number(slots[i]),
					       (uint32_t)(slots[i] >> 32) << 24);
	}
	if (block_has(p->sections, sizeof(struct policy_section), size) &&
	    p->sections.at % 8 == 0) {
		struct policy_section *s = (struct policy_section *)((char *)p + p->sections.at);

		for (uint32_t i = 1; i <= p->sections.count; i++, s++) {
			size_t len = s->pins.at - s->name +
				     (size_t)s->pins.count * sizeof(struct policy_pin);

			if (s->name > size || len > size - s->name)
				continue;
			s->check = policy_section_check(
				policy_body_check((char *)p + s->name, len, i), s);
		}
	}
	if (block_has(p->revoked_keys, sizeof(struct policy_pin), size) &&
	    p->revoked_keys.at % 8 == 0 &&
	    p->revoked_keys.at >= p->revoked_keys.count * sizeof(uint64_t)) {
		const struct policy_pin *keys =
			(const struct policy_pin *)((char *)p + p->revoked_keys.at);
		uint64_t *checks =
			(uint64_t *)((char *)p + p->revoked_keys.at) - p->revoked_keys.count;

		for (uint32_t i = 0; i < p->revoked_keys.count; i++)
			checks[i] = check_words(i, &keys[i], sizeof(*keys));
	}
	if (p->top.at <= size && p->top.count <= size - p->top.at)
		p->check = policy_head_check(p);
}

#endif

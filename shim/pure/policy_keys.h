/* SPDX-License-Identifier: MIT */
/*
 * What a policy's names, keys and values mean: each is checked whole and goes
 * into the builder, or is refused with a message that tells what to write.
 * Inside the room only. It knows nothing of lines, comments and files.
 */
#ifndef PINSHIM_POLICY_KEYS_H
#define PINSHIM_POLICY_KEYS_H

#include "pure/lines.h"
#include "pure/policy_build.h"

enum top_key {
	TOP_MODE,
	TOP_UNLISTED,
	TOP_UNNAMED,
	TOP_EXEMPT,
	TOP_LOG,
	TOP_LOG_ACCEPTED,
	TOP_DENY,
	TOP_AFTER_EXPIRY,
	TOP_CT_LOGS,
	TOP_REVOKED,
	TOP_KEYS
};

enum section_key {
	SECTION_PIN,
	SECTION_PIN_CERT,
	SECTION_PIN_CA,
	SECTION_DENY,
	SECTION_MATCH,
	SECTION_MODE,
	SECTION_VERIFY,
	SECTION_CA_FILE,
	SECTION_EXPIRES,
	SECTION_AFTER_EXPIRY,
	SECTION_CT,
	SECTION_TOFU,
	SECTION_KEYS
};

struct keys {
	struct build build;
	bool host;
	char *error;
	struct policy_place start; /* of the policy's first file */
	struct policy_place here;  /* the line that is being read */
	struct policy_place first_ct;
	struct policy_place top_seen[TOP_KEYS];		/* first occurrence; line 0: none */
	struct policy_place section_seen[SECTION_KEYS]; /* in the last section */
};

/* Room for a quotation in a message: escaped, cut, between quotes. */
#define QUOTE_SIZE 96
char *keys_quote(struct piece text, char out[QUOTE_SIZE]);

/* Writes "FILE:LINE: " (without a line 0) and the message as the policy's error. Returns -1. */
int keys_error(struct keys *k, struct policy_place at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int keys_no_memory(struct keys *k);

/* All return 0, or -1 with the error written. SECTIONS, TEXT: of build_init(). */
int keys_init(struct keys *k, const struct policy_maker *maker, const char *path, bool host,
	      size_t sections, size_t text, char error[POLICY_ERROR_SIZE]);
int keys_file(struct keys *k, const char *path);
int keys_section(struct keys *k, struct piece name);
int keys_refused(struct keys *k, struct piece name); /* a whole one; nothing if it is there */
int keys_pair(struct keys *k, bool in_section, struct piece word, struct piece value);
int keys_section_end(struct keys *k);

/* The finished policy, or NULL with the error written. */
struct policy *keys_end(struct keys *k);
void keys_free(struct keys *k);

#endif

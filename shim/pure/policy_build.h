/* SPDX-License-Identifier: MIT */
/*
 * Makes the flat block of policy.h in place: room for the index and all sections
 * first, then each section's name and pins as they come, last what belongs to the
 * policy as a whole. Inside the room only: nobody but the parser includes this.
 * It judges no value and words no message.
 */
#ifndef PINSHIM_POLICY_BUILD_H
#define PINSHIM_POLICY_BUILD_H

#include "pure/policy.h"

/* Elements back to back; grows by doubling. */
struct array {
	char *bytes;
	size_t used; /* bytes */
	size_t size;
};

/* How many pins one section has, or the top, and a hash table of them. */
struct pin_list {
	uint32_t count;	    /* so many */
	struct array slots; /* uint32_t: `before' + pin number + 1; up to `before' vacant */
	uint32_t before;    /* pins in the list's earlier uses */
};

/* A section that is being read. */
struct draft {
	uint32_t name, wildcard;
	struct policy_place place;
	uint32_t mode, after_expiry; /* DRAFT_UNSET: the policy's own stands in for it */
	uint32_t match, verify, ct, tofu, simulated;
	uint32_t expires_day;
	struct policy_value ca_file;
};
#define DRAFT_UNSET 3 /* as much as a section's two bits hold */

struct build {
	struct policy head; /* goes to the front of the block in the end */
	uint32_t after_expiry;
	const struct policy_maker *maker;
	struct array block; /* it grows, and goes, as the maker says */
	struct array texts;
	struct draft section; /* the last one, which goes to the block when it ends */
	struct pin_list pins; /* its pins, in the block */
	size_t pins_at;
	struct pin_list deny;		     /* the top's, in `denied' */
	struct array denied;		     /* struct policy_pin */
	struct array logs, exempts, revoked; /* struct policy_value */
	struct array ca_files;		     /* struct policy_value, no two of one text */
	struct array ca_slots;		     /* uint32_t: hash table of their numbers + 1 */
};

/*
 * Whether a policy of so many sections and TEXT bytes in all surely fits into
 * the 32-bit offsets of a block.
 */
bool build_fits(size_t sections, size_t text);

/*
 * Return 0, or -1 when there is no memory. SECTIONS: as many as will be added;
 * TEXT: about as many bytes as their names and pins will take. MAKER may be NULL.
 */
int build_init(struct build *b, const struct policy_maker *maker, size_t sections, size_t text);
void build_free(struct build *b);
int build_text(struct build *b, const char *text, size_t len, uint32_t *out);
int build_value(struct array *values, const struct policy_value *value);

/* VALUE gets the text, which the block will hold once, however many sections have it. */
int build_ca_file(struct build *b, const char *text, size_t len, struct policy_value *value);

/* What OUT of build_text() is, as long as no other is added. */
const char *build_text_at(const struct build *b, uint32_t text);

/*
 * Makes DRAFT, with NAME for its name, the last section. Returns 1 when it is not
 * added, since there is one already, at TWIN. The draft is `section' then as well,
 * and its title can be told.
 */
int build_section(struct build *b, const struct draft *draft, const char *name,
		  struct policy_place *twin);
char *build_title(const struct build *b, char out[POLICY_TITLE_SIZE]);

/* Adds PIN to the last section, or to the top. Returns 1 when it is there already, at TWIN. */
int build_pin(struct build *b, bool in_section, const struct policy_pin *pin,
	      struct policy_place *twin);

/* To be called when all is in `section' and its pins are added. */
void build_section_end(struct build *b);

/* The block, or NULL when there is no memory. */
struct policy *build_seal(struct build *b);

/* Makes the block at OLD, of OLD_SIZE bytes, one of SIZE bytes (0: none), as MAKER says. */
void *build_resize(const struct policy_maker *maker, void *old, size_t old_size, size_t size);

#endif

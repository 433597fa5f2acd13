/* SPDX-License-Identifier: MIT */
/*
 * Makes the flat block of policy.h in place: room for all sections first, then
 * what they refer to, as it comes. Inside the room only: nobody but the parser
 * includes this. It judges no value and words no message.
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

/* The pins of one section, or of the top, and a hash table of them. */
struct pin_list {
	struct array pins;  /* struct policy_pin */
	struct array slots; /* uint32_t: `before' + pin number + 1; up to `before' vacant */
	uint32_t before;    /* pins in the list's earlier uses */
};

struct build {
	struct policy head; /* goes to the front of the block in the end */
	uint32_t after_expiry;
	struct array block;
	struct policy_section section; /* the last one, which goes to the block when it ends */
	struct pin_list pins;	       /* its pins */
	struct pin_list deny;
	struct array logs, exempts, revoked; /* struct policy_value */
	struct array ca_files;		     /* struct policy_value, no two of one text */
	struct array ca_slots;		     /* uint32_t: hash table of their numbers + 1 */
};

/*
 * Whether a policy of so many sections and TEXT bytes in all surely fits into
 * the 32-bit offsets of a block.
 */
bool build_fits(size_t sections, size_t text);

/* Return 0, or -1 when there is no memory. SECTIONS: as many as will be added. */
int build_init(struct build *b, size_t sections);
void build_free(struct build *b);
int build_text(struct build *b, const char *text, size_t len, uint32_t *offset);
int build_value(struct array *values, const struct policy_value *value);

/* VALUE gets the text, which the block will hold once, however many sections have it. */
int build_ca_file(struct build *b, const char *text, size_t len, struct policy_value *value);

/* With *TWIN set to the place of the one that is there already, and nothing added. */
void build_section(struct build *b, const struct policy_section *section,
		   const struct policy_place **twin);
int build_pin(struct pin_list *list, const struct policy_pin *pin,
	      const struct policy_place **twin);

/* To be called when all is in `section' and `pins'. */
int build_section_end(struct build *b);

/* The block, or NULL when there is no memory. */
struct policy *build_seal(struct build *b);

/*
 * Which of SLOTS (N, a power of two, never full) holds the section's number + 1,
 * or is the vacant one where it belongs. BASE is what offsets count from.
 */
uint32_t policy_slot(const uint32_t *slots, uint32_t n, const struct policy_section *sections,
		     const char *base, const char *name, uint32_t wildcard);

#endif

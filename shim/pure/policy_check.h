/* SPDX-License-Identifier: MIT */
/*
 * What makes the parts of a block provable one by one: the check word that goes
 * with each, and the rules for what it may refer to. Makers write the check words
 * with these functions and readers compare them. Inside the room only.
 */
#ifndef PINSHIM_POLICY_CHECK_H
#define PINSHIM_POLICY_CHECK_H

#include "pure/policy.h"

/* Of the head and of what belongs to the policy as a whole. */
uint64_t policy_head_check(const struct policy *p);

/* Of the name of section NUMBER (from 1) and its pins, which are LEN bytes together. */
uint64_t policy_body_check(const char *name, size_t len, uint32_t number);

/* Of the section, too. BODY: what policy_body_check() gave. */
uint64_t policy_section_check(uint64_t body, const struct policy_section *s);

/* Whether section NUMBER (from 1) is whole, and all that it refers to can be read. */
bool policy_section_holds(const struct policy *p, uint32_t number);

/* Whether TEXT is one that can be read. */
bool policy_is_text(const struct policy *p, uint32_t text);

/* The hash of a name; on the way it is that of what stands behind each of its dots. */
#define POLICY_HASH_START 0x811c9dc5u
static inline uint32_t policy_hash_step(uint32_t hash, char c)
{
	return (hash ^ (unsigned char)c) * 0x01000193u; /* FNV-1a, from the name's end */
}

static inline uint32_t policy_name_hash(const char *name, size_t len)
{
	uint32_t hash = POLICY_HASH_START;

	while (len > 0)
		hash = policy_hash_step(hash, name[--len]);
	return hash;
}

/* The hash of a title, of which HASH is the name's. */
static inline uint32_t policy_title_hash(uint32_t hash, enum policy_wildcard wildcard)
{
	hash = (hash ^ (uint32_t)wildcard << 30) * 0x85ebca6bu;
	return hash ^ hash >> 15;
}

/*
 * A slot of the index: from the lowest bit on, 32 bits of the number of a section
 * (0: vacant), 8 of its title's hash, and 24 that check these and the slot's place.
 * A title stands in the first slot at or behind its hash that was vacant then.
 */
static inline uint32_t policy_slot_number(uint64_t slot)
{
	return (uint32_t)slot;
}

static inline bool policy_slot_may_be(uint64_t slot, uint32_t title_hash)
{
	return (uint8_t)(slot >> 32) == (uint8_t)(title_hash >> 24);
}

static inline uint64_t policy_slot(uint32_t at, uint32_t number, uint32_t title_hash)
{
	const uint64_t said = (uint64_t)(title_hash >> 24) << 32 | number;
	/* No run of 24 equal bits in the factor: each bit that is turned turns one above 2^40. */
	const uint64_t mixed = (said ^ (uint64_t)(at + 1) << 20) * 0x9e3779b97f4a7c15u;

	return said | mixed >> 40 << 40;
}

static inline bool policy_slot_holds(uint64_t slot, uint32_t at)
{
	return slot == policy_slot(at, (uint32_t)slot, (uint32_t)(slot >> 32) << 24);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Looks things up in a finished policy. It never changes the block, allocates
 * nothing, and takes the same time however many sections there are. Nothing of a
 * section is followed before it is proved.
 */
#include "pure/policy.h"

#include <string.h>

#include "pure/date.h"
#include "pure/policy_check.h"

static const void *at_offset(const struct policy *p, uint32_t offset)
{
	return (const char *)p + offset;
}

/* The hashes of a name's last label, of its last two ... */
struct suffixes {
	size_t n;
	uint32_t hashes[NAME_SIZE / 2 + 1];
};

static void hash_suffixes(const char *name, struct suffixes *out)
{
	uint32_t hash = POLICY_HASH_START;

	out->n = 0;
	for (size_t i = strlen(name); i > 0; i--) {
		if (name[i - 1] == '.' && out->n < NAME_SIZE / 2)
			out->hashes[out->n++] = hash;
		hash = policy_hash_step(hash, name[i - 1]);
	}
	out->hashes[out->n++] = hash;
}

static bool is_titled(const struct policy *p, const struct policy_section *s, const char *name,
		      enum policy_wildcard wildcard)
{
	return s->wildcard == wildcard && strcmp(policy_name(p, s), name) == 0;
}

/* Finds the section of exactly this title; false: the block is damaged where it was looked at. */
static bool look_up(const struct policy *p, const char *name, uint32_t hash_of_name,
		    enum policy_wildcard wildcard, const struct policy_section **found)
{
	const uint32_t hash = policy_title_hash(hash_of_name, wildcard);
	const uint32_t mask = p->index.count - 1;
	const uint64_t *slots = at_offset(p, p->index.at);
	const struct policy_section *sections = at_offset(p, p->sections.at);
	uint32_t at = hash & mask;

	for (uint32_t left = p->index.count; left > 0; left--, at = (at + 1) & mask) {
		const uint64_t slot = slots[at];
		const uint32_t number = policy_slot_number(slot);

		if (!policy_slot_holds(slot, at))
			return false;
		if (number == 0)
			return true;
		if (!policy_slot_may_be(slot, hash))
			continue;
		if (!policy_section_holds(p, number))
			return false;
		if (is_titled(p, &sections[number - 1], name, wildcard)) {
			*found = &sections[number - 1];
			return true;
		}
	}
	return false; /* there never was a table without a vacant slot */
}

/* From long to short: "**." of the name itself, then "*." and "**." of its parent ... */
static bool look_up_wildcards(const struct policy *p, const char *name,
			      const struct policy_section **found)
{
	const char *const parent = name_parent(name);
	struct suffixes suffixes;

	hash_suffixes(name, &suffixes);
	for (size_t i = suffixes.n; i-- > 0 && !*found; name = name_parent(name)) {
		const uint32_t hash = suffixes.hashes[i];

		if (name == parent && !look_up(p, name, hash, WILDCARD_LABEL, found))
			return false;
		if (!*found && !look_up(p, name, hash, WILDCARD_SUBTREE, found))
			return false;
	}
	return true;
}

bool policy_find_title(const struct policy *p, const char *name, enum policy_wildcard wildcard,
		       const struct policy_section **found)
{
	*found = NULL;
	return look_up(p, name, policy_name_hash(name, strlen(name)), wildcard, found);
}

bool policy_find(const struct policy *p, const char *name, enum name_kind kind,
		 const struct policy_section **found)
{
	if (!policy_find_title(p, name, WILDCARD_NONE, found))
		return false;
	if (*found || kind != NAME_HOST || look_up_wildcards(p, name, found))
		return true;
	*found = NULL;
	return false;
}

bool policy_enforces(const struct policy *p, int64_t now)
{
	return now < p->enforced_until || now >= p->enforced_from;
}

const char *policy_string(const struct policy *p, uint32_t text)
{
	return (const char *)at_offset(p, p->texts.at) + text;
}

const char *policy_name(const struct policy *p, const struct policy_section *s)
{
	return at_offset(p, s->name);
}

int64_t policy_expires(const struct policy_section *s)
{
	return s->expires_day == UINT32_MAX ? INT64_MAX : (int64_t)s->expires_day * DATE_DAY_S;
}

const struct policy_section *policy_sections(const struct policy *p, size_t *n)
{
	*n = p->sections.count;
	return at_offset(p, p->sections.at);
}

const struct policy_pin *policy_pins(const struct policy *p, struct policy_span span, size_t *n)
{
	*n = span.count;
	return at_offset(p, span.at);
}

const struct policy_value *policy_values(const struct policy *p, struct policy_span span, size_t *n)
{
	*n = span.count;
	return at_offset(p, span.at);
}

char *policy_title(const struct policy *p, const struct policy_section *s,
		   char out[POLICY_TITLE_SIZE])
{
	static const char *const stars[] = {
		[WILDCARD_NONE] = "",
		[WILDCARD_LABEL] = "*.",
		[WILDCARD_SUBTREE] = "**.",
	};

	strcpy(out, stars[s->wildcard]);
	strcat(out, policy_name(p, s));
	return out;
}

bool policy_glob(const char *pattern, const char *path)
{
	const char *star = NULL; /* behind the last one */
	const char *retry = NULL;

	while (*path) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = path;
		} else if (*pattern == *path || (*pattern == '?' && *path != '/')) {
			pattern++;
			path++;
		} else if (star && *retry != '/') {
			pattern = star;
			path = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

const char *policy_mode_word(enum policy_mode mode)
{
	static const char *const words[] = {
		[MODE_ENFORCE] = "enforce",
		[MODE_REPORT] = "report",
		[MODE_OFF] = "off",
	};

	return words[mode];
}

bool policy_mode_of(const char *word, enum policy_mode *mode)
{
	for (int m = MODE_ENFORCE; m <= MODE_OFF; m++) {
		if (strcmp(word, policy_mode_word((enum policy_mode)m)) != 0)
			continue;
		*mode = (enum policy_mode)m;
		return true;
	}
	return false;
}

const char *policy_action_word(enum policy_action action)
{
	static const char *const words[] = {
		[ACTION_REFUSE] = "refuse",
		[ACTION_REPORT] = "report",
		[ACTION_ALLOW] = "allow",
	};

	return words[action];
}

const char *policy_pin_word(enum pin_kind kind)
{
	static const char *const words[] = {
		[PIN_KEY] = "pin",   [PIN_CERT] = "pin-cert",	[PIN_CA] = "pin-ca",
		[PIN_DENY] = "deny", [PIN_REVOKED] = "revoked",
	};

	return words[kind];
}

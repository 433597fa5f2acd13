/* SPDX-License-Identifier: MIT */
/*
 * Looks things up in a finished policy. It never changes the block, allocates
 * nothing, and takes the same time however many sections there are.
 */
#include "pure/policy.h"

#include <string.h>

#include "pure/policy_build.h"

/* FNV-1a, with its upper half folded in. */
static uint32_t hash_name(const char *name, uint32_t wildcard)
{
	uint64_t hash = 0xcbf29ce484222325u + wildcard;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
	return (uint32_t)(hash ^ hash >> 32);
}

uint32_t policy_slot(const uint32_t *slots, uint32_t n, const struct policy_section *sections,
		     const char *base, const char *name, uint32_t wildcard)
{
	uint32_t at = hash_name(name, wildcard) & (n - 1);

	while (slots[at] != 0) {
		const struct policy_section *s = &sections[slots[at] - 1];

		if (s->wildcard == wildcard && strcmp(base + s->name, name) == 0)
			break;
		at = (at + 1) & (n - 1);
	}
	return at;
}

static const void *at_offset(const struct policy *p, uint32_t offset)
{
	return (const char *)p + offset;
}

static const struct policy_section *lookup(const struct policy *p, const char *name,
					   enum policy_wildcard wildcard)
{
	const struct policy_section *sections = at_offset(p, p->sections.at);
	const uint32_t *slots = at_offset(p, p->index.at);
	uint32_t found = slots[policy_slot(slots, p->index.count, sections, (const char *)p, name,
					   wildcard)];

	return found ? &sections[found - 1] : NULL;
}

/* Whether SPAN, of ITEM bytes each, lies aligned and inside of the block. */
static bool is_inside(const struct policy *p, struct policy_span span, size_t item)
{
	return span.at % 8 == 0 && span.at >= sizeof(*p) && span.at <= p->size &&
	       span.count <= (p->size - span.at) / item;
}

static bool is_text(const struct policy *p, uint32_t offset)
{
	return offset >= sizeof(*p) && offset < p->size &&
	       memchr((const char *)p + offset, '\0', p->size - offset);
}

static bool are_values(const struct policy *p, struct policy_span span)
{
	const struct policy_value *values;
	size_t n;

	if (!is_inside(p, span, sizeof(*values)))
		return false;
	values = policy_values(p, span, &n);
	for (size_t i = 0; i < n; i++)
		if (!is_text(p, values[i].text) || !is_text(p, values[i].place.file))
			return false;
	return true;
}

bool policy_check_top(const struct policy *p, size_t size)
{
	const size_t pin = sizeof(struct policy_pin);

	return size >= sizeof(*p) && p->size == size && is_text(p, p->path) &&
	       p->mode <= MODE_OFF && p->unlisted <= ACTION_ALLOW && p->unnamed <= ACTION_ALLOW &&
	       is_text(p, p->mode_place.file) && is_text(p, p->unlisted_place.file) &&
	       is_text(p, p->unnamed_place.file) &&
	       is_inside(p, p->sections, sizeof(struct policy_section)) &&
	       is_inside(p, p->index, sizeof(uint32_t)) && is_inside(p, p->deny, pin) &&
	       are_values(p, p->logs) && are_values(p, p->exempts) && are_values(p, p->revoked) &&
	       are_values(p, p->ca_files) && (!p->ct_logs.text || is_text(p, p->ct_logs.text)) &&
	       (!p->revoked_keys.at || is_inside(p, p->revoked_keys, pin));
}

static const struct policy_section *find(const struct policy *p, const char *name,
					 enum name_kind kind)
{
	const struct policy_section *s = lookup(p, name, WILDCARD_NONE);

	if (kind != NAME_HOST)
		return s;
	/* From long to short: "**." of the name itself, then "*." and "**." of its parent ... */
	if (!s)
		s = lookup(p, name, WILDCARD_SUBTREE);
	name = name_parent(name);
	if (!s && name)
		s = lookup(p, name, WILDCARD_LABEL);
	for (; !s && name; name = name_parent(name))
		s = lookup(p, name, WILDCARD_SUBTREE);
	return s;
}

bool policy_find(const struct policy *p, const char *name, enum name_kind kind,
		 const struct policy_section **found)
{
	*found = find(p, name, kind);
	return true;
}

bool policy_enforces(const struct policy *p, int64_t now)
{
	return now < p->enforced_until || now >= p->enforced_from;
}

const char *policy_string(const struct policy *p, uint32_t offset)
{
	return at_offset(p, offset);
}

const char *policy_name(const struct policy *p, const struct policy_section *s)
{
	return at_offset(p, s->name);
}

int64_t policy_expires(const struct policy_section *s)
{
	return s->expires;
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

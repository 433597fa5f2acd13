/* SPDX-License-Identifier: MIT */
/*
 * Proves parts of a block that may be damaged in any way, or made by somebody who
 * means it: what is not proved yet is compared and never followed. It says
 * whether, and mends nothing.
 */
#include "pure/policy_check.h"

#include <string.h>

#include "pure/check.h"

#define ALIGNMENT 4

/* A block is the same on every machine of one byte order, and has no gap whose bytes are anything.
 */
_Static_assert(sizeof(struct policy) == 176, "the head of a block");
_Static_assert(sizeof(struct policy_section) == 48, "a section of a block");
_Static_assert(sizeof(struct policy_pin) == 44 && sizeof(struct policy_value) == 12,
	       "a pin and a value of a block");

static const char *bytes_at(const struct policy *p, uint32_t offset)
{
	return (const char *)p + offset;
}

uint64_t policy_head_check(const struct policy *p)
{
	const size_t skip = sizeof(p->check);
	uint64_t check = check_words(0, (const char *)p + skip, sizeof(*p) - skip);

	return check_words(check, bytes_at(p, p->top.at), p->top.count);
}

uint64_t policy_body_check(const char *name, size_t len, uint32_t number)
{
	return check_words(number, name, len);
}

uint64_t policy_section_check(uint64_t body, const struct policy_section *s)
{
	const size_t skip = sizeof(s->check);

	return check_words(body, (const char *)s + skip, sizeof(*s) - skip);
}

/* Whether COUNT elements of ITEM bytes, aligned, lie in the SIZE bytes from AT on. */
static bool is_inside(struct policy_span span, size_t item, uint32_t at, uint32_t size)
{
	return span.at % ALIGNMENT == 0 && span.at >= at && span.at - at <= size &&
	       span.count <= (size - (span.at - at)) / item;
}

static bool is_in_block(const struct policy *p, struct policy_span span, size_t item)
{
	return is_inside(span, item, 0, p->size);
}

static bool is_in_top(const struct policy *p, struct policy_span span, size_t item)
{
	return is_inside(span, item, p->top.at, p->top.count);
}

bool policy_is_text(const struct policy *p, uint32_t text)
{
	return text < p->texts.count; /* behind the last one stands a NUL */
}

static bool are_pins(const struct policy *p, struct policy_span span)
{
	const struct policy_pin *pins;
	size_t n;

	pins = policy_pins(p, span, &n);
	for (size_t i = 0; i < n; i++)
		if (pins[i].kind > PIN_DENY || !policy_is_text(p, pins[i].place.file))
			return false;
	return true;
}

/* The name, from which on LEN bytes are the section's alone, ends before its pins. */
static bool has_body(const struct policy *p, const struct policy_section *s, size_t *len)
{
	if (!is_in_block(p, s->pins, sizeof(struct policy_pin)) || s->name >= s->pins.at ||
	    *bytes_at(p, s->pins.at - 1) != '\0')
		return false;
	*len = s->pins.at - s->name + (size_t)s->pins.count * sizeof(struct policy_pin);
	return true;
}

bool policy_section_holds(const struct policy *p, uint32_t number)
{
	const struct policy_section *s;
	size_t n, len;

	s = policy_sections(p, &n);
	if (number == 0 || number > n)
		return false;
	s += number - 1;
	return has_body(p, s, &len) &&
	       s->check == policy_section_check(
				   policy_body_check(bytes_at(p, s->name), len, number), s) &&
	       s->wildcard <= WILDCARD_SUBTREE && s->mode <= MODE_OFF &&
	       s->after_expiry <= MODE_OFF && policy_is_text(p, s->place.file) &&
	       policy_is_text(p, s->ca_file.text) && policy_is_text(p, s->ca_file.place.file) &&
	       are_pins(p, s->pins);
}

/* --- the top */

static bool are_values(const struct policy *p, struct policy_span span)
{
	const struct policy_value *values;
	size_t n;

	if (!is_in_top(p, span, sizeof(*values)))
		return false;
	values = policy_values(p, span, &n);
	for (size_t i = 0; i < n; i++)
		if (!policy_is_text(p, values[i].text) || !policy_is_text(p, values[i].place.file))
			return false;
	return true;
}

static bool has_texts(const struct policy *p)
{
	return is_in_top(p, p->texts, 1) && p->texts.count > 0 &&
	       *bytes_at(p, p->texts.at + p->texts.count - 1) == '\0' &&
	       policy_is_text(p, p->path) && policy_is_text(p, p->ct_logs.text) &&
	       policy_is_text(p, p->ct_logs.place.file) && policy_is_text(p, p->mode_place.file) &&
	       policy_is_text(p, p->unlisted_place.file) &&
	       policy_is_text(p, p->unnamed_place.file);
}

static bool has_words(const struct policy *p)
{
	return p->host <= 1 && p->mode <= MODE_OFF && p->unlisted <= ACTION_ALLOW &&
	       p->unnamed <= ACTION_ALLOW && p->log_accepted <= 1 && p->tofu <= 1;
}

/* Of what they hold nothing is said. */
static bool has_tables(const struct policy *p)
{
	const uint32_t slots = p->index.count;
	const uint64_t checks = (uint64_t)p->revoked_keys.count * sizeof(uint64_t);

	return is_in_block(p, p->sections, sizeof(struct policy_section)) &&
	       p->sections.at % sizeof(uint64_t) == 0 &&
	       is_in_block(p, p->index, sizeof(uint64_t)) && p->index.at % sizeof(uint64_t) == 0 &&
	       slots > 0 && (slots & (slots - 1)) == 0 &&
	       is_in_block(p, p->revoked_keys, sizeof(struct policy_pin)) &&
	       p->revoked_keys.at % sizeof(uint64_t) == 0 && p->revoked_keys.at >= checks;
}

bool policy_check_top(const struct policy *p, size_t size)
{
	const size_t pin = sizeof(struct policy_pin);

	return size >= sizeof(*p) && p->size == size && is_in_block(p, p->top, 1) &&
	       p->check == policy_head_check(p) && has_texts(p) && has_words(p) && has_tables(p) &&
	       is_in_top(p, p->deny, pin) && are_pins(p, p->deny) && are_values(p, p->logs) &&
	       are_values(p, p->exempts) && are_values(p, p->revoked) && are_values(p, p->ca_files);
}

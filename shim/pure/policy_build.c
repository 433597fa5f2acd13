/* SPDX-License-Identifier: MIT */
/*
 * The flat block and its hash tables. Everything gets its final offset when it
 * is added: nothing is moved or copied later, and nothing here is quadratic, so
 * that a million sections load in about the time it takes to read them.
 */
#include "pure/policy_build.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT   ((size_t)8)
#define FIRST_SLOTS 16

static size_t aligned(size_t at)
{
	return (at + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

/* Slots of a hash table that N elements leave at least half empty. */
static size_t slots_for(size_t n)
{
	size_t slots = FIRST_SLOTS;

	while (slots < 2 * n)
		slots *= 2;
	return slots;
}

bool build_fits(size_t sections, size_t text)
{
	/* A byte of text becomes less than 3 ("log=/\n": a value and its text), a section at most
	 * 4 slots and a gap besides itself. */
	const size_t per_section = sizeof(struct policy_section) + 4 * sizeof(uint32_t) + ALIGNMENT;
	/* No object may have more than PTRDIFF_MAX bytes, which is less where that has 32 bits. */
	const size_t most = PTRDIFF_MAX < UINT32_MAX ? PTRDIFF_MAX : UINT32_MAX;
	const size_t limit = most - sizeof(struct policy) - 64 * ALIGNMENT;

	return text <= limit / 3 && sections <= (limit - 3 * text) / per_section;
}

static void *array_add(struct array *a, size_t len)
{
	size_t size = a->size ? a->size : 1024;
	char *bytes;

	while (size - a->used < len)
		size *= 2;
	if (size != a->size) {
		bytes = realloc(a->bytes, size);
		if (!bytes)
			return NULL;
		a->bytes = bytes;
		a->size = size;
	}
	bytes = a->bytes + a->used;
	a->used += len;
	return bytes;
}

/* COUNT elements of ITEM bytes from BYTES go to the end of the block. */
static int append(struct build *b, const char *bytes, size_t count, size_t item,
		  struct policy_span *span)
{
	size_t used = b->block.used;
	size_t gap = aligned(used) - used;
	char *copy = array_add(&b->block, gap + count * item);

	if (!copy)
		return -1;
	memset(copy, 0, gap);
	if (count > 0)
		memcpy(copy + gap, bytes, count * item);
	*span = (struct policy_span){ .at = (uint32_t)(used + gap), .count = (uint32_t)count };
	return 0;
}

static struct policy_section *sections_of(const struct build *b)
{
	return (struct policy_section *)(b->block.bytes + b->head.sections.at);
}

int build_init(struct build *b, size_t sections)
{
	size_t slots = slots_for(sections);
	size_t at = aligned(sizeof(struct policy));
	size_t index = at + sections * sizeof(struct policy_section);
	char *room;

	memset(b, 0, sizeof(*b));
	room = array_add(&b->block, index + slots * sizeof(uint32_t));
	if (!room)
		return -1;
	memset(room, 0, at);
	memset(room + index, 0, slots * sizeof(uint32_t));
	b->head.sections.at = (uint32_t)at;
	b->head.index = (struct policy_span){ .at = (uint32_t)index, .count = (uint32_t)slots };
	return 0;
}

void build_free(struct build *b)
{
	free(b->block.bytes);
	free(b->pins.pins.bytes);
	free(b->pins.slots.bytes);
	free(b->deny.pins.bytes);
	free(b->deny.slots.bytes);
	free(b->logs.bytes);
	free(b->exempts.bytes);
	free(b->revoked.bytes);
	free(b->ca_files.bytes);
	free(b->ca_slots.bytes);
}

int build_text(struct build *b, const char *text, size_t len, uint32_t *offset)
{
	size_t at = b->block.used;
	char *copy = array_add(&b->block, len + 1);

	if (!copy)
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*offset = (uint32_t)at;
	return 0;
}

int build_value(struct array *values, const struct policy_value *value)
{
	struct policy_value *copy = array_add(values, sizeof(*copy));

	if (!copy)
		return -1;
	*copy = *value;
	return 0;
}

/*
 * Makes SLOTS, a hash table, large enough for COUNT elements. Returns 1 when it is
 * a new one, and all vacant; 0 when it was; -1 when there is no memory.
 */
static int grow_slots(struct array *slots, size_t count)
{
	size_t size = slots_for(count) * sizeof(uint32_t);
	char *bytes;

	if (size <= slots->size)
		return 0;
	bytes = calloc(1, size);
	if (!bytes)
		return -1;
	free(slots->bytes);
	*slots = (struct array){ .bytes = bytes, .used = size, .size = size };
	return 1;
}

static uint32_t slot_count(const struct array *slots)
{
	return (uint32_t)(slots->used / sizeof(uint32_t));
}

static uint32_t *ca_slot(const struct build *b, const char *text, size_t len)
{
	const struct policy_value *values = (const struct policy_value *)b->ca_files.bytes;
	uint32_t *slots = (uint32_t *)b->ca_slots.bytes;
	uint32_t mask = slot_count(&b->ca_slots) - 1;
	uint32_t at = 0;

	for (size_t i = 0; i < len; i++)
		at = (at ^ (unsigned char)text[i]) * 0x01000193u;
	for (at = (at ^ at >> 16) & mask; slots[at]; at = (at + 1) & mask) {
		const char *known = b->block.bytes + values[slots[at] - 1].text;

		if (strncmp(known, text, len) == 0 && !known[len])
			break;
	}
	return &slots[at];
}

static int grow_ca_slots(struct build *b, uint32_t count)
{
	const struct policy_value *values = (const struct policy_value *)b->ca_files.bytes;
	int grown = grow_slots(&b->ca_slots, count + 1);

	for (uint32_t i = 0; grown > 0 && i < count; i++) {
		const char *text = b->block.bytes + values[i].text;

		*ca_slot(b, text, strlen(text)) = i + 1;
	}
	return grown < 0 ? -1 : 0;
}

int build_ca_file(struct build *b, const char *text, size_t len, struct policy_value *value)
{
	uint32_t count = (uint32_t)(b->ca_files.used / sizeof(struct policy_value));
	uint32_t *slot;

	if (grow_ca_slots(b, count) < 0)
		return -1;
	slot = ca_slot(b, text, len);
	if (*slot) {
		value->text = ((const struct policy_value *)b->ca_files.bytes)[*slot - 1].text;
		return 0;
	}
	if (build_text(b, text, len, &value->text) < 0 || build_value(&b->ca_files, value) < 0)
		return -1;
	*slot = count + 1;
	return 0;
}

void build_section(struct build *b, const struct policy_section *section,
		   const struct policy_place **twin)
{
	uint32_t *slots = (uint32_t *)(b->block.bytes + b->head.index.at);
	struct policy_section *sections = sections_of(b);
	uint32_t *slot = &slots[policy_slot(slots, b->head.index.count, sections, b->block.bytes,
					    b->block.bytes + section->name, section->wildcard)];

	if (*slot) {
		*twin = &sections[*slot - 1].place;
		return;
	}
	b->section = *section;
	sections[b->head.sections.count++] = *section;
	*slot = b->head.sections.count;
}

static uint32_t pin_count(const struct pin_list *list)
{
	return (uint32_t)(list->pins.used / sizeof(struct policy_pin));
}

static bool same_pin(const struct policy_pin *a, const struct policy_pin *b)
{
	return a->kind == b->kind && memcmp(a->sha256, b->sha256, PIN_LEN) == 0;
}

static uint32_t *pin_slot(const struct pin_list *list, const struct policy_pin *pin)
{
	const struct policy_pin *pins = (const struct policy_pin *)list->pins.bytes;
	uint32_t *slots = (uint32_t *)list->slots.bytes;
	uint32_t mask = slot_count(&list->slots) - 1;
	uint32_t at = pin->kind;
	uint32_t word;

	for (size_t i = 0; i < PIN_LEN; i += sizeof(word)) {
		memcpy(&word, pin->sha256 + i, sizeof(word));
		at = (at ^ word) * 0x9e3779b1u;
	}
	at = (at ^ at >> 16) & mask;
	while (slots[at] > list->before && !same_pin(&pins[slots[at] - list->before - 1], pin))
		at = (at + 1) & mask;
	return &slots[at];
}

/* Keeps the table at most half full with one pin more. */
static int grow_pin_slots(struct pin_list *list)
{
	const struct policy_pin *pins = (const struct policy_pin *)list->pins.bytes;
	uint32_t count = pin_count(list);
	int grown = grow_slots(&list->slots, count + 1);

	for (uint32_t i = 0; grown > 0 && i < count; i++)
		*pin_slot(list, &pins[i]) = list->before + i + 1;
	return grown < 0 ? -1 : 0;
}

int build_pin(struct pin_list *list, const struct policy_pin *pin, const struct policy_place **twin)
{
	struct policy_pin *added;
	uint32_t *slot;

	if (grow_pin_slots(list) < 0)
		return -1;
	slot = pin_slot(list, pin);
	if (*slot > list->before) {
		*twin = &((const struct policy_pin *)list->pins.bytes)[*slot - list->before - 1]
				 .place;
		return 0;
	}
	added = array_add(&list->pins, sizeof(*added));
	if (!added)
		return -1;
	*added = *pin;
	*slot = list->before + pin_count(list);
	return 0;
}

static int append_pins(struct build *b, const struct pin_list *list, struct policy_span *span)
{
	return append(b, list->pins.bytes, pin_count(list), sizeof(struct policy_pin), span);
}

static int append_values(struct build *b, const struct array *values, struct policy_span *span)
{
	size_t item = sizeof(struct policy_value);

	return append(b, values->bytes, values->used / item, item, span);
}

int build_section_end(struct build *b)
{
	if (append_pins(b, &b->pins, &b->section.pins) < 0)
		return -1;
	sections_of(b)[b->head.sections.count - 1] = b->section;
	b->pins.before += pin_count(&b->pins);
	b->pins.pins.used = 0;
	return 0;
}

struct policy *build_seal(struct build *b)
{
	struct policy *p;

	if (append_pins(b, &b->deny, &b->head.deny) < 0 ||
	    append_values(b, &b->logs, &b->head.logs) < 0 ||
	    append_values(b, &b->exempts, &b->head.exempts) < 0 ||
	    append_values(b, &b->revoked, &b->head.revoked) < 0 ||
	    append_values(b, &b->ca_files, &b->head.ca_files) < 0)
		return NULL;
	p = realloc(b->block.bytes, b->block.used); /* gives back what it does not need */
	if (!p)
		return NULL;
	b->block.bytes = NULL;
	b->head.size = (uint32_t)b->block.used;
	*p = b->head;
	return p;
}

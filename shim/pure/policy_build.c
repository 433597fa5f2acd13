/* SPDX-License-Identifier: MIT */
/*
 * The flat block and its hash tables. Everything of a section gets its final place
 * when it is added: nothing is moved or copied later, and nothing here is
 * quadratic, so that a million sections load in about the time it takes to read
 * them.
 */
#include "pure/policy_build.h"

#include <stdlib.h>
#include <string.h>

#include "pure/policy_check.h"

#define ALIGNMENT   ((size_t)4)
#define FIRST_SIZE  4096 /* of an array: a page */
#define FIRST_SLOTS 16
#define FEW_PINS    8 /* are compared one by one */

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

/* What a section takes besides the bytes of its text: its NUL and gap, an address longer than it
 * was written. */
#define BESIDE_TEXT ((size_t)16)

bool build_fits(size_t sections, size_t text)
{
	/* A byte of text becomes less than 3 ("log=/\n": a value and its text), a section has at
	 * most 4 slots. */
	const size_t per_section =
		sizeof(struct policy_section) + 4 * sizeof(uint64_t) + BESIDE_TEXT;
	/* No object may have more than PTRDIFF_MAX bytes, which is less where that has 32 bits. */
	const size_t most = PTRDIFF_MAX < UINT32_MAX ? PTRDIFF_MAX : UINT32_MAX;
	const size_t limit = most - sizeof(struct policy) - FIRST_SIZE;

	return text <= limit / 3 && sections <= (limit - 3 * text) / per_section;
}

void *build_resize(const struct policy_maker *maker, void *old, size_t old_size, size_t size)
{
	if (maker && maker->resize)
		return maker->resize(old, old_size, size);
	if (size)
		return realloc(old, size);
	free(old);
	return NULL;
}

/* The size that an array of SIZE bytes grows to when NEEDED are. */
static size_t grown(size_t size, size_t needed)
{
	size = size ? size : FIRST_SIZE;
	while (size < needed)
		size *= 2;
	return size;
}

static void *array_add(struct array *a, size_t len)
{
	size_t size = grown(a->size, a->used + len);
	char *bytes;

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

/* The same for the block itself. */
static int block_reserve(struct build *b, size_t size)
{
	char *bytes;

	if (size <= b->block.size)
		return 0;
	bytes = build_resize(b->maker, b->block.bytes, b->block.size, size);
	if (!bytes)
		return -1;
	b->block.bytes = bytes;
	b->block.size = size;
	return 0;
}

static void *block_add(struct build *b, size_t len)
{
	char *bytes;

	if (block_reserve(b, grown(b->block.size, b->block.used + len)) < 0)
		return NULL;
	bytes = b->block.bytes + b->block.used;
	b->block.used += len;
	return bytes;
}

/* COUNT elements of ITEM bytes from BYTES go to the end of the block, which has room. */
static struct policy_span append(struct build *b, const char *bytes, size_t count, size_t item)
{
	size_t used = b->block.used, at = aligned(used);

	memset(b->block.bytes + used, 0, at - used);
	if (count > 0)
		memcpy(b->block.bytes + at, bytes, count * item);
	b->block.used = at + count * item;
	return (struct policy_span){ .at = (uint32_t)at, .count = (uint32_t)count };
}

static struct policy_section *sections_of(const struct build *b)
{
	return (struct policy_section *)(b->block.bytes + b->head.sections.at);
}

static uint64_t *index_of(const struct build *b)
{
	return (uint64_t *)(b->block.bytes + b->head.index.at);
}

int build_init(struct build *b, const struct policy_maker *maker, size_t sections, size_t text)
{
	uint32_t slots = (uint32_t)slots_for(sections);
	size_t at = sizeof(struct policy) + slots * sizeof(uint64_t);
	size_t bodies = at + sections * sizeof(struct policy_section);

	memset(b, 0, sizeof(*b));
	b->maker = maker;
	if (block_reserve(b, bodies + sections * BESIDE_TEXT + text) < 0)
		return -1;
	b->block.used = bodies;
	b->head.index = (struct policy_span){ .at = sizeof(struct policy), .count = slots };
	b->head.sections.at = (uint32_t)at;
	for (uint32_t i = 0; i < slots; i++)
		index_of(b)[i] = policy_slot(i, 0, 0);
	return 0;
}

void build_free(struct build *b)
{
	if (b->block.bytes)
		build_resize(b->maker, b->block.bytes, b->block.size, 0);
	free(b->texts.bytes);
	free(b->pins.slots.bytes);
	free(b->deny.slots.bytes);
	free(b->denied.bytes);
	free(b->logs.bytes);
	free(b->exempts.bytes);
	free(b->revoked.bytes);
	free(b->ca_files.bytes);
	free(b->ca_slots.bytes);
}

int build_text(struct build *b, const char *text, size_t len, uint32_t *out)
{
	size_t at = b->texts.used;
	char *copy = array_add(&b->texts, len + 1);

	if (!copy)
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*out = (uint32_t)at;
	return 0;
}

const char *build_text_at(const struct build *b, uint32_t text)
{
	return b->texts.bytes + text;
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
		const char *known = build_text_at(b, values[slots[at] - 1].text);

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
		const char *text = build_text_at(b, values[i].text);

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

char *build_title(const struct build *b, char out[POLICY_TITLE_SIZE])
{
	const struct policy_section s = { .name = b->section.name,
					  .wildcard = b->section.wildcard & 3 };

	return policy_title((const struct policy *)b->block.bytes, &s, out);
}

static bool is_titled(const struct build *b, const struct policy_section *s, const char *name,
		      uint32_t wildcard)
{
	return s->wildcard == wildcard && strcmp(b->block.bytes + s->name, name) == 0;
}

/* Puts section NUMBER into the index, unless one of its title is there; then that one's number. */
static uint32_t put_into_index(struct build *b, const char *name, size_t len, uint32_t wildcard,
			       uint32_t number)
{
	const struct policy_section *sections = sections_of(b);
	const uint32_t mask = b->head.index.count - 1;
	uint64_t *slots = index_of(b);
	const uint32_t hash = policy_title_hash(policy_name_hash(name, len), wildcard);
	uint32_t at;

	for (at = hash & mask; policy_slot_number(slots[at]); at = (at + 1) & mask) {
		uint32_t there = policy_slot_number(slots[at]);

		if (policy_slot_may_be(slots[at], hash) &&
		    is_titled(b, &sections[there - 1], name, wildcard))
			return there;
	}
	slots[at] = policy_slot(at, number, hash);
	return number;
}

int build_section(struct build *b, const struct draft *draft, const char *name,
		  struct policy_place *twin)
{
	const uint32_t number = b->head.sections.count + 1;
	const size_t len = strlen(name), room = aligned(len + 1);
	uint32_t there;
	char *copy;

	b->section = *draft;
	b->section.name = (uint32_t)b->block.used;
	copy = block_add(b, room);
	if (!copy)
		return -1;
	memset(copy + room - ALIGNMENT, 0, ALIGNMENT);
	strcpy(copy, name);
	b->pins_at = b->block.used;
	there = put_into_index(b, name, len, draft->wildcard, number);
	if (there == number)
		return 0;
	b->block.used = b->section.name;
	*twin = sections_of(b)[there - 1].place;
	return 1;
}

static bool same_pin(const struct policy_pin *a, const struct policy_pin *b)
{
	return a->kind == b->kind && memcmp(a->sha256, b->sha256, PIN_LEN) == 0;
}

static uint32_t *pin_slot(const struct pin_list *list, const struct policy_pin *pins,
			  const struct policy_pin *pin)
{
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

/* Makes the table at most half full with one pin more; those that were few are not in it yet. */
static int grow_pin_slots(struct pin_list *list, const struct policy_pin *pins)
{
	int grown = grow_slots(&list->slots, list->count + 1);

	if (grown < 0)
		return -1;
	for (uint32_t i = 0; (grown || list->count == FEW_PINS) && i < list->count; i++)
		*pin_slot(list, pins, &pins[i]) = list->before + i + 1;
	return 0;
}

/* The pin of LIST, whose pins are PINS, that is the same as PIN; else NULL, and it is noted. */
static int find_pin(struct pin_list *list, const struct policy_pin *pins,
		    const struct policy_pin *pin, const struct policy_pin **found)
{
	uint32_t *slot;

	*found = NULL;
	if (list->count < FEW_PINS) {
		for (uint32_t i = 0; i < list->count && !*found; i++)
			*found = same_pin(&pins[i], pin) ? &pins[i] : NULL;
		return 0;
	}
	if (grow_pin_slots(list, pins) < 0)
		return -1;
	slot = pin_slot(list, pins, pin);
	if (*slot > list->before)
		*found = &pins[*slot - list->before - 1];
	else
		*slot = list->before + list->count + 1;
	return 0;
}

int build_pin(struct build *b, bool in_section, const struct policy_pin *pin,
	      struct policy_place *twin)
{
	struct pin_list *list = in_section ? &b->pins : &b->deny;
	const char *pins = in_section ? b->block.bytes + b->pins_at : b->denied.bytes;
	const struct policy_pin *found;
	struct policy_pin *added;

	if (find_pin(list, (const struct policy_pin *)pins, pin, &found) < 0)
		return -1;
	if (found) {
		*twin = found->place;
		return 1;
	}
	added = in_section ? block_add(b, sizeof(*pin)) : array_add(&b->denied, sizeof(*pin));
	if (!added)
		return -1;
	*added = *pin;
	list->count++;
	return 0;
}

void build_section_end(struct build *b)
{
	const struct draft *d = &b->section;
	const uint32_t number = ++b->head.sections.count;
	const char *body = b->block.bytes + d->name;

	sections_of(b)[number - 1] = (struct policy_section){
		.check = policy_body_check(body, b->block.used - d->name, number),
		.name = d->name,
		.pins = { .at = (uint32_t)b->pins_at, .count = b->pins.count },
		.place = d->place,
		.ca_file = d->ca_file,
		.expires_day = d->expires_day,
		.wildcard = d->wildcard & 3,
		.mode = d->mode & 3,
		.after_expiry = d->after_expiry & 3,
		.match = d->match & 1,
		.verify = d->verify & 1,
		.ct = d->ct & 1,
		.tofu = d->tofu & 1,
		.simulated = d->simulated & 1,
	};
	b->pins.before += b->pins.count;
	b->pins.count = 0;
}

/* What the head says of all sections at once. */
static void add_to_head(struct policy *head, const struct policy_section *s)
{
	bool before = s->mode == MODE_ENFORCE, after = s->after_expiry == MODE_ENFORCE;
	int64_t until = before && after ? INT64_MAX : policy_expires(s);

	head->tofu |= s->tofu;
	if (before && until > head->enforced_until)
		head->enforced_until = until;
	if (after && until < head->enforced_from)
		head->enforced_from = until;
}

/* Sections take from the top what they do not say; it may come after them, in another file. */
static void settle_sections(struct build *b)
{
	struct policy_section *s = sections_of(b);

	b->head.enforced_until = INT64_MIN;
	b->head.enforced_from = INT64_MAX;
	for (uint32_t i = 0; i < b->head.sections.count; i++) {
		if (s[i].mode == DRAFT_UNSET)
			s[i].mode = b->head.mode & 3;
		if (s[i].after_expiry == DRAFT_UNSET)
			s[i].after_expiry = b->after_expiry & 3;
		add_to_head(&b->head, &s[i]);
		s[i].check = policy_section_check(s[i].check, &s[i]);
	}
}

static struct policy_span append_values(struct build *b, const struct array *values)
{
	size_t item = sizeof(struct policy_value);

	return append(b, values->bytes, values->used / item, item);
}

/* What belongs to the policy as a whole. */
static int append_top(struct build *b)
{
	size_t size = b->denied.used + b->logs.used + b->exempts.used + b->revoked.used +
		      b->ca_files.used + aligned(b->texts.used);

	if (block_reserve(b, b->block.used + size) < 0)
		return -1;
	b->head.top.at = (uint32_t)b->block.used;
	b->head.deny = append(b, b->denied.bytes, b->deny.count, sizeof(struct policy_pin));
	b->head.logs = append_values(b, &b->logs);
	b->head.exempts = append_values(b, &b->exempts);
	b->head.revoked = append_values(b, &b->revoked);
	b->head.ca_files = append_values(b, &b->ca_files);
	b->head.texts = append(b, b->texts.bytes, b->texts.used, 1);
	b->head.top.count = (uint32_t)b->block.used - b->head.top.at;
	append(b, NULL, 0, 1); /* up to what is aligned */
	return 0;
}

struct policy *build_seal(struct build *b)
{
	struct policy *p;

	if (append_top(b) < 0)
		return NULL;
	settle_sections(b);
	b->head.size = (uint32_t)b->block.used;
	/* What it does not need goes back. */
	p = build_resize(b->maker, b->block.bytes, b->block.size, b->block.used);
	if (!p)
		return NULL;
	b->block.bytes = NULL;
	b->block.size = 0;
	memcpy(p, &b->head, sizeof(*p));
	p->check = policy_head_check(p);
	return p;
}

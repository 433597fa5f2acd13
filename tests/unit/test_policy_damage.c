/* SPDX-License-Identifier: MIT */
/*
 * Blocks that are damaged: every bit that is turned, wherever it is, is found, or
 * changes no answer; so is worse damage. And where somebody made the check words
 * fit again, whatever is answered can at least be read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "blocks.h"

static const struct policy *whole; /* the undamaged one */

/* A copy with nothing behind it, so that a read past its end is noticed. */
static struct policy *copy_of(const struct policy *p)
{
	struct policy *copy = malloc(p->size);

	assert_non_null(copy);
	memcpy(copy, p, p->size);
	return copy;
}

/* How often damage was found out; no answer may be wrong. */
static unsigned ask_all(const struct policy *p, size_t size, const char *what, size_t at)
{
	int found = block_ask_all(p, size, whole);

	if (found < 0)
		fail_msg("%s at %zu: a wrong answer", what, at);
	return (unsigned)found;
}

/* Whether byte AT belongs to what some name here has to look at: then no bit may go unnoticed. */
static bool is_looked_at(size_t at)
{
	const struct policy_section *s;
	size_t keys = whole->revoked_keys.at, n = whole->revoked_keys.count;

	if (at < sizeof(*whole) || (at >= whole->top.at && at < whole->top.at + whole->top.count))
		return true;
	if (at >= keys - n * sizeof(uint64_t) && at < keys + n * sizeof(struct policy_pin))
		return true;
	for (size_t i = 0; i < BLOCK_NAMES; i++) {
		const char *record;

		assert_true(policy_find(whole, block_names[i].text, block_names[i].kind, &s));
		record = (const char *)s;
		if (s && ((at >= (size_t)(record - (const char *)whole) &&
			   at < (size_t)(record + sizeof(*s) - (const char *)whole)) ||
			  (at >= s->name &&
			   at < s->pins.at + s->pins.count * sizeof(struct policy_pin))))
			return true;
	}
	return false;
}

static void every_bit(void **state)
{
	struct policy *p = copy_of(whole);
	size_t unnoticed = 0;

	(void)state;
	assert_int_equal(ask_all(p, whole->size, "nothing", 0), 0);
	for (size_t bit = 0; bit < 8 * (size_t)whole->size; bit++) {
		unsigned char *byte = (unsigned char *)p + bit / 8;
		unsigned found;

		*byte ^= 1u << bit % 8;
		found = ask_all(p, whole->size, "a bit", bit);
		if (!found && is_looked_at(bit / 8))
			fail_msg("bit %zu of byte %zu goes unnoticed", bit % 8, bit / 8);
		unnoticed += !found;
		*byte ^= 1u << bit % 8;
	}
	/* Those of sections that nobody asked for, and vacant slots. */
	assert_true(unnoticed < 6 * (size_t)whole->size);
	assert_memory_equal(p, whole, whole->size);
	free(p);
}

static uint32_t seed;

static uint32_t roll(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* Damage as disks and networks do it: noise, zeros, ones, what belongs elsewhere. */
static size_t damage(struct policy *p, size_t size)
{
	const size_t len = 1 + roll(roll(2) ? 16 : 600), at = roll((uint32_t)size);
	const size_t room = len < size - at ? len : size - at;
	char *bytes = (char *)p;

	switch (roll(4)) {
	case 0:
		for (size_t i = 0; i < room; i++)
			bytes[at + i] = (char)roll(256);
		return at;
	case 1:
		memset(bytes + at, 0, room);
		return at;
	case 2:
		memset(bytes + at, 0xff, room);
		return at;
	default:
		memmove(bytes + at, bytes + roll((uint32_t)(size - room + 1)), room);
		return at;
	}
}

static void worse_damage(void **state)
{
	struct policy *p = copy_of(whole);
	unsigned found = 0;

	(void)state;
	for (seed = 1; seed < 40000; seed++) {
		uint32_t kept = seed;
		size_t at = damage(p, whole->size);

		/* Often only what has to do with sections, since the top notices all else at once.
		 */
		if (kept % 2) {
			memcpy(p, whole, sizeof(*p));
			memcpy((char *)p + whole->top.at, (const char *)whole + whole->top.at,
			       whole->top.count);
		}
		found += ask_all(p, whole->size, "damage", at) > 0;
		memcpy(p, whole, whole->size);
		seed = kept;
	}
	assert_true(found > 20000);
	free(p);
}

static void a_block_that_is_cut(void **state)
{
	unsigned found;

	(void)state;
	for (size_t size = 0; size < whole->size; size++) {
		struct policy *p = malloc(size ? size : 1);

		assert_non_null(p);
		memcpy(p, whole, size);
		assert_false(policy_check_top(p, size));
		if (size >= sizeof(*p)) {
			/* And one that says that it is so short. */
			p->size = (uint32_t)size;
			block_forge(p, size);
			if (policy_check_top(p, size))
				assert_true(block_use_all(p, &found));
		}
		free(p);
	}
}

static void check_words_that_were_made_to_fit(void **state)
{
	struct policy *p = copy_of(whole);
	unsigned opened = 0, found = 0;

	(void)state;
	for (uint32_t round = 1; round < 40000; round++) {
		unsigned char *bytes = (unsigned char *)p;

		seed = round;
		if (round % 3 == 0)
			damage(p, whole->size);
		for (uint32_t i = 0; i < 1 + round % 3; i++)
			bytes[roll(whole->size)] ^= (unsigned char)(1u << roll(8));
		block_forge(p, whole->size);
		if (policy_check_top(p, whole->size)) {
			unsigned sections;

			opened++;
			assert_true(block_use_all(p, &sections));
			found += sections;
		}
		memcpy(p, whole, whole->size);
	}
	assert_true(opened > 20000 && found > 100000);
	free(p);
}

/* Each thing that may be wrong although the check word fits, alone. */
static void what_a_forged_section_may_not_refer_to(void **state)
{
	const struct policy_section *found;
	struct policy *p = copy_of(whole);
	size_t at, n;
	enum {
		NAME,
		PINS,
		COUNT,
		UNALIGNED,
		PLACE,
		CA,
		CA_PLACE,
		KIND,
		PIN_PLACE,
		TERMINATOR,
		WILDCARD,
		MODE,
		AFTER,
		WRONGS
	};

	(void)state;
	assert_true(policy_find(whole, "api.example.com", NAME_HOST, &found));
	at = (size_t)((const char *)found - (const char *)whole);
	for (int wrong = NAME; wrong <= WRONGS; wrong++) {
		struct policy_section *s = (struct policy_section *)((char *)p + at);
		struct policy_pin *pins = (struct policy_pin *)((char *)p + s->pins.at);
		const uint32_t texts = whole->texts.count;

		switch (wrong) {
		case NAME:
			s->name = s->pins.at;
			break;
		case PINS:
			s->pins = (struct policy_span){ whole->size, 1 };
			break;
		case COUNT:
			s->pins.count = (whole->size - s->pins.at) / sizeof(*pins) + 1;
			break;
		case UNALIGNED:
			s->pins.at--;
			break;
		case PLACE:
			s->place.file = texts;
			break;
		case CA:
			s->ca_file.text = texts;
			break;
		case CA_PLACE:
			s->ca_file.place.file = texts;
			break;
		case KIND:
			pins[1].kind = PIN_DENY + 1;
			break;
		case PIN_PLACE:
			pins[1].place.file = texts;
			break;
		case TERMINATOR:
			*((char *)p + s->pins.at - 1) = 'x';
			break;
		case WILDCARD:
			s->wildcard = 3;
			break;
		case MODE:
			s->mode = 3;
			break;
		case AFTER:
			s->after_expiry = 3;
			break;
		default:
			break;
		}
		block_forge(p, whole->size);
		if (wrong == COUNT) /* reaches over the end: nothing there can be checked */
			s->check = 0;
		assert_true(policy_check_top(p, whole->size));
		found = policy_sections(whole, &n);
		if (policy_find(p, "api.example.com", NAME_HOST, &found) != (wrong == WRONGS))
			fail_msg("wrong %d", wrong);
		memcpy(p, whole, whole->size);
	}
	free(p);
}

/* Each thing that may be wrong with the top although the check word fits, alone. */
static void what_a_forged_top_may_not_say(void **state)
{
	const uint32_t size = whole->size, texts = whole->texts.count;
	const uint32_t top = whole->top.at, top_end = top + whole->top.count;
	const uint32_t bad[][2] = {
#define HEAD(field, value) { offsetof(struct policy, field), value }
		HEAD(size, size - 4),
		HEAD(size, size + 4),
		HEAD(path, texts),
		HEAD(host, 2),
		HEAD(mode, MODE_OFF + 1),
		HEAD(unlisted, ACTION_ALLOW + 1),
		HEAD(unnamed, ACTION_ALLOW + 1),
		HEAD(mode_place.file, texts),
		HEAD(unlisted_place.file, texts),
		HEAD(unnamed_place.file, texts),
		HEAD(log_accepted, 2),
		HEAD(tofu, 2),
		HEAD(index.at, size),
		HEAD(index.at, whole->index.at + 4),
		HEAD(index.count, 0),
		HEAD(index.count, whole->index.count - 1),
		HEAD(index.count, 1u << 31),
		HEAD(sections.at, size),
		HEAD(sections.at, whole->sections.at + 4),
		HEAD(sections.count, size / 48 + 1),
		HEAD(sections.count, UINT32_MAX),
		HEAD(deny.at, top - 4),
		HEAD(deny.at, top_end / 4 * 4),
		HEAD(deny.at, whole->deny.at + 1),
		HEAD(deny.count, UINT32_MAX),
		HEAD(logs.at, top - 4),
		HEAD(logs.count, whole->top.count / 12 + 1),
		HEAD(exempts.count, whole->top.count / 12 + 1),
		HEAD(revoked.count, whole->top.count / 12 + 1),
		HEAD(ca_files.count, whole->top.count / 12 + 1),
		HEAD(texts.at, whole->texts.at + 4),
		HEAD(texts.count, 0),
		HEAD(texts.count, texts - 1),
		HEAD(texts.count, texts + 1),
		HEAD(revoked_keys.at, whole->revoked_keys.count * 8 - 8),
		HEAD(revoked_keys.at, whole->revoked_keys.at + 4),
		HEAD(revoked_keys.count, whole->revoked_keys.count + 1),
		HEAD(ct_logs.text, texts),
		HEAD(ct_logs.place.file, texts),
#undef HEAD
		{ whole->deny.at + offsetof(struct policy_pin, kind), PIN_DENY + 1 },
		{ whole->deny.at + offsetof(struct policy_pin, place.file), texts },
		{ whole->logs.at + offsetof(struct policy_value, text), texts },
		{ whole->logs.at + offsetof(struct policy_value, place.file), texts },
		{ whole->exempts.at + offsetof(struct policy_value, text), texts },
		{ whole->revoked.at + offsetof(struct policy_value, place.file), texts },
		{ whole->ca_files.at + sizeof(struct policy_value), texts },
		{ (whole->texts.at + texts - 1) / 4 * 4, 0x78787878 }, /* the last NUL */
	};
	struct policy *p = copy_of(whole);

	(void)state;
	block_forge(p, size);
	assert_memory_equal(p, whole, size);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy((char *)p + bad[i][0], &bad[i][1], sizeof(uint32_t));
		block_forge(p, size);
		if (policy_check_top(p, size))
			fail_msg("%u at %u", bad[i][1], bad[i][0]);
		memcpy(p, whole, size);
	}
	p->top = (struct policy_span){ size - 4, 8 };
	assert_false(policy_check_top(p, size));
	p->top = (struct policy_span){ top + 1, whole->top.count - 1 };
	block_forge(p, size);
	assert_false(policy_check_top(p, size));
	free(p);
}

static void what_a_forged_key_may_not_be(void **state)
{
	struct policy *p = copy_of(whole);
	struct policy_pin *keys = (struct policy_pin *)((char *)p + p->revoked_keys.at);
	const struct policy_pin *found;
	uint8_t key[PIN_LEN];

	(void)state;
	block_key(1, key);
	keys[1].kind = PIN_REVOKED + 1;
	block_forge(p, p->size);
	assert_false(revoked_find(p, key, &found));
	keys[1].kind = PIN_REVOKED;
	keys[1].place.file = p->texts.count;
	block_forge(p, p->size);
	assert_false(revoked_find(p, key, &found));
	keys[1].place.file = 0;
	block_forge(p, p->size);
	assert_true(revoked_find(p, key, &found) && found);
	free(p);
}

/* A table in which every slot is taken ends the search. */
static void an_index_without_a_vacant_slot(void **state)
{
	struct policy *p = copy_of(whole);
	uint64_t *slots = (uint64_t *)((char *)p + p->index.at);
	const struct policy_section *s;

	(void)state;
	for (uint32_t i = 0; i < p->index.count; i++)
		slots[i] = policy_slot(i, 1, 0);
	assert_false(policy_find(p, "elsewhere.example.org", NAME_HOST, &s));
	for (uint32_t i = 0; i < p->index.count; i++)
		slots[i] = policy_slot(i, p->sections.count + 1, (uint32_t)i << 24);
	policy_find(p, "elsewhere.example.org", NAME_HOST, &s);
	assert_null(s);
	free(p);
}

/* What is damaged is refused, and says that it is. */
static void verdicts_on_damaged_blocks(void **state)
{
	const struct evidence shown = { .certificate = true, .key = { 0 } };
	struct evidence with_chain = shown;
	const struct policy_section *s;
	struct policy *p = copy_of(whole);
	uint8_t chain[2][PIN_LEN] = { { 0 } };
	struct judgement j;
	struct demand d;

	(void)state;
	assert_true(policy_find(whole, "api.example.com", NAME_HOST, &s));
	((char *)p)[s->name] ^= 1;
	verdict_demand(p, "api.example.com", NAME_HOST, 0, &d);
	assert_true(d.damaged && !d.blank && d.needs == 0 && !d.section);
	verdict_judge(&d, &shown, &j);
	assert_true(j.damaged && j.verdict == VERDICT_REFUSED);
	assert_int_equal(j.reason, REASON_INTERNAL_ERROR);
	/* Another name is judged as ever. */
	verdict_demand(p, "off.example.net", NAME_HOST, 0, &d);
	assert_false(d.damaged);
	with_chain.chain = (const uint8_t(*)[PIN_LEN])chain;
	with_chain.chain_len = 2;
	verdict_judge(&d, &with_chain, &j);
	assert_true(!j.damaged && j.verdict == VERDICT_UNJUDGED);
	/* Now the lists of revoked keys: the leaf's, and one of the chain's. */
	((char *)p)[p->revoked_keys.at + 2] ^= 1;
	verdict_judge(&d, &with_chain, &j);
	assert_true(j.damaged && j.verdict == VERDICT_REFUSED);
	assert_int_equal(j.reason, REASON_INTERNAL_ERROR);
	memset(with_chain.key, 0xff, PIN_LEN);
	verdict_judge(&d, &with_chain, &j);
	assert_true(j.damaged && j.verdict == VERDICT_REFUSED);
	/* Without a key there is nothing to look for. */
	verdict_judge(&d, &(const struct evidence){ 0 }, &j);
	assert_false(j.damaged);
	free(p);
}

static int setup(void **state)
{
	(void)state;
	whole = block_make();
	return whole ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free((struct policy *)(uintptr_t)whole);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bit),
		cmocka_unit_test(worse_damage),
		cmocka_unit_test(a_block_that_is_cut),
		cmocka_unit_test(check_words_that_were_made_to_fit),
		cmocka_unit_test(what_a_forged_section_may_not_refer_to),
		cmocka_unit_test(what_a_forged_top_may_not_say),
		cmocka_unit_test(what_a_forged_key_may_not_be),
		cmocka_unit_test(an_index_without_a_vacant_slot),
		cmocka_unit_test(verdicts_on_damaged_blocks),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as orders what to change in a policy's block. With the
 * check words as they were, a few bits that are turned must be found out, or make
 * no difference; when they are made to fit again, whatever is answered can be
 * read, and nothing outside of the block is.
 */
#include "../unit/blocks.h"
#include "fuzz.h"

#define FLIPS_MOST  4
#define ORDERS_MOST 64
#define ORDER_LEN   7 /* what, where (2), with what (4) */

enum order { ORDER_BIT = 0, ORDER_BYTE, ORDER_WORD, ORDER_ADD, ORDER_COPY, ORDER_HEAD, ORDERS };

static uint32_t number(const uint8_t *bytes, size_t len)
{
	uint32_t n = 0;

	for (size_t i = 0; i < len; i++)
		n = n << 8 | bytes[i];
	return n;
}

static void turn_bits(struct policy *p, uint32_t size, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < FLIPS_MOST && len >= 3; i++, data += 3, len -= 3)
		((uint8_t *)p)[number(data, 2) % size] ^= (uint8_t)(1u << data[2] % 8);
}

static void obey(struct policy *p, uint32_t size, const uint8_t order[ORDER_LEN])
{
	const uint32_t at = number(order + 1, 2) % size, with = number(order + 3, 4);
	uint8_t *bytes = (uint8_t *)p;
	uint32_t *word = (uint32_t *)(void *)(bytes + at / 4 * 4);

	switch (order[0] % ORDERS) {
	case ORDER_BIT:
		bytes[at] ^= (uint8_t)(1u << with % 8);
		return;
	case ORDER_BYTE:
		bytes[at] = (uint8_t)with;
		return;
	case ORDER_WORD:
		*word = with;
		return;
	case ORDER_ADD:
		*word += with;
		return;
	case ORDER_COPY:
		*word = *(uint32_t *)(void *)(bytes + with % size / 4 * 4);
		return;
	case ORDER_HEAD: /* which is small, and what all depends on */
		((uint32_t *)p)[at % (sizeof(*p) / 4)] = with;
		return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy *whole;
	struct policy *p;
	unsigned found;

	if (!whole)
		whole = block_make();
	must(whole);
	p = malloc(whole->size); /* anew, so that a read past it is noticed */
	must(p);
	memcpy(p, whole, whole->size);
	if (size > 0 && data[0] % 4 == 0) {
		turn_bits(p, whole->size, data + 1, size - 1);
		must(block_ask_all(p, whole->size, whole) >= 0);
	} else if (size > 0) {
		for (size_t i = 1; i + ORDER_LEN <= size && i < ORDERS_MOST * ORDER_LEN;
		     i += ORDER_LEN)
			obey(p, whole->size, data + i);
		block_forge(p, whole->size);
		if (policy_check_top(p, whole->size))
			must(block_use_all(p, &found));
	}
	free(p);
	return 0;
}

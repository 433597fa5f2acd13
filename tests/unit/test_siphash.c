/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 against values of its reference: key 00 01 .. 0f, message
 * 00 01 .. of each length.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pure/siphash.h"

static void reference_values(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} cases[] = {
		{ 0, 0x726fdb47dd0e0e31 }, { 1, 0x74f839c593dc67fd },  { 7, 0xab0200f58b01d137 },
		{ 8, 0x93f5f5799a932462 }, { 15, 0xa129ca6149be45e5 },
	};
	uint8_t key[SIPHASH_KEY_LEN], message[16];

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		key[i] = message[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(siphash(message, cases[i].len, key) == cases[i].hash);
}

static void the_key_counts(void **state)
{
	uint8_t key[SIPHASH_KEY_LEN] = { 0 };
	uint64_t before = siphash("name", 4, key);

	(void)state;
	key[15] = 1;
	assert_true(siphash("name", 4, key) != before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reference_values),
		cmocka_unit_test(the_key_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * The memory of a policy's block: it grows and shrinks with what is in it, and
 * nobody writes to it once it is sealed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "child.h"
#include "process/block.h"

#define PAGE ((size_t)getpagesize())

static void it_grows_and_shrinks(void **state)
{
	const size_t sizes[] = { 100, PAGE, PAGE + 1, 900 * PAGE, 3 * PAGE, 2 * PAGE + 1, 17 };
	size_t before = 0, kept = sizes[0];
	unsigned char *bytes = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		bytes = block_resize(bytes, before, sizes[i]);
		assert_non_null(bytes);
		if (before == 0)
			memset(bytes, 7, sizes[i]);
		kept = sizes[i] < kept ? sizes[i] : kept;
		for (size_t at = 0; at < kept; at++)
			assert_int_equal(bytes[at], 7);
		bytes[sizes[i] - 1] = 7;
		before = sizes[i];
	}
	assert_null(block_resize(bytes, before, 0));
}

static void there_may_be_no_memory(void **state)
{
	char *bytes = block_resize(NULL, 0, 5);

	(void)state;
	assert_non_null(bytes);
	strcpy(bytes, "kept");
	errno = 0;
	assert_null(block_resize(bytes, 5, SIZE_MAX - 16 * PAGE));
	assert_int_equal(errno, ENOMEM);
	assert_string_equal(bytes, "kept");
	assert_null(block_resize(NULL, 0, SIZE_MAX - 16 * PAGE));
	block_resize(bytes, 5, 0);
}

static void write_to(const void *bytes)
{
	((volatile char *)(uintptr_t)bytes)[sizeof(struct policy)] = 1;
}

static const struct policy *sealed(void)
{
	struct policy *p = block_resize(NULL, 0, 3 * PAGE);

	assert_non_null(p);
	write_to(p);
	p->size = (uint32_t)(3 * PAGE);
	return block_seal(p);
}

static void read_from(const void *bytes)
{
	_exit(*(const volatile unsigned char *)bytes);
}

static void nobody_writes_to_a_sealed_one(void **state)
{
	const struct policy *p = sealed();

	(void)state;
	assert_non_null(p);
	assert_int_equal(p->size, 3 * PAGE);
	assert_int_equal(in_child(write_to, p), 1000 + SIGSEGV);
	assert_int_equal(in_child(write_to, (const char *)p + 2 * PAGE), 1000 + SIGSEGV);
	assert_int_equal(in_child(read_from, (const char *)p + 2 * PAGE), 0);
	block_free(p);
	assert_int_equal(in_child(read_from, (const char *)p + 2 * PAGE), 1000 + SIGSEGV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_grows_and_shrinks),
		cmocka_unit_test(there_may_be_no_memory),
		cmocka_unit_test(nobody_writes_to_a_sealed_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

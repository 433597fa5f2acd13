/* SPDX-License-Identifier: MIT */
/*
 * Folding: what is said when, and that every time is in exactly one count,
 * whatever threads do and however full the table is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "child.h"
#include "process/fold.h"

static void check_powers_of_two(const void *arg)
{
	uint64_t suppressed, told = 0;

	(void)arg;
	for (uint64_t i = 1; i <= 1000; i++) {
		bool power = (i & (i - 1)) == 0;

		CHECK(fold(77, 5, &suppressed) == power);
		if (power)
			told += suppressed + 1;
		if (power)
			CHECK(told == i);
	}
}

static void check_time(const void *arg)
{
	uint64_t suppressed;

	(void)arg;
	CHECK(fold(77, 1, &suppressed) && fold(77, 1, &suppressed) && !fold(77, 1, &suppressed));
	CHECK(fold(77, 1, &suppressed) && suppressed == 1);
	for (int i = 0; i < 3; i++)
		CHECK(!fold(77, FOLD_S, &suppressed));
	CHECK(fold(77, FOLD_S + 1, &suppressed) && suppressed == 3);
	CHECK(!fold(77, FOLD_S + 1, &suppressed));
	CHECK(fold(77, 3 * FOLD_S, &suppressed) && suppressed == 1);
}

static void check_apart(const void *arg)
{
	uint64_t suppressed;

	(void)arg;
	for (uint64_t i = 1; i <= 8; i++)
		for (uint64_t same = 0; same < 4; same++)
			CHECK(fold(same << 20, 1, &suppressed) == ((i & (i - 1)) == 0));
}

/* Without room it is said, every time. */
static void check_full(const void *arg)
{
	uint64_t suppressed, said = 0;

	(void)arg;
	for (uint64_t round = 0; round < 3; round++)
		for (uint64_t i = 0; i < 10 * FOLD_MOST; i++)
			said += fold(i * 2 + 1, 1, &suppressed);
	CHECK(said > 2 * 10 * FOLD_MOST + 8 * FOLD_MOST);
}

static _Atomic uint64_t told_by_all;

static void *repeat(void *arg)
{
	uint64_t suppressed;

	(void)arg;
	for (int i = 0; i < 100000; i++)
		if (fold(99, 1, &suppressed))
			told_by_all += suppressed + 1;
	return NULL;
}

static void check_threads(const void *arg)
{
	pthread_t threads[8];
	uint64_t suppressed;

	(void)arg;
	for (int i = 0; i < 8; i++)
		CHECK(pthread_create(&threads[i], NULL, repeat, NULL) == 0);
	for (int i = 0; i < 8; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK(told_by_all <= 800000 && told_by_all > 400000);
	/* The next one that is said accounts for the rest. */
	CHECK(fold(99, 2 + FOLD_S, &suppressed));
	CHECK(told_by_all + suppressed + 1 == 800001);
}

#define CHILD_TEST(name, f)                             \
	static void name(void **state)                  \
	{                                               \
		(void)state;                            \
		assert_int_equal(in_child(f, NULL), 0); \
	}

CHILD_TEST(at_powers_of_two, check_powers_of_two)
CHILD_TEST(and_after_a_time, check_time)
CHILD_TEST(different_things_apart, check_apart)
CHILD_TEST(a_full_table_says_all, check_full)
CHILD_TEST(threads_count_each_time_once, check_threads)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_powers_of_two),
		cmocka_unit_test(and_after_a_time),
		cmocka_unit_test(different_things_apart),
		cmocka_unit_test(a_full_table_says_all),
		cmocka_unit_test(threads_count_each_time_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

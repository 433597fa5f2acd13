/* SPDX-License-Identifier: MIT */
/*
 * What is remembered of resolved names: all of them for every address, the last
 * ones when there are too many, also while threads write and fork(2) stops them.
 * The table is the process's: each test has a child of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "child.h"
#include "process/resolver.h"

/* Where there is another with its arguments one by one, SYS_mmap takes one pointer to them. */
#ifndef SYS_mmap2
#define SYS_mmap2 SYS_mmap
#endif

#define TEST(name)                                                    \
	static void name##_in_child(const void *arg);                 \
	static void name(void **state)                                \
	{                                                             \
		(void)state;                                          \
		assert_int_equal(in_child(name##_in_child, NULL), 0); \
	}                                                             \
	static void name##_in_child(const void *arg)

/* The I-th address of many, and a name that is its alone. */
static void add_one(uint32_t i)
{
	const uint32_t address = htonl(0x0a000000 + i);
	char name[64];

	snprintf(name, sizeof(name), "host-%u.example.com", i);
	resolver_add(name, AF_INET, &address);
}

struct found {
	unsigned n;
	char first[NAME_SIZE];	/* the name that was resolved last */
	const char *looked_for; /* or NULL */
	bool there;
};

static void note(void *arg, const char *name)
{
	struct found *found = arg;

	if (!found->n++)
		strcpy(found->first, name);
	if (found->looked_for && !strcmp(name, found->looked_for))
		found->there = true;
}

static struct found look(const char *address, const char *name)
{
	struct found found = { .looked_for = name };
	unsigned char bytes[16];
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;

	CHECK(inet_pton(family, address, bytes) == 1);
	CHECK(resolver_names(family, bytes, note, &found));
	return found;
}

static void add(const char *name, const char *address)
{
	unsigned char bytes[16];
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;

	CHECK(inet_pton(family, address, bytes) == 1);
	resolver_add(name, family, bytes);
}

/* Whether the I-th address has its name, and no other. */
static bool has_one(uint32_t i)
{
	const uint32_t address = htonl(0x0a000000 + i);
	struct found found = { 0 };
	char name[64];

	snprintf(name, sizeof(name), "host-%u.example.com", i);
	CHECK(resolver_names(AF_INET, &address, note, &found));
	CHECK(found.n == 0 || !strcmp(found.first, name));
	return found.n == 1;
}

static void what_is_a_name(void **state)
{
	static const struct {
		const char *asked, *name; /* NULL: none */
	} cases[] = {
		{ "api.example.com", "api.example.com" },
		{ "API.Example.COM.", "api.example.com" },
		{ "localhost", "localhost" },
		{ "1.2.3.4.example", "1.2.3.4.example" },
		{ "", NULL },
		{ "192.0.2.7", NULL },
		{ "192.0.519", NULL },
		{ "127.1", NULL },
		{ "0x7f.1", NULL },
		{ "0", NULL },
		{ "2130706433", NULL },
		{ "::1", NULL },
		{ "2001:DB8::7", NULL },
		{ "::ffff:192.0.2.7", NULL },
		{ "fe80::1%lo", NULL },
		/* what resolvers may find, and yet no section can name */
		{ "b\xc3\xbc.example", "b??.example" },
		{ "a..b", "a..b" },
		{ "api.example.com:443", "api.example.com:443" },
		{ "a b", "a?b" },
	};
	char long_name[600], out[NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(resolver_name(cases[i].asked, out), cases[i].name != NULL);
		if (cases[i].name)
			assert_string_equal(out, cases[i].name);
	}
	/* What is cut must not become the name of another host. */
	memset(long_name, 'x', sizeof(long_name));
	for (size_t i = 50; i < sizeof(long_name); i += 50)
		long_name[i] = '.';
	long_name[sizeof(long_name) - 1] = '\0';
	assert_true(resolver_name(long_name, out));
	assert_int_equal(strlen(out), NAME_MAX_LEN);
	assert_int_equal(name_normalise(out, strlen(out), out, NULL), NAME_BAD);
}

TEST(many_names_for_one_address)
{
	char name[NAME_SIZE];

	(void)arg;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 1000; i++) {
			snprintf(name, sizeof(name), "n%d.example.com", i);
			add(name, "192.0.2.7");
			CHECK(look("192.0.2.7", name).there);
		}
	/* Resolved again, and yet each once. */
	CHECK(look("192.0.2.7", NULL).n == 1000);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%d.example.com", i);
		CHECK(look("192.0.2.7", name).there);
	}
	CHECK(!strcmp(look("192.0.2.7", NULL).first, "n999.example.com"));
	CHECK(look("192.0.2.8", NULL).n == 0);
}

TEST(names_of_every_length)
{
	char name[NAME_SIZE];

	(void)arg;
	for (int len = NAME_MAX_LEN; len; len--) {
		memset(name, 'x', (size_t)len);
		name[len] = '\0';
		add(name, "2001:db8::7");
		CHECK(!strcmp(look("2001:db8::7", NULL).first, name));
	}
	CHECK(look("2001:db8::7", NULL).n == NAME_MAX_LEN);
}

TEST(addresses_that_are_the_same)
{
	static const struct {
		const char *added, *looked_for;
		bool same;
	} cases[] = {
		{ "192.0.2.1", "::ffff:192.0.2.1", true },
		{ "::ffff:192.0.2.2", "192.0.2.2", true },
		{ "192.0.2.3", "::192.0.2.3", false },
		{ "2001:db8::1", "2001:db8:0::1", true },
		{ "2001:db8::2", "2001:db8::3", false },
		/* connect(2) takes these for this machine */
		{ "0.0.0.0", "127.0.0.1", true },
		{ "::", "::1", true },
		{ "::ffff:0.0.0.0", "127.0.0.1", true },
		{ "127.0.0.2", "127.0.0.3", false },
	};

	(void)arg;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[64];

		snprintf(name, sizeof(name), "case%zu", i);
		add(name, cases[i].added);
		CHECK(look(cases[i].looked_for, name).there == cases[i].same);
		CHECK(look(cases[i].added, name).there);
	}
}

TEST(other_families_have_no_addresses)
{
	const char path[64] = "/run/socket";
	struct found found = { 0 };

	(void)arg;
	resolver_add("api.example.com", AF_UNIX, path);
	CHECK(resolver_names(AF_UNIX, path, note, &found));
	CHECK(found.n == 0);
}

TEST(as_many_addresses_as_promised)
{
	(void)arg;
	for (uint32_t i = 0; i < RESOLVER_KEPT; i++)
		add_one(i);
	for (uint32_t i = 0; i < RESOLVER_KEPT; i++)
		CHECK(has_one(i));
}

TEST(the_oldest_go)
{
	const uint32_t n = 5 * RESOLVER_KEPT;

	(void)arg;
	for (uint32_t i = 0; i < n; i++) {
		/* This one is resolved again in time, and never goes. */
		if (i % (RESOLVER_KEPT - 1) == 0)
			add("often.example.com", "192.0.2.7");
		add_one(i);
		CHECK(look("192.0.2.7", "often.example.com").there);
	}
	for (uint32_t i = n - RESOLVER_KEPT + 10; i < n; i++)
		CHECK(has_one(i));
	for (uint32_t i = 0; i < n - 2 * RESOLVER_KEPT; i++)
		CHECK(!has_one(i));
}

/* Stands in for libc's: what the resolver maps, and whether it may. */
static struct {
	bool refused, noted;
	void (*second)(void); /* called once, in the middle of the second time */
	size_t n;
	struct {
		void *start;
		size_t size;
	} areas[8];
} mapped;

void *mmap(void *start, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (mapped.refused) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	if (mapped.second && mapped.n++) {
		void (*second)(void) = mapped.second;

		mapped.second = NULL;
		second();
	}
	start = (void *)syscall(SYS_mmap2, start, size, protection, flags, fd, offset);
	if (mapped.noted && mapped.n < sizeof(mapped.areas) / sizeof(mapped.areas[0])) {
		mapped.areas[mapped.n].start = start;
		mapped.areas[mapped.n++].size = size;
	}
	return start;
}

static size_t pages_in_use(void)
{
	unsigned char in_core[1024];
	size_t n = 0;

	for (size_t i = 0; i < mapped.n; i++) {
		size_t pages = (mapped.areas[i].size + 4095) / 4096;

		CHECK(pages <= sizeof(in_core));
		CHECK(mincore(mapped.areas[i].start, mapped.areas[i].size, in_core) == 0);
		for (size_t j = 0; j < pages; j++)
			n += in_core[j] & 1;
	}
	return n;
}

TEST(memory_for_few_names)
{
	(void)arg;
	mapped.noted = true;
	CHECK(look("192.0.2.7", NULL).n == 0);
	CHECK(mapped.n == 0);
	for (uint32_t i = 0; i < 10; i++)
		add_one(i);
	CHECK(mapped.n == 2);
	/* A page for each chain, and the one or two that hold the pairs. */
	CHECK(pages_in_use() >= 2 && pages_in_use() <= 12);
}

TEST(a_lost_name_is_not_forgotten)
{
	const uint32_t address = htonl(INADDR_LOOPBACK), other = htonl(0x0a000001);
	struct found found = { 0 };

	(void)arg;
	add_one(1);
	mapped.refused = true;
	for (uint32_t i = 2; i < 5000; i++)
		add_one(i); /* more than the first chunk holds */
	mapped.refused = false;
	CHECK(!resolver_names(AF_INET, &address, note, &found));
	CHECK(found.n == 0);
	CHECK(!resolver_names(AF_INET, &other, note, &found));
	CHECK(found.n == 1);
}

TEST(the_first_name_may_be_the_one_that_is_lost)
{
	const uint32_t address = htonl(INADDR_LOOPBACK);
	struct found found = { 0 };

	(void)arg;
	CHECK(resolver_names(AF_INET, &address, note, &found));
	mapped.refused = true;
	add_one(1);
	mapped.refused = false;
	CHECK(!resolver_names(AF_INET, &address, note, &found));
}

static void add_to_one_address(unsigned i)
{
	char name[64];

	snprintf(name, sizeof(name), "n%u.example.com", i);
	add(name, "192.0.2.7");
}

/* As a resolver has them that answers with one address for all that it blocks. */
TEST(very_many_names_of_one_address)
{
	const unsigned most = RESOLVER_KEPT + 10;
	struct found found;

	(void)arg;
	for (unsigned i = 0; i < most; i++)
		add_to_one_address(i);
	/* The first is so old that it is written once more. */
	add_to_one_address(0);
	found = look("192.0.2.7", "n1.example.com");
	CHECK(found.there && found.n == most);
	CHECK(!strcmp(found.first, "n0.example.com"));
}

/* --- threads */

static uint32_t overtaking; /* how many pairs are written while one waits */

static void overtake(void)
{
	for (uint32_t i = 0; i < overtaking; i++)
		add_one(i);
	add("b.example.com", "192.0.2.7");
}

/* Its ticket is the first of all, and waits for the memory of its place. */
static void overtaken(const void *arg)
{
	overtaking = *(const uint32_t *)arg;
	mapped.second = overtake;
	add("a.example.com", "192.0.2.7");
	CHECK(!mapped.second);
	CHECK(look("192.0.2.7", "a.example.com").there);
	CHECK(look("192.0.2.7", "b.example.com").there);
	for (uint32_t i = overtaking - RESOLVER_KEPT + 2; i < overtaking; i++)
		CHECK(has_one(i));
	for (uint32_t i = 0; i < RESOLVER_KEPT - 2; i++)
		add_one(overtaking + i);
	CHECK(look("192.0.2.7", "a.example.com").there);
	CHECK(look("192.0.2.7", "b.example.com").there);
}

/* By less than the ring, and by more. */
static void a_thread_that_is_overtaken(void **state)
{
	static const uint32_t by[] = { RESOLVER_KEPT + 1000, 2 * RESOLVER_KEPT + 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++)
		assert_int_equal(in_child(overtaken, &by[i]), 0);
}

#define THREADS 6
static atomic_bool stop;

/* Few addresses, which all threads share, so that they meet in one chain. */
static void belongs(void *arg, const char *name)
{
	const unsigned *address = arg;
	unsigned of, by, i;

	CHECK(sscanf(name, "a%u.t%u.n%u.example", &of, &by, &i) == 3);
	CHECK(of == *address);
}

struct worker {
	unsigned number, names, rounds;
};

static void *work(void *arg)
{
	const struct worker *worker = arg;

	for (unsigned i = 0; i / worker->names < worker->rounds && !stop; i++) {
		unsigned number = i % worker->names % 3000;
		const uint32_t address = htonl(0x0a000000 + number);
		struct found found = { 0 };
		char name[64];

		snprintf(name, sizeof(name), "a%u.t%u.n%u.example", number, worker->number,
			 i % worker->names);
		resolver_add(name, AF_INET, &address);
		found.looked_for = name;
		CHECK(resolver_names(AF_INET, &address, note, &found));
		CHECK(found.there);
		if (i % 50 == 0)
			CHECK(resolver_names(AF_INET, &address, belongs, &number));
	}
	return NULL;
}

/* More than the ring holds, so that readers meet pairs that are being replaced. */
TEST(threads)
{
	struct worker workers[THREADS];
	pthread_t thread[THREADS];

	(void)arg;
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] =
			(struct worker){ .number = i, .names = RESOLVER_KEPT / 2, .rounds = 1 };
		CHECK(pthread_create(&thread[i], NULL, work, &workers[i]) == 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		CHECK(pthread_join(thread[i], NULL) == 0);
}

static void go_on(const void *arg)
{
	const struct found known = look("192.0.2.7", "known.example.com");

	(void)arg;
	CHECK(known.there && known.n == 1);
	for (uint32_t i = 1000000; i < 1003000; i++) {
		add_one(i);
		CHECK(has_one(i));
	}
}

TEST(fork_in_the_middle)
{
	struct worker workers[THREADS];
	pthread_t thread[THREADS];

	(void)arg;
	add("known.example.com", "192.0.2.7");
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .number = i, .names = 9000, .rounds = UINT32_MAX };
		CHECK(pthread_create(&thread[i], NULL, work, &workers[i]) == 0);
	}
	for (int i = 0; i < 20; i++) {
		CHECK(in_child(go_on, NULL) == 0);
		add("known.example.com", "192.0.2.7");
	}
	stop = true;
	for (unsigned i = 0; i < THREADS; i++)
		CHECK(pthread_join(thread[i], NULL) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_a_name),
		cmocka_unit_test(many_names_for_one_address),
		cmocka_unit_test(names_of_every_length),
		cmocka_unit_test(addresses_that_are_the_same),
		cmocka_unit_test(other_families_have_no_addresses),
		cmocka_unit_test(as_many_addresses_as_promised),
		cmocka_unit_test(the_oldest_go),
		cmocka_unit_test(memory_for_few_names),
		cmocka_unit_test(a_lost_name_is_not_forgotten),
		cmocka_unit_test(the_first_name_may_be_the_one_that_is_lost),
		cmocka_unit_test(a_thread_that_is_overtaken),
		cmocka_unit_test(very_many_names_of_one_address),
		cmocka_unit_test(threads),
		cmocka_unit_test(fork_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

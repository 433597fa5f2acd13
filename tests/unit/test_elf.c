/* SPDX-License-Identifier: MIT */
/*
 * Reading mapped objects: the same answers as dlsym(3), from every kind of hash
 * table, with versions, and for addresses that are nobody's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "loader/elf.h"
#include "loader/openssl.h"

static char folder[64];

/* Builds the shared object NAME.so from SOURCE with FLAGS and loads it; its path is left in PATH.
 */
static void *build_and_load(const char *name, const char *source, const char *flags, char path[128])
{
	char command[1024], c_file[128];
	FILE *file;
	void *handle;

	snprintf(c_file, sizeof(c_file), "%s/%s.c", folder, name);
	snprintf(path, 128, "%s/%s.so", folder, name);
	file = fopen(c_file, "w");
	assert_non_null(file);
	assert_true(fputs(source, file) >= 0 && fclose(file) == 0);
	snprintf(command, sizeof(command), COMPILER " -shared -fPIC -nostdlib %s -o '%s' '%s'",
		 flags, path, c_file);
	assert_int_equal(system(command), 0);
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		fail_msg("%s", dlerror());
	return handle;
}

static struct elf_object object_of(const void *address)
{
	struct elf_object o;

	assert_true(elf_owner(address, &o));
	return o;
}

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/pinshim-elf.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

/* The libcrypto that libssl needs. */
static bool needed_libcrypto(const struct elf_object *libssl, struct elf_object *out)
{
	for (unsigned i = 0; elf_needed(libssl, i, out); i++)
		if (elf_symbol(out, "X509_new"))
			return true;
	return false;
}

static void openssls_functions(void **state)
{
	struct elf_object libssl = object_of(TLS_client_method()), libcrypto;
	void *handle = dlopen(libssl.path, RTLD_NOW | RTLD_NOLOAD);
	int n = 0;

	(void)state;
	assert_non_null(handle);
	assert_true(needed_libcrypto(&libssl, &libcrypto));
	assert_non_null(strstr(libssl.soname, "libssl.so"));
	assert_non_null(strstr(libcrypto.soname, "libcrypto.so"));
	assert_true((uintptr_t)elf_symbol(&libcrypto, "X509_new") >= libcrypto.low);
	assert_true((uintptr_t)elf_symbol(&libcrypto, "X509_new") < libcrypto.high);
#define COMPARE(name)                                                                \
	do {                                                                         \
		void *in_ssl = elf_symbol(&libssl, #name);                           \
		void *in_crypto = elf_symbol(&libcrypto, #name);                     \
                                                                                     \
		assert_true(!in_ssl || !in_crypto);                                  \
		assert_ptr_equal(in_ssl ? in_ssl : in_crypto, dlsym(handle, #name)); \
		n += in_ssl || in_crypto;                                            \
	} while (0);
#define MUST(name) COMPARE(name)
#define MAY(name)  COMPARE(name)
#include "loader/openssl.def"
#undef MUST
#undef MAY
	assert_true(n > 80);
	assert_null(elf_symbol(&libssl, "X509_new")); /* used there, defined elsewhere */
	assert_null(elf_symbol(&libssl, "SSL_CTX_new_"));
	assert_null(elf_symbol(&libssl, "SSL_CTX_ne"));
	assert_null(elf_symbol(&libssl, ""));
	dlclose(handle);
}

#define MANY                                                                                       \
	"int one(void) { return 1; } int two(void) { return 2; } int three(void) { return 3; }"    \
	"int four(void) { return 4; } int five(void) { return 5; } int six(void) { return 6; }"    \
	"int a_function_with_a_long_name(void) { return 9; } int another_with_a_long_name(void) "  \
	"{ return 9; } int one_more_such_long_name(void) { return 9; } int "                       \
	"the_last_of_the_long_names(void) { return 9; }"                                           \
	"int absent(void) __attribute__((weak)); int asks(void) { return absent ? absent() : 0; }" \
	"int data = 7; static int hidden(void) { return 8; } int use(void) { return hidden(); }"

static void each_kind_of_hash_table(void **state)
{
	static const char *const flags[] = { "-Wl,--hash-style=gnu", "-Wl,--hash-style=sysv",
					     "-Wl,--hash-style=both" };
	static const char *const names[] = { "one",
					     "two",
					     "three",
					     "four",
					     "five",
					     "six",
					     "use",
					     "asks",
					     "a_function_with_a_long_name",
					     "another_with_a_long_name",
					     "one_more_such_long_name",
					     "the_last_of_the_long_names" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char path[128], name[16];
		struct elf_object o;
		void *handle;

		snprintf(name, sizeof(name), "hash%zu", i);
		handle = build_and_load(name, MANY, flags[i], path);
		o = object_of(dlsym(handle, "one"));
		assert_string_equal(o.path, path);
		assert_int_equal(o.gnu_hash != NULL, i != 1);
		assert_int_equal(o.sysv_hash != NULL, i != 0);
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
			assert_non_null(dlsym(handle, names[j]));
			assert_ptr_equal(elf_symbol(&o, names[j]), dlsym(handle, names[j]));
		}
		assert_null(elf_symbol(&o, "seven"));
		assert_null(elf_symbol(&o, "hidden"));
		assert_null(elf_symbol(&o, "absent")); /* asked for, not defined */
		assert_null(elf_symbol(&o, "data"));   /* no function */
		dlclose(handle);
	}
}

/* Linked for the highest addresses that x86 has, where there is no room: it comes to lie below. */
static void an_object_that_lies_below(void **state)
{
	static const char *const styles[] = { "gnu", "sysv" };
	const uintptr_t high = sizeof(void *) == 8 ? 0x7fffffc00000 & UINTPTR_MAX : 0xffc00000;
	const size_t size = 64 << 10;
	void *in_the_way = mmap((void *)high, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(in_the_way, MAP_FAILED);
	for (size_t i = 0; i < 2; i++) {
		char path[128], name[16], flags[128];
		struct elf_object o;
		void *handle;

		snprintf(name, sizeof(name), "below%zu", i);
		snprintf(flags, sizeof(flags), "-Wl,--hash-style=%s -Wl,-Ttext-segment=%#jx",
			 styles[i], (uintmax_t)high);
		handle = build_and_load(name, MANY, flags, path);
		o = object_of(dlsym(handle, "one"));
		assert_string_equal(o.path, path);
		assert_ptr_equal(elf_symbol(&o, "one"), dlsym(handle, "one"));
		assert_null(elf_symbol(&o, "seven"));
		dlclose(handle);
	}
	munmap(in_the_way, size);
}

/* An object that exports nothing. */
static void an_empty_hash_table(void **state)
{
	static const char *const flags[] = { "-Wl,--hash-style=gnu", "-Wl,--hash-style=sysv" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char path[128], name[16];
		struct link_map *map;
		struct elf_object o;
		void *handle;

		snprintf(name, sizeof(name), "empty%zu", i);
		handle = build_and_load(name,
					"static int x; int *p(void); "
					"__attribute__((visibility(\"hidden\"))) int *p(void) "
					"{ return &x; }",
					flags[i], path);
		assert_int_equal(dlinfo(handle, RTLD_DI_LINKMAP, &map), 0);
		o = object_of(map->l_ld);
		assert_null(elf_symbol(&o, "p"));
		assert_null(elf_symbol(&o, "SSL_CTX_new"));
		dlclose(handle);
	}
}

static void only_default_versions_count(void **state)
{
	static const char *const flags[] = { "gnu", "sysv" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char path[128], name[16], map[128], flag[256];
		struct elf_object o;
		void *handle;
		FILE *file;

		snprintf(map, sizeof(map), "%s/map", folder);
		file = fopen(map, "w");
		assert_true(file &&
			    fputs("V1 { global: f; gone; local: *; }; V2 { global: f; } V1;",
				  file) >= 0 &&
			    fclose(file) == 0);
		snprintf(flag, sizeof(flag), "-Wl,--hash-style=%s -Wl,--version-script='%s'",
			 flags[i], map);
		snprintf(name, sizeof(name), "versions%zu", i);
		handle = build_and_load(name,
					"int old(void) { return 1; } int new(void) { return 2; }"
					"int past(void) { return 3; }"
					"__asm__(\".symver old,f@V1\");"
					"__asm__(\".symver new,f@@V2\");"
					"__asm__(\".symver past,gone@V1\");",
					flag, path);
		o = object_of(dlsym(handle, "f"));
		assert_non_null(o.versions);
		assert_ptr_equal(elf_symbol(&o, "f"), dlvsym(handle, "f", "V2"));
		assert_ptr_not_equal(elf_symbol(&o, "f"), dlvsym(handle, "f", "V1"));
		assert_non_null(dlvsym(handle, "gone", "V1"));
		assert_null(elf_symbol(&o, "gone"));
		dlclose(handle);
	}
}

static void owners(void **state)
{
	char path[128], on_stack;
	struct elf_object o;
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *heap = malloc(1), *handle, *gone;

	(void)state;
	assert_false(elf_owner(NULL, &o));
	assert_false(elf_owner((void *)1, &o));
	assert_false(elf_owner((void *)UINTPTR_MAX, &o));
	assert_false(elf_owner(page, &o));
	assert_false(elf_owner(heap, &o));
	assert_false(elf_owner(&on_stack, &o));
	free(heap);
	munmap(page, 4096);

	assert_true(elf_owner((void *)(uintptr_t)owners, &o)); /* this very program */
	assert_string_equal(o.path, "");
	assert_null(o.soname);

	/* An object is its first owner's as long as it is mapped, and nobody's afterwards. */
	handle = build_and_load("owner", MANY, "", path);
	gone = dlsym(handle, "one");
	o = object_of(gone);
	assert_string_equal(o.path, path);
	assert_true(elf_owner((void *)o.low, &o));
	assert_true(elf_owner((void *)(o.high - 1), &o));
	dlclose(handle);
	assert_false(elf_owner(gone, &o));
}

static void what_an_object_needs(void **state)
{
	struct elf_object libssl = object_of(TLS_client_method()), o;
	unsigned n = 0;
	char path[128];
	void *handle;

	(void)state;
	while (elf_needed(&libssl, n, &o))
		n++;
	assert_true(n >= 2); /* libcrypto, libc */
	assert_false(elf_needed(&libssl, n, &o));
	assert_false(elf_needed(&libssl, 1000, &o));
	handle = build_and_load("needy", MANY, "", path); /* -nostdlib: nothing */
	o = object_of(dlsym(handle, "one"));
	assert_false(elf_needed(&o, 0, &o));
	dlclose(handle);
}

static void the_next_definition(void **state)
{
	struct elf_object libssl = object_of(TLS_client_method());

	(void)state;
	/* Behind this program comes libssl's; behind libssl there is none. */
	assert_ptr_equal(elf_next_symbol((void *)(uintptr_t)the_next_definition, "SSL_connect"),
			 elf_symbol(&libssl, "SSL_connect"));
	assert_null(elf_next_symbol((void *)libssl.low, "SSL_connect"));
	assert_null(elf_next_symbol((void *)(uintptr_t)the_next_definition, "no_such_symbol"));
	assert_null(elf_next_symbol(NULL, "SSL_connect")); /* behind nobody */
}

static void this_very_object(void **state)
{
	struct elf_object self, owner = object_of((void *)(uintptr_t)this_very_object);

	(void)state;
	assert_true(elf_self(&self));
	assert_int_equal(self.base, owner.base);
	assert_int_equal(self.low, owner.low);
	assert_int_equal(self.high, owner.high);
	assert_ptr_equal(self.symbols, owner.symbols);
	assert_ptr_equal(self.dynamic, owner.dynamic);
}

/* Among what came with the program: as RTLD_NEXT and elf_next_symbol() find it. */
static void the_next_definition_early(void **state)
{
	static const char *const names[] = { "getpid",	      "dlsym",	  "dlopen",
					     "SSL_connect",   "X509_new", "cmocka_skip",
					     "no_such_symbol" };
	struct elf_object self, libc = object_of(dlsym(RTLD_NEXT, "getpid"));
	char path[128];
	void *handle;

	(void)state;
	assert_true(elf_self(&self));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		void *next = elf_early_next(&self, names[i]);

		assert_ptr_equal(next, elf_next_symbol((void *)self.low, names[i]));
		/* AddressSanitizer and its like stand before libc, as RTLD_NEXT says, too. */
		assert_ptr_equal(next, dlsym(RTLD_NEXT, names[i]));
	}
	assert_null(elf_early_next(&libc, "SSL_connect"));
	/* What is in no list has nobody behind it. */
	self.dynamic = NULL;
	assert_null(elf_early_next(&self, "getpid"));
	handle = build_and_load("late", MANY, "", path);
	libc = object_of(dlsym(handle, "one"));
	assert_null(elf_early_next(&libc, "one"));
	dlclose(handle);
}

/* What the program is about to ask dlerror(3) for is still there. */
static void the_loaders_error_survives(void **state)
{
	struct elf_object o;
	const char *error;

	(void)state;
	assert_null(dlopen("/no/such/object.so", RTLD_NOW));
	o = object_of(TLS_client_method());
	elf_symbol(&o, "SSL_connect");
	elf_symbol(&o, "no_such_symbol");
	elf_needed(&o, 0, &o);
	elf_next_symbol(NULL, "x");
	elf_owner(NULL, &o);
	elf_self(&o);
	elf_early_next(&o, "no_such_symbol");
	error = dlerror();
	assert_non_null(error);
	assert_non_null(strstr(error, "/no/such/object.so"));
	/* ... and none comes up by itself. */
	o = object_of(TLS_client_method());
	elf_symbol(&o, "no_such_symbol");
	assert_null(dlerror());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openssls_functions),
		cmocka_unit_test(each_kind_of_hash_table),
		cmocka_unit_test(an_object_that_lies_below),
		cmocka_unit_test(an_empty_hash_table),
		cmocka_unit_test(only_default_versions_count),
		cmocka_unit_test(owners),
		cmocka_unit_test(what_an_object_needs),
		cmocka_unit_test(the_next_definition),
		cmocka_unit_test(this_very_object),
		cmocka_unit_test(the_next_definition_early),
		cmocka_unit_test(the_loaders_error_survives),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

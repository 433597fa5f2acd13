/* SPDX-License-Identifier: MIT */
/*
 * Which libssl a call is meant for, and its table of functions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "loader/elf.h"
#include "loader/openssl.h"

static void the_table_of_the_systems_openssl(void **state)
{
	struct openssl *lib = openssl_of_method(TLS_client_method());
	void *handle;

	(void)state;
	assert_non_null(lib);
	assert_null(lib->lacks);
	assert_non_null(strstr(lib->path, "libssl.so"));
	handle = dlopen(lib->path, RTLD_NOW | RTLD_NOLOAD);
	assert_non_null(handle);
#define MAY(name) assert_ptr_equal((void *)(uintptr_t)lib->name, dlsym(handle, #name));
#define MUST(name) \
	MAY(name)  \
	assert_non_null((void *)(uintptr_t)lib->name);
#include "loader/openssl.def"
#undef MUST
#undef MAY
	/* One way to raise an error there must be. */
	assert_true((lib->ERR_new && lib->ERR_set_debug && lib->ERR_set_error) ||
		    lib->ERR_put_error);
	dlclose(handle);
}

static void who_defines_a_function(void **state)
{
	int on_stack;

	(void)state;
	assert_true(openssl_defines("SSL_connect", (void *)(uintptr_t)SSL_connect));
	assert_true(openssl_defines("X509_up_ref", (void *)(uintptr_t)X509_up_ref));
	assert_false(openssl_defines("SSL_connect", (void *)(uintptr_t)X509_up_ref));
	assert_false(openssl_defines("X509_up_ref", (void *)(uintptr_t)who_defines_a_function));
	assert_false(openssl_defines("getpid", dlsym(RTLD_DEFAULT, "getpid")));
	assert_false(openssl_defines("SSL_connect", &on_stack));
	assert_false(openssl_defines("SSL_connect", NULL));
}

static void who_made_an_object(void **state)
{
	static const SSL_METHOD *(*const methods[])(void) = {
		TLS_method,  TLS_client_method,	 TLS_server_method,
		DTLS_method, DTLS_client_method, DTLS_server_method,
	};
	struct openssl *lib = openssl_of_method(TLS_client_method());

	(void)state;
	assert_ptr_equal(openssl_any(), lib);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		SSL_CTX *ctx = SSL_CTX_new(methods[i]());
		SSL *ssl = SSL_new(ctx), *copy;

		assert_ptr_equal(openssl_of_method(methods[i]()), lib);
		assert_ptr_equal(openssl_of(ctx), lib);
		assert_ptr_equal(openssl_of(ssl), lib);
		copy = SSL_dup(ssl);
		assert_ptr_equal(openssl_of(copy), lib);
		SSL_free(copy);
		SSL_free(ssl);
		SSL_CTX_free(ctx);
	}
}

static void nobodys_objects(void **state)
{
	void *zeros[4] = { NULL };
	void *numbers[4] = { (void *)1, (void *)UINTPTR_MAX, (void *)4096, (void *)8 };
	void *libc[4] = { (void *)(uintptr_t)strlen, (void *)(uintptr_t)malloc, libc, zeros };
	void **heap = malloc(sizeof(zeros));

	(void)state;
	assert_null(openssl_of(NULL));
	assert_null(openssl_of_method(NULL));
	assert_null(openssl_of(zeros));
	assert_null(openssl_of(numbers));
	assert_null(openssl_of(libc));
	assert_null(openssl_of_method((const SSL_METHOD *)(const void *)zeros));
	assert_null(openssl_of_method((const SSL_METHOD *)(uintptr_t)strlen));
	memset(heap, 0xff, sizeof(zeros));
	assert_null(openssl_of(heap));
	free(heap);
}

static void the_loaders_error_survives(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	void *zeros[4] = { NULL };
	const char *error;

	(void)state;
	assert_null(dlsym(RTLD_DEFAULT, "no_such_symbol"));
	openssl_of(ctx);
	openssl_of(zeros);
	openssl_of_method(TLS_client_method());
	openssl_next("SSL_connect");
	error = dlerror();
	assert_non_null(error);
	assert_non_null(strstr(error, "no_such_symbol"));
	SSL_CTX_free(ctx);
}

static void the_next_definition(void **state)
{
	struct openssl *lib = openssl_of_method(TLS_client_method());

	(void)state;
	assert_ptr_equal(openssl_next("SSL_connect"), (void *)(uintptr_t)lib->SSL_connect);
	assert_null(openssl_next("no_such_symbol"));
}

/* The first look, by many at once: one entry. */
static pthread_barrier_t all_there;

static void *look(void *arg)
{
	struct openssl **found = arg;

	pthread_barrier_wait(&all_there);
	*found = openssl_of_method(TLS_client_method());
	return NULL;
}

static void check_many_looks(const void *arg)
{
	struct openssl *found[8];
	pthread_t threads[8];

	(void)arg;
	CHECK(pthread_barrier_init(&all_there, NULL, 8) == 0);
	for (int i = 0; i < 8; i++)
		CHECK(pthread_create(&threads[i], NULL, look, &found[i]) == 0);
	for (int i = 0; i < 8; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	for (int i = 0; i < 8; i++)
		CHECK(found[i] && found[i] == found[0] && !found[i]->lacks);
}

static void many_first_looks(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		assert_int_equal(in_child(check_many_looks, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_first_looks), /* while none is known */
		cmocka_unit_test(the_table_of_the_systems_openssl),
		cmocka_unit_test(who_defines_a_function),
		cmocka_unit_test(who_made_an_object),
		cmocka_unit_test(nobodys_objects),
		cmocka_unit_test(the_loaders_error_survives),
		cmocka_unit_test(the_next_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

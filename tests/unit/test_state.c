/* SPDX-License-Identifier: MIT */
/*
 * What the shim keeps on OpenSSL's objects: there once, copied and freed with
 * them, and a session's verdict that never reaches a callback of the program's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "child.h"
#include "gate/state.h"

static void check_objects(const void *arg)
{
	struct openssl *lib = openssl_of_method(TLS_client_method());
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx), *copy, *bare = SSL_new(ctx);
	struct state_ssl *state;

	(void)arg;
	CHECK(!state_of_ctx(lib, ctx) && !state_of_ssl(lib, ssl));
	CHECK(state_make_ctx(lib, ctx) && state_make_ctx(lib, ctx) == state_of_ctx(lib, ctx));
	state = state_make_ssl(lib, ssl);
	CHECK(state && state == state_of_ssl(lib, ssl) && state == state_make_ssl(lib, ssl));
	CHECK(!state->secret_cb && !state->recorded);
	strcpy(state->sni, "api.example.com");
	state->recorded = true;

	/* A copy has the same, and its own. */
	copy = SSL_dup(ssl);
	CHECK(copy && state_of_ssl(lib, copy) && state_of_ssl(lib, copy) != state);
	CHECK(state_of_ssl(lib, copy)->recorded);
	CHECK(!strcmp(state_of_ssl(lib, copy)->sni, "api.example.com"));
	SSL_free(ssl);
	CHECK(!strcmp(state_of_ssl(lib, copy)->sni, "api.example.com"));
	SSL_free(copy);

	copy = SSL_dup(bare);
	CHECK(copy && !state_of_ssl(lib, copy));
	SSL_free(copy);
	SSL_free(bare);
	SSL_CTX_free(ctx);
}

static struct state_ctx *left_of_ctx;
static struct state_ssl *left_of_ssl;

static void look_at_ctx(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl,
			void *argp)
{
	(void)ptr, (void)ad, (void)index, (void)argl;
	left_of_ctx = state_of_ctx(argp, parent);
}

static void look_at_ssl(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl,
			void *argp)
{
	(void)ptr, (void)ad, (void)index, (void)argl;
	left_of_ssl = state_of_ssl(argp, parent);
}

/* A callback of the program's that comes after ours finds nothing that has been freed. */
static void check_dying_objects(const void *arg)
{
	struct openssl *lib = openssl_of_method(TLS_client_method());
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);

	(void)arg;
	left_of_ctx = state_make_ctx(lib, ctx);
	left_of_ssl = state_make_ssl(lib, ssl);
	CHECK(left_of_ctx && left_of_ssl);
	CHECK(SSL_CTX_get_ex_new_index(0, lib, NULL, NULL, look_at_ctx) > 0);
	CHECK(SSL_get_ex_new_index(0, lib, NULL, NULL, look_at_ssl) > 0);
	SSL_free(ssl);
	CHECK(!left_of_ssl);
	SSL_CTX_free(ctx);
	CHECK(!left_of_ctx);
}

static void check_sessions(const void *arg)
{
	struct openssl *lib = openssl_of_method(TLS_client_method());
	SSL_SESSION *session = SSL_SESSION_new(), *copy, *read;
	unsigned char *der = NULL;
	const unsigned char *at;
	int len;

	(void)arg;
	CHECK(state_verdict(lib, session) == 0);
	state_set_verdict(lib, session, 12345);
	CHECK(state_verdict(lib, session) == 12345);
	copy = SSL_SESSION_dup(session);
	CHECK(copy && state_verdict(lib, copy) == 12345);
	state_set_verdict(lib, copy, 0);
	CHECK(state_verdict(lib, copy) == 0 && state_verdict(lib, session) == 12345);
	SSL_SESSION_free(copy);
	/* Written and read again, it is gone: nobody can bring one along. */
	CHECK(SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1);
	CHECK(SSL_SESSION_set_cipher(session, SSL_CIPHER_find(SSL_new(SSL_CTX_new(TLS_method())),
							      (unsigned char[]){ 0x13, 1 })) == 1);
	len = i2d_SSL_SESSION(session, &der);
	CHECK(len > 0);
	at = der;
	read = d2i_SSL_SESSION(NULL, &at, len);
	CHECK(read && state_verdict(lib, read) == 0);
	SSL_SESSION_free(read);
	SSL_SESSION_free(session);
	OPENSSL_free(der);
}

static int without_null(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **ptr, int index,
			long argl, void *argp)
{
	(void)to, (void)from, (void)index, (void)argl, (void)argp;
	CHECK(*ptr); /* a program that relies on what it has set itself */
	return 1;
}

/* The program's index is the lowest: then there are no verdicts, and no callback meets NULL. */
static void check_programs_index_first(const void *arg)
{
	struct openssl *lib = openssl_of_method(TLS_client_method());
	SSL_SESSION *session = SSL_SESSION_new(), *copy;

	(void)arg;
	CHECK(SSL_SESSION_get_ex_new_index(0, NULL, NULL, without_null, NULL) > 0);
	state_set_verdict(lib, session, 12345);
	CHECK(state_verdict(lib, session) == 0);
	copy = SSL_SESSION_dup(session);
	CHECK(copy && state_verdict(lib, copy) == 0);
	SSL_SESSION_free(copy);
	SSL_SESSION_free(session);
}

static void check_programs_index_second(const void *arg)
{
	struct openssl *lib = openssl_of_method(TLS_client_method());
	SSL_SESSION *session = SSL_SESSION_new(), *copy;

	(void)arg;
	CHECK(state_verdict(lib, session) == 0);
	CHECK(SSL_SESSION_get_ex_new_index(0, NULL, NULL, without_null, NULL) > 0);
	state_set_verdict(lib, session, 12345);
	copy = SSL_SESSION_dup(session);
	CHECK(copy && state_verdict(lib, copy) == 12345);
	SSL_SESSION_free(copy);
	SSL_SESSION_free(session);
}

/* Qt takes one index and uses three. */
static void check_programs_three_places(const void *arg)
{
	struct openssl *lib = openssl_of_method(TLS_client_method());
	int mine = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx), *copy;
	char places[3];

	(void)arg;
	CHECK(mine > 0);
	CHECK(state_make_ctx(lib, ctx) && state_make_ssl(lib, ssl));
	for (int i = 0; i < 3; i++) {
		CHECK(!SSL_get_ex_data(ssl, mine + i));
		CHECK(SSL_set_ex_data(ssl, mine + i, &places[i]) == 1);
	}
	copy = SSL_dup(ssl);
	CHECK(copy && state_of_ssl(lib, copy) && state_of_ssl(lib, copy) != state_of_ssl(lib, ssl));
	for (int i = 0; i < 3; i++)
		CHECK(SSL_get_ex_data(copy, mine + i) == &places[i]);
	SSL_free(copy);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

/* What a program keeps on its SSL_CTX by an index that it took for SSLs, and ours beside it. */
static void check_stray_index(struct openssl *lib, SSL_CTX *ctx, int index)
{
	static char theirs[8];
	struct state_ctx *ours = state_make_ctx(lib, ctx);

	CHECK(ours && index > 0);
	CHECK(SSL_CTX_set_ex_data(ctx, index, theirs) == 1);
	CHECK(state_of_ctx(lib, ctx) == ours && state_make_ctx(lib, ctx) == ours);
	CHECK(SSL_CTX_get_ex_data(ctx, index) == theirs);
	SSL_CTX_free(ctx);
}

static void check_index_of_another_class(const void *arg)
{
	struct openssl *lib = openssl_of_method(TLS_client_method());
	int before = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL), after;

	(void)arg;
	check_stray_index(lib, SSL_CTX_new(TLS_client_method()), before);
	after = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	check_stray_index(lib, SSL_CTX_new(TLS_client_method()), after);
}

#define CHILD_TEST(name, f)                             \
	static void name(void **state)                  \
	{                                               \
		(void)state;                            \
		assert_int_equal(in_child(f, NULL), 0); \
	}

CHILD_TEST(states_of_objects, check_objects)
CHILD_TEST(states_of_dying_objects, check_dying_objects)
CHILD_TEST(verdicts_of_sessions, check_sessions)
CHILD_TEST(a_program_that_took_the_lowest_index, check_programs_index_first)
CHILD_TEST(a_program_that_took_a_later_index, check_programs_index_second)
CHILD_TEST(a_program_that_uses_three_places, check_programs_three_places)
CHILD_TEST(a_program_that_uses_an_index_of_another_class, check_index_of_another_class)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_of_objects),
		cmocka_unit_test(states_of_dying_objects),
		cmocka_unit_test(verdicts_of_sessions),
		cmocka_unit_test(a_program_that_took_the_lowest_index),
		cmocka_unit_test(a_program_that_took_a_later_index),
		cmocka_unit_test(a_program_that_uses_three_places),
		cmocka_unit_test(a_program_that_uses_an_index_of_another_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * Counting SCTs: for each thing that an SCT must be, one that is not so and does
 * not count, beside the honest ones that do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "child.h"
#include "gate/ct.h"
#include "gate/gate.h"
#include "gate/on.h"
#include "process/store.h"
#include "scts.h"

static struct openssl *lib;
static char folder[64], policy[128], list[128];
static EVP_PKEY *root_key, *other_key, *leaf_key, *rsa_key;
static EVP_PKEY *one, *two, *three, *unknown, *rsa; /* logs */
static X509 *root, *other;

static void write_policy(const char *logs)
{
	char text[256];

	write_file(list, logs);
	snprintf(text, sizeof(text), "ct-logs = %s\n[**.example.com]\nct = require\n", list);
	write_file(policy, text);
}

static struct source *load(void)
{
	struct source *s = source_load(policy, false);

	if (s->error)
		fail_msg("%s", s->error);
	return s;
}

static int make(void **state)
{
	char logs[8192] = "enabled_logs = one, two, three, rsa\n";

	(void)state;
	lib = openssl_of_method(TLS_client_method());
	strcpy(folder, "/tmp/pinshim-ct.XXXXXX");
	if (!lib || lib->lacks || !mkdtemp(folder))
		return -1;
	snprintf(policy, sizeof(policy), "%s/p.ini", folder);
	snprintf(list, sizeof(list), "%s/logs.cnf", folder);
	root_key = ec_key();
	other_key = ec_key();
	leaf_key = ec_key();
	rsa_key = new_key(EVP_PKEY_RSA, 2048);
	one = ec_key();
	two = ec_key();
	three = ec_key();
	unknown = ec_key();
	rsa = new_key(EVP_PKEY_RSA, 2048);
	root = new_cert(&(struct spec){ .cn = "Root", .ca = true, .key = root_key });
	other = new_cert(&(struct spec){ .cn = "Root", .ca = true, .key = other_key });
	add_log("one", one, logs, sizeof(logs));
	add_log("two", two, logs, sizeof(logs));
	add_log("three", three, logs, sizeof(logs));
	add_log("rsa", rsa, logs, sizeof(logs));
	write_policy(logs);
	return 0;
}

static int tidy(void **state)
{
	EVP_PKEY *keys[] = {
		root_key, other_key, leaf_key, rsa_key, one, two, three, unknown, rsa
	};
	char command[128];

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		EVP_PKEY_free(keys[i]);
	X509_free(root);
	X509_free(other);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static X509 *leaf_of(const char *cn)
{
	return new_cert(&(struct spec){ .cn = cn,
					.san = "DNS:api.example.com",
					.key = leaf_key,
					.issuer_name_of = root,
					.signer = root_key });
}

/* Counts in a chain of LEAF and ISSUER, which may be NULL. Frees LEAF. */
static struct ct_count count(X509 *leaf, X509 *issuer)
{
	STACK_OF(X509) *chain = stack_of(leaf, issuer, NULL);
	struct source *s = load();
	struct ct_count count = ct_count(lib, s, chain);

	ERR_clear_error(); /* the caller's affair */
	source_free(s);
	sk_X509_free(chain);
	X509_free(leaf);
	return count;
}

static void expect(struct ct_count count, unsigned scts, unsigned logs, int line)
{
	if (count.failure || count.scts != scts || count.logs != logs)
		fail_msg("line %d: %u SCTs by %u logs, %s", line, count.scts, count.logs,
			 count.failure ? count.failure : "no failure");
}

#define EXPECT(scts, logs, ...)                                       \
	do {                                                          \
		const struct sct_spec specs[SCTS_MOST] = __VA_ARGS__; \
		X509 *leaf = leaf_of("leaf");                         \
		embed(leaf, root_key, specs);                         \
		expect(count(leaf, root), scts, logs, __LINE__);      \
	} while (0)

static void valid_ones_count(void **state)
{
	(void)state;
	EXPECT(1, 1, { { .log = one } });
	EXPECT(2, 2, { { .log = one }, { .log = two } });
	EXPECT(3, 3, { { .log = one }, { .log = two }, { .log = three } });
	EXPECT(2, 2, { { .log = one }, { .log = rsa } });
	EXPECT(2, 2, { { .log = one, .age = 3600L * 24 * 365 }, { .log = two, .age = 1 } });
}

static void one_log_counts_once(void **state)
{
	(void)state;
	EXPECT(2, 1, { { .log = one }, { .log = one, .age = 100 } });
	EXPECT(3, 2, { { .log = one }, { .log = two }, { .log = one, .age = 100 } });
	EXPECT(2, 1, { { .log = one, .forger = two }, { .log = one }, { .log = one, .age = 90 } });
}

static void others_do_not(void **state)
{
	X509 *neighbour = leaf_of("neighbour");

	(void)state;
	EXPECT(1, 1, { { .log = one }, { .log = unknown } });
	EXPECT(1, 1, { { .log = unknown }, { .log = one } });
	EXPECT(1, 1, { { .log = one }, { .log = two, .forger = unknown } });
	EXPECT(1, 1, { { .log = one }, { .log = two, .forger = one } });
	EXPECT(1, 1, { { .log = one }, { .log = two, .age = -10 } });
	EXPECT(1, 1, { { .log = one }, { .log = two, .of = neighbour } });
	EXPECT(1, 1, { { .log = one }, { .log = two, .issuer = other_key } });
	EXPECT(1, 1, { { .log = one }, { .log = two, .whole = true } });
	EXPECT(1, 1, { { .log = one }, { .log = two, .version = 1 } });
	EXPECT(1, 1, { { .log = two, .version = 1 }, { .log = one } });
	EXPECT(1, 1, { { .log = one }, { .log = rsa, .forger = rsa_key } });
	EXPECT(0, 0, { { .log = NULL } });
	X509_free(neighbour);
}

/* The issuer is the one of our own chain, and there is one. */
static void the_issuer_counts(void **state)
{
	const struct sct_spec specs[SCTS_MOST] = { { .log = one }, { .log = two } };
	X509 *leaf = leaf_of("leaf");

	(void)state;
	embed(leaf, root_key, specs);
	X509_up_ref(leaf);
	X509_up_ref(leaf);
	expect(count(leaf, root), 2, 2, __LINE__);
	expect(count(leaf, other), 0, 0, __LINE__);
	expect(count(leaf, NULL), 0, 0, __LINE__);
	expect(count(leaf_of("leaf"), root), 0, 0, __LINE__);
}

/* What cannot be read has no SCTs, also beside what can be. */
static void broken_extensions(void **state)
{
	static const struct {
		uint8_t bytes[8];
		size_t len;
	} lists[] = {
		{ { 0 }, 0 },
		{ { 0, 0 }, 2 },
		{ { 0, 1, 0 }, 3 },
		{ { 0, 4, 0, 9, 0, 0 }, 6 },
		{ { 0, 3, 0, 1, 0 }, 5 },
	};
	const struct sct_spec specs[SCTS_MOST] = { { .log = one }, { .log = two } };
	X509 *leaf;

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		leaf = leaf_of("leaf");
		add_scts(leaf, lists[i].bytes, lists[i].len);
		expect(count(leaf, root), 0, 0, __LINE__);
	}
	leaf = leaf_of("leaf");
	embed(leaf, root_key, specs);
	add_scts(leaf, (const uint8_t *)"\0\0", 2);
	expect(count(leaf, root), 0, 0, __LINE__);
}

static const char *failure(void)
{
	return count(leaf_of("leaf"), root).failure;
}

static void a_list_that_openssl_cannot_read(void **state)
{
	char before[8192] = "";
	FILE *file = fopen(list, "r");

	(void)state;
	assert_true(file && fread(before, 1, sizeof(before) - 1, file) > 0);
	fclose(file);
	write_policy("enabled_logs = a\n[a]\ndescription = no key\nkey = MAYBAgMEBQY=\n");
	assert_string_equal(failure(),
			    "OpenSSL cannot read what `ct-logs' names, or has no memory");
	write_policy(before);
	assert_null(failure());
}

static void an_openssl_without_ct(void **state)
{
	struct openssl before = *lib;
	struct source *s = load();

	(void)state;
	lib->SCT_LIST_validate = NULL;
	assert_string_equal(failure(), "its OpenSSL was built without certificate transparency");
	lib->SCT_LIST_validate = before.SCT_LIST_validate;
	lib->CTLOG_STORE_new = NULL;
	assert_string_equal(failure(), "its OpenSSL was built without certificate transparency");
	lib->CTLOG_STORE_new = before.CTLOG_STORE_new;
	source_free(s);
}

/* In a process of its own, in which the policy comes from the environment. */
static void prepare(const void *arg)
{
	const struct store_set *set;
	int descriptors = count_descriptors();

	(void)arg;
	setenv("PINSHIM_POLICY", policy, 1);
	ct_prepare(lib); /* no policy has been read yet */
	CHECK(store_active());
	ERR_raise(ERR_LIB_USER, 77);
	errno = 7;
	ct_prepare(lib);
	CHECK(errno == 7);
	CHECK(ERR_GET_REASON(ERR_get_error()) == 77 && !ERR_peek_error());
	CHECK(count_descriptors() == descriptors);
	set = store_enter();
	CHECK(source_kept(set->policies[0].source, lib));
	/* Once is enough. */
	ct_prepare(lib);
	CHECK(!source_kept(set->policies[0].source, lib)->next);
	store_leave();
}

static void logs_are_read_beforehand(void **state)
{
	(void)state;
	assert_int_equal(in_child(prepare, NULL), 0);
}

/* In a child, which may change the list. */
static void with_list_kept(void (*f)(const void *))
{
	char logs[8192] = "";
	FILE *file = fopen(list, "r");

	assert_true(file && fread(logs, 1, sizeof(logs) - 1, file) > 0);
	fclose(file);
	assert_int_equal(in_child(f, NULL), 0);
	write_file(list, logs);
}

/* Whether the logs of the policy in force are read. */
static bool are_read(void)
{
	const struct store_set *set = store_enter();
	bool read = source_kept(set->policies[0].source, lib);

	store_leave();
	return read;
}

/* Whatever may bring a policy into force has its logs read as well. */
static void come_into_force(const void *arg)
{
	SSL_CTX *ctx;
	char text[256];

	(void)arg;
	setenv("PINSHIM_POLICY", policy, 1);
	ctx = on_ctx_new(TLS_client_method());
	CHECK(ctx && are_read());
	snprintf(text, sizeof(text), "ct-logs = %s\n[api.example.com]\nct = require\n", list);
	write_file(policy, text);
	CHECK(are_read());
	gate_session_is_good(lib, SSL_new(ctx), SSL_SESSION_new());
	CHECK(are_read());
	write_file(policy, "[api.example.com]\nverify = full\n");
	gate_session_is_good(lib, SSL_new(ctx), SSL_SESSION_new());
	CHECK(!are_read());
}

static void a_new_policy_has_its_logs_read(void **state)
{
	char text[256];

	(void)state;
	assert_int_equal(in_child(come_into_force, NULL), 0);
	snprintf(text, sizeof(text), "ct-logs = %s\n[**.example.com]\nct = require\n", list);
	write_file(policy, text);
}

/* Without /proc OpenSSL reads the file itself, and that has to be the one that was read. */
static void without_proc(const void *arg)
{
	const struct sct_spec specs[SCTS_MOST] = { { .log = one }, { .log = two } };
	struct source *first = load(), *second = load();
	X509 *leaf = leaf_of("leaf");
	char other_list[4096] = "enabled_logs = unknown\n";
	STACK_OF(X509) * chain;

	(void)arg;
	embed(leaf, root_key, specs);
	chain = stack_of(leaf, root, NULL);
	own_mounts();
	hide("/proc");
	CHECK(ct_count(lib, first, chain).logs == 2);
	add_log("unknown", unknown, other_list, sizeof(other_list));
	write_file(list, other_list);
	CHECK(ct_count(lib, second, chain).failure);
	CHECK(ct_count(lib, first, chain).logs == 2); /* for life */
}

static void a_machine_without_proc(void **state)
{
	(void)state;
	with_list_kept(without_proc);
}

static void install_filter(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* A filter after which no file may be opened: the logs are at hand, or it is refused. */
static void enter_sandbox(const void *prepared)
{
	const struct sct_spec specs[SCTS_MOST] = { { .log = one }, { .log = two } };
	STACK_OF(X509) * chain;
	struct source *s = load();
	X509 *leaf = leaf_of("leaf");
	struct ct_count found;

	embed(leaf, root_key, specs);
	chain = stack_of(leaf, root, NULL);
	if (prepared)
		ct_count(lib, s, chain);
	install_filter();
	found = ct_count(lib, s, chain);
	CHECK(!found.failure == (prepared != NULL));
	CHECK(found.logs == (prepared ? 2 : 0));
	if (!prepared)
		CHECK(strstr(found.failure, "seccomp"));
}

/* Where already the policy was read under a filter, files may be opened, if no other filter came.
 */
static void begin_in_sandbox(const void *arg)
{
	const struct sct_spec specs[SCTS_MOST] = { { .log = one }, { .log = two } };
	X509 *leaf = leaf_of("leaf");
	const struct store_set *set;
	STACK_OF(X509) * chain;
	struct ct_count found;

	(void)arg;
	embed(leaf, root_key, specs);
	chain = stack_of(leaf, root, NULL);
	setenv("PINSHIM_POLICY", policy, 1);
	install_filter();
	CHECK(on_ctx_new(TLS_client_method()) && are_read());
	set = store_enter();
	found = ct_count(lib, set->policies[0].source, chain);
	CHECK(!found.failure && found.logs == 2);
	/* The file is not the one that was read. */
	CHECK(source_file_holds(source_file(set->policies[0].source, list)));
	write_file(list, "enabled_logs = a\n");
	CHECK(!source_file_holds(source_file(set->policies[0].source, list)));
	store_leave();
}

static void a_sandbox_has_the_logs_or_none(void **state)
{
	(void)state;
	with_list_kept(begin_in_sandbox);
	assert_int_equal(in_child(enter_sandbox, NULL), 0);
	assert_int_equal(in_child(enter_sandbox, ""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_ones_count),
		cmocka_unit_test(one_log_counts_once),
		cmocka_unit_test(others_do_not),
		cmocka_unit_test(the_issuer_counts),
		cmocka_unit_test(broken_extensions),
		cmocka_unit_test(a_list_that_openssl_cannot_read),
		cmocka_unit_test(an_openssl_without_ct),
		cmocka_unit_test(logs_are_read_beforehand),
		cmocka_unit_test(a_new_policy_has_its_logs_read),
		cmocka_unit_test(a_machine_without_proc),
		cmocka_unit_test(a_sandbox_has_the_logs_or_none),
	};

	return cmocka_run_group_tests(tests, make, tidy);
}

/* SPDX-License-Identifier: MIT */
/*
 * The shim's own verification against certificates that lie: for each thing
 * that a chain must be, one that is not so and is refused, beside the honest
 * one that is accepted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs.h"
#include "child.h"
#include "gate/chain.h"

#define HOST_NAME "api.example.com"
#define SAN	  "DNS:api.example.com,IP:192.0.2.7,IP:2001:db8::7"

static struct openssl *lib;
static SSL_CTX *ctx;
static SSL *ssl;
static X509_STORE *store; /* the program's */
static char folder[64], cert_file[128];

/* root -> int -> leaf, and the neighbours that want to be taken for them */
static EVP_PKEY *root_key, *int_key, *leaf_key, *thief_key, *other_key, *nobodys_key;
static X509 *root, *intermediate, *leaf, *other;

static X509 *issue(struct spec spec, X509 *issuer, EVP_PKEY *signer)
{
	spec.issuer_name_of = issuer;
	spec.signer = signer;
	if (!spec.key)
		spec.key = leaf_key;
	return new_cert(&spec);
}

static X509 *issue_leaf(struct spec spec)
{
	if (!spec.cn)
		spec.cn = HOST_NAME;
	if (!spec.san)
		spec.san = SAN;
	return issue(spec, intermediate, int_key);
}

/* What was read of the default file is kept by the library; a new process would read it again. */
static void forget_default_file(void)
{
	for (size_t i = 0; i < sizeof(lib->anchors) / sizeof(lib->anchors[0]); i++) {
		X509_STORE_free(lib->anchors[i]);
		lib->anchors[i] = NULL;
	}
}

static int make_certs(void **state)
{
	(void)state;
	lib = openssl_of_method(TLS_client_method());
	if (!lib || lib->lacks)
		return -1;
	strcpy(folder, "/tmp/pinshim-chain.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(cert_file, sizeof(cert_file), "%s/cert.pem", folder);
	/* Nobody's default stores but those of the tests. */
	setenv("SSL_CERT_DIR", folder, 1);
	setenv("SSL_CERT_FILE", cert_file, 1);
	root_key = ec_key();
	int_key = ec_key();
	leaf_key = ec_key();
	thief_key = ec_key();
	other_key = ec_key();
	nobodys_key = ec_key();
	root = new_cert(&(struct spec){ .cn = "Root", .ca = true, .key = root_key });
	other = new_cert(&(struct spec){ .cn = "Other Root", .ca = true, .key = other_key });
	intermediate =
		issue((struct spec){ .cn = "Int", .ca = true, .key = int_key, .key_id = "0102" },
		      root, root_key);
	leaf = issue_leaf((struct spec){ 0 });
	return 0;
}

static int free_certs(void **state)
{
	EVP_PKEY *keys[] = { root_key, int_key, leaf_key, thief_key, other_key, nobodys_key };
	X509 *certs[] = { root, other, intermediate, leaf };
	char command[128];

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		EVP_PKEY_free(keys[i]);
	for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++)
		X509_free(certs[i]);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static int setup(void **state)
{
	(void)state;
	ctx = SSL_CTX_new(TLS_client_method());
	ssl = ctx ? SSL_new(ctx) : NULL;
	store = ssl ? X509_STORE_new() : NULL;
	return store ? 0 : -1;
}

static void empty_folder(void)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -f '%s'/*", folder);
	assert_int_equal(system(command), 0);
	forget_default_file();
}

static int teardown(void **state)
{
	(void)state;
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	X509_STORE_free(store);
	empty_folder();
	return 0;
}

/* --- a policy with one section, and a question to it */

static char ca_pem[16384]; /* what the section's ca-file holds; "": it has none */

struct question {
	X509 *leaf;
	X509 *served[3];  /* besides the leaf */
	const char *name; /* of `kind'; NULL: the usual one */
	enum name_kind kind;
	bool host;
};

static struct source *policy_of(const char *keys, bool host)
{
	struct source *s = calloc(1, sizeof(*s));
	char text[2048], error[POLICY_ERROR_SIZE];
	struct policy_text file = { "p.ini", text, 0 };

	file.len = (size_t)snprintf(text, sizeof(text), "[**.example.com]\n%s%s", keys,
				    *ca_pem ? "ca-file = /ca.pem\n" : "");
	assert_non_null(s);
	s->path = strdup("p.ini");
	s->host = host;
	s->policy = policy_parse(&file, 1, "p.ini", host, error);
	if (!s->policy)
		fail_msg("%s", error);
	if (*ca_pem) {
		s->files = calloc(1, sizeof(*s->files));
		s->files[0] = (struct source_file){ .path = strdup("/ca.pem"),
						    .bytes = strdup(ca_pem),
						    .len = strlen(ca_pem) };
		s->n_files = 1;
	}
	return s;
}

static void free_policy(struct source *s)
{
	for (size_t i = 0; i < s->n_files; i++) {
		free(s->files[i].path);
		free(s->files[i].bytes);
	}
	free(s->files);
	free((void *)(uintptr_t)s->policy);
	free(s->path);
	free(s);
}

static struct chain_task task_of(const struct question *q, const struct source *s,
				 struct peer_name *name, STACK_OF(X509) * served)
{
	size_t n;

	name->kind = q->name ? q->kind : NAME_HOST;
	strcpy(name->text, q->name ? q->name : HOST_NAME);
	return (struct chain_task){
		.lib = lib,
		.ssl = ssl,
		.leaf = q->leaf ? q->leaf : leaf,
		.served = served,
		.program_store = store,
		.source = s,
		.section = policy_sections(s->policy, &n),
		.name = name,
	};
}

static STACK_OF(X509) * served_by(const struct question *q)
{
	STACK_OF(X509) *served = stack_of(q->leaf ? q->leaf : leaf, q->served[0], q->served[1]);

	if (q->served[2])
		assert_true(sk_X509_push(served, q->served[2]) > 0);
	return served;
}

/* What verify = full says; VALIDATED may be NULL. */
static enum check ask_full(struct question q, STACK_OF(X509) * *validated)
{
	struct source *s = policy_of("verify = full\n", q.host);
	STACK_OF(X509) *served = served_by(&q);
	struct peer_name name;
	struct chain_task task = task_of(&q, s, &name, served);
	enum check check;

	check = chain_full(&task, validated);
	ERR_clear_error(); /* the caller's affair */
	sk_X509_free(served);
	free_policy(s);
	return check;
}

/* Which of the pins, as these lines list them, is of the CA that anchors the chain: -1 for none. */
static int ask_ca_of(struct question q, const char *keys)
{
	STACK_OF(X509) *served = served_by(&q), *validated = NULL;
	struct peer_name name;
	struct chain_task task;
	const struct policy_pin *pin, *pins;
	struct source *s;
	int found;
	size_t n;

	s = policy_of(keys, q.host);
	task = task_of(&q, s, &name, served);
	pin = chain_ca(&task, &validated);
	ERR_clear_error();
	pins = policy_pins(s->policy, task.section->pins, &n);
	found = pin ? (int)(pin - pins) : -1;
	if (pin) {
		assert_true(sk_X509_num(validated) >= 2);
		assert_int_equal(X509_cmp(sk_X509_value(validated, 0), task.leaf), 0);
	}
	chain_free(lib, validated);
	sk_X509_free(served);
	free_policy(s);
	return found;
}

static bool ask_ca(struct question q, X509 *pinned)
{
	/* The first pin is of a key that nobody has. */
	X509 *nobody = new_cert(&(struct spec){ .cn = "Nobody", .key = nobodys_key });
	char keys[256];
	int found;

	snprintf(keys, sizeof(keys), "pin-ca = %s\npin-ca = %s\n", pin_of_key(nobody),
		 pin_of_key(pinned));
	found = ask_ca_of(q, keys);
	X509_free(nobody);
	assert_int_not_equal(found, 0);
	return found == 1;
}

/* --- pin-ca */

static void a_pinned_ca_above_the_leaf(void **state)
{
	struct question by_int = { .served = { intermediate } };
	struct question with_root = { .served = { intermediate, root } };
	struct question alone = { 0 };

	(void)state;
	assert_true(ask_ca(by_int, intermediate));
	assert_true(ask_ca(with_root, intermediate));
	assert_true(ask_ca(with_root, root));
	/* Servers do not send roots: the program's store has it. */
	assert_false(ask_ca(by_int, root));
	X509_STORE_add_cert(store, root);
	assert_true(ask_ca(by_int, root));
	/* ... nor always the intermediate. */
	assert_false(ask_ca(alone, root));
	X509_STORE_add_cert(store, intermediate);
	assert_true(ask_ca(alone, root));
	assert_true(ask_ca(alone, intermediate));
	assert_false(ask_ca(with_root, other));
}

static void other_pins_of_a_cas_key_say_nothing_of_the_ca(void **state)
{
	struct question q = { .served = { intermediate, root } };
	char keys[512];

	(void)state;
	snprintf(keys, sizeof(keys), "pin = %s\ndeny = %s\npin-ca = %s\n", pin_of_key(intermediate),
		 pin_of_key(root), pin_of_key(other));
	assert_int_equal(ask_ca_of(q, keys), -1);
	snprintf(keys, sizeof(keys), "pin = %s\npin-ca = %s\n", pin_of_key(intermediate),
		 pin_of_key(intermediate));
	assert_int_equal(ask_ca_of(q, keys), 1);
}

static void any_order_and_strangers_among_what_is_served(void **state)
{
	struct question q = { .served = { other, root, intermediate } };

	(void)state;
	assert_true(ask_ca(q, root));
	assert_true(ask_ca(q, intermediate));
	assert_false(ask_ca(q, other));
}

/* CVE-2016-2402: the pinned CA is sent along and has nothing to do with the leaf. */
static void a_pinned_ca_that_is_only_sent_along(void **state)
{
	X509 *mitm = issue((struct spec){ .cn = HOST_NAME, .san = SAN }, other, other_key);
	struct question q = { .leaf = mitm, .served = { other, intermediate, root } };

	(void)state;
	assert_false(ask_ca(q, intermediate));
	assert_false(ask_ca(q, root));
	assert_true(ask_ca(q, other));
	X509_STORE_add_cert(store, intermediate);
	X509_STORE_add_cert(store, root);
	assert_false(ask_ca(q, intermediate));
	assert_false(ask_ca(q, root));
	X509_free(mitm);
}

static void a_signature_that_is_not_the_cas(void **state)
{
	X509 *forged = issue((struct spec){ .cn = HOST_NAME, .san = SAN }, intermediate, thief_key);
	X509 *fake_int =
		issue((struct spec){ .cn = "Int", .ca = true, .key = thief_key }, root, thief_key);
	X509 *below = issue((struct spec){ .cn = HOST_NAME, .san = SAN }, fake_int, thief_key);
	struct question q = { .leaf = forged, .served = { intermediate, root } };
	struct question deep = { .leaf = below, .served = { fake_int, root } };

	(void)state;
	assert_false(ask_ca(q, intermediate));
	assert_false(ask_ca(q, root));
	assert_false(ask_ca(deep, root));
	X509_STORE_add_cert(store, root);
	assert_false(ask_ca(deep, root));
	X509_free(forged);
	X509_free(fake_int);
	X509_free(below);
}

/* Each of these differs from the honest leaf in one thing. */
static void leaves_that_must_not_pass(void **state)
{
	static const struct {
		const char *what;
		struct spec spec;
		bool good;
	} cases[] = {
		{ "honest", { 0 }, true },
		{ "for servers", { .eku = "serverAuth" }, true },
		{ "for both", { .eku = "clientAuth,serverAuth" }, true },
		{ "for clients", { .eku = "clientAuth" }, false },
		{ "for mail", { .eku = "emailProtection" }, false },
		{ "another name", { .san = "DNS:www.example.com" }, false },
		{ "a name below", { .san = "DNS:x.api.example.com" }, false },
		{ "a wildcard", { .san = "DNS:*.example.com" }, true },
		{ "a wildcard too far up", { .san = "DNS:*.com" }, false },
		{ "an address and a CN", { .san = "IP:192.0.2.7" }, true },
		{ "an address alone", { .cn = "x", .san = "IP:192.0.2.7" }, false },
		{ "expired", { .from = -20 * DAY, .until = -DAY }, false },
		{ "not yet valid", { .from = DAY, .until = 20 * DAY }, false },
		{ "SHA-1", { .digest = NULL }, false },
	};

	(void)state;
	X509_STORE_add_cert(store, root);
	/* What the program allows itself is not what the policy allows. */
	SSL_set_security_level(ssl, 0);
	X509_VERIFY_PARAM_set_flags(SSL_get0_param(ssl), X509_V_FLAG_NO_CHECK_TIME);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spec spec = cases[i].spec;
		struct question q = { .served = { intermediate } };
		enum check full;

		if (!strcmp(cases[i].what, "SHA-1"))
			spec.digest = EVP_sha1();
		q.leaf = issue_leaf(spec);
		full = ask_full(q, NULL);
		if (ask_ca(q, intermediate) != cases[i].good)
			fail_msg("pin-ca: %s", cases[i].what);
		if (ask_ca(q, root) != cases[i].good)
			fail_msg("pin-ca, root: %s", cases[i].what);
		if ((full == CHECK_PASSED) != cases[i].good)
			fail_msg("full: %s: %d", cases[i].what, (int)full);
		X509_free(q.leaf);
	}
}

static void each_kind_of_name(void **state)
{
	static const struct {
		const char *name;
		enum name_kind kind;
		bool good;
	} cases[] = {
		{ "api.example.com", NAME_HOST, true },
		{ "www.example.com", NAME_HOST, false },
		{ "example.com", NAME_HOST, false },
		{ "192.0.2.7", NAME_ADDRESS, true },
		{ "192.0.2.8", NAME_ADDRESS, false },
		{ "2001:db8::7", NAME_ADDRESS, true },
		{ "2001:db8::8", NAME_ADDRESS, false },
		{ "api.example.com", NAME_BAD, false },
		{ "", NAME_BAD, false },
	};

	(void)state;
	X509_STORE_add_cert(store, root);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct question q = { .served = { intermediate },
				      .name = cases[i].name,
				      .kind = cases[i].kind };

		assert_int_equal(ask_ca(q, intermediate), cases[i].good);
		assert_int_equal(ask_full(q, NULL) == CHECK_PASSED, cases[i].good);
	}
}

static void authorities_that_are_none(void **state)
{
	X509 *expired_int = issue(
		(struct spec){
			.cn = "Int", .ca = true, .key = int_key, .from = -20 * DAY, .until = -DAY },
		root, root_key);
	X509 *no_ca = issue((struct spec){ .cn = "Int", .key = int_key }, root, root_key);
	X509 *constrained = issue((struct spec){ .cn = "Int",
						 .ca = true,
						 .key = int_key,
						 .constraints = "permitted;DNS:example.org" },
				  root, root_key);
	X509 *for_mail = issue(
		(struct spec){ .cn = "Int", .ca = true, .key = int_key, .eku = "emailProtection" },
		root, root_key);
	X509 *all[] = { expired_int, no_ca, constrained, for_mail };

	(void)state;
	X509_STORE_add_cert(store, root);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct question q = { .served = { all[i] } };

		if (ask_ca(q, root))
			fail_msg("below the root: %zu", i);
		if (ask_ca(q, intermediate))
			fail_msg("as the anchor itself: %zu", i);
		if (ask_full(q, NULL) == CHECK_PASSED)
			fail_msg("full: %zu", i);
		X509_free(all[i]);
	}
}

/* A certificate of a neighbour under the pinned CA signs for our name. */
static void a_leaf_is_no_ca(void **state)
{
	X509 *neighbour = issue((struct spec){ .cn = "www.example.com",
					       .key = thief_key,
					       .san = "DNS:www.example.com" },
				intermediate, int_key);
	X509 *below = issue((struct spec){ .cn = HOST_NAME, .san = SAN }, neighbour, thief_key);
	X509 *self = new_cert(&(struct spec){ .cn = HOST_NAME, .san = SAN, .key = leaf_key });
	struct question q = { .leaf = below, .served = { neighbour, intermediate } };
	struct question alone = { .leaf = self };

	(void)state;
	assert_false(ask_ca(q, intermediate));
	/* Nor is the leaf above itself, though it is its own issuer and its key is pinned. */
	assert_false(ask_ca(alone, self));
	X509_STORE_add_cert(store, self);
	assert_false(ask_ca(alone, self));
	X509_free(neighbour);
	X509_free(below);
	X509_free(self);
}

/*
 * Anybody can make a certificate of the pinned key that lacks the constraints
 * of the real one: the real one, where a store has it, goes first.
 */
static void a_stored_copy_goes_before_a_served_one(void **state)
{
	X509 *real = issue((struct spec){ .cn = "Int",
					  .ca = true,
					  .key = int_key,
					  .constraints = "permitted;DNS:example.org" },
			   root, root_key);
	struct question q = { .served = { intermediate } };
	FILE *file;

	(void)state;
	assert_true(ask_ca(q, intermediate)); /* nobody knows better */
	X509_STORE_add_cert(store, real);
	assert_false(ask_ca(q, intermediate));
	X509_STORE_free(store);
	store = X509_STORE_new();
	put_hashed(real, folder);
	assert_false(ask_ca(q, intermediate));
	empty_folder();
	assert_true(ask_ca(q, intermediate));
	file = fopen(cert_file, "w");
	assert_true(file && PEM_write_X509(file, real) == 1 && fclose(file) == 0);
	forget_default_file();
	assert_false(ask_ca(q, intermediate));
	X509_free(real);
}

static void two_cas_of_one_name(void **state)
{
	X509 *twin = new_cert(&(struct spec){ .cn = "Root", .ca = true, .key = thief_key });
	struct question q = { .served = { intermediate } };

	(void)state;
	X509_STORE_add_cert(store, twin);
	X509_STORE_add_cert(store, root);
	assert_true(ask_ca(q, root));
	assert_false(ask_ca(q, twin));
	X509_free(twin);
}

static void the_programs_security_level_counts_upwards(void **state)
{
	EVP_PKEY *weak = new_key(EVP_PKEY_RSA, 1024);
	struct question q = { .served = { intermediate } };

	(void)state;
	q.leaf = issue_leaf((struct spec){ .key = weak });
	X509_STORE_add_cert(store, root);
	SSL_set_security_level(ssl, 1);
	assert_true(ask_ca(q, intermediate));
	assert_int_equal(ask_full(q, NULL), CHECK_PASSED);
	SSL_set_security_level(ssl, 2);
	assert_false(ask_ca(q, intermediate));
	assert_int_equal(ask_full(q, NULL), CHECK_FAILED);
	X509_free(q.leaf);
	EVP_PKEY_free(weak);
}

static void the_programs_stores_are_not_the_hosts(void **state)
{
	struct question q = { .served = { intermediate }, .host = true };

	(void)state;
	X509_STORE_add_cert(store, root);
	put_hashed(root, folder); /* $SSL_CERT_DIR */
	assert_false(ask_ca(q, root));
	assert_int_equal(ask_full(q, NULL), CHECK_FAILED);
	q.host = false;
	assert_true(ask_ca(q, root));
	assert_int_equal(ask_full(q, NULL), CHECK_PASSED);
}

static void check_compiled_in(const void *arg)
{
	struct question q = { .served = { intermediate }, .host = true };
	const char *defaults = X509_get_default_cert_dir();

	(void)arg;
	own_mounts();
	hide(defaults);
	CHECK(ask_full(q, NULL) == CHECK_FAILED);
	put_hashed(root, defaults);
	CHECK(ask_full(q, NULL) == CHECK_PASSED);
	CHECK(ask_ca(q, root));
	/* The environment's folder stands in their place for the program's policies. */
	q.host = false;
	CHECK(ask_full(q, NULL) == CHECK_FAILED);
	unsetenv("SSL_CERT_DIR");
	CHECK(ask_full(q, NULL) == CHECK_PASSED);
}

static void the_hosts_stores_are_openssls(void **state)
{
	(void)state;
	if (!may_mount())
		skip();
	assert_int_equal(in_child(check_compiled_in, NULL), 0);
}

/* --- verify = full */

static void full_ends_in_a_trust_anchor(void **state)
{
	struct question q = { .served = { intermediate } }, alone = { 0 };
	STACK_OF(X509) *validated = NULL;
	FILE *file;

	(void)state;
	assert_int_equal(ask_full(q, &validated), CHECK_FAILED);
	assert_null(validated);
	X509_STORE_add_cert(store, root);
	assert_int_equal(ask_full(q, &validated), CHECK_PASSED);
	assert_int_equal(sk_X509_num(validated), 3);
	assert_int_equal(X509_cmp(sk_X509_value(validated, 0), leaf), 0);
	assert_int_equal(X509_cmp(sk_X509_value(validated, 1), intermediate), 0);
	assert_int_equal(X509_cmp(sk_X509_value(validated, 2), root), 0);
	chain_free(lib, validated);
	assert_int_equal(ask_full(alone, NULL), CHECK_FAILED); /* the middle is missing */

	X509_STORE_free(store);
	store = X509_STORE_new();
	put_hashed(root, folder);
	assert_int_equal(ask_full(q, NULL), CHECK_PASSED);
	empty_folder();
	assert_int_equal(ask_full(q, NULL), CHECK_FAILED);
	file = fopen(cert_file, "w");
	assert_true(file && PEM_write_X509(file, root) == 1 && fclose(file) == 0);
	forget_default_file();
	assert_int_equal(ask_full(q, NULL), CHECK_PASSED);
}

static void what_is_served_is_never_an_anchor(void **state)
{
	X509 *self = new_cert(&(struct spec){ .cn = HOST_NAME, .san = SAN, .key = leaf_key });
	struct question with_root = { .served = { intermediate, root } }, alone = { .leaf = self };

	(void)state;
	assert_int_equal(ask_full(with_root, NULL), CHECK_FAILED);
	assert_int_equal(ask_full(alone, NULL), CHECK_FAILED);
	X509_STORE_add_cert(store, self); /* a program that trusts just this one */
	assert_int_equal(ask_full(alone, NULL), CHECK_PASSED);
	X509_free(self);
}

static void an_intermediate_is_an_anchor_where_that_was_said(void **state)
{
	struct question q = { 0 };

	(void)state;
	X509_STORE_add_cert(store, intermediate);
	assert_int_equal(ask_full(q, NULL), CHECK_FAILED);
	X509_VERIFY_PARAM_set_flags(SSL_get0_param(ssl), X509_V_FLAG_PARTIAL_CHAIN);
	assert_int_equal(ask_full(q, NULL), CHECK_PASSED);
	X509_STORE_free(store);
	store = X509_STORE_new();
	put_hashed(intermediate, folder);
	assert_int_equal(ask_full(q, NULL), CHECK_FAILED); /* not said of OpenSSL's defaults */
}

static void a_wrong_name_is_told_apart(void **state)
{
	struct question q = { .served = { intermediate },
			      .name = "www.example.com",
			      .kind = NAME_HOST };

	(void)state;
	assert_int_equal(ask_full(q, NULL), CHECK_FAILED);
	X509_STORE_add_cert(store, root);
	assert_int_equal(ask_full(q, NULL), CHECK_WRONG_NAME);
	q.name = "192.0.2.8";
	q.kind = NAME_ADDRESS;
	assert_int_equal(ask_full(q, NULL), CHECK_WRONG_NAME);
	q.name = HOST_NAME;
	q.kind = NAME_HOST;
	assert_int_equal(ask_full(q, NULL), CHECK_PASSED);
}

static void without_any_program_store(void **state)
{
	struct question q = { .served = { intermediate } };

	(void)state;
	X509_STORE_free(store);
	store = NULL;
	assert_int_equal(ask_full(q, NULL), CHECK_FAILED);
	put_hashed(root, folder);
	assert_int_equal(ask_full(q, NULL), CHECK_PASSED);
	assert_true(ask_ca(q, root));
}

/* --- ca-file */

static int without_ca_file(void **state)
{
	*ca_pem = '\0';
	return teardown(state);
}

static void anchors_of_a_ca_file(void **state)
{
	X509 *of_other = issue((struct spec){ .cn = HOST_NAME, .san = SAN }, other, other_key);
	struct question q = { .served = { intermediate } }, by_other = { .leaf = of_other };
	struct question alone = { 0 };

	(void)state;
	strcpy(ca_pem, "# two anchors\n");
	add_pem(other, ca_pem, sizeof(ca_pem));
	strcat(ca_pem, "\nthe second\n");
	add_pem(root, ca_pem, sizeof(ca_pem));
	assert_int_equal(ask_full(q, NULL), CHECK_PASSED);
	assert_int_equal(ask_full(by_other, NULL), CHECK_PASSED);
	assert_true(ask_ca(q, root));

	/* They stand in place of all others, also in the host's policy. */
	strcpy(ca_pem, "");
	add_pem(other, ca_pem, sizeof(ca_pem));
	X509_STORE_add_cert(store, root);
	put_hashed(root, folder);
	assert_int_equal(ask_full(q, NULL), CHECK_FAILED);
	q.host = by_other.host = true;
	assert_int_equal(ask_full(q, NULL), CHECK_FAILED);
	assert_int_equal(ask_full(by_other, NULL), CHECK_PASSED);

	/* What is listed is an anchor, self-signed or not. */
	strcpy(ca_pem, "");
	add_pem(intermediate, ca_pem, sizeof(ca_pem));
	assert_int_equal(ask_full(alone, NULL), CHECK_PASSED);
	X509_free(of_other);
}

static void a_broken_ca_file_refuses(void **state)
{
	struct question q = { .served = { intermediate } };
	char good[4096] = "", *body;

	(void)state;
	add_pem(root, good, sizeof(good));
	strcpy(ca_pem, good);
	assert_int_equal(ask_full(q, NULL), CHECK_PASSED);

	/* The good anchor comes first, and something broken behind it. */
	snprintf(ca_pem, sizeof(ca_pem), "%s%s", good, "-----BEGIN CERTIFICATE-----\nMIIB\n");
	assert_int_equal(ask_full(q, NULL), CHECK_FAILED);
	snprintf(ca_pem, sizeof(ca_pem), "%s%s", good,
		 "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n");
	assert_int_equal(ask_full(q, NULL), CHECK_FAILED);
	snprintf(ca_pem, sizeof(ca_pem), "%s%s", good,
		 "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	assert_int_equal(ask_full(q, NULL), CHECK_FAILED);

	/* One character of the certificate itself. */
	strcpy(ca_pem, good);
	body = strchr(ca_pem, '\n') + 1;
	body[3] = '!';
	assert_int_equal(ask_full(q, NULL), CHECK_FAILED);
	assert_false(ask_ca(q, root));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, without_ca_file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pinned_ca_above_the_leaf),
		TEST(other_pins_of_a_cas_key_say_nothing_of_the_ca),
		TEST(any_order_and_strangers_among_what_is_served),
		TEST(a_pinned_ca_that_is_only_sent_along),
		TEST(a_signature_that_is_not_the_cas),
		TEST(leaves_that_must_not_pass),
		TEST(each_kind_of_name),
		TEST(authorities_that_are_none),
		TEST(a_leaf_is_no_ca),
		TEST(a_stored_copy_goes_before_a_served_one),
		TEST(two_cas_of_one_name),
		TEST(the_programs_security_level_counts_upwards),
		TEST(the_programs_stores_are_not_the_hosts),
		TEST(the_hosts_stores_are_openssls),
		TEST(full_ends_in_a_trust_anchor),
		TEST(what_is_served_is_never_an_anchor),
		TEST(an_intermediate_is_an_anchor_where_that_was_said),
		TEST(a_wrong_name_is_told_apart),
		TEST(without_any_program_store),
		TEST(anchors_of_a_ca_file),
		TEST(a_broken_ca_file_refuses),
	};

	return cmocka_run_group_tests(tests, make_certs, free_certs);
}

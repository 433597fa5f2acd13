/* SPDX-License-Identifier: MIT */
/*
 * Likely causes: each one from a situation in which it is true, and silence
 * where it would not be. The system's trusted roots are replaced in a mount
 * namespace.
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
#include "gate/hint.h"

#define NAME   "api.example.com"
#define ROOTS  "/etc/ssl/certs"
#define LOCAL  "/usr/local/share/ca-certificates"
#define PUBLIC "/usr/share/ca-certificates"

static struct openssl *lib;
static SSL_CTX *ctx;
static SSL *ssl;
static EVP_PKEY *root_key, *leaf_key, *other_key;
static X509 *root, *leaf, *self_signed;

static int setup(void **state)
{
	(void)state;
	lib = openssl_of_method(TLS_client_method());
	ctx = SSL_CTX_new(TLS_client_method());
	ssl = ctx ? SSL_new(ctx) : NULL;
	root_key = ec_key();
	leaf_key = ec_key();
	other_key = ec_key();
	root = new_cert(&(struct spec){ .cn = "Root", .ca = true, .key = root_key });
	leaf = new_cert(&(struct spec){ .cn = NAME,
					.san = "DNS:" NAME ",IP:192.0.2.7",
					.key = leaf_key,
					.signer = root_key,
					.issuer_name_of = root });
	self_signed = new_cert(&(struct spec){ .cn = NAME, .san = "DNS:" NAME, .key = leaf_key });
	return ssl ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(other_key);
	X509_free(root);
	X509_free(leaf);
	X509_free(self_signed);
	return 0;
}

/* A refusal, in everything that hints depend on. */
struct situation {
	const char *pins; /* lines of the section; NULL: no section decided */
	enum reason reason;
	const char *name;
	enum name_kind kind;
	X509 *leaf;
	bool none;	   /* no certificate was shown */
	bool by_pinned_ca; /* the chain was anchored at the section's first pin-ca */
	bool verified;	   /* the full verification built leaf and root */
	long later;	   /* seconds added to the clock */
	bool root_served;
};

static enum likely ask(struct situation s)
{
	char text[1024], error[POLICY_ERROR_SIZE];
	struct policy_text file = { "p.ini", text, 0 };
	struct policy *p;
	struct source source = { .path = (char *)(uintptr_t) "p.ini" };
	struct peer_name name = { .kind = s.name ? s.kind : NAME_HOST };
	struct evidence e = { .certificate = !s.none };
	struct judgement j = { .reason = s.reason ? s.reason : REASON_NO_PIN_MATCH };
	X509 *shown = s.leaf ? s.leaf : leaf;
	STACK_OF(X509) *served = stack_of(shown, s.root_served ? root : NULL, NULL);
	STACK_OF(X509) *validated = s.verified ? stack_of(shown, root, NULL) : NULL;
	struct chain_task task = { .lib = lib,
				   .ssl = ssl,
				   .leaf = s.none ? NULL : shown,
				   .served = served,
				   .source = &source,
				   .name = &name };
	const struct policy_pin *pins;
	enum likely likely;
	size_t n, n_pins;

	strcpy(name.text, s.name ? s.name : NAME);
	file.len = (size_t)snprintf(text, sizeof(text), "[" NAME "]\n%s",
				    s.pins ? s.pins
					   : "pin = sha256/AAECAwQFBgcICQoLDA0ODxAREhM"
					     "UFRYXGBkaGxwdHh8=\n");
	p = policy_parse(&file, 1, "p.ini", false, error);
	if (!p)
		dprintf(2, "%s\n", error);
	CHECK(p);
	source.policy = p;
	task.section = s.pins ? policy_sections(p, &n) : NULL;
	true_pin(shown, e.key);
	if (s.by_pinned_ca) {
		pins = policy_pins(p, task.section->pins, &n_pins);
		for (size_t i = 0; i < n_pins && !e.ca; i++)
			e.ca = pins[i].kind == PIN_CA ? &pins[i] : NULL;
		CHECK(e.ca);
	}
	likely = hint_likely(&task, &j, &e, validated, (int64_t)time(NULL) + s.later);
	sk_X509_free(served);
	sk_X509_free(validated);
	free(p);
	ERR_clear_error();
	return likely;
}

/* Lines for pins of: the leaf's key, a key nobody has, the root's key, another certificate. */
static char right_pin[128], wrong_pin[128], ca_pin[128], wrong_ca_pin[128], wrong_cert[128];
static char all_but_the_cert[512], wrong_pin_and_ca[512], wrong_pin_and_wrong_ca[512],
	right_pin_wrong_cert[512], wrong_pins[512];

static int setup_pins(void **state)
{
	X509 *nobody;

	if (setup(state))
		return -1;
	nobody = new_cert(&(struct spec){ .cn = "x", .key = other_key });
	sprintf(right_pin, "pin = %s\n", pin_of_key(leaf));
	sprintf(wrong_pin, "pin = %s\n", pin_of_key(nobody));
	sprintf(ca_pin, "pin-ca = %s\n", pin_of_key(root));
	sprintf(wrong_ca_pin, "pin-ca = %s\n", pin_of_key(nobody));
	sprintf(wrong_cert, "pin-cert = %s\n", pin_of_cert(nobody));
	sprintf(wrong_pin_and_ca, "%smatch = every\n%s", wrong_pin, ca_pin);
	sprintf(wrong_pin_and_wrong_ca, "%s%s", wrong_pin, wrong_ca_pin);
	sprintf(right_pin_wrong_cert, "%s%smatch = every\n", right_pin, wrong_cert);
	sprintf(all_but_the_cert, "%s%s%smatch = every\n", right_pin, ca_pin, wrong_cert);
	sprintf(wrong_pins, "%s%s", wrong_pin, wrong_cert);
	X509_free(nobody);
	return 0;
}

/* Puts the root among the trusted ones, as update-ca-certificates(8) does: a link to ORIGIN. */
static void trust(X509 *cert, const char *origin)
{
	char path[512], link[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/root.crt", origin);
	file = fopen(path, "w");
	CHECK(file && PEM_write_X509(file, cert) == 1 && fclose(file) == 0);
	snprintf(link, sizeof(link), ROOTS "/%08lx.0", X509_subject_name_hash(root));
	CHECK(symlink(path, link) == 0);
}

static void own_roots(void)
{
	own_mounts();
	hide("/etc/ssl");
	CHECK(mkdir(ROOTS, 0755) == 0);
	hide("/usr/local/share");
	CHECK(mkdir(LOCAL, 0755) == 0);
	hide("/usr/share");
	CHECK(mkdir(PUBLIC, 0755) == 0 && mkdir(PUBLIC "/mozilla", 0755) == 0);
}

#define EXPECT(likely, ...) CHECK(ask((struct situation){ __VA_ARGS__ }) == (likely))

static void without_trusted_roots(const void *arg)
{
	(void)arg;
	own_roots();

	EXPECT(LIKELY_UNKNOWN, .pins = wrong_pin);
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_pin, .verified = true);
	EXPECT(LIKELY_UNKNOWN, .none = true, .pins = wrong_pin);
	EXPECT(LIKELY_UNKNOWN, .reason = REASON_DENIED_KEY, .pins = wrong_pin,
	       .name = "www.example.com", .kind = NAME_HOST);

	EXPECT(LIKELY_OTHER_HOST, .pins = wrong_pin, .name = "www.example.com", .kind = NAME_HOST);
	EXPECT(LIKELY_OTHER_HOST, .pins = wrong_pin, .name = "192.0.2.8", .kind = NAME_ADDRESS);
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_pin, .name = "192.0.2.7", .kind = NAME_ADDRESS);
	EXPECT(LIKELY_OTHER_HOST, .reason = REASON_NAME_MISMATCH, .name = "www.example.com",
	       .kind = NAME_HOST);
	EXPECT(LIKELY_OTHER_HOST, .pins = wrong_pin, .name = "a?b", .kind = NAME_BAD);

	EXPECT(LIKELY_CLOCK, .pins = wrong_pin, .later = 31 * DAY);
	EXPECT(LIKELY_CLOCK, .pins = wrong_pin, .later = -2 * DAY);
	EXPECT(LIKELY_CLOCK, .reason = REASON_CHAIN_NOT_VERIFIED, .later = 31 * DAY);
	EXPECT(LIKELY_OTHER_HOST, .pins = wrong_pin, .later = 31 * DAY, .name = "www.example.com",
	       .kind = NAME_HOST);

	EXPECT(LIKELY_KEY_ROTATED, .pins = wrong_pin_and_ca, .by_pinned_ca = true);
	EXPECT(LIKELY_UNKNOWN, .pins = ca_pin, .by_pinned_ca = true);
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_pin_and_ca, .by_pinned_ca = true,
	       .reason = REASON_CHAIN_NOT_VERIFIED);

	EXPECT(LIKELY_CERT_RENEWED, .pins = right_pin_wrong_cert);
	EXPECT(LIKELY_CERT_RENEWED, .pins = all_but_the_cert, .by_pinned_ca = true);
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_cert);
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_pins);
	EXPECT(LIKELY_UNKNOWN, .pins = right_pin);

	EXPECT(LIKELY_CHAIN_TOO_SHORT, .pins = wrong_ca_pin);
	EXPECT(LIKELY_CHAIN_TOO_SHORT, .pins = wrong_pin_and_wrong_ca);
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_ca_pin, .root_served = true);
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_ca_pin, .verified = true);
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_ca_pin, .leaf = self_signed);
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_pin);
}

static void with_a_local_root(const void *arg)
{
	(void)arg;
	own_roots();
	trust(root, LOCAL);
	EXPECT(LIKELY_LOCAL_ROOT, .pins = wrong_pin, .verified = true);
	EXPECT(LIKELY_LOCAL_ROOT, .pins = wrong_ca_pin, .verified = true);
	EXPECT(LIKELY_LOCAL_ROOT, .reason = REASON_UNLISTED, .verified = true);
	/* Only when the chain was proved to end there. */
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_pin);
	EXPECT(LIKELY_OTHER_HOST, .pins = wrong_pin, .verified = true, .name = "www.example.com",
	       .kind = NAME_HOST);
}

static void with_a_public_root(const void *arg)
{
	(void)arg;
	own_roots();
	trust(root, PUBLIC "/mozilla");
	EXPECT(LIKELY_OTHER_PUBLIC_CA, .pins = wrong_ca_pin, .verified = true);
	EXPECT(LIKELY_OTHER_PUBLIC_CA, .pins = wrong_pin_and_wrong_ca, .verified = true);
	EXPECT(LIKELY_KEY_ROTATED, .pins = wrong_pin_and_ca, .by_pinned_ca = true,
	       .verified = true);
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_pin, .verified = true); /* which CA was it before? */
	EXPECT(LIKELY_CHAIN_TOO_SHORT, .pins = wrong_ca_pin);
}

/* Another root of the same name is the local one: it does not count. */
static void with_a_namesake(const void *arg)
{
	X509 *namesake = new_cert(&(struct spec){ .cn = "Root", .ca = true, .key = other_key });
	char link[512];

	(void)arg;
	own_roots();
	trust(namesake, LOCAL);
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_pin, .verified = true);
	/* ... nor does it hide the true one behind it. */
	put_hashed(root, LOCAL);
	snprintf(link, sizeof(link), LOCAL "/%08lx.0", X509_subject_name_hash(root));
	CHECK(rename(link, LOCAL "/true.crt") == 0);
	snprintf(link, sizeof(link), ROOTS "/%08lx.1", X509_subject_name_hash(root));
	CHECK(symlink(LOCAL "/true.crt", link) == 0);
	EXPECT(LIKELY_LOCAL_ROOT, .pins = wrong_pin, .verified = true);
	X509_free(namesake);
}

/* An administrator's own folder, a file that cannot be read, one that is no certificate. */
static void with_odd_roots(const void *arg)
{
	char link[512];
	int before;

	(void)arg;
	own_roots();
	CHECK(mkdir(LOCAL "-of-mine", 0755) == 0);
	trust(root, LOCAL "-of-mine");
	before = count_descriptors();
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_pin, .verified = true);
	snprintf(link, sizeof(link), ROOTS "/%08lx.0", X509_subject_name_hash(root));
	CHECK(unlink(link) == 0);
	write_file(LOCAL "/none.crt", "no certificate");
	CHECK(symlink(LOCAL "/none.crt", link) == 0);
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_pin, .verified = true);
	CHECK(unlink(link) == 0 && symlink("nowhere", link) == 0);
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_pin, .verified = true);
	CHECK(unlink(link) == 0 && mkdir(LOCAL "/folder", 0755) == 0);
	CHECK(symlink(LOCAL "/folder", link) == 0);
	EXPECT(LIKELY_UNKNOWN, .pins = wrong_pin, .verified = true);
	CHECK(count_descriptors() == before);
}

#define ROOT_TEST(name, f)                              \
	static void name(void **state)                  \
	{                                               \
		(void)state;                            \
		if (!may_mount())                       \
			skip();                         \
		assert_int_equal(in_child(f, NULL), 0); \
	}

ROOT_TEST(what_the_certificate_tells, without_trusted_roots)
ROOT_TEST(a_root_installed_locally, with_a_local_root)
ROOT_TEST(a_public_root, with_a_public_root)
ROOT_TEST(a_root_of_the_same_name, with_a_namesake)
ROOT_TEST(roots_that_say_nothing, with_odd_roots)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_certificate_tells),
		cmocka_unit_test(a_root_installed_locally),
		cmocka_unit_test(a_public_root),
		cmocka_unit_test(a_root_of_the_same_name),
		cmocka_unit_test(roots_that_say_nothing),
	};

	umask(0022);
	return cmocka_run_group_tests(tests, setup_pins, teardown);
}

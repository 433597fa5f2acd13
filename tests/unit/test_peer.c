/* SPDX-License-Identifier: MIT */
/*
 * Reading what a server shows: pins of every kind of key, certificates whose
 * texts are hostile, and the names of a connection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "certs.h"
#include "gate/peer.h"
#include "gate/state.h"
#include "process/resolver.h"

static struct openssl *lib;
static EVP_PKEY *key;

static int setup(void **state)
{
	(void)state;
	lib = openssl_of_method(TLS_client_method());
	key = ec_key();
	return lib && !lib->lacks ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	return 0;
}

static void pins_of_every_kind_of_key(void **state)
{
	static const struct {
		int type, parameter;
	} kinds[] = {
		{ EVP_PKEY_RSA, 2048 },
		{ EVP_PKEY_RSA, 1024 },
		{ EVP_PKEY_EC, NID_X9_62_prime256v1 },
		{ EVP_PKEY_EC, NID_secp384r1 },
		{ EVP_PKEY_ED25519, 0 },
		{ EVP_PKEY_ED448, 0 },
	};
	uint8_t seen[sizeof(kinds) / sizeof(kinds[0])][PIN_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		EVP_PKEY *one = new_key(kinds[i].type, kinds[i].parameter);
		X509 *cert = new_cert(&(struct spec){ .cn = "x", .key = one });
		uint8_t expected[PIN_LEN], got[PIN_LEN], raw[PIN_LEN];
		unsigned size;

		true_pin(cert, expected);
		assert_int_equal(peer_key_of_cert(lib, cert, got), 0);
		assert_memory_equal(got, expected, PIN_LEN);
		assert_int_equal(peer_key_of_raw(lib, one, raw), 0);
		assert_memory_equal(raw, expected, PIN_LEN);
		/* Keys of one kind differ in their last bytes only: none may be cut off. */
		memcpy(seen[i], got, PIN_LEN);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(seen[i], seen[j], PIN_LEN);
		assert_int_equal(peer_digest_of_cert(lib, cert, got), 0);
		assert_int_equal(X509_digest(cert, EVP_sha256(), expected, &size), 1);
		assert_memory_equal(got, expected, PIN_LEN);
		X509_free(cert);
		EVP_PKEY_free(one);
	}
}

/* The same key again in another certificate, and a key that shares nothing but its length. */
static void a_pin_is_of_the_key_alone(void **state)
{
	EVP_PKEY *another = ec_key();
	X509 *a = new_cert(&(struct spec){ .cn = "a", .key = key });
	X509 *b = new_cert(&(struct spec){ .cn = "b", .ca = true, .key = key });
	X509 *c = new_cert(&(struct spec){ .cn = "a", .key = another });
	uint8_t pins[3][PIN_LEN], certs[2][PIN_LEN];

	(void)state;
	assert_int_equal(peer_key_of_cert(lib, a, pins[0]), 0);
	assert_int_equal(peer_key_of_cert(lib, b, pins[1]), 0);
	assert_int_equal(peer_key_of_cert(lib, c, pins[2]), 0);
	assert_memory_equal(pins[0], pins[1], PIN_LEN);
	assert_memory_not_equal(pins[0], pins[2], PIN_LEN);
	assert_int_equal(peer_digest_of_cert(lib, a, certs[0]), 0);
	assert_int_equal(peer_digest_of_cert(lib, b, certs[1]), 0);
	assert_memory_not_equal(certs[0], certs[1], PIN_LEN);
	X509_free(a);
	X509_free(b);
	X509_free(c);
	EVP_PKEY_free(another);
}

static void assert_leaf(SSL *ssl, X509 *leaf)
{
	uint8_t expected[PIN_LEN], got[PIN_LEN];

	assert_int_equal(peer_key_of_cert(lib, leaf, expected), 0);
	assert_int_equal(peer_key_of_leaf(lib, ssl, leaf, got), 0);
	assert_memory_equal(got, expected, PIN_LEN);
}

static void remember(SSL *ssl, X509 *leaf, const uint8_t hash[PIN_LEN])
{
	struct state_ctx *kept = state_of_ctx(lib, SSL_get_SSL_CTX(ssl));

	assert_leaf(ssl, leaf);
	memcpy(kept->key_of_last, hash, PIN_LEN);
}

static void assert_remembered(SSL *ssl, X509 *leaf, const uint8_t hash[PIN_LEN])
{
	uint8_t got[PIN_LEN];

	assert_int_equal(peer_key_of_leaf(lib, ssl, leaf, got), 0);
	assert_memory_equal(got, hash, PIN_LEN);
}

/* A context remembers the key of the last leaf: as long as it is the same, and nobody else looks.
 */
static void the_last_leaf(void **state)
{
	static const uint8_t mark[PIN_LEN] = "no hash of any key";
	EVP_PKEY *another = ec_key();
	X509 *a = new_cert(&(struct spec){ .cn = "a", .key = key });
	X509 *renewed = new_cert(&(struct spec){ .cn = "a", .ca = true, .key = key });
	X509 *b = new_cert(&(struct spec){ .cn = "a", .key = another });
	X509 *changed = X509_dup(a);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	struct state_ctx *kept;

	(void)state;
	assert_leaf(ssl, a); /* where there is no state */
	kept = state_make_ctx(lib, ctx);
	assert_non_null(kept);
	remember(ssl, a, mark);
	assert_remembered(ssl, a, mark);
	assert_remembered(ssl, renewed, mark);
	/* To X509_cmp(3) this one is like the first. */
	assert_int_equal(X509_check_purpose(changed, -1, 0), 1);
	assert_int_equal(X509_set_pubkey(changed, another), 1);
	assert_leaf(ssl, changed);
	assert_leaf(ssl, a);
	assert_leaf(ssl, b);

	remember(ssl, a, mark);
	assert_false(atomic_flag_test_and_set(&kept->last_in_use));
	assert_leaf(ssl, a);
	assert_leaf(ssl, b);
	atomic_flag_clear(&kept->last_in_use);
	assert_remembered(ssl, a, mark);

	SSL_free(ssl);
	SSL_CTX_free(ctx);
	X509_free(a);
	X509_free(renewed);
	X509_free(changed);
	X509_free(b);
	EVP_PKEY_free(another);
}

struct parts {
	int algorithm, type, parameter; /* as in X509_ALGOR_set0(3) */
	int first, size;		/* the bits: so many bytes, the first of which is this */
};

/* A certificate with a key of these PARTS, which need not make one. */
static X509 *cert_of(const struct parts *parts)
{
	X509 *cert = new_cert(&(struct spec){ .cn = "a", .key = key });
	void *parameter = parts->parameter ? OBJ_nid2obj(parts->parameter) : NULL;
	unsigned char *bits = OPENSSL_malloc((size_t)parts->size);

	if (parts->type == V_ASN1_SEQUENCE) {
		parameter = ASN1_STRING_new();
		assert_int_equal(ASN1_STRING_set(parameter, "\x30\x00", 2), 1);
	}
	memset(bits, 7, (size_t)parts->size);
	bits[0] = (unsigned char)parts->first;
	assert_int_equal(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(cert),
						OBJ_nid2obj(parts->algorithm), parts->type,
						parameter, bits, parts->size),
			 1);
	return cert;
}

/* Keys that differ in one part, and all that is remembered of one must not do for another. */
static void keys_that_are_alike(void **state)
{
	static const uint8_t mark[PIN_LEN] = "no hash of any key";
	static const struct {
		struct parts parts;
		bool uncommon;
	} keys[] = {
		{ { NID_rsaEncryption, V_ASN1_NULL, 0, 4, 65 }, false },
		{ { NID_rsaEncryption, V_ASN1_UNDEF, 0, 4, 65 }, false },
		{ { NID_rsassaPss, V_ASN1_NULL, 0, 4, 65 }, false },
		{ { NID_rsassaPss, V_ASN1_SEQUENCE, 0, 4, 65 }, true },
		{ { NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT, NID_X9_62_prime256v1, 4, 65 }, false },
		{ { NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT, NID_secp256k1, 4, 65 }, false },
		{ { NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT, NID_secp256k1, 5, 65 }, false },
		{ { NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT, NID_secp256k1, 4, 64 }, false },
		{ { NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT, NID_secp256k1, 4, 66 }, false },
		{ { NID_rsaEncryption, V_ASN1_NULL, 0, 4, 526 }, false },
		{ { NID_rsaEncryption, V_ASN1_NULL, 0, 4, 626 }, false },
		{ { NID_rsaEncryption, V_ASN1_NULL, 0, 4, 627 }, true },
		{ { NID_rsaEncryption, V_ASN1_NULL, 0, 4, 2000 }, true },
	};
	enum { N = sizeof(keys) / sizeof(keys[0]) };
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	struct state_ctx *kept = state_make_ctx(lib, ctx);
	X509 *certs[N];

	(void)state;
	assert_non_null(kept);
	for (size_t i = 0; i < N; i++)
		certs[i] = cert_of(&keys[i].parts);
	for (size_t i = 0; i < N; i++) {
		for (size_t j = 0; j < N; j++) {
			if (j == i)
				continue;
			kept->last.size = 0;
			remember(ssl, certs[i], mark);
			if (keys[i].uncommon)
				assert_leaf(ssl, certs[i]);
			else
				assert_remembered(ssl, certs[i], mark);
			assert_leaf(ssl, certs[j]);
		}
	}
	for (size_t i = 0; i < N; i++)
		X509_free(certs[i]);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

static void count(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl, void *argp)
{
	(void)parent, (void)ad, (void)index, (void)argl, (void)argp;
	if (ptr)
		++*(int *)ptr;
}

/* What the program keeps in a certificate goes when the program lets go of that. */
static void nothing_is_kept_of_a_leaf(void **state)
{
	int index = X509_get_ex_new_index(0, NULL, NULL, NULL, count), gone = 0;
	X509 *leaf = new_cert(&(struct spec){ .cn = "a", .key = key });
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);

	(void)state;
	assert_non_null(state_make_ctx(lib, ctx));
	assert_int_equal(X509_set_ex_data(leaf, index, &gone), 1);
	assert_leaf(ssl, leaf);
	assert_leaf(ssl, leaf);
	X509_free(leaf);
	assert_int_equal(gone, 1);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

static void texts_of_certificates(void **state)
{
	static const struct {
		const char *cn;
		int len;
		const char *more, *subject, *name;
	} cases[] = {
		{ "api.example.com", 0, NULL, "CN=api.example.com", "CN=api.example.com" },
		{ "api.example.com", 0, "Example", "CN=api.example.com,O=Example",
		  "CN=api.example.com" },
		{ NULL, 0, "Example", "O=Example", "O=Example" },
		{ NULL, 0, NULL, "", "" },
		/* whatever would end a line, a terminal's sanity or a C string is escaped */
		{ "a\0.example.com", 14, NULL, "CN=a\\00.example.com", "CN=a\\00.example.com" },
		{ "a\nb\rc", 0, NULL, "CN=a\\0Ab\\0Dc", "CN=a\\0Ab\\0Dc" },
		{ "\033[2Jx", 0, NULL, "CN=\\1B[2Jx", "CN=\\1B[2Jx" },
		{ "\xc3\xa9", 0, NULL, "CN=\\C3\\A9", "CN=\\C3\\A9" },
		{ "\x7f", 0, NULL, "CN=\\7F", "CN=\\7F" },
		{ "a,b+c=d", 0, NULL, "CN=a\\,b\\+c=d", "CN=a\\,b\\+c=d" },
		{ "a\"b\\c", 0, NULL, "CN=a\\\"b\\\\c", "CN=a\\\"b\\\\c" },
		/* a name inside a name is not taken for one */
		{ "real", 0, "x,CN=fake", "CN=real,O=x\\,CN=fake", "CN=real" },
		{ NULL, 0, "x,CN=fake", "O=x\\,CN=fake", "O=x\\,CN=fake" },
		{ NULL, 0, "x\\,CN=fake", "O=x\\\\\\,CN=fake", "O=x\\\\\\,CN=fake" },
		{ NULL, 0, "CN=fake", "O=CN=fake", "O=CN=fake" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		X509 *cert = new_cert(&(struct spec){ .cn = cases[i].cn,
						      .cn_len = cases[i].len,
						      .more = cases[i].more,
						      .key = key });
		struct event_cert out;

		assert_int_equal(peer_describe(lib, cert, &out), 0);
		assert_string_equal(out.subject, cases[i].subject);
		assert_string_equal(out.issuer, cases[i].subject); /* self-signed */
		assert_string_equal(out.common_name, cases[i].name);
		assert_string_equal(out.issuer_name, cases[i].name);
		assert_false(out.raw_key);
		X509_free(cert);
	}
}

static void a_text_too_long_is_cut(void **state)
{
	char cn[5001];
	struct event_cert out;
	X509 *cert;

	(void)state;
	for (int len = 200; len <= 5000; len = len < 300 ? len + 1 : len * 2) {
		memset(cn, len % 2 ? 'x' : '\n', (size_t)len); /* in threes: \0A */
		cn[len] = '\0';
		cert = new_cert(&(struct spec){ .cn = cn, .key = key });
		assert_int_equal(peer_describe(lib, cert, &out), 0);
		assert_true(strlen(out.subject) < EVENT_TEXT_SIZE);
		assert_true(strlen(out.common_name) < EVENT_TEXT_SIZE);
		assert_int_equal(strncmp(out.subject, "CN=", 3), 0);
		assert_null(strpbrk(out.subject, "\n\r"));
		X509_free(cert);
	}
}

static void dates_of_certificates(void **state)
{
	X509 *cert = new_cert(&(struct spec){ .cn = "x", .key = key });
	struct event_cert out;
	ASN1_TIME *odd;

	(void)state;
	assert_int_equal(ASN1_TIME_set_string(X509_getm_notBefore(cert), "20240229120000Z"), 1);
	assert_int_equal(ASN1_TIME_set_string(X509_getm_notAfter(cert), "99991231235959Z"), 1);
	assert_int_equal(peer_describe(lib, cert, &out), 0);
	assert_int_equal(out.not_before, 1709208000);
	assert_int_equal(out.not_after, 253402300799);
	/* A time that is none. */
	odd = X509_getm_notAfter(cert);
	assert_int_equal(ASN1_STRING_set(odd, "not a time", -1), 1);
	assert_int_equal(peer_describe(lib, cert, &out), 0);
	assert_int_equal(out.not_after, 0);
	ERR_clear_error();
	X509_free(cert);
}

/* --- names */

struct name_case {
	const char *sni;
	const char *hosts[6];
	const char *address;
	struct {
		const char *text;
		enum name_source source;
		enum name_kind kind;
	} out[8];
};

static void names_of_a_connection(void **state)
{
	static const struct name_case cases[] = {
		{ .out = { { 0 } } },
		{ .sni = "api.example.com",
		  .out = { { "api.example.com", NAME_FROM_SNI, NAME_HOST } } },
		{ .sni = "API.Example.COM.",
		  .out = { { "api.example.com", NAME_FROM_SNI, NAME_HOST } } },
		{ .sni = "",
		  .hosts = { "a.example.com" },
		  .out = { { "a.example.com", NAME_FROM_VERIFY, NAME_HOST } } },
		/* each once, and the SNI first */
		{ .sni = "a.example.com",
		  .hosts = { "A.example.com", "b.example.com" },
		  .out = { { "a.example.com", NAME_FROM_SNI, NAME_HOST },
			   { "b.example.com", NAME_FROM_VERIFY, NAME_HOST } } },
		/* more than fit into the few */
		{ .sni = "a.example.com",
		  .hosts = { "b.example.com", "c.example.com", "d.example.com", "e.example.com",
			     "f.example.com" },
		  .address = "192.0.2.7",
		  .out = { { "a.example.com", NAME_FROM_SNI, NAME_HOST },
			   { "b.example.com", NAME_FROM_VERIFY, NAME_HOST },
			   { "c.example.com", NAME_FROM_VERIFY, NAME_HOST },
			   { "d.example.com", NAME_FROM_VERIFY, NAME_HOST },
			   { "e.example.com", NAME_FROM_VERIFY, NAME_HOST },
			   { "f.example.com", NAME_FROM_VERIFY, NAME_HOST },
			   { "192.0.2.7", NAME_FROM_VERIFY, NAME_ADDRESS } } },
		{ .address = "2001:DB8:0::7",
		  .out = { { "2001:db8::7", NAME_FROM_VERIFY, NAME_ADDRESS } } },
		{ .sni = "192.0.2.7", .out = { { "192.0.2.7", NAME_FROM_SNI, NAME_ADDRESS } } },
		/* what is no name is shown without what could harm */
		{ .sni = "a b\n\033c\xc3\xa9", .out = { { "a?b??c??", NAME_FROM_SNI, NAME_BAD } } },
		{ .sni = "bad..name",
		  .hosts = { "good.example.com" },
		  .out = { { "bad..name", NAME_FROM_SNI, NAME_BAD },
			   { "good.example.com", NAME_FROM_VERIFY, NAME_HOST } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct name_case *c = &cases[i];
		SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
		SSL *ssl = SSL_new(ctx);
		struct peer_names names;
		size_t n = 0;

		for (size_t j = 0; c->hosts[j]; j++)
			assert_int_equal(SSL_add1_host(ssl, c->hosts[j]), 1);
		if (c->address)
			assert_int_equal(
				X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), c->address), 1);
		peer_names(lib, ssl, &(struct peer_names_told){ .sent = c->sni }, &names);
		assert_false(names.failed);
		for (; n < names.n && c->out[n].text; n++) {
			assert_string_equal(names.list[n].text, c->out[n].text);
			assert_int_equal(names.list[n].source, c->out[n].source);
			assert_int_equal(names.list[n].kind, c->out[n].kind);
		}
		assert_int_equal(n, names.n);
		assert_null(c->out[n].text);
		peer_names_free(&names);
		SSL_free(ssl);
		SSL_CTX_free(ctx);
	}
}

/* A connection of FAMILY to this very program: its address and port are the name. */
static void names_of_a_socket(int family, const char *expected)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = { .any.sa_family = (sa_family_t)family };
	int listener = socket(family, SOCK_STREAM, 0), fd = socket(family, SOCK_STREAM, 0);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	struct peer_names names;
	socklen_t size = sizeof(address);

	if (family == AF_INET)
		address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		address.v6.sin6_addr = in6addr_loopback;
	assert_int_equal(bind(listener, &address.any, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, &address.any, &size), 0);
	assert_int_equal(SSL_set_fd(ssl, fd), 1);

	/* Not connected yet: nothing can be said. */
	peer_names(lib, ssl, &(struct peer_names_told){ 0 }, &names);
	assert_int_equal(names.n, 0);
	assert_int_equal(peer_port(lib, ssl), 0);
	peer_names_free(&names);

	assert_int_equal(connect(fd, &address.any, size), 0);
	peer_names(lib, ssl, &(struct peer_names_told){ 0 }, &names);
	assert_int_equal(names.n, 1);
	assert_string_equal(names.list[0].text, expected);
	assert_int_equal(names.list[0].source, NAME_FROM_ADDRESS);
	assert_int_equal(names.list[0].kind, NAME_ADDRESS);
	assert_int_equal(peer_port(lib, ssl), ntohs(address.v4.sin_port));
	peer_names_free(&names);

	/* The address is asked for only when there is no other name. */
	peer_names(lib, ssl, &(struct peer_names_told){ .sent = "a.example.com" }, &names);
	assert_int_equal(names.n, 1);
	assert_string_equal(names.list[0].text, "a.example.com");
	peer_names_free(&names);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(fd);
	close(listener);
}

static void the_address_where_there_is_no_name(void **state)
{
	(void)state;
	names_of_a_socket(AF_INET, "127.0.0.1");
	names_of_a_socket(AF_INET6, "::1");
}

static void the_host_of_a_connect_bio(void **state)
{
	static const struct {
		const char *host, *name;
		enum name_source source;
		enum name_kind kind;
	} cases[] = {
		{ "API.Example.com.:443", "api.example.com", NAME_FROM_RESOLVER, NAME_HOST },
		{ "192.0.2.7:443", "192.0.2.7", NAME_FROM_ADDRESS, NAME_ADDRESS },
		{ "[2001:DB8::7]:443", "2001:db8::7", NAME_FROM_ADDRESS, NAME_ADDRESS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
		SSL *ssl = SSL_new(ctx);
		BIO *bio = BIO_new(BIO_s_connect());
		struct peer_names names;

		assert_int_equal(BIO_set_conn_hostname(bio, cases[i].host), 1);
		SSL_set_bio(ssl, bio, bio);
		peer_names(lib, ssl, &(struct peer_names_told){ .sent = "" }, &names);
		assert_int_equal(names.n, 1);
		assert_string_equal(names.list[0].text, cases[i].name);
		assert_int_equal(names.list[0].source, cases[i].source);
		assert_int_equal(names.list[0].kind, cases[i].kind);
		assert_false(names.list[0].beside);
		peer_names_free(&names);
		/* It is asked for only when there is no other name. */
		peer_names(lib, ssl, &(struct peer_names_told){ .sent = "b.example.com" }, &names);
		assert_int_equal(names.n, 1);
		assert_string_equal(names.list[0].text, "b.example.com");
		peer_names_free(&names);
		SSL_free(ssl);
		SSL_CTX_free(ctx);
	}
}

/* All that were resolved, and the address beside them. */
static void names_of_an_address(void **state)
{
	const uint32_t address = htonl(INADDR_LOOPBACK);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = address };
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	socklen_t size = sizeof(to);
	struct peer_names names;
	char name[NAME_SIZE];

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&to, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&to, &size), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, size), 0);
	assert_int_equal(SSL_set_fd(ssl, fd), 1);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%d.example.com", i);
		resolver_add(name, AF_INET, &address);
	}
	peer_names(lib, ssl, &(struct peer_names_told){ .sent = "" }, &names);
	assert_false(names.failed);
	assert_int_equal(names.n, 101);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%d.example.com", 99 - i);
		assert_string_equal(names.list[i].text, name);
		assert_int_equal(names.list[i].source, NAME_FROM_RESOLVER);
		assert_int_equal(names.list[i].kind, NAME_HOST);
		assert_false(names.list[i].beside);
	}
	assert_string_equal(names.list[100].text, "127.0.0.1");
	assert_int_equal(names.list[100].source, NAME_FROM_ADDRESS);
	assert_true(names.list[100].beside);
	peer_names_free(&names);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(fd);
	close(listener);
}

static void other_transports_have_no_address(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	struct peer_names names;
	/* In Linux' abstract name space; where a port would stand is a part of it. */
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "pinshim-test-%d",
		 (int)getpid());

	(void)state;
	ERR_clear_error();
	peer_names(lib, ssl, &(struct peer_names_told){ 0 }, &names); /* no BIO at all */
	assert_int_equal(names.n, 0);
	assert_int_equal(peer_port(lib, ssl), 0);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(SSL_set_fd(ssl, fd), 1);
	peer_names(lib, ssl, &(struct peer_names_told){ 0 }, &names);
	assert_int_equal(names.n, 0);
	assert_int_equal(peer_port(lib, ssl), 0);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(fd);
	close(listener);
}

static void a_name_longer_than_any_is_cut(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	struct peer_names names;
	char name[512];

	(void)state;
	for (size_t len = 250; len < 500; len++) {
		memset(name, 'x', len);
		name[len] = '\0';
		peer_names(lib, ssl, &(struct peer_names_told){ .sent = name }, &names);
		assert_int_equal(names.n, 1);
		assert_int_equal(names.list[0].kind, NAME_BAD);
		assert_int_equal(strlen(names.list[0].text), len < 253 ? len : 253);
		peer_names_free(&names);
	}
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pins_of_every_kind_of_key),
		cmocka_unit_test(a_pin_is_of_the_key_alone),
		cmocka_unit_test(the_last_leaf),
		cmocka_unit_test(keys_that_are_alike),
		cmocka_unit_test(nothing_is_kept_of_a_leaf),
		cmocka_unit_test(texts_of_certificates),
		cmocka_unit_test(a_text_too_long_is_cut),
		cmocka_unit_test(dates_of_certificates),
		cmocka_unit_test(names_of_a_connection),
		cmocka_unit_test(the_address_where_there_is_no_name),
		cmocka_unit_test(the_host_of_a_connect_bio),
		cmocka_unit_test(names_of_an_address),
		cmocka_unit_test(other_transports_have_no_address),
		cmocka_unit_test(a_name_longer_than_any_is_cut),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

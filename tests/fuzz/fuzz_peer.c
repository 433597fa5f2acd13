/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: mutants of certificates (mutants.h) before both gates, judged as
 * such and in real handshakes in memory, under a section of each kind. What may
 * be accepted, and what must be, is told by libcrypto alone: by the key, by the
 * certificate's bytes, by X509_verify_cert() with the one anchor.
 */
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "cmd/event_read.h"
#include "gate/judge.h"
#include "gate/on.h"
#include "mutants.h"

enum section {
	SECTION_PIN,	 /* pin of the leaf, and of the RSA leaf */
	SECTION_INT,	 /* pin-ca of the intermediate */
	SECTION_ROOT,	 /* pin-ca of the root */
	SECTION_FULL,	 /* verify = full by the program's anchors */
	SECTION_FILE,	 /* the same by a ca-file with the root */
	SECTION_CERT,	 /* pin-cert of the leaf */
	SECTION_EVERY,	 /* match = every: pin and pin-ca */
	SECTION_DENY,	 /* pin of the leaf, and deny of the intermediate */
	SECTION_CT,	 /* ct = require */
	SECTION_KNOWN,	 /* tofu = yes, with the leaf's key known */
	SECTION_FIRST,	 /* tofu = yes, until something is accepted */
	SECTION_OTHER,	 /* none: unlisted */
	SECTION_ADDRESS, /* as SECTION_FILE, by address */
	SECTIONS
};

static const char *const names[SECTIONS] = {
	"pin.x.test",	"int.x.test",	"root.x.test",	"full.x.test", "file.x.test",
	"cert.x.test",	"every.x.test", "deny.x.test",	"ct.x.test",   "known.x.test",
	"first.x.test", "other.x.test", MUTANT_ADDRESS,
};

/* One input: a section, a program, and what it meets. */
struct scene {
	enum section section;
	bool verifies; /* the program, too */
	bool tls12;
	X509_STORE *store; /* the program's */
	X509 *stored[2];   /* what is in it */
	struct chain chain;
};

static char folder[] = "/tmp/pinshim-fuzz.XXXXXX";
static char events[PATH_MAX];
static int said, told; /* what would go to standard error; the events */
static struct openssl *lib;
static EVP_PKEY *first; /* whose key was learned */

/* The program's, without the shim and with it: what is kept there must not outlive its truth. */
static SSL_CTX *plain, *gated;

/* --- once */

static void save(const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	must(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void set_variable(const char *variable, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s%s", name ? folder : "none", name ? "/" : "",
		 name ? name : "");
	setenv(variable, path, 1);
}

static void tidy_up(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	must(system(command) == 0);
}

static void write_policy(void)
{
	char text[8192], root[4096] = "", list[4096] = "enabled_logs = a,b\n";
	const char *leaf = pin_of_key(certs[CERT_LEAF]);
	const char *authority = pin_of_key(certs[CERT_INT]);

	snprintf(text, sizeof(text),
		 "revoked = %s/revoked\nct-logs = %s/logs\n"
		 "[pin.x.test]\npin = %s\npin = %s\n"
		 "[int.x.test]\npin-ca = %s\n"
		 "[root.x.test]\npin-ca = %s\n"
		 "[full.x.test]\nverify = full\n"
		 "[file.x.test]\nverify = full\nca-file = %s/root\n"
		 "[cert.x.test]\npin-cert = %s\n"
		 "[every.x.test]\nmatch = every\npin = %s\npin-ca = %s\n"
		 "[deny.x.test]\npin = %s\ndeny = %s\n"
		 "[ct.x.test]\nct = require\nca-file = %s/root\n"
		 "[known.x.test]\ntofu = yes\n"
		 "[first.x.test]\ntofu = yes\n"
		 "[" MUTANT_ADDRESS "]\nverify = full\nca-file = %s/root\n",
		 folder, folder, leaf, pin_of_key(certs[CERT_RSA]), authority,
		 pin_of_key(certs[CERT_ROOT]), folder, pin_of_cert(certs[CERT_LEAF]), leaf,
		 authority, leaf, authority, folder, folder);
	save("policy.ini", text);
	snprintf(text, sizeof(text), "%s\n", pin_of_key(certs[CERT_REVOKED]));
	save("revoked", text);
	add_pem(certs[CERT_ROOT], root, sizeof(root));
	save("root", root);
	add_log("a", logs[0], list, sizeof(list));
	add_log("b", logs[1], list, sizeof(list));
	save("logs", list);
	save("none", "");
	snprintf(text, sizeof(text), "known.x.test %s 2026-01-01 fuzz\n", leaf);
	save("state/known", text);
}

static void init(void)
{
	char state[PATH_MAX];

	unsetenv("PINSHIM_MODE");
	unsetenv("PINSHIM_REFUSE");
	must(mkdtemp(folder) && atexit(tidy_up) == 0);
	snprintf(state, sizeof(state), "%s/state", folder);
	must(mkdir(state, 0700) == 0);
	mutants_init();
	write_policy();
	set_variable("PINSHIM_POLICY", "policy.ini");
	set_variable("PINSHIM_STATE", "state");
	set_variable("PINSHIM_EVENTS", "events");
	set_variable("SSL_CERT_FILE", "none");
	set_variable("SSL_CERT_DIR", "state");
	setenv("PINSHIM_LOG", "stderr", 1);
	snprintf(events, sizeof(events), "%s", getenv("PINSHIM_EVENTS"));
	told = open(events, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	said = memfd_create("said", MFD_CLOEXEC);
	must(told >= 0 && said >= 0);
	lib = openssl_of_method(TLS_client_method());
	must(lib && !lib->lacks && on_active());
	plain = SSL_CTX_new(TLS_client_method());
	gated = on_ctx_new(TLS_client_method());
	must(plain && gated);
}

/* --- the oracle */

static bool has_key(X509 *cert, EVP_PKEY *key)
{
	return key && X509_get0_pubkey(cert) && EVP_PKEY_eq(X509_get0_pubkey(cert), key) == 1;
}

/* Whether the SubjectPublicKeyInfo stands in CERT byte by byte as KEY's should. */
static bool has_spki(X509 *cert, EVP_PKEY *key)
{
	unsigned char *der = NULL, *spki = NULL;
	const unsigned char *at, *end;
	int size = i2d_X509(cert, &der), wanted = i2d_PUBKEY(key, &spki), tag, class;
	bool rv = false;
	long len;

	must(size > 0 && wanted > 0);
	at = der;
	/* Certificate, TBSCertificate, then version, serial, algorithm, issuer, dates, subject. */
	for (int i = 0; i < 2; i++)
		must(!(ASN1_get_object(&at, &len, &tag, &class, size) & 0x80));
	for (int left = *at == 0xa0 ? 6 : 5; left; left--) {
		must(!(ASN1_get_object(&at, &len, &tag, &class, der + size - at) & 0x80));
		at += len;
	}
	end = der + size;
	rv = end - at >= wanted && !memcmp(at, spki, (size_t)wanted);
	OPENSSL_free(der);
	OPENSSL_free(spki);
	return rv;
}

/* Whether any certificate of the chain bears KEY. */
static bool serves(const struct scene *s, EVP_PKEY *key, bool (*bears)(X509 *, EVP_PKEY *))
{
	for (size_t i = 0; i < s->chain.n; i++)
		if (bears(s->chain.certs[i], key))
			return true;
	return false;
}

/*
 * Whether the leaf verifies for the name, as TLS servers do, by these anchors alone
 * and through what is served; with STORED also through what the program has.
 */
static bool verifies(const struct scene *s, X509 *anchors[2], bool partial, bool stored)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	X509_VERIFY_PARAM *param;
	bool rv;

	must(store && ctx && untrusted);
	for (int i = 0; i < 2; i++)
		if (anchors[i])
			must(X509_STORE_add_cert(store, anchors[i]) == 1);
	for (size_t i = 0; i < s->chain.n; i++)
		must(sk_X509_push(untrusted, s->chain.certs[i]) > 0);
	for (int i = 0; i < 2; i++)
		if (stored && s->stored[i])
			must(sk_X509_push(untrusted, s->stored[i]) > 0);
	must(X509_STORE_CTX_init(ctx, store, s->chain.certs[0], untrusted) == 1);
	must(X509_STORE_CTX_set_default(ctx, "ssl_server") == 1);
	param = X509_STORE_CTX_get0_param(ctx);
	if (partial)
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	if (s->section == SECTION_ADDRESS)
		must(X509_VERIFY_PARAM_set1_ip_asc(param, names[s->section]) == 1);
	else
		must(X509_VERIFY_PARAM_set1_host(param, names[s->section], 0) == 1);
	rv = X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(untrusted);
	return rv;
}

static bool anchored_at(const struct scene *s, X509 *ca)
{
	return X509_cmp(ca, s->chain.certs[0]) != 0 &&
	       verifies(s, (X509 *[2]){ ca, NULL }, true, true);
}

/* Whether some certificate with KEY, stored or served, anchors the leaf. */
static bool may_be_anchored(const struct scene *s, EVP_PKEY *key)
{
	for (int i = 0; i < 2; i++)
		if (s->stored[i] && has_key(s->stored[i], key) && anchored_at(s, s->stored[i]))
			return true;
	for (size_t i = 1; i < s->chain.n; i++)
		if (has_key(s->chain.certs[i], key) && anchored_at(s, s->chain.certs[i]))
			return true;
	return false;
}

/* Whether one does for which nothing can be said against it. */
static bool must_be_anchored(const struct scene *s, EVP_PKEY *key)
{
	for (int i = 0; i < 2; i++)
		if (s->stored[i] && has_spki(s->stored[i], key))
			return anchored_at(s, s->stored[i]);
	for (size_t i = 1; i < s->chain.n; i++)
		if (has_spki(s->chain.certs[i], key) && anchored_at(s, s->chain.certs[i]))
			return true;
	return false;
}

static bool is_for_itself(const struct scene *s)
{
	X509 *leaf = s->chain.certs[0];
	EVP_PKEY *key = X509_get0_pubkey(leaf);

	return X509_check_host(leaf, names[SECTION_FIRST], 0, 0, NULL) == 1 ||
	       (key && !X509_NAME_cmp(X509_get_subject_name(leaf), X509_get_issuer_name(leaf)) &&
		X509_verify(leaf, key) == 1);
}

/* X509_cmp() would do with less. */
static bool same_bytes(X509 *a, X509 *b)
{
	unsigned char *of_a = NULL, *of_b = NULL;
	int len = i2d_X509(a, &of_a);
	bool rv = len > 0 && i2d_X509(b, &of_b) == len && !memcmp(of_a, of_b, (size_t)len);

	OPENSSL_free(of_a);
	OPENSSL_free(of_b);
	return rv;
}

static bool same_tbs(X509 *a, X509 *b)
{
	unsigned char *of_a = NULL, *of_b = NULL;
	int len = i2d_re_X509_tbs(a, &of_a);
	bool rv = len > 0 && i2d_re_X509_tbs(b, &of_b) == len && !memcmp(of_a, of_b, (size_t)len);

	OPENSSL_free(of_a);
	OPENSSL_free(of_b);
	return rv;
}

/* What may be accepted (MUST false), or has to be, of the leaf and what stands above it. */
static bool oracle(const struct scene *s, bool surely)
{
	bool (*bears)(X509 *, EVP_PKEY *) = surely ? has_spki : has_key;
	bool (*anchors)(const struct scene *, EVP_PKEY *) =
		surely ? must_be_anchored : may_be_anchored;
	X509 *leaf = s->chain.certs[0], *root[2] = { certs[CERT_ROOT], NULL };

	/* In a list of denied keys, only what has its very bytes is sure to be found. */
	if (serves(s, keys[KEY_REVOKED], surely ? has_key : has_spki))
		return false;
	switch (s->section) {
	case SECTION_PIN:
		return bears(leaf, keys[KEY_LEAF]) || bears(leaf, keys[KEY_RSA]);
	case SECTION_INT:
		return anchors(s, keys[KEY_INT]);
	case SECTION_ROOT:
		return anchors(s, keys[KEY_ROOT]);
	case SECTION_FULL:
		return (s->stored[0] || s->stored[1]) &&
		       verifies(s, (X509 **)s->stored, false, false);
	case SECTION_FILE:
	case SECTION_ADDRESS:
		return verifies(s, root, true, false);
	case SECTION_CERT:
		return same_bytes(leaf, certs[CERT_LEAF]);
	case SECTION_EVERY:
		return bears(leaf, keys[KEY_LEAF]) && anchors(s, keys[KEY_INT]);
	case SECTION_DENY:
		/* The program's own verification may have found the intermediate in its store. */
		if (surely && (s->stored[1] || serves(s, keys[KEY_INT], has_key)))
			return false;
		return bears(leaf, keys[KEY_LEAF]) && !serves(s, keys[KEY_INT], has_spki);
	case SECTION_CT:
		return verifies(s, root, true, false) && same_tbs(leaf, certs[CERT_CT]);
	case SECTION_KNOWN:
		return bears(leaf, keys[KEY_LEAF]);
	case SECTION_FIRST:
		if (first)
			return bears(leaf, first);
		return !surely && is_for_itself(s);
	case SECTION_OTHER:
		return true;
	case SECTIONS:
		break;
	}
	return false;
}

static void check_verdict(const struct scene *s, bool accepted)
{
	ERR_set_mark();
	if (accepted)
		must(oracle(s, false));
	else
		must(!oracle(s, true));
	ERR_pop_to_mark();
	if (accepted && s->section == SECTION_FIRST && !first) {
		first = X509_get0_pubkey(s->chain.certs[0]);
		must(first && EVP_PKEY_up_ref(first));
	}
}

/* --- what is told */

static int take_event(const struct event_read *event, void *arg)
{
	(void)event;
	++*(size_t *)arg;
	return 0;
}

/* Every line that was told is an event; what people read is text. */
static void check_told(void)
{
	FILE *file = fopen(events, "re");
	size_t n = 0;
	char text[4096];
	ssize_t len;

	must(file && event_read_all(file, "events", take_event, &n) == 0);
	fclose(file);
	must(n > 0 && ftruncate(told, 0) == 0);
	for (off_t at = 0; (len = pread(said, text, sizeof(text), at)) > 0; at += len)
		for (ssize_t i = 0; i < len; i++)
			must((text[i] >= ' ' && text[i] <= '~') || text[i] == '\n');
	must(ftruncate(said, 0) == 0);
}

/* What follows writes its messages to SAID, until quiet_end(). Sanitizers still write here. */
void __sanitizer_set_report_fd(void *fd) __attribute__((weak));

static int quiet_begin(void)
{
	int own = dup(STDERR_FILENO);

	must(own >= 0 && lseek(said, 0, SEEK_SET) == 0);
	if (__sanitizer_set_report_fd)
		__sanitizer_set_report_fd((void *)(intptr_t)own);
	must(dup2(said, STDERR_FILENO) >= 0);
	return own;
}

static void quiet_end(int own)
{
	must(dup2(own, STDERR_FILENO) >= 0);
	if (__sanitizer_set_report_fd)
		__sanitizer_set_report_fd((void *)(intptr_t)STDERR_FILENO);
	close(own);
}

/* --- judged as such */

static SSL *new_client(const struct scene *s, SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);

	must(ssl);
	if (s->section == SECTION_ADDRESS)
		must(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), names[s->section]) == 1);
	else
		must(SSL_set_tlsext_host_name(ssl, names[s->section]) == 1);
	return ssl;
}

/* A leaf that no server of libssl would take comes here all the same. */
static void check_judge(const struct scene *s)
{
	SSL *ssl = new_client(s, gated);
	STACK_OF(X509) *served = sk_X509_new_null();
	struct judge_case c = {
		.lib = lib,
		.ssl = ssl,
		.names = { .sent = s->section == SECTION_ADDRESS ? "" : names[s->section] },
		.leaf = s->chain.certs[0],
		.served = served,
		.program_store = s->store,
	};
	enum verdict verdict;
	uintptr_t token;
	int own;

	for (size_t i = 0; i < s->chain.n; i++)
		must(sk_X509_push(served, s->chain.certs[i]) > 0);
	own = quiet_begin();
	verdict = judge(&c, true, &token);
	quiet_end(own);
	must(ERR_peek_error() == 0);
	check_verdict(s, verdict != VERDICT_REFUSED);
	must(verdict != VERDICT_REFUSED || !token);
	sk_X509_free(served);
	SSL_free(ssl);
}

/* --- in handshakes */

static EVP_PKEY *key_of(X509 *cert)
{
	for (int i = 0; i < KEYS; i++)
		if (has_key(cert, keys[i]))
			return keys[i];
	return NULL;
}

/* A server that shows the chain, or NULL when libssl would not be one. */
static SSL_CTX *new_server(const struct scene *s)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = key_of(s->chain.certs[0]);
	bool ready;

	must(ctx);
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
	ready = key && SSL_CTX_use_certificate(ctx, s->chain.certs[0]) == 1 &&
		SSL_CTX_use_PrivateKey(ctx, key) == 1;
	for (size_t i = 1; ready && i < s->chain.n; i++)
		ready = SSL_CTX_add1_chain_cert(ctx, s->chain.certs[i]) == 1;
	ERR_clear_error();
	if (ready)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

/* SSL_get_error() takes what a verification left in the queue for an end of the handshake. */
static bool is_over(SSL *ssl, int rv)
{
	return rv == 1 || !SSL_want_read(ssl);
}

struct outcome {
	bool completed, refused;
	unsigned long errors[8]; /* in the client's queue */
};

/* Shakes hands; CONNECT is SSL_connect(), or what stands in its place. */
static struct outcome shake(const struct scene *s, SSL_CTX *client_ctx, SSL_CTX *server_ctx,
			    int (*connect)(SSL *))
{
	SSL *client = new_client(s, client_ctx), *server = SSL_new(server_ctx);
	BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());
	struct outcome out = { 0 };
	bool client_over = false, server_over = false;
	int rv = 0;
	char byte = 0;

	must(server && up && down);
	BIO_up_ref(up);
	BIO_up_ref(down);
	SSL_set_bio(client, down, up);
	SSL_set_bio(server, up, down);
	for (int i = 0; i < 20 && !(client_over && server_over); i++) {
		ERR_clear_error();
		rv = client_over ? rv : connect(client);
		if (!client_over && is_over(client, rv)) {
			client_over = true;
			for (size_t n = 0; n < 8; n++)
				out.errors[n] = ERR_get_error();
		}
		ERR_clear_error();
		if (!server_over)
			server_over = is_over(server, SSL_accept(server));
	}
	out.completed = client_over && rv == 1;
	out.refused = SSL_get_verify_result(client) == X509_V_ERR_APPLICATION_VERIFICATION;
	/* No data goes to, or comes from, a server that was not accepted. */
	if (!out.completed) {
		must(SSL_write(client, "x", 1) <= 0);
		must(SSL_read(server, &byte, 1) <= 0 && byte == 0);
		if (SSL_is_init_finished(server))
			SSL_write(server, "y", 1);
		must(SSL_read(client, &byte, 1) <= 0 && byte == 0);
	} else {
		must(SSL_write(client, "x", 1) == 1);
		must(SSL_accept(server) == 1 && SSL_read(server, &byte, 1) == 1 && byte == 'x');
	}
	ERR_clear_error();
	SSL_free(client);
	SSL_free(server);
	return out;
}

static void prepare(const struct scene *s, SSL_CTX *ctx)
{
	SSL_CTX_set_verify(ctx, s->verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	SSL_CTX_set1_cert_store(ctx, s->store);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_proto_version(ctx, s->tls12 ? TLS1_2_VERSION : 0);
}

static void check_handshake(const struct scene *s, SSL_CTX *server)
{
	struct outcome without, with;
	int own;

	prepare(s, plain);
	prepare(s, gated);
	without = shake(s, plain, server, SSL_connect);
	must(!without.refused);
	own = quiet_begin();
	with = shake(s, gated, server, on_connect);
	quiet_end(own);
	if (with.completed) {
		/* The shim only ever says no, and says it without a trace. */
		must(without.completed && !with.refused);
		must(!memcmp(with.errors, without.errors, sizeof(with.errors)));
		check_verdict(s, true);
	} else if (without.completed) {
		must(with.refused);
		must(ERR_GET_LIB(with.errors[0]) == ERR_LIB_SSL &&
		     ERR_GET_REASON(with.errors[0]) == SSL_R_CERTIFICATE_VERIFY_FAILED);
	}
	if (with.refused)
		check_verdict(s, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct orders orders = { data, data + size };
	struct scene s = { .section = SECTION_PIN };
	SSL_CTX *server;
	unsigned how;

	if (!lib)
		init();
	s.section = (enum section)(take(&orders) % SECTIONS);
	how = take(&orders);
	s.verifies = how & 1;
	s.tls12 = how & 2;
	s.stored[0] = how & 4 ? certs[CERT_ROOT] : NULL;
	s.stored[1] = how & 8 ? certs[CERT_INT] : NULL;
	s.store = X509_STORE_new();
	must(s.store);
	for (int i = 0; i < 2; i++)
		if (s.stored[i])
			must(X509_STORE_add_cert(s.store, s.stored[i]) == 1);
	mutants_make(&orders, &s.chain);
	check_judge(&s);
	server = new_server(&s);
	if (server)
		check_handshake(&s, server);
	check_told();
	SSL_CTX_free(server);
	mutants_free(&s.chain);
	X509_STORE_free(s.store);
	return 0;
}

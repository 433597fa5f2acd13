/* SPDX-License-Identifier: MIT */
/*
 * The shim's own verification. Certificates are looked up in the program's and
 * OpenSSL's stores by issuer name, walking up from what the server sent; they
 * are then judged in fresh stores in which nothing of the program runs.
 */
#include "gate/chain.h"

#include <stdlib.h>
#include <string.h>

/* More CA certificates than this are not looked up for one chain. */
#define MOST_FOUND 64

/* Of a packed error; PEM's reasons fit into what 1.1.1 and 3.0 pack alike. */
#define REASON_BITS 0xfff

/* Where CA certificates may be looked up, in this order. */
enum place { PLACE_CA_FILE, PLACE_PROGRAM, PLACE_DIR, PLACE_FILE, PLACES };

void chain_free(struct openssl *lib, STACK_OF(X509) * chain)
{
	lib->OPENSSL_sk_pop_free((OPENSSL_STACK *)chain, (OPENSSL_sk_freefunc)lib->X509_free);
}

static bool holds(struct openssl *lib, STACK_OF(X509) * chain, X509 *cert)
{
	for (int i = 0; i < peer_chain_len(lib, chain); i++)
		if (!lib->X509_cmp(peer_chain_cert(lib, chain, i), cert))
			return true;
	return false;
}

static int push(struct openssl *lib, STACK_OF(X509) * chain, X509 *cert)
{
	if (!lib->X509_up_ref(cert))
		return -1;
	if (lib->OPENSSL_sk_push((OPENSSL_STACK *)chain, cert) > 0)
		return 0;
	lib->X509_free(cert);
	return -1;
}

/* The trust anchors of a ca-file, from the bytes read with the policy. */
static X509_STORE *store_of_ca_file(const struct chain_task *task)
{
	struct openssl *lib = task->lib;
	const struct source_file *file = source_file(
		task->source, policy_string(task->source->policy, task->section->ca_file.text));
	X509_STORE *store = lib->X509_STORE_new();
	BIO *bytes = file ? lib->BIO_new_mem_buf(file->bytes, (int)file->len) : NULL;
	X509 *cert;

	while (store && bytes && (cert = lib->PEM_read_bio_X509_AUX(bytes, NULL, NULL, NULL))) {
		lib->X509_STORE_add_cert(store, cert);
		lib->X509_free(cert);
	}
	lib->BIO_free(bytes);
	/* The end of the file and nothing else may end the reading. */
	if (store && (lib->ERR_peek_last_error() & REASON_BITS) != PEM_R_NO_START_LINE) {
		lib->X509_STORE_free(store);
		store = NULL;
	}
	return store;
}

static X509_STORE *store_of_path(struct openssl *lib, const char *file, const char *dir)
{
	X509_STORE *store = lib->X509_STORE_new();

	/* An absent default is an empty one. */
	if (store)
		lib->X509_STORE_load_locations(store, file, dir);
	return store;
}

/* The host's policy does not let the environment say whom to trust. */
static const char *default_path(const struct chain_task *task, const char *variable,
				const char *compiled_in)
{
	const char *path = task->source->host ? NULL : secure_getenv(variable);

	return path ? path : compiled_in;
}

/*
 * The default file is read as a whole, so it is read once for each library, and
 * kept: what trust anchors programs read they keep, too.
 */
static X509_STORE *default_file(const struct chain_task *task)
{
	struct openssl *lib = task->lib;
	_Atomic(X509_STORE *) *place = &lib->anchors[task->source->host];
	X509_STORE *known = *place, *read;

	if (known || store_sandboxed())
		return known;
	read = store_of_path(
		lib, default_path(task, "SSL_CERT_FILE", lib->X509_get_default_cert_file()), NULL);
	if (!read || atomic_compare_exchange_strong(place, &known, read))
		return read;
	lib->X509_STORE_free(read);
	return known;
}

/* A store to look certificates up in, or NULL; *OWN says that the caller frees it. */
static X509_STORE *open_place(const struct chain_task *task, enum place place, bool *own)
{
	struct openssl *lib = task->lib;
	bool ca_file = task->section && task->section->ca_file.text;

	*own = place == PLACE_CA_FILE || place == PLACE_DIR;
	if (ca_file != (place == PLACE_CA_FILE))
		return NULL;
	switch (place) {
	case PLACE_CA_FILE:
		return store_of_ca_file(task);
	case PLACE_PROGRAM:
		return task->source->host ? NULL : task->program_store;
	case PLACE_DIR:
		if (store_sandboxed())
			return NULL;
		return store_of_path(
			lib, NULL,
			default_path(task, "SSL_CERT_DIR", lib->X509_get_default_cert_dir()));
	case PLACE_FILE:
		return default_file(task);
	case PLACES:
		break;
	}
	return NULL;
}

/* Adds to FOUND whatever STORE holds under the name of CERT's issuer. */
static int find_issuers(struct openssl *lib, X509_STORE_CTX *lookup, X509 *cert,
			STACK_OF(X509) * found)
{
	STACK_OF(X509) *hits =
		lib->X509_STORE_CTX_get1_certs(lookup, lib->X509_get_issuer_name(cert));
	int rv = 0;

	for (int i = 0; rv == 0 && i < peer_chain_len(lib, hits); i++) {
		X509 *hit = peer_chain_cert(lib, hits, i);

		if (peer_chain_len(lib, found) < MOST_FOUND && !holds(lib, found, hit))
			rv = push(lib, found, hit);
	}
	chain_free(lib, hits);
	return rv;
}

/* The CA certificates in STORE that could stand above what the server sent; NULL: no memory. */
static STACK_OF(X509) * find_in(const struct chain_task *task, X509_STORE *store)
{
	struct openssl *lib = task->lib;
	X509_STORE_CTX *lookup = lib->X509_STORE_CTX_new();
	STACK_OF(X509) *found = (STACK_OF(X509) *)lib->OPENSSL_sk_new_null();
	int rv = -1;

	if (lookup && found &&
	    lib->X509_STORE_CTX_init(lookup, store, task->leaf, task->served) == 1)
		rv = find_issuers(lib, lookup, task->leaf, found);
	for (int i = 0; rv == 0 && i < peer_chain_len(lib, task->served); i++)
		rv = find_issuers(lib, lookup, peer_chain_cert(lib, task->served, i), found);
	/* `found' grows while it is walked: issuers have issuers. */
	for (int i = 0; rv == 0 && i < peer_chain_len(lib, found); i++)
		rv = find_issuers(lib, lookup, peer_chain_cert(lib, found, i), found);
	lib->X509_STORE_CTX_free(lookup);
	if (rv == 0)
		return found;
	chain_free(lib, found);
	return NULL;
}

/* What can be looked up in PLACE, or NULL when it is not there; -1 when memory ran out. */
static int find_at(const struct chain_task *task, enum place place, STACK_OF(X509) * *found)
{
	bool own;
	X509_STORE *store = open_place(task, place, &own);

	*found = store ? find_in(task, store) : NULL;
	if (store && own)
		task->lib->X509_STORE_free(store);
	return store && !*found ? -1 : 0;
}

static int set_demands(const struct chain_task *task, X509_STORE_CTX *ctx, unsigned long flags)
{
	struct openssl *lib = task->lib;
	X509_VERIFY_PARAM *param = lib->X509_STORE_CTX_get0_param(ctx);
	int level = lib->SSL_get_security_level(task->ssl), named = 0;

	/* Purpose and trust of TLS servers. */
	if (lib->X509_STORE_CTX_set_default(ctx, "ssl_server") != 1)
		return -1;
	if (lib->X509_VERIFY_PARAM_set_flags(param, flags | X509_V_FLAG_TRUSTED_FIRST) != 1)
		return -1;
	/* Level 1 forbids signatures that can be forged, whatever the program allows. */
	lib->X509_VERIFY_PARAM_set_auth_level(param, level > 1 ? level : 1);
	switch (task->name->kind) {
	case NAME_HOST:
		named = lib->X509_VERIFY_PARAM_set1_host(param, task->name->text, 0);
		break;
	case NAME_ADDRESS:
		named = lib->X509_VERIFY_PARAM_set1_ip_asc(param, task->name->text);
		break;
	case NAME_BAD:
		break;
	}
	return named == 1 ? 0 : -1;
}

/*
 * Verifies the leaf with ANCHORS as all that is trusted and UNTRUSTED, besides,
 * as all there is to build a chain from.
 */
static enum check verify(const struct chain_task *task, STACK_OF(X509) * anchors,
			 STACK_OF(X509) * untrusted, unsigned long flags,
			 STACK_OF(X509) * *validated)
{
	struct openssl *lib = task->lib;
	X509_STORE *store = lib->X509_STORE_new();
	X509_STORE_CTX *ctx = lib->X509_STORE_CTX_new();
	enum check rv = CHECK_FAILED;
	bool ready = store && ctx;
	STACK_OF(X509) * chain;
	int error;

	for (int i = 0; ready && i < peer_chain_len(lib, anchors); i++)
		ready = lib->X509_STORE_add_cert(store, peer_chain_cert(lib, anchors, i)) == 1;
	if (!ready || lib->X509_STORE_CTX_init(ctx, store, task->leaf, untrusted) != 1 ||
	    set_demands(task, ctx, flags) < 0)
		goto out;
	if (lib->X509_verify_cert(ctx) != 1) {
		error = lib->X509_STORE_CTX_get_error(ctx);
		if (error == X509_V_ERR_HOSTNAME_MISMATCH ||
		    error == X509_V_ERR_IP_ADDRESS_MISMATCH)
			rv = CHECK_WRONG_NAME;
		goto out;
	}
	chain = lib->X509_STORE_CTX_get0_chain(ctx);
	if (validated) {
		*validated = (STACK_OF(X509) *)lib->OPENSSL_sk_new_null();
		for (int i = 0; *validated && i < peer_chain_len(lib, chain); i++)
			if (push(lib, *validated, peer_chain_cert(lib, chain, i)) < 0)
				goto out;
		if (!*validated)
			goto out;
	}
	rv = CHECK_PASSED;
out:
	lib->X509_STORE_CTX_free(ctx);
	lib->X509_STORE_free(store);
	return rv;
}

/* Whether anchors need not be self-signed: in a ca-file, or where the program says so. */
static unsigned long partial_chain(const struct chain_task *task, enum place place)
{
	unsigned long flags = 0;

	if (place == PLACE_CA_FILE)
		flags = X509_V_FLAG_PARTIAL_CHAIN;
	if (place == PLACE_PROGRAM)
		flags = task->lib->X509_VERIFY_PARAM_get_flags(
			task->lib->SSL_get0_param(task->ssl));
	return flags & X509_V_FLAG_PARTIAL_CHAIN;
}

enum check chain_full(const struct chain_task *task, STACK_OF(X509) * *validated)
{
	enum check best = CHECK_FAILED;

	for (enum place place = 0; place < PLACES && best != CHECK_PASSED; place++) {
		enum check check = CHECK_FAILED;
		STACK_OF(X509) * anchors;

		if (find_at(task, place, &anchors) == 0 && anchors)
			check = verify(task, anchors, task->served, partial_chain(task, place),
				       validated);
		if (check > best)
			best = check;
		chain_free(task->lib, anchors);
	}
	return best;
}

static const struct policy_pin *pin_of(const struct chain_task *task, X509 *ca)
{
	uint8_t key[PIN_LEN];
	const struct policy_pin *pins;
	size_t n;

	/* The leaf is no CA of itself, and its key is what `pin' is for. */
	if (!task->lib->X509_cmp(ca, task->leaf) || peer_key_of_cert(task->lib, ca, key) < 0)
		return NULL;
	pins = policy_pins(task->source->policy, task->section->pins, &n);
	for (size_t i = 0; i < n; i++)
		if (pins[i].kind == PIN_CA && !memcmp(pins[i].sha256, key, PIN_LEN))
			return &pins[i];
	return NULL;
}

/* Whether the leaf verifies with CA as all that is trusted. */
static bool is_anchored_at(const struct chain_task *task, X509 *ca, STACK_OF(X509) * untrusted,
			   STACK_OF(X509) * *validated)
{
	struct openssl *lib = task->lib;
	STACK_OF(X509) *anchor = (STACK_OF(X509) *)lib->OPENSSL_sk_new_null();
	bool verified = false;

	if (anchor && push(lib, anchor, ca) == 0)
		verified = verify(task, anchor, untrusted, X509_V_FLAG_PARTIAL_CHAIN, validated) ==
			   CHECK_PASSED;
	chain_free(lib, anchor);
	return verified;
}

/*
 * Tries every certificate of FROM whose key is pinned. With STORED, a pinned CA
 * of which that stack has a copy is passed over.
 */
static const struct policy_pin *try_all(const struct chain_task *task, STACK_OF(X509) * from,
					STACK_OF(X509) * stored, STACK_OF(X509) * untrusted,
					STACK_OF(X509) * *validated)
{
	struct openssl *lib = task->lib;

	for (int i = 0; i < peer_chain_len(lib, from); i++) {
		X509 *ca = peer_chain_cert(lib, from, i);
		const struct policy_pin *pin = pin_of(task, ca);
		bool known = false;

		for (int j = 0; pin && !known && j < peer_chain_len(lib, stored); j++)
			known = pin_of(task, peer_chain_cert(lib, stored, j)) == pin;
		if (pin && !known && is_anchored_at(task, ca, untrusted, validated))
			return pin;
	}
	return NULL;
}

/* Adds MORE, which may be NULL, to ALL, each certificate once. */
static int merge(struct openssl *lib, STACK_OF(X509) * all, STACK_OF(X509) * more)
{
	for (int i = 0; i < peer_chain_len(lib, more); i++) {
		X509 *cert = peer_chain_cert(lib, more, i);

		if (!holds(lib, all, cert) && push(lib, all, cert) < 0)
			return -1;
	}
	return 0;
}

const struct policy_pin *chain_ca(const struct chain_task *task, STACK_OF(X509) * *validated)
{
	struct openssl *lib = task->lib;
	STACK_OF(X509) *stored = (STACK_OF(X509) *)lib->OPENSSL_sk_new_null();
	STACK_OF(X509) *untrusted = (STACK_OF(X509) *)lib->OPENSSL_sk_new_null();
	bool ready = stored && untrusted && merge(lib, untrusted, task->served) == 0;
	const struct policy_pin *pin = NULL;

	for (enum place place = 0; ready && !pin && place < PLACES; place++) {
		STACK_OF(X509) * found;

		ready = find_at(task, place, &found) == 0 && merge(lib, stored, found) == 0 &&
			merge(lib, untrusted, found) == 0;
		if (ready)
			pin = try_all(task, found, NULL, untrusted, validated);
		chain_free(lib, found);
	}
	if (ready && !pin)
		pin = try_all(task, task->served, stored, untrusted, validated);
	chain_free(lib, untrusted);
	chain_free(lib, stored);
	return pin;
}

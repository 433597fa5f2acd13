/* SPDX-License-Identifier: MIT */
/*
 * Likely causes. Each is derived from facts that were checked, in an order in
 * which the first that holds explains the refusal.
 */
#include "gate/hint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where ca-certificates(8) keeps what the links in the trusted folder point to. */
#define PUBLIC_ROOTS "/usr/share/ca-certificates/mozilla/"
#define LOCAL_ROOTS  "/usr/local/share/ca-certificates/"

/* The longest PEM file of a root certificate that is looked at. */
#define PEM_MOST 65536

/* Different certificates under one hash of the subject: OpenSSL numbers them. */
#define MOST_SAME_HASH 10

static bool is_clock_outside(const struct chain_task *task, int64_t now)
{
	struct event_cert leaf;

	return peer_describe(task->lib, task->leaf, &leaf) == 0 &&
	       (now < leaf.not_before || now > leaf.not_after);
}

/* Reads the first certificate of the PEM file PATH. Not on the stack: threads may have little. */
static X509 *read_cert(struct openssl *lib, const char *path)
{
	char *bytes = malloc(PEM_MOST);
	FILE *file = bytes ? fopen(path, "re") : NULL;
	X509 *cert = NULL;
	BIO *bio = NULL;

	if (file) {
		bio = lib->BIO_new_mem_buf(bytes, (int)fread(bytes, 1, PEM_MOST, file));
		fclose(file);
	}
	if (bio)
		cert = lib->PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
	lib->BIO_free(bio);
	free(bytes);
	return cert;
}

static bool is_at(struct openssl *lib, X509 *root, const char *file, const char *origin)
{
	X509 *cert = strncmp(file, origin, strlen(origin)) ? NULL : read_cert(lib, file);
	bool same = cert && !lib->X509_cmp(cert, root);

	lib->X509_free(cert);
	return same;
}

/* Whether the trusted folder has ROOT from a file below ORIGIN. */
static bool comes_from(struct openssl *lib, X509 *root, const char *origin)
{
	bool found = false;

	for (int i = 0; !found && i < MOST_SAME_HASH; i++) {
		char *link = NULL, *file = NULL;

		if (asprintf(&link, "%s/%08lx.%d", lib->X509_get_default_cert_dir(),
			     lib->X509_subject_name_hash(root), i) >= 0) {
			file = realpath(link, NULL);
			free(link);
		}
		if (!file)
			return false;
		found = is_at(lib, root, file, origin);
		free(file);
	}
	return found;
}

static bool pins_a(const struct chain_task *task, enum pin_kind kind)
{
	const struct policy_pin *pins;
	size_t n;

	pins = policy_pins(task->source->policy, task->section->pins, &n);
	for (size_t i = 0; i < n; i++)
		if (pins[i].kind == kind)
			return true;
	return false;
}

static bool pins_key(const struct chain_task *task, const struct evidence *e)
{
	const struct policy_pin *pins;
	size_t n;

	pins = policy_pins(task->source->policy, task->section->pins, &n);
	for (size_t i = 0; i < n; i++)
		if (pins[i].kind == PIN_KEY && !memcmp(pins[i].sha256, e->key, PIN_LEN))
			return true;
	return false;
}

/* Whether the server sent nothing above a leaf that is not its own issuer. */
static bool is_cut_short(const struct chain_task *task)
{
	struct event_cert leaf;

	return peer_chain_len(task->lib, task->served) == 1 &&
	       peer_describe(task->lib, task->leaf, &leaf) == 0 &&
	       strcmp(leaf.subject, leaf.issuer) != 0;
}

enum likely hint_likely(const struct chain_task *task, const struct judgement *j,
			const struct evidence *e, STACK_OF(X509) * validated, int64_t now)
{
	struct openssl *lib = task->lib;
	int n = peer_chain_len(lib, validated);
	X509 *root = n ? peer_chain_cert(lib, validated, n - 1) : NULL;
	bool no_pin = j->reason == REASON_NO_PIN_MATCH;

	if (!task->leaf || !task->name || j->reason == REASON_DENIED_KEY)
		return LIKELY_UNKNOWN;
	/* Under `tofu' a certificate that signed itself need not be for any name. */
	if (!peer_is_for(lib, task->leaf, task->name))
		return j->tofu && peer_is_self_signed(lib, task->leaf) ? LIKELY_UNKNOWN
								       : LIKELY_OTHER_HOST;
	if (is_clock_outside(task, now))
		return LIKELY_CLOCK;
	if (root && !store_sandboxed() && comes_from(lib, root, LOCAL_ROOTS))
		return LIKELY_LOCAL_ROOT;
	if (!task->section || !no_pin)
		return LIKELY_UNKNOWN;
	if (e->ca && pins_a(task, PIN_KEY) && !pins_key(task, e))
		return LIKELY_KEY_ROTATED;
	if (pins_a(task, PIN_CERT) && pins_key(task, e))
		return LIKELY_CERT_RENEWED;
	if (e->ca || !pins_a(task, PIN_CA))
		return LIKELY_UNKNOWN;
	if (root && !store_sandboxed() && comes_from(lib, root, PUBLIC_ROOTS))
		return LIKELY_OTHER_PUBLIC_CA;
	return !root && is_cut_short(task) ? LIKELY_CHAIN_TOO_SHORT : LIKELY_UNKNOWN;
}

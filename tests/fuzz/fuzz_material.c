/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as what `pinshim pin FILE' is given. A pin that is made
 * is the hash of a key that stands there, what is shown of names is harmless, and
 * the title is one that a policy takes.
 */
#include <openssl/err.h>
#include <openssl/sha.h>

#include "cmd/material.h"
#include "fuzz.h"

static void check_certificate(const struct material *m)
{
	X509 *leaf = sk_X509_value(m->chain, 0);
	uint8_t hash[SHA256_DIGEST_LENGTH];
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der);

	must(len > 0);
	SHA256(der, (size_t)len, hash);
	must(!memcmp(hash, m->key, PIN_LEN));
	OPENSSL_free(der);
}

static void check_title(const char *title)
{
	static char error[POLICY_ERROR_SIZE];
	char text[POLICY_TITLE_SIZE + 100];
	struct policy *p;

	if (!*title)
		return;
	snprintf(text, sizeof(text),
		 "[%s]\npin = sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", title);
	p = policy_parse(&(struct policy_text){ "f", text, strlen(text) }, 1, "f", false, error);
	must(p);
	free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nothing[PIN_LEN];
	struct material m = { 0 };
	struct fuzz_said err;
	int rv;

	fuzz_listen(&err, &stderr);
	rv = material_read(fuzz_file(data, size), &m);
	fuzz_listened(&err);
	if (rv) {
		fuzz_must_complain(&err);
	} else {
		must(!err.len && m.what && memcmp(m.key, nothing, PIN_LEN) != 0);
		must(memchr(m.subject, '\0', SUBJECT_SIZE));
		for (const char *c = m.subject; *c; c++)
			must(*c >= ' ' && *c <= '~');
		must(!*m.chain_remark && !*m.name_remark);
		if (m.chain)
			check_certificate(&m);
		check_title(m.title);
	}
	free(err.text);
	material_free(&m);
	ERR_clear_error();
	return 0;
}

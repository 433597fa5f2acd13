/* SPDX-License-Identifier: MIT */
/*
 * Certificates, requests and keys out of PEM text or a DER file. Never asks for
 * a passphrase: the public half of an encrypted key is to be had elsewhere.
 */
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/material.h"

#define MAX_SIZE (1 << 20) /* the longest chain is far shorter */

enum form_result { FORM_OTHER = 0, FORM_READ, FORM_ENCRYPTED };

/* What has been read so far. */
struct reading {
	STACK_OF(X509) * chain;
	struct material *out; /* filled by the first thing that is no certificate */
};

static enum form_result take_key(struct reading *r, const char *what, const X509_PUBKEY *key)
{
	if (r->out->what)
		return FORM_READ;
	if (material_hash_key(key, r->out->key) < 0)
		return FORM_OTHER;
	r->out->what = what;
	return FORM_READ;
}

/* Consumes PKEY, which counts only when the WHOLE of the DER was it. */
static enum form_result take_pkey(struct reading *r, const char *what, EVP_PKEY *pkey, bool whole)
{
	enum form_result rv = FORM_OTHER;
	X509_PUBKEY *key = NULL;

	if (pkey && whole && X509_PUBKEY_set(&key, pkey) == 1)
		rv = take_key(r, what, key);
	X509_PUBKEY_free(key);
	EVP_PKEY_free(pkey);
	return rv;
}

/* Each of the following reads DER that must end where END is. */

static enum form_result read_cert(struct reading *r, const unsigned char *der,
				  const unsigned char *end)
{
	/* AUX: what a TRUSTED CERTIFICATE has behind the certificate. */
	X509 *cert = d2i_X509_AUX(NULL, &der, end - der);

	if (cert && der == end && sk_X509_push(r->chain, cert) > 0)
		return FORM_READ;
	X509_free(cert);
	return FORM_OTHER;
}

static enum form_result read_request(struct reading *r, const unsigned char *der,
				     const unsigned char *end)
{
	X509_REQ *request = d2i_X509_REQ(NULL, &der, end - der);
	enum form_result rv = FORM_OTHER;

	if (request && der == end && (r->out->what || material_take_request(r->out, request) == 0))
		rv = FORM_READ;
	X509_REQ_free(request);
	return rv;
}

static enum form_result read_public_key(struct reading *r, const unsigned char *der,
					const unsigned char *end)
{
	X509_PUBKEY *key = d2i_X509_PUBKEY(NULL, &der, end - der);
	enum form_result rv = FORM_OTHER;

	if (key && der == end)
		rv = take_key(r, "public key", key);
	X509_PUBKEY_free(key);
	return rv;
}

static enum form_result read_rsa_public_key(struct reading *r, const unsigned char *der,
					    const unsigned char *end)
{
	EVP_PKEY *pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &der, end - der);

	return take_pkey(r, "public key", pkey, der == end);
}

static enum form_result read_private_key(struct reading *r, const unsigned char *der,
					 const unsigned char *end)
{
	EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &der, end - der);

	return take_pkey(r, "private key", pkey, der == end);
}

static enum form_result read_encrypted_key(struct reading *r, const unsigned char *der,
					   const unsigned char *end)
{
	X509_SIG *sealed = d2i_X509_SIG(NULL, &der, end - der);
	enum form_result rv = FORM_OTHER;

	(void)r;
	if (sealed && der == end)
		rv = FORM_ENCRYPTED;
	X509_SIG_free(sealed);
	return rv;
}

static const struct form {
	const char *label; /* PEM's */
	enum form_result (*read)(struct reading *r, const unsigned char *der,
				 const unsigned char *end);
} forms[] = {
	{ "CERTIFICATE", read_cert },
	{ "X509 CERTIFICATE", read_cert },
	{ "TRUSTED CERTIFICATE", read_cert },
	{ "CERTIFICATE REQUEST", read_request },
	{ "NEW CERTIFICATE REQUEST", read_request },
	{ "PUBLIC KEY", read_public_key },
	{ "RSA PUBLIC KEY", read_rsa_public_key },
	/* Before the private keys: d2i_AutoPrivateKey() might ask for a passphrase. */
	{ "ENCRYPTED PRIVATE KEY", read_encrypted_key },
	{ "PRIVATE KEY", read_private_key },
	{ "RSA PRIVATE KEY", read_private_key },
	{ "EC PRIVATE KEY", read_private_key },
};

#define N_FORMS (sizeof(forms) / sizeof(forms[0]))

static enum form_result read_block(struct reading *r, const char *label, const char *header,
				   const unsigned char *der, long len)
{
	const struct form *form = NULL;

	for (size_t i = 0; i < N_FORMS; i++)
		if (!strcmp(forms[i].label, label))
			form = &forms[i];
	if (!form)
		return FORM_READ; /* EC PARAMETERS, a session: not ours, not wrong */
	if (strstr(header, "ENCRYPTED"))
		return FORM_ENCRYPTED;
	return form->read(r, der, der + len);
}

static int complain_encrypted(const char *path)
{
	complain("'%s' is encrypted; give its certificate, or its public key from 'openssl pkey "
		 "-pubout'",
		 path);
	return -1;
}

static int read_pem(struct reading *r, BIO *text, const char *path)
{
	bool encrypted = false;
	char *label, *header;
	unsigned char *der;
	long len;

	while (PEM_read_bio(text, &label, &header, &der, &len) == 1) {
		enum form_result result = read_block(r, label, header, der, len);

		if (result == FORM_OTHER)
			complain("'%s': its %s cannot be read; export it again", path, label);
		encrypted = encrypted || result == FORM_ENCRYPTED;
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)len);
		if (result == FORM_OTHER)
			return -1;
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
		complain("'%s' is damaged PEM; export it again", path);
		return -1;
	}
	if (!encrypted || r->out->what || sk_X509_num(r->chain))
		return 0;
	return complain_encrypted(path);
}

static int read_der(struct reading *r, const unsigned char *der, size_t len, const char *path)
{
	enum form_result result = FORM_OTHER;

	for (size_t i = 0; result == FORM_OTHER && i < N_FORMS; i++)
		result = forms[i].read(r, der, der + len);
	return result == FORM_ENCRYPTED ? complain_encrypted(path) : 0;
}

static int read_bytes(const unsigned char *bytes, size_t len, const char *path,
		      struct material *out)
{
	struct reading r = { .chain = sk_X509_new_null(), .out = out };
	BIO *text = BIO_new_mem_buf(bytes, (int)len);
	int rv = -1;

	if (!r.chain || !text)
		complain("out of memory");
	else if (memmem(bytes, len, "-----BEGIN ", 11))
		rv = read_pem(&r, text, path);
	else
		rv = read_der(&r, bytes, len, path);
	BIO_free(text);
	if (rv == 0 && sk_X509_num(r.chain) > 0)
		return material_take_chain(out, r.chain);
	sk_X509_pop_free(r.chain, X509_free);
	if (rv == 0 && !out->what) {
		complain("'%s' holds no certificate, certificate request or key, neither as PEM "
			 "nor as DER",
			 path);
		rv = -1;
	}
	return rv;
}

int material_read(const char *path, struct material *out)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	unsigned char *bytes = malloc(MAX_SIZE + 1);
	size_t len = 0;
	int rv = -1;

	if (file && bytes)
		len = fread(bytes, 1, MAX_SIZE + 1, file);
	if (!file || !bytes || ferror(file))
		complain("'%s' cannot be read: %s", path, strerror(errno));
	else if (len > MAX_SIZE)
		complain("'%s' is larger than 1 MiB; give a file of certificates or a key", path);
	else
		rv = read_bytes(bytes, len, path, out);
	if (file && !is_stdin)
		fclose(file);
	OPENSSL_cleanse(bytes, len);
	free(bytes);
	return rv ? EXIT_FAILURE : 0;
}

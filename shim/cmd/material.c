/* SPDX-License-Identifier: MIT */
/*
 * Hashes and names of certificates and requests. The hash is always over DER
 * with its length, as OpenSSL encodes the very structure that it parsed.
 */
#include "cmd/material.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "cmd/cmd.h"

static int hash_der(unsigned char *der, int len, uint8_t pin[PIN_LEN])
{
	int rv = -1;

	if (len > 0 && EVP_Digest(der, (size_t)len, pin, NULL, EVP_sha256(), NULL) == 1)
		rv = 0;
	else
		complain("OpenSSL cannot encode or hash what was read");
	OPENSSL_free(der);
	return rv;
}

int material_hash_key(const X509_PUBKEY *key, uint8_t pin[PIN_LEN])
{
	unsigned char *der = NULL;
	/* OpenSSL 1.1.1 has no const here. */
	int len = key ? i2d_X509_PUBKEY((X509_PUBKEY *)(uintptr_t)key, &der) : -1;

	return hash_der(der, len, pin);
}

int material_hash_cert(const X509 *cert, uint8_t pin[PIN_LEN])
{
	unsigned char *der = NULL;
	int len = i2d_X509((X509 *)(uintptr_t)cert, &der);

	return hash_der(der, len, pin);
}

void material_print_subject(const X509_NAME *subject, char out[SUBJECT_SIZE])
{
	BIO *text = BIO_new(BIO_s_mem());
	int len = 0;

	/* RFC 2253's form escapes line ends and whatever is not ASCII. */
	if (text && X509_NAME_print_ex(text, subject, 0, XN_FLAG_RFC2253) >= 0)
		len = BIO_read(text, out, SUBJECT_SIZE - 1);
	out[len > 0 ? len : 0] = '\0';
	BIO_free(text);
}

/* Takes "api.example.com" or "*.example.com" as the title. */
static bool take_title(struct material *m, const ASN1_STRING *string)
{
	const char *text = (const char *)ASN1_STRING_get0_data(string);
	size_t len = (size_t)ASN1_STRING_length(string);
	size_t star = len > 2 && !memcmp(text, "*.", 2) ? 2 : 0;
	enum name_kind kind;

	kind = name_normalise(text + star, len - star, m->title + star, NULL);
	if (kind == NAME_HOST || (kind == NAME_ADDRESS && !star)) {
		memcpy(m->title, text, star);
		return true;
	}
	m->title[0] = '\0';
	return false;
}

/* The first DNS name of the subjectAltName, else the common name. */
static void find_title(struct material *m, const STACK_OF(X509_EXTENSION) * extensions,
		       const X509_NAME *subject)
{
	GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		found = name->type == GEN_DNS && take_title(m, name->d.dNSName);
	}
	GENERAL_NAMES_free(names);
	for (int i = 0; !found && i < X509_NAME_entry_count(subject); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, i);

		found = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) == NID_commonName &&
			take_title(m, X509_NAME_ENTRY_get_data(entry));
	}
}

int material_take_chain(struct material *m, STACK_OF(X509) * chain)
{
	const X509 *leaf = sk_X509_value(chain, 0);
	const X509_NAME *subject = X509_get_subject_name(leaf);

	m->what = "certificate";
	m->chain = chain;
	material_print_subject(subject, m->subject);
	find_title(m, X509_get0_extensions(leaf), subject);
	return material_hash_key(X509_get_X509_PUBKEY(leaf), m->key);
}

int material_take_request(struct material *m, X509_REQ *request)
{
	const X509_NAME *subject = X509_REQ_get_subject_name(request);
	STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);

	m->what = "certificate request";
	material_print_subject(subject, m->subject);
	find_title(m, extensions, subject);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return material_hash_key(X509_REQ_get_X509_PUBKEY(request), m->key);
}

void material_free(struct material *m)
{
	sk_X509_pop_free(m->chain, X509_free);
}

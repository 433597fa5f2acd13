/* SPDX-License-Identifier: MIT */
/*
 * Certificates made in memory with libcrypto, honest and hostile ones. Failures
 * to make one end the test program.
 */
#ifndef PINSHIM_TEST_CERTS_H
#define PINSHIM_TEST_CERTS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "pure/pin.h"

#define DAY 86400L

#define MUST_HOLD(condition)                                                                    \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

/* What a certificate says. Zero is the ordinary case. */
struct spec {
	const char *cn;		       /* NULL: no CN */
	int cn_len;		       /* of bytes in `cn'; 0: up to its NUL */
	const char *more;	       /* an O, added before the CN */
	const char *san;	       /* "DNS:api.example.com" */
	bool ca;		       /* basicConstraints and keyUsage of a CA */
	const char *eku, *constraints; /* extendedKeyUsage, nameConstraints */
	long from, until;	       /* seconds from now; 0: -1 day, +30 days */
	const EVP_MD *digest;	       /* NULL: SHA-256 */
	const X509 *issuer_name_of;    /* whose subject is the issuer; NULL: self-signed */
	EVP_PKEY *key, *signer;	       /* `signer' NULL: `key' */
	const char *key_id;	       /* subjectKeyIdentifier; NULL: none */
};

static inline EVP_PKEY *new_key(int type, int parameter)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(type, NULL);
	EVP_PKEY *key = NULL;

	MUST_HOLD(ctx && EVP_PKEY_keygen_init(ctx) == 1);
	if (type == EVP_PKEY_EC)
		MUST_HOLD(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, parameter) == 1);
	if (type == EVP_PKEY_RSA)
		MUST_HOLD(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, parameter) == 1);
	MUST_HOLD(EVP_PKEY_keygen(ctx, &key) == 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static inline EVP_PKEY *ec_key(void)
{
	return new_key(EVP_PKEY_EC, NID_X9_62_prime256v1);
}

static inline void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX ctx;

	if (!value)
		return;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	MUST_HOLD(extension && X509_add_ext(cert, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

static inline X509 *new_cert(const struct spec *spec)
{
	static long serial = 1;
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	EVP_PKEY *signer = spec->signer ? spec->signer : spec->key;
	const EVP_MD *digest = spec->digest ? spec->digest : EVP_sha256();
	int type = EVP_PKEY_base_id(signer);

	MUST_HOLD(X509_set_version(cert, 2) == 1);
	MUST_HOLD(ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++) == 1);
	MUST_HOLD(X509_gmtime_adj(X509_getm_notBefore(cert), spec->from ? spec->from : -DAY));
	MUST_HOLD(X509_gmtime_adj(X509_getm_notAfter(cert), spec->until ? spec->until : 30 * DAY));
	if (spec->more)
		MUST_HOLD(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
						     (const unsigned char *)spec->more, -1, -1,
						     0) == 1);
	if (spec->cn) {
		/* Past libcrypto's own limit of 64 characters. */
		ASN1_STRING_TABLE_add(NID_commonName, 1, 100000, DIRSTRING_TYPE, 0);
		MUST_HOLD(X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
						     (const unsigned char *)spec->cn,
						     spec->cn_len ? spec->cn_len : -1, -1, 0) == 1);
	}
	MUST_HOLD(X509_set_issuer_name(cert, spec->issuer_name_of
						     ? X509_get_subject_name(spec->issuer_name_of)
						     : name) == 1);
	MUST_HOLD(X509_set_pubkey(cert, spec->key) == 1);
	add_extension(cert, NID_basic_constraints, spec->ca ? "critical,CA:true" : NULL);
	add_extension(cert, NID_key_usage, spec->ca ? "critical,keyCertSign" : NULL);
	add_extension(cert, NID_subject_key_identifier, spec->key_id);
	add_extension(cert, NID_ext_key_usage, spec->eku);
	add_extension(cert, NID_name_constraints, spec->constraints);
	add_extension(cert, NID_subject_alt_name, spec->san);
	if (type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448)
		digest = NULL;
	MUST_HOLD(X509_sign(cert, signer, digest) > 0);
	return cert;
}

/* SHA-256 of the SubjectPublicKeyInfo as it stands in the certificate's own bytes. */
static inline void true_pin(X509 *cert, uint8_t out[PIN_LEN])
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	unsigned char *spki = NULL, *der = NULL;
	int spki_len = i2d_PUBKEY(key, &spki), der_len = i2d_X509(cert, &der);
	const unsigned char *place;

	MUST_HOLD(spki_len > 0 && der_len > 0);
	place = memmem(der, (size_t)der_len, spki, (size_t)spki_len);
	MUST_HOLD(place);
	SHA256(place, (size_t)spki_len, out);
	OPENSSL_free(spki);
	OPENSSL_free(der);
}

/* "sha256/..." of the key of CERT, in one of a few static buffers. */
static inline const char *pin_of_key(X509 *cert)
{
	static char texts[8][PIN_TEXT_SIZE];
	static unsigned next;
	uint8_t pin[PIN_LEN];

	true_pin(cert, pin);
	return pin_format(pin, texts[next++ % 8]);
}

static inline const char *pin_of_cert(X509 *cert)
{
	static char text[PIN_TEXT_SIZE];
	uint8_t pin[PIN_LEN];
	unsigned size;

	MUST_HOLD(X509_digest(cert, EVP_sha256(), pin, &size) == 1 && size == PIN_LEN);
	return pin_format(pin, text);
}

/* The certificate as PEM, added to the text OUT of SIZE bytes. */
static inline void add_pem(X509 *cert, char *out, size_t size)
{
	BIO *memory = BIO_new(BIO_s_mem());
	size_t len = strlen(out);
	int n;

	MUST_HOLD(memory && PEM_write_bio_X509(memory, cert) == 1);
	n = BIO_read(memory, out + len, (int)(size - len - 1));
	MUST_HOLD(n > 0);
	out[len + (size_t)n] = '\0';
	BIO_free(memory);
}

/* Puts CERT into the folder under the name by which OpenSSL looks it up. */
static inline void put_hashed(X509 *cert, const char *folder)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%08lx.0", folder, X509_subject_name_hash(cert));
	file = fopen(path, "w");
	MUST_HOLD(file && PEM_write_X509(file, cert) == 1 && fclose(file) == 0);
}

/* A new stack of up to three certificates, which stay the caller's. */
static inline STACK_OF(X509) * stack_of(X509 *a, X509 *b, X509 *c)
{
	STACK_OF(X509) *stack = sk_X509_new_null();
	X509 *all[] = { a, b, c };

	MUST_HOLD(stack);
	for (int i = 0; i < 3; i++)
		if (all[i])
			MUST_HOLD(sk_X509_push(stack, all[i]) > 0);
	return stack;
}

#endif

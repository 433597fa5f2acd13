/* SPDX-License-Identifier: MIT */
/*
 * Certificate transparency logs of our own, and certificates with what they
 * signed (RFC 6962 section 3.2), made by hand from the RFC and not by OpenSSL's
 * own code for it. Failures to make one end the test program.
 */
#ifndef PINSHIM_TEST_SCTS_H
#define PINSHIM_TEST_SCTS_H

#include "certs.h"

#define SCTS_MOST 4

/* One SCT. Zero is the ordinary case: valid, from a minute ago. */
struct sct_spec {
	EVP_PKEY *log;	  /* NULL: the list ends here */
	long age;	  /* seconds; 0: 60 */
	X509 *of;	  /* another certificate, which was signed in its place */
	EVP_PKEY *issuer; /* another issuer, likewise */
	EVP_PKEY *forger; /* signs in the log's place */
	bool whole;	  /* as for a certificate without SCTs in it: of another kind */
	uint8_t version;
};

static inline size_t put(uint8_t *out, uint64_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)(number >> 8 * (bytes - 1 - i));
	return bytes;
}

static inline void spki_hash(EVP_PKEY *key, uint8_t out[SHA256_DIGEST_LENGTH])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	MUST_HOLD(len > 0);
	SHA256(der, (size_t)len, out);
	OPENSSL_free(der);
}

/* Signs with LOG; returns the length of the signature. */
static inline size_t log_signs(EVP_PKEY *log, const uint8_t *bytes, size_t len, uint8_t *out,
			       size_t size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	MUST_HOLD(ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, log) == 1);
	MUST_HOLD(EVP_DigestSign(ctx, out, &size, bytes, len) == 1);
	EVP_MD_CTX_free(ctx);
	return size;
}

/* Writes the SCT of CERT, which has none yet, to OUT; returns its length. */
static inline size_t make_sct(const struct sct_spec *spec, X509 *cert, EVP_PKEY *issuer,
			      uint8_t *out)
{
	uint64_t ms = (uint64_t)(time(NULL) - (spec->age ? spec->age : 60)) * 1000;
	X509 *of = spec->of ? spec->of : cert;
	uint8_t *text = malloc(65536), *der = NULL;
	size_t n = 0, len = 0, sig;
	int der_len = spec->whole ? i2d_X509(of, &der) : i2d_re_X509_tbs(of, &der);

	MUST_HOLD(text && der_len > 0 && der_len < 60000);
	/* What the log signs. */
	n += put(text + n, 0, 1); /* version 1 */
	n += put(text + n, 0, 1); /* certificate_timestamp */
	n += put(text + n, ms, 8);
	n += put(text + n, spec->whole ? 0 : 1, 2);
	if (!spec->whole) {
		spki_hash(spec->issuer ? spec->issuer : issuer, text + n);
		n += SHA256_DIGEST_LENGTH;
	}
	n += put(text + n, (uint64_t)der_len, 3);
	memcpy(text + n, der, (size_t)der_len);
	n += (size_t)der_len;
	n += put(text + n, 0, 2); /* no extensions */

	len += put(out + len, spec->version, 1);
	spki_hash(spec->log, out + len);
	len += SHA256_DIGEST_LENGTH;
	len += put(out + len, ms, 8);
	len += put(out + len, 0, 2);
	len += put(out + len, 4, 1); /* SHA-256 */
	len += put(out + len, EVP_PKEY_base_id(spec->log) == EVP_PKEY_RSA ? 1 : 3, 1);
	sig = log_signs(spec->forger ? spec->forger : spec->log, text, n, out + len + 2, 512);
	put(out + len, sig, 2);
	OPENSSL_free(der);
	free(text);
	return len + 2 + sig;
}

static inline void add_scts(X509 *cert, const uint8_t *list, size_t len)
{
	ASN1_OCTET_STRING *inner = ASN1_OCTET_STRING_new(), *outer = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;
	unsigned char *der = NULL;
	int der_len;

	MUST_HOLD(inner && outer && ASN1_OCTET_STRING_set(inner, list, (int)len) == 1);
	der_len = i2d_ASN1_OCTET_STRING(inner, &der);
	MUST_HOLD(der_len > 0 && ASN1_OCTET_STRING_set(outer, der, der_len) == 1);
	extension = X509_EXTENSION_create_by_NID(NULL, NID_ct_precert_scts, 0, outer);
	MUST_HOLD(extension && X509_add_ext(cert, extension, -1) == 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(inner);
	ASN1_OCTET_STRING_free(outer);
	OPENSSL_free(der);
}

/* Puts SCTs into CERT, which ISSUER signed, and has it signed anew. */
static inline void embed(X509 *cert, EVP_PKEY *issuer, const struct sct_spec scts[SCTS_MOST])
{
	uint8_t list[4096];
	size_t len = 2;

	for (int i = 0; i < SCTS_MOST && scts[i].log; i++) {
		size_t n = make_sct(&scts[i], cert, issuer, list + len + 2);

		put(list + len, n, 2);
		len += 2 + n;
		MUST_HOLD(len < sizeof(list) - 1024);
	}
	put(list, len - 2, 2);
	add_scts(cert, list, len);
	MUST_HOLD(X509_sign(cert, issuer, EVP_sha256()) > 0);
}

/* Adds LOG to the text OUT of SIZE bytes as the section of a log list. */
static inline void add_log(const char *name, EVP_PKEY *log, char *out, size_t size)
{
	unsigned char *der = NULL, base64[1024];
	int len = i2d_PUBKEY(log, &der);
	size_t used = strlen(out);

	MUST_HOLD(len > 0 && EVP_EncodeBlock(base64, der, len) > 0);
	snprintf(out + used, size - used, "[%s]\ndescription = %s\nkey = %s\n", name, name,
		 (const char *)base64);
	OPENSSL_free(der);
}

#endif

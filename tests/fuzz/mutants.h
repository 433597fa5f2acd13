/* SPDX-License-Identifier: MIT */
/*
 * Certificates that are almost right. An input is a list of orders: which
 * certificate to put into the chain, what to change in it with OpenSSL's own
 * structures or in its bytes, and whether to sign it again. So every mutant is
 * one that OpenSSL can still read, and an input makes the same one each time.
 */
#ifndef PINSHIM_TEST_MUTANTS_H
#define PINSHIM_TEST_MUTANTS_H

#include "../unit/certs.h"
#include "../unit/scts.h"
#include "fuzz.h"

#define MUTANT_DOMAIN  "x.test"
#define MUTANT_ADDRESS "192.0.2.7"
#define CHAIN_MOST     8

enum mutant_key {
	KEY_ROOT,
	KEY_INT,
	KEY_LEAF,
	KEY_RSA,
	KEY_ED,
	KEY_OTHER,
	KEY_LOOP,
	KEY_REVOKED,
	KEY_EXPLICIT,
	KEYS
};

enum mutant_cert {
	CERT_LEAF,
	CERT_INT,
	CERT_ROOT,
	CERT_RSA,
	CERT_ED,
	CERT_OTHER,  /* another root */
	CERT_CROSS,  /* the intermediate, by the other root */
	CERT_SELF,   /* the leaf, by itself */
	CERT_LOOP_A, /* two that signed each other */
	CERT_LOOP_B,
	CERT_TWIN, /* the intermediate's key under another name */
	CERT_EXPIRED,
	CERT_REVOKED,
	CERT_CT,       /* a leaf that two logs know */
	CERT_EXPLICIT, /* its curve is spelt out */
	CERT_STRANGER, /* by the other root */
	CERTS
};

static EVP_PKEY *keys[KEYS], *logs[2];
static X509 *certs[CERTS];

struct chain {
	X509 *certs[CHAIN_MOST]; /* leaf first */
	size_t n;
};

static EVP_PKEY *explicit_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	must(EVP_PKEY_keygen_init(ctx) == 1 &&
	     EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1) == 1 &&
	     EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_EXPLICIT_CURVE) == 1 &&
	     EVP_PKEY_keygen(ctx, &key) == 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void mutants_init(void)
{
	static const char san[] = "DNS:*." MUTANT_DOMAIN ",IP:" MUTANT_ADDRESS;

	for (int i = 0; i < KEYS; i++)
		keys[i] = i == KEY_RSA	      ? new_key(EVP_PKEY_RSA, 2048)
			  : i == KEY_ED	      ? new_key(EVP_PKEY_ED25519, 0)
			  : i == KEY_EXPLICIT ? explicit_key()
					      : ec_key();
	logs[0] = ec_key();
	logs[1] = ec_key();
#define CA(name_, key_) .cn = name_, .ca = true, .key = keys[key_]
#define BY(cert_, key_) .issuer_name_of = certs[cert_], .signer = keys[key_]
#define LEAF(key_)	.cn = "leaf." MUTANT_DOMAIN, .san = san, .key = keys[key_]
	certs[CERT_ROOT] = new_cert(&(struct spec){ CA("Root", KEY_ROOT) });
	certs[CERT_OTHER] = new_cert(&(struct spec){ CA("Other", KEY_OTHER) });
	certs[CERT_INT] = new_cert(
		&(struct spec){ CA("Int", KEY_INT), BY(CERT_ROOT, KEY_ROOT), .key_id = "0102" });
	certs[CERT_CROSS] = new_cert(
		&(struct spec){ CA("Int", KEY_INT), BY(CERT_OTHER, KEY_OTHER), .key_id = "0102" });
	certs[CERT_TWIN] = new_cert(&(struct spec){ CA("Twin", KEY_INT), BY(CERT_ROOT, KEY_ROOT) });
	certs[CERT_LOOP_A] = new_cert(&(struct spec){ CA("Loop A", KEY_LOOP) });
	certs[CERT_LOOP_B] =
		new_cert(&(struct spec){ CA("Loop B", KEY_LOOP), BY(CERT_LOOP_A, KEY_LOOP) });
	X509_free(certs[CERT_LOOP_A]);
	certs[CERT_LOOP_A] =
		new_cert(&(struct spec){ CA("Loop A", KEY_LOOP), BY(CERT_LOOP_B, KEY_LOOP) });
	certs[CERT_LEAF] = new_cert(&(struct spec){ LEAF(KEY_LEAF), BY(CERT_INT, KEY_INT) });
	certs[CERT_RSA] = new_cert(&(struct spec){ LEAF(KEY_RSA), BY(CERT_INT, KEY_INT) });
	certs[CERT_ED] = new_cert(&(struct spec){ LEAF(KEY_ED), BY(CERT_INT, KEY_INT) });
	certs[CERT_SELF] = new_cert(&(struct spec){ LEAF(KEY_LEAF) });
	certs[CERT_EXPIRED] =
		new_cert(&(struct spec){ LEAF(KEY_LEAF), BY(CERT_INT, KEY_INT), .until = -60 });
	certs[CERT_REVOKED] = new_cert(&(struct spec){ LEAF(KEY_REVOKED), BY(CERT_INT, KEY_INT) });
	certs[CERT_EXPLICIT] =
		new_cert(&(struct spec){ LEAF(KEY_EXPLICIT), BY(CERT_INT, KEY_INT) });
	certs[CERT_STRANGER] =
		new_cert(&(struct spec){ LEAF(KEY_LEAF), BY(CERT_OTHER, KEY_OTHER) });
	certs[CERT_CT] = new_cert(&(struct spec){ LEAF(KEY_LEAF), BY(CERT_INT, KEY_INT) });
	embed(certs[CERT_CT], keys[KEY_INT],
	      (struct sct_spec[SCTS_MOST]){ { .log = logs[0] }, { .log = logs[1] } });
#undef CA
#undef BY
#undef LEAF
	ERR_clear_error();
}

/* --- reading orders */

struct orders {
	const uint8_t *at, *end;
};

static unsigned take(struct orders *o)
{
	return o->at < o->end ? *o->at++ : 0;
}

/* A length and as many bytes. */
static size_t take_bytes(struct orders *o, const uint8_t **bytes)
{
	size_t len = take(o);

	if (len > (size_t)(o->end - o->at))
		len = (size_t)(o->end - o->at);
	*bytes = o->at;
	o->at += len;
	return len;
}

/* --- what can be done to a certificate */

/* If these bytes are a certificate, it takes the place of *CERT. */
static bool reread(X509 **cert, const unsigned char *der, long len)
{
	X509 *read = d2i_X509(NULL, &der, len);

	if (!read)
		return false;
	X509_free(*cert);
	*cert = read;
	return true;
}

/*
 * OpenSSL keeps what it once found out of a certificate; this forgets it. What
 * could not come over a wire any more is given up.
 */
static void settle(X509 **cert)
{
	unsigned char *der = NULL;
	int len;

	i2d_re_X509_tbs(*cert, NULL);
	len = i2d_X509(*cert, &der);
	if (len <= 0 || !reread(cert, der, len)) {
		X509_free(*cert);
		*cert = X509_dup(certs[CERT_LEAF]);
		must(*cert);
	}
	OPENSSL_free(der);
}

static void set_name(X509 *cert, struct orders *o)
{
	static const int types[] = { V_ASN1_UTF8STRING,	 V_ASN1_PRINTABLESTRING, V_ASN1_BMPSTRING,
				     V_ASN1_T61STRING,	 V_ASN1_UNIVERSALSTRING, V_ASN1_IA5STRING,
				     V_ASN1_OCTET_STRING };
	static const int nids[] = { NID_commonName, NID_organizationName, NID_pkcs9_emailAddress,
				    NID_serialNumber };
	unsigned how = take(o), times = take(o);
	X509_NAME *name = X509_NAME_new();
	const uint8_t *bytes;
	size_t len = take_bytes(o, &bytes);

	must(name);
	times = how & 0x80 ? times : 1;
	while (times--)
		X509_NAME_add_entry_by_NID(name, nids[how >> 3 & 3], types[(how & 7) % 7], bytes,
					   (int)len, how & 0x20 ? 0 : -1, how & 0x40 ? -1 : 0);
	if (how & 1)
		X509_set_issuer_name(cert, name);
	else
		X509_set_subject_name(cert, name);
	X509_NAME_free(name);
}

/* Names of any kind and any bytes, and as many as are asked for. */
static void set_san(X509 *cert, struct orders *o)
{
	unsigned n = take(o), repeat = take(o);
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

	must(names);
	n = n % 8;
	repeat = repeat & 1 ? repeat : 1;
	while (n--) {
		static const int types[] = { GEN_DNS, GEN_IPADD, GEN_EMAIL, GEN_URI };
		static const int strings[] = { V_ASN1_IA5STRING, V_ASN1_OCTET_STRING,
					       V_ASN1_IA5STRING, V_ASN1_IA5STRING };
		unsigned kind = take(o) & 3;
		const uint8_t *bytes;
		size_t len = take_bytes(o, &bytes);

		for (unsigned i = 0; i < repeat; i++) {
			ASN1_STRING *string = ASN1_STRING_type_new(strings[kind]);
			GENERAL_NAME *name = GENERAL_NAME_new();

			must(string && name && ASN1_STRING_set(string, bytes, (int)len) == 1);
			GENERAL_NAME_set0_value(name, types[kind], string);
			must(sk_GENERAL_NAME_push(names, name) > 0);
		}
	}
	X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_REPLACE);
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
}

static void add_extension_bytes(X509 *cert, struct orders *o)
{
	static const int nids[] = { NID_basic_constraints,	NID_key_usage,
				    NID_ext_key_usage,		NID_subject_alt_name,
				    NID_name_constraints,	NID_authority_key_identifier,
				    NID_subject_key_identifier, NID_certificate_policies,
				    NID_policy_constraints,	NID_ct_precert_scts,
				    NID_ct_precert_poison,	NID_issuer_alt_name,
				    NID_sbgp_ipAddrBlock,	NID_proxyCertInfo,
				    NID_netscape_comment,	NID_tlsfeature };
	unsigned how = take(o);
	const uint8_t *bytes;
	size_t len = take_bytes(o, &bytes);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	must(value && ASN1_OCTET_STRING_set(value, bytes, (int)len) == 1);
	extension = X509_EXTENSION_create_by_NID(NULL, nids[how & 15], how & 0x10 ? 1 : 0, value);
	if (extension)
		X509_add_ext(cert, extension, how & 0x20 ? 0 : -1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
}

static void add_extension_text(X509 *cert, struct orders *o)
{
	static const struct {
		int nid;
		const char *value;
	} texts[] = {
		{ NID_basic_constraints, "critical,CA:true" },
		{ NID_basic_constraints, "CA:false" },
		{ NID_basic_constraints, "critical,CA:true,pathlen:0" },
		{ NID_key_usage, "critical,keyCertSign,cRLSign" },
		{ NID_key_usage, "digitalSignature" },
		{ NID_ext_key_usage, "clientAuth" },
		{ NID_ext_key_usage, "serverAuth" },
		{ NID_ext_key_usage, "anyExtendedKeyUsage" },
		{ NID_name_constraints, "critical,permitted;DNS:x.test" },
		{ NID_name_constraints, "critical,excluded;DNS:x.test" },
		{ NID_name_constraints, "permitted;IP:192.0.2.0/255.255.255.0" },
		{ NID_subject_alt_name, "DNS:*.x.test" },
		{ NID_subject_alt_name, "DNS:*,DNS:*.test,DNS:p*.x.test" },
		{ NID_subject_alt_name, "IP:192.0.2.7,IP:2001:db8::7" },
		{ NID_subject_key_identifier, "0102" },
		{ NID_policy_constraints, "critical,requireExplicitPolicy:0" },
	};
	unsigned which = take(o) & 15;
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, texts[which].nid, texts[which].value);
	if (extension)
		X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
}

static void repeat_extension(X509 *cert, struct orders *o)
{
	unsigned which = take(o), times = take(o);
	X509_EXTENSION *extension = X509_get_ext(cert, (int)(which % 8));

	while (extension && times--)
		X509_add_ext(cert, extension, -1);
}

/* One of them, or all. */
static void drop_extension(X509 *cert, struct orders *o)
{
	unsigned which = take(o);

	X509_EXTENSION_free(X509_delete_ext(cert, (int)(which % 8)));
	while (which & 0x80 && X509_get_ext_count(cert) > 0)
		X509_EXTENSION_free(X509_delete_ext(cert, 0));
}

static void set_times(X509 *cert, struct orders *o)
{
	unsigned how = take(o);
	const uint8_t *bytes;
	size_t len = take_bytes(o, &bytes);
	ASN1_TIME *time = ASN1_STRING_type_new(how & 2 ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME);

	must(time && ASN1_STRING_set(time, bytes, (int)len) == 1);
	if (how & 4)
		X509_gmtime_adj(time, (long)(int8_t)len * 86400);
	if (how & 1)
		X509_set1_notAfter(cert, time);
	else
		X509_set1_notBefore(cert, time);
	ASN1_STRING_free(time);
}

static void set_serial(X509 *cert, struct orders *o)
{
	const uint8_t *bytes;
	size_t len = take_bytes(o, &bytes);
	ASN1_INTEGER *serial = ASN1_INTEGER_new();

	must(serial && ASN1_STRING_set(serial, bytes, (int)len) == 1);
	serial->type = len & 1 ? V_ASN1_NEG_INTEGER : V_ASN1_INTEGER;
	X509_set_serialNumber(cert, serial);
	ASN1_INTEGER_free(serial);
}

/* Another algorithm before the same bits, or other bits. */
static void break_key(X509 *cert, struct orders *o)
{
	static const int nids[] = { NID_rsaEncryption, NID_X9_62_id_ecPublicKey,
				    NID_ED25519,       NID_dsa,
				    NID_rsassaPss,     NID_X448,
				    NID_undef,	       NID_sha256 };
	unsigned how = take(o);
	const uint8_t *bytes;
	size_t len = take_bytes(o, &bytes);
	unsigned char *copy = OPENSSL_malloc(len + 1);

	must(copy);
	memcpy(copy, bytes, len);
	if (X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(cert), OBJ_nid2obj(nids[how & 7]),
				   how & 8 ? V_ASN1_NULL : V_ASN1_UNDEF, NULL,
				   how & 0x10 ? NULL : copy, how & 0x10 ? 0 : (int)len) != 1 ||
	    how & 0x10)
		OPENSSL_free(copy);
}

static void edit_bytes(X509 **cert, struct orders *o)
{
	unsigned how = take(o), at = take(o) << 8;
	const uint8_t *bytes;
	unsigned char *der = NULL, *edited;
	size_t len, count;
	int size;

	at |= take(o);
	count = take_bytes(o, &bytes);
	size = i2d_X509(*cert, &der);
	if (size <= 0)
		return;
	at %= (unsigned)size;
	edited = malloc((size_t)size + count);
	must(edited);
	len = (size_t)size;
	memcpy(edited, der, len);
	if (how & 1) { /* put in */
		memmove(edited + at + count, edited + at, len - at);
		memcpy(edited + at, bytes, count);
		len += count;
	} else {
		for (size_t i = 0; i < count && at + i < len; i++)
			edited[at + i] ^= bytes[i];
	}
	reread(cert, edited, (long)len);
	free(edited);
	OPENSSL_free(der);
}

static void sign(X509 *cert, struct orders *o)
{
	const EVP_MD *digests[] = { EVP_sha256(), EVP_sha1(), EVP_md5(), EVP_sha512() };
	unsigned how = take(o);
	EVP_PKEY *key = keys[(how & 15) % KEYS];

	X509_sign(cert, key, EVP_PKEY_base_id(key) == EVP_PKEY_ED25519 ? NULL : digests[how >> 6]);
}

/* Does one order. CURRENT is the certificate that is worked on. */
static void obey(struct orders *o, struct chain *chain, size_t *current)
{
	unsigned order = take(o);
	X509 **cert = &chain->certs[*current];
	X509 *from = chain->certs[order >> 4 < chain->n ? order >> 4 : 0];

	switch (order & 15) {
	case 0:
		if (chain->n < CHAIN_MOST) {
			*current = chain->n++;
			chain->certs[*current] = X509_dup(certs[(order >> 4) % CERTS]);
			must(chain->certs[*current]);
		}
		return;
	case 1:
		*current = (order >> 4) % chain->n;
		return;
	case 2: /* another in its place */
		X509_free(*cert);
		*cert = X509_dup(certs[(order >> 4) % CERTS]);
		must(*cert);
		return;
	case 3:
		set_name(*cert, o);
		break;
	case 4:
		X509_set_issuer_name(*cert, X509_get_subject_name(from));
		break;
	case 5:
		set_san(*cert, o);
		break;
	case 6:
		if (order & 0x10)
			add_extension_bytes(*cert, o);
		else
			add_extension_text(*cert, o);
		break;
	case 7:
		repeat_extension(*cert, o);
		break;
	case 8:
		drop_extension(*cert, o);
		break;
	case 9:
		set_times(*cert, o);
		break;
	case 10:
		set_serial(*cert, o);
		break;
	case 11:
		X509_set_version(*cert, (long)(int8_t)take(o));
		break;
	case 12:
		X509_set_pubkey(*cert, keys[(order >> 4) % KEYS]);
		break;
	case 13:
		break_key(*cert, o);
		break;
	case 14:
		edit_bytes(cert, o);
		return;
	case 15:
		sign(*cert, o);
		break;
	}
	settle(cert);
}

/* The chain that the orders make, the leaf and its intermediate to begin with. */
static void mutants_make(struct orders *o, struct chain *chain)
{
	size_t current = 0;

	chain->n = 2;
	chain->certs[0] = X509_dup(certs[CERT_LEAF]);
	chain->certs[1] = X509_dup(certs[CERT_INT]);
	must(chain->certs[0] && chain->certs[1]);
	for (int i = 0; i < 64 && o->at < o->end; i++)
		obey(o, chain, &current);
	ERR_clear_error();
}

static void mutants_free(struct chain *chain)
{
	while (chain->n)
		X509_free(chain->certs[--chain->n]);
}

#endif

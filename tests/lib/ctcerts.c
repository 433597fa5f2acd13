/* SPDX-License-Identifier: MIT */
/*
 * Makes what the tests of certificate transparency need, in the folder of
 * tests/lib/pki.sh: ctcerts DIR. The lists of logs ct-logs.cnf (two of them) and
 * ct-log.cnf (one), and ct-*.{key,pem,pin}, ct-*-chain.pem: certificates for
 * api.example.com by `int' that differ in their SCTs. For ct-none, which has none
 * embedded, also ct-none.serverinfo and ct-none.ocsp, with which a server sends
 * valid ones in the TLS extension and with OCSP.
 */
#include "../unit/scts.h"

#include <openssl/ocsp.h>

static const char *folder;
static X509 *issuer;
static EVP_PKEY *issuer_key, *one, *two, *unknown;

static FILE *open_file(const char *name, const char *end, const char *mode)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s%s", folder, name, end);
	file = fopen(path, mode);
	if (!file) {
		perror(path);
		exit(1);
	}
	return file;
}

static X509 *leaf_of(EVP_PKEY *key)
{
	return new_cert(&(struct spec){ .cn = "api.example.com",
					.san = "DNS:api.example.com,DNS:localhost,IP:127.0.0.1",
					.eku = "serverAuth",
					.key = key,
					.issuer_name_of = issuer,
					.signer = issuer_key });
}

static void save(const char *name, X509 *cert, EVP_PKEY *key)
{
	FILE *pem = open_file(name, ".pem", "w"), *chain = open_file(name, "-chain.pem", "w");
	FILE *secret = open_file(name, ".key", "w"), *pin = open_file(name, ".pin", "w");

	MUST_HOLD(PEM_write_X509(pem, cert) == 1);
	MUST_HOLD(PEM_write_X509(chain, cert) == 1 && PEM_write_X509(chain, issuer) == 1);
	MUST_HOLD(PEM_write_PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) == 1);
	fprintf(pin, "%s\n", pin_of_key(cert));
	MUST_HOLD(!fclose(pem) && !fclose(chain) && !fclose(secret) && !fclose(pin));
}

static void make(const char *name, const struct sct_spec scts[SCTS_MOST])
{
	EVP_PKEY *key = ec_key();
	X509 *cert = leaf_of(key);

	if (scts[0].log)
		embed(cert, issuer_key, scts);
	save(name, cert, key);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void save_logs(const char *name, const char *enabled)
{
	char text[4096];
	FILE *file = open_file(name, ".cnf", "w");

	snprintf(text, sizeof(text), "enabled_logs = %s\n", enabled);
	add_log("one", one, text, sizeof(text));
	add_log("two", two, text, sizeof(text));
	fputs(text, file);
	fclose(file);
}

/* Both logs' SCTs of the whole certificate, as they are sent beside it; returns the length. */
static size_t beside(X509 *cert, uint8_t *list)
{
	EVP_PKEY *logs[] = { one, two };
	size_t len = 2;

	for (int i = 0; i < 2; i++) {
		const struct sct_spec spec = { .log = logs[i], .whole = true };
		size_t n = make_sct(&spec, cert, issuer_key, list + len + 2);

		put(list + len, n, 2);
		len += 2 + n;
	}
	put(list, len - 2, 2);
	return len;
}

static void save_serverinfo(const uint8_t *list, size_t len)
{
	uint8_t extension[4096];
	FILE *file = open_file("ct-none", ".serverinfo", "w");

	put(extension, 18, 2); /* signed_certificate_timestamp */
	put(extension + 2, len, 2);
	memcpy(extension + 4, list, len);
	MUST_HOLD(PEM_write(file, "SERVERINFO FOR CT", "", extension, (long)len + 4) > 0);
	fclose(file);
}

static void save_ocsp(X509 *cert, const uint8_t *list, size_t len)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert, issuer);
	ASN1_TIME *now = X509_gmtime_adj(NULL, -60), *next = X509_gmtime_adj(NULL, DAY);
	ASN1_OCTET_STRING *inner = ASN1_OCTET_STRING_new(), *outer = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;
	unsigned char *der = NULL;
	OCSP_SINGLERESP *single;
	OCSP_RESPONSE *response;
	FILE *file = open_file("ct-none", ".ocsp", "w");
	int n;

	single = OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, 0, NULL, now, next);
	MUST_HOLD(single && ASN1_OCTET_STRING_set(inner, list, (int)len) == 1);
	n = i2d_ASN1_OCTET_STRING(inner, &der);
	MUST_HOLD(n > 0 && ASN1_OCTET_STRING_set(outer, der, n) == 1);
	extension = X509_EXTENSION_create_by_NID(NULL, NID_ct_cert_scts, 0, outer);
	MUST_HOLD(extension && OCSP_SINGLERESP_add_ext(single, extension, -1) == 1);
	MUST_HOLD(OCSP_basic_sign(basic, issuer, issuer_key, EVP_sha256(), NULL, 0) == 1);
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	der = NULL;
	n = i2d_OCSP_RESPONSE(response, &der);
	MUST_HOLD(n > 0 && fwrite(der, 1, (size_t)n, file) == (size_t)n);
	fclose(file);
}

static void make_none(void)
{
	EVP_PKEY *key = ec_key();
	X509 *cert = leaf_of(key);
	uint8_t list[2048];
	size_t len = beside(cert, list);

	save("ct-none", cert, key);
	save_serverinfo(list, len);
	save_ocsp(cert, list, len);
}

#define MAKE(name, ...) make(name, (const struct sct_spec[SCTS_MOST])__VA_ARGS__)

int main(int argc, char **argv)
{
	X509 *neighbour;
	FILE *file;

	if (argc != 2) {
		fputs("usage: ctcerts DIR\n", stderr);
		return 2;
	}
	folder = argv[1];
	file = open_file("int", ".pem", "r");
	issuer = PEM_read_X509(file, NULL, NULL, NULL);
	fclose(file);
	file = open_file("int", ".key", "r");
	issuer_key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	MUST_HOLD(issuer && issuer_key);
	one = ec_key();
	two = ec_key();
	unknown = ec_key();
	neighbour = leaf_of(unknown);
	save_logs("ct-logs", "one, two");
	save_logs("ct-log", "one");
	MAKE("ct-good", { { .log = one }, { .log = two } });
	MAKE("ct-one", { { .log = one } });
	MAKE("ct-twice", { { .log = one }, { .log = one, .age = 100 } });
	MAKE("ct-unknown", { { .log = one }, { .log = unknown } });
	MAKE("ct-forged", { { .log = one }, { .log = two, .forger = unknown } });
	MAKE("ct-future", { { .log = one }, { .log = two, .age = -DAY } });
	MAKE("ct-neighbour", { { .log = one }, { .log = two, .of = neighbour } });
	make_none();
	return 0;
}

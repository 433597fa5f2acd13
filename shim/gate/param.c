/* SPDX-License-Identifier: MIT */
/*
 * Reading the names to verify. What set them, and in which object they were
 * inherited from (X509_VERIFY_PARAM_inherit()), does not matter this way, as it
 * would if the functions that set them were watched.
 */
#include "gate/param.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Where 1.1.1 has them, in words (crypto/x509/x509_local.h), of 64 bits or of 32. */
enum { HOSTS = sizeof(void *) == 8 ? 7 : 9, ADDRESS = HOSTS + 5, ADDRESS_SIZE = ADDRESS + 1 };

#define PROOF_HOST    "proof.invalid"
#define PROOF_ADDRESS "192.0.2.1" /* RFC 5737 */

static uintptr_t word(const X509_VERIFY_PARAM *param, size_t i)
{
	uintptr_t value;

	memcpy(&value, (const unsigned char *)param + i * sizeof(value), sizeof(value));
	return value;
}

static const char *read_host(const struct openssl *lib, const X509_VERIFY_PARAM *param, int i)
{
	const OPENSSL_STACK *hosts = (const OPENSSL_STACK *)word(param, HOSTS);

	return hosts && i < lib->OPENSSL_sk_num(hosts) ? lib->OPENSSL_sk_value(hosts, i) : NULL;
}

static void read_address(const X509_VERIFY_PARAM *param, char out[NAME_SIZE])
{
	const void *bytes = (const void *)word(param, ADDRESS);
	const size_t size = word(param, ADDRESS_SIZE);

	if (bytes && size == sizeof(struct in_addr))
		inet_ntop(AF_INET, bytes, out, NAME_SIZE);
	else if (bytes && size == sizeof(struct in6_addr))
		inet_ntop(AF_INET6, bytes, out, NAME_SIZE);
}

/* Empty, then with one name of each kind: the words must say so before any is followed. */
static bool is_as_expected(const struct openssl *lib, X509_VERIFY_PARAM *param)
{
	char address[NAME_SIZE] = "";

	if (word(param, HOSTS) || word(param, ADDRESS) || word(param, ADDRESS_SIZE))
		return false;
	if (lib->X509_VERIFY_PARAM_set1_host(param, PROOF_HOST, 0) != 1 || !word(param, HOSTS) ||
	    word(param, ADDRESS) || word(param, ADDRESS_SIZE))
		return false;
	if (lib->X509_VERIFY_PARAM_set1_ip_asc(param, PROOF_ADDRESS) != 1 ||
	    !word(param, ADDRESS) || word(param, ADDRESS_SIZE) != sizeof(struct in_addr))
		return false;
	read_address(param, address);
	return !strcmp(read_host(lib, param, 0), PROOF_HOST) && !read_host(lib, param, 1) &&
	       !strcmp(address, PROOF_ADDRESS);
}

static bool prove(const struct openssl *lib)
{
	X509_VERIFY_PARAM *param;
	bool proved;

	if (!lib->X509_VERIFY_PARAM_new || !lib->X509_VERIFY_PARAM_free)
		return false;
	param = lib->X509_VERIFY_PARAM_new();
	proved = param && is_as_expected(lib, param);
	lib->X509_VERIFY_PARAM_free(param);
	return proved;
}

bool param_is_readable(struct openssl *lib)
{
	if (lib->X509_VERIFY_PARAM_get0_host && lib->X509_VERIFY_PARAM_get1_ip_asc)
		return true;
	if (!lib->params_proved && prove(lib))
		lib->params_proved = true;
	return lib->params_proved;
}

const char *param_host(const struct openssl *lib, const X509_VERIFY_PARAM *param, int i)
{
	if (lib->X509_VERIFY_PARAM_get0_host)
		return lib->X509_VERIFY_PARAM_get0_host((X509_VERIFY_PARAM *)(uintptr_t)param, i);
	return read_host(lib, param, i);
}

/* Whether X509_VERIFY_PARAM_get1_ip_asc() has just said that there is no address to get. */
static bool is_unset(const struct openssl *lib)
{
	return (lib->ERR_peek_last_error() & 0xfff) == (ERR_R_PASSED_NULL_PARAMETER & 0xfff);
}

static int get_address(const struct openssl *lib, X509_VERIFY_PARAM *param, char out[NAME_SIZE])
{
	char *address = lib->X509_VERIFY_PARAM_get1_ip_asc(param);
	int rv = 0;

	if (!address && !is_unset(lib)) {
		/* It may have been memory: with some at hand, the answer counts. */
		void *proof = malloc(NAME_SIZE);

		rv = proof ? 0 : -1;
		free(proof);
		address = lib->X509_VERIFY_PARAM_get1_ip_asc(param);
	}
	if (address && strlen(address) < NAME_SIZE)
		strcpy(out, address);
	lib->CRYPTO_free(address, __FILE__, __LINE__);
	return rv;
}

int param_address(const struct openssl *lib, X509_VERIFY_PARAM *param, char out[NAME_SIZE])
{
	int rv;

	out[0] = '\0';
	if (!lib->X509_VERIFY_PARAM_get1_ip_asc) {
		read_address(param, out);
		return 0;
	}
	lib->ERR_set_mark();
	rv = get_address(lib, param, out);
	lib->ERR_pop_to_mark();
	return rv;
}

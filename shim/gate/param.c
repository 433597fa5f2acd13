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

/* Where they are before 4.0, in words (crypto/x509/x509_local.h), of 64 bits or of 32. */
enum { HOSTS = sizeof(void *) == 8 ? 7 : 9, ADDRESS = HOSTS + 5, ADDRESS_SIZE = ADDRESS + 1 };

/* 4.0 has a stack of addresses, its pointer in one of so many words. Later lines are not known. */
#define LINE_WITH_ADDRESSES 0x400
#define ADDRESSES_WITHIN    14

struct buffer {
	const void *bytes;
	size_t size;
};

#define PROOF_HOST    "proof.invalid"
#define PROOF_ADDRESS "192.0.2.1"   /* RFC 5737 */
#define ONE_MORE      "2001:db8::1" /* RFC 3849 */

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

static void write_address(const void *bytes, size_t size, char out[NAME_SIZE])
{
	if (bytes && size == sizeof(struct in_addr))
		inet_ntop(AF_INET, bytes, out, NAME_SIZE);
	else if (bytes && size == sizeof(struct in6_addr))
		inet_ntop(AF_INET6, bytes, out, NAME_SIZE);
}

static void read_address(const X509_VERIFY_PARAM *param, char out[NAME_SIZE])
{
	write_address((const void *)word(param, ADDRESS), word(param, ADDRESS_SIZE), out);
}

static void read_one_of(const struct openssl *lib, const X509_VERIFY_PARAM *param, size_t at, int i,
			char out[NAME_SIZE])
{
	const OPENSSL_STACK *addresses = (const OPENSSL_STACK *)word(param, at);
	const struct buffer *address = NULL;

	if (addresses && i < lib->OPENSSL_sk_num(addresses))
		address = lib->OPENSSL_sk_value(addresses, i);
	if (!address)
		return;
	/* What a program lets pass for an address (X509_VERIFY_PARAM_set1_ip_input_validation()).
	 */
	strcpy(out, "?");
	write_address(address->bytes, address->size, out);
}

/*
 * Empty, then with one name of each kind: the words must say so before any is followed. 0, or -1:
 * no memory.
 */
static int prove_words(struct openssl *lib, X509_VERIFY_PARAM *param)
{
	char address[NAME_SIZE] = "";

	if (word(param, HOSTS) || word(param, ADDRESS) || word(param, ADDRESS_SIZE))
		return 0;
	if (lib->X509_VERIFY_PARAM_set1_host(param, PROOF_HOST, 0) != 1)
		return -1;
	if (!word(param, HOSTS) || word(param, ADDRESS) || word(param, ADDRESS_SIZE))
		return 0;
	if (lib->X509_VERIFY_PARAM_set1_ip_asc(param, PROOF_ADDRESS) != 1)
		return -1;
	if (!word(param, ADDRESS) || word(param, ADDRESS_SIZE) != sizeof(struct in_addr))
		return 0;
	read_address(param, address);
	lib->words_known = !strcmp(read_host(lib, param, 0), PROOF_HOST) &&
			   !read_host(lib, param, 1) && !strcmp(address, PROOF_ADDRESS);
	return 0;
}

/* The one word of PARAM that differs from BEFORE, where it was 0; 0: there is no such. */
static size_t changed_word(const X509_VERIFY_PARAM *param, const uintptr_t before[ADDRESSES_WITHIN])
{
	size_t changed = 0;

	for (size_t i = 0; i < ADDRESSES_WITHIN; i++) {
		if (word(param, i) == before[i])
			continue;
		if (changed || before[i])
			return 0;
		changed = i;
	}
	return changed;
}

/*
 * What the first address changes must lead to it and, with one more, to both.
 * Otherwise the first one, for which there is a getter, has to do.
 */
static int find_addresses(struct openssl *lib, X509_VERIFY_PARAM *param)
{
	char first[NAME_SIZE] = "", second[NAME_SIZE] = "", third[NAME_SIZE] = "";
	uintptr_t before[ADDRESSES_WITHIN];
	size_t at;

	if (!lib->X509_VERIFY_PARAM_add1_ip_asc)
		return 0;
	memcpy(before, param, sizeof(before));
	if (lib->X509_VERIFY_PARAM_set1_ip_asc(param, PROOF_ADDRESS) != 1)
		return -1;
	at = changed_word(param, before);
	if (!at)
		return 0;
	if (lib->X509_VERIFY_PARAM_add1_ip_asc(param, ONE_MORE) != 1)
		return -1;
	read_one_of(lib, param, at, 0, first);
	read_one_of(lib, param, at, 1, second);
	read_one_of(lib, param, at, 2, third);
	if (!strcmp(first, PROOF_ADDRESS) && !strcmp(second, ONE_MORE) && !*third)
		lib->addresses_at = at;
	return 0;
}

/* 0, or -1: no memory. */
static int find_out(struct openssl *lib)
{
	unsigned long line = lib->OpenSSL_version_num ? lib->OpenSSL_version_num() >> 20 : 0;
	X509_VERIFY_PARAM *param;
	int rv;

	if (!line || line > LINE_WITH_ADDRESSES || !lib->X509_VERIFY_PARAM_new ||
	    !lib->X509_VERIFY_PARAM_free)
		return 0;
	param = lib->X509_VERIFY_PARAM_new();
	if (!param)
		return -1;
	rv = line < LINE_WITH_ADDRESSES ? prove_words(lib, param) : find_addresses(lib, param);
	lib->X509_VERIFY_PARAM_free(param);
	return rv;
}

int param_is_readable(struct openssl *lib)
{
	if (lib->params_proved)
		return 1;
	if (find_out(lib) < 0)
		return -1;
	lib->params_proved = lib->words_known || (lib->X509_VERIFY_PARAM_get0_host &&
						  lib->X509_VERIFY_PARAM_get1_ip_asc);
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

int param_address(const struct openssl *lib, X509_VERIFY_PARAM *param, int i, char out[NAME_SIZE])
{
	int rv;

	out[0] = '\0';
	if (lib->addresses_at) {
		read_one_of(lib, param, lib->addresses_at, i, out);
		return 0;
	}
	if (i > 0)
		return 0;
	/* The getter takes an error to say that there is none. */
	if (lib->words_known) {
		read_address(param, out);
		return 0;
	}
	lib->ERR_set_mark();
	rv = get_address(lib, param, out);
	lib->ERR_pop_to_mark();
	return rv;
}

/* SPDX-License-Identifier: MIT */
/*
 * Finding the libssl that a call is meant for, and filling its table. The
 * caller's address, the soname and RTLD_NEXT all mislead (plugins loaded
 * RTLD_LOCAL, tail calls, several copies); what never does is the object that
 * owns the SSL_METHOD, to which every SSL and SSL_CTX keeps a pointer.
 */
#include "loader/openssl.h"

#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "loader/elf.h"

/* The SSL_METHOD stands among the first words of SSL and SSL_CTX, from 1.1.1 to 4.0. */
#define WORDS 4
/* A libssl and the objects it needs: libcrypto, libc, sometimes libz and the like. */
#define SCOPE 16

/* What a libssl is known by: libgnutls-openssl, which exports SSL_CTX_new too, has no such. */
#define MARK	    "SSL_CTX_set_cert_verify_callback"
/* ... and a libcrypto. */
#define CRYPTO_MARK "X509_verify_cert"

static struct openssl known[OPENSSL_MOST];
static struct openssl one_too_many = { .lacks = "a free place in the table of libraries" };
static _Atomic unsigned n_known;
static _Atomic pid_t adding; /* the process in which a thread adds to the table; 0: nobody */

static void *symbol_in(const struct elf_object *scope, size_t n, const char *name)
{
	void *symbol = NULL;

	for (size_t i = 0; i < n && !symbol; i++)
		symbol = elf_symbol(&scope[i], name);
	return symbol;
}

static void fill(struct openssl *lib, const struct elf_object *libssl)
{
	struct elf_object scope[SCOPE] = { *libssl };
	size_t n = 1;

	for (unsigned i = 0; n < SCOPE && elf_needed(libssl, i, &scope[n]); i++)
		n++;
	memset(lib, 0, sizeof(*lib));
	lib->low = libssl->low;
	lib->high = libssl->high;
	for (size_t i = 0; i < n && !lib->crypto_high; i++) {
		if (!elf_symbol(&scope[i], CRYPTO_MARK))
			continue;
		lib->crypto_low = scope[i].low;
		lib->crypto_high = scope[i].high;
	}
	lib->path = libssl->path;
	lib->ssl_index = lib->ctx_index = lib->session_index = -1;
#define MAY(name) *(void **)&lib->name = symbol_in(scope, n, #name);
#define MUST(name)                     \
	MAY(name)                      \
	if (!lib->name && !lib->lacks) \
		lib->lacks = #name;
#include "loader/openssl.def"
#undef MUST
#undef MAY
}

static void lock(void)
{
	pid_t self = getpid(), holder = 0;

	while (!atomic_compare_exchange_weak(&adding, &holder, self)) {
		/* Another process's is what fork(2) left behind; then it is taken over. */
		if (holder == self || holder == 0) {
			holder = 0;
			sched_yield();
		}
	}
}

static struct openssl *find(uintptr_t address)
{
	for (unsigned i = 0; i < n_known; i++)
		if (address >= known[i].low && address < known[i].high)
			return &known[i];
	return NULL;
}

static struct openssl *add(const struct elf_object *libssl)
{
	struct openssl *lib;

	lock();
	lib = find(libssl->low);
	if (!lib && n_known < OPENSSL_MOST) {
		lib = &known[n_known];
		fill(lib, libssl);
		n_known++;
	}
	adding = 0;
	return lib ? lib : &one_too_many;
}

/* ADDRESS may be any number: only one that points into a libssl finds it. */
static struct openssl *discover(const void *address)
{
	struct elf_object owner;

	if (!elf_owner(address, &owner) || !elf_symbol(&owner, MARK))
		return NULL;
	return add(&owner);
}

struct openssl *openssl_of_method(const SSL_METHOD *method)
{
	struct openssl *lib = method ? find((uintptr_t)method) : NULL;

	return lib || !method ? lib : discover(method);
}

struct openssl *openssl_of(const void *object)
{
	const void *words[WORDS];
	struct openssl *lib = NULL;

	if (!object)
		return NULL;
	memcpy(words, object, sizeof(words));
	for (unsigned i = 0; i < WORDS && !lib; i++)
		lib = find((uintptr_t)words[i]);
	for (unsigned i = 0; i < WORDS && !lib; i++)
		lib = discover(words[i]);
	return lib;
}

static bool is_in_crypto(uintptr_t address)
{
	for (unsigned i = 0; i < n_known; i++)
		if (address >= known[i].crypto_low && address < known[i].crypto_high)
			return true;
	return false;
}

bool openssl_defines(const char *name, const void *function)
{
	const bool may_be_crypto = strncmp(name, "SSL_", 4) != 0;
	struct elf_object owner;

	/* Without dl_iterate_phdr(3), which waits for ever in a child that was made while a thread
	 * was in it. dlsym(3) does not. */
	if (find((uintptr_t)function) || (may_be_crypto && is_in_crypto((uintptr_t)function)))
		return true;
	if (!elf_owner(function, &owner))
		return false;
	return elf_symbol(&owner, MARK) || (may_be_crypto && elf_symbol(&owner, CRYPTO_MARK));
}

struct openssl *openssl_any(void)
{
	return n_known ? &known[0] : NULL;
}

void *openssl_next(const char *name)
{
	return elf_next_symbol(&n_known, name);
}

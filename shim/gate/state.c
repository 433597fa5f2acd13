/* SPDX-License-Identifier: MIT */
/*
 * Our entries in the ex_data of OpenSSL's objects. Each library has indexes of
 * its own, taken when first needed; where two threads take one at once, one of
 * the two stays unused.
 */
#include "gate/state.h"

#include <stdlib.h>
#include <string.h>

/* The program's callbacks for the same dying object come before and after, and may ask us. */
static void release(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl, void *argp)
{
	const struct openssl *lib = argp;

	(void)parent, (void)argl;
	if (!ptr)
		return;
	lib->CRYPTO_set_ex_data(ad, index, NULL);
	free(ptr);
}

/*
 * SSL_dup() would share the pointer; each SSL gets its own. The new one may have
 * got one already, with the session that was set first.
 */
static int duplicate(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **ptr, int index,
		     long argl, void *argp)
{
	const struct openssl *lib = argp;
	struct state_ssl *copy = NULL;

	(void)from, (void)argl;
	if (*ptr && !(copy = malloc(sizeof(*copy))))
		return 0;
	if (copy)
		memcpy(copy, *ptr, sizeof(*copy));
	free(lib->CRYPTO_get_ex_data(to, index));
	*ptr = copy;
	return 1;
}

static int index_of(struct openssl *lib, _Atomic int *place, int class, CRYPTO_EX_dup *dup,
		    CRYPTO_EX_free *freed)
{
	int index = *place, unset = -1;

	if (index >= 0)
		return index;
	index = lib->CRYPTO_get_ex_new_index(class, 0, lib, NULL, dup, freed);
	if (index < 0 || atomic_compare_exchange_strong(place, &unset, index))
		return index;
	return unset;
}

/* Before an index of CLASS is ours, COUNT are left to programs that use others than they took. */
static bool leave(struct openssl *lib, const _Atomic int *place, int class, int count)
{
	for (int i = 0; i < count && *place < 0; i++)
		if (lib->CRYPTO_get_ex_new_index(class, 0, NULL, NULL, NULL, NULL) < 0)
			return false;
	return true;
}

/*
 * Paho's MQTT client takes an index of SSLs, which is a low one, and uses it on
 * its SSL_CTX. With up to 9 indexes, libssl makes an SSL_CTX without more memory.
 */
static int ctx_index(struct openssl *lib)
{
	if (!leave(lib, &lib->ctx_index, CRYPTO_EX_INDEX_SSL_CTX, 7))
		return -1;
	return index_of(lib, &lib->ctx_index, CRYPTO_EX_INDEX_SSL_CTX, NULL, release);
}

/* Qt takes one index and also uses the two behind it. */
static int ssl_index(struct openssl *lib)
{
	if (!leave(lib, &lib->ssl_index, CRYPTO_EX_INDEX_SSL, 2))
		return -1;
	return index_of(lib, &lib->ssl_index, CRYPTO_EX_INDEX_SSL, duplicate, release);
}

/*
 * Sessions are copied inside libssl, and CRYPTO_dup_ex_data() then calls the
 * callback of every index below the highest in use, with NULL where nothing is
 * set; stunnel's does not bear that. So only the lowest index that there is will
 * do. A program that took it keeps sessions without a verdict: they are judged
 * again, or taken off.
 */
static int session_index(struct openssl *lib)
{
	const int lowest = 1; /* 0 is SSL_SESSION_set_app_data()'s */
	int index = lib->session_index, unset = -1;

	if (index < 0) {
		index = lib->CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_SESSION, 0, NULL, NULL,
						     NULL, NULL);
		/* Of two threads at once one gets the lowest, and that one prevails. */
		if (index == lowest)
			lib->session_index = index;
		else
			atomic_compare_exchange_strong(&lib->session_index, &unset, index);
		index = lib->session_index;
	}
	return index == lowest ? index : -1;
}

struct state_ctx *state_of_ctx(struct openssl *lib, const SSL_CTX *ctx)
{
	int index = ctx_index(lib);

	return index < 0 ? NULL : lib->SSL_CTX_get_ex_data(ctx, index);
}

struct state_ssl *state_of_ssl(struct openssl *lib, const SSL *ssl)
{
	int index = ssl_index(lib);

	return index < 0 ? NULL : lib->SSL_get_ex_data(ssl, index);
}

struct state_ctx *state_make_ctx(struct openssl *lib, SSL_CTX *ctx)
{
	/* The one try: a second would leave the error of the first behind. */
	int index = ctx_index(lib);
	struct state_ctx *state;

	if (index < 0 || ssl_index(lib) < 0)
		return NULL;
	state = lib->SSL_CTX_get_ex_data(ctx, index);
	if (state)
		return state;
	state = calloc(1, sizeof(*state));
	if (!state || lib->SSL_CTX_set_ex_data(ctx, index, state) == 1)
		return state;
	free(state);
	return NULL;
}

struct state_ssl *state_make_ssl(struct openssl *lib, SSL *ssl)
{
	struct state_ssl *state = state_of_ssl(lib, ssl);
	int index = ssl_index(lib);

	if (state || index < 0)
		return state;
	state = calloc(1, sizeof(*state));
	if (!state || lib->SSL_set_ex_data(ssl, index, state) == 1)
		return state;
	free(state);
	return NULL;
}

uintptr_t state_verdict(struct openssl *lib, const SSL_SESSION *session)
{
	int index = session_index(lib);

	return index < 0 ? 0 : (uintptr_t)lib->SSL_SESSION_get_ex_data(session, index);
}

void state_set_verdict(struct openssl *lib, SSL_SESSION *session, uintptr_t token)
{
	int index = session_index(lib);

	if (index >= 0)
		lib->SSL_SESSION_set_ex_data(session, index, (void *)token);
}

SSL *state_ssl_of_store_ctx(struct openssl *lib, const X509_STORE_CTX *ctx)
{
	return lib->X509_STORE_CTX_get_ex_data((X509_STORE_CTX *)(uintptr_t)ctx,
					       lib->SSL_get_ex_data_X509_STORE_CTX_idx());
}

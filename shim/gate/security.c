/* SPDX-License-Identifier: MIT */
/*
 * The security callbacks that stand in front of the program's. libssl calls them
 * from within a handshake; what they find there is judged by the gates.
 */
#include "gate/security.h"

#include <errno.h>

#include "gate/gate.h"
#include "gate/lacking.h"

/*
 * The pass over a ClientHello's suites that this thread is in: the SSL, and the
 * suite that it began with. A pass is one run of calls with nothing in between.
 */
static __thread struct {
	const SSL *ssl;
	const void *first;
	const SSL *refused; /* whose pass it is, when nothing is to be offered */
} pass __attribute__((tls_model("initial-exec")));

static bool is_known_pass(const SSL *ssl, int op, const void *suite)
{
	if (op == SSL_SECOP_CIPHER_SUPPORTED && pass.ssl == ssl && pass.first != suite)
		return true;
	pass.ssl = NULL;
	if (op != SSL_SECOP_CIPHER_SUPPORTED)
		pass.refused = NULL;
	return false;
}

/* Without a suite to offer there is no ClientHello, and nothing leaves. */
static bool may_offer(struct openssl *lib, SSL *ssl, const void *suite)
{
	if (pass.refused == ssl)
		return false;
	if (!gate_hello(lib, ssl)) {
		pass.refused = ssl;
		return false;
	}
	pass.refused = NULL;
	pass.ssl = ssl;
	pass.first = suite;
	return true;
}

/*
 * A security callback has no argument of ours, and libssl carries it on from
 * SSL_CTX to SSL and from SSL to SSL by rules of its own. So each callback of the
 * program's or of a library's that has to stay behind ours gets a trampoline of
 * its own, which stands wherever that callback would.
 */
#define TRAMPOLINES 32

static struct {
	_Atomic(struct openssl *) lib; /* NULL: free */
	_Atomic(openssl_security_cb *) program;
} behind[TRAMPOLINES];

static int security(unsigned n, const SSL *s, const SSL_CTX *ctx, int op, int bits, int nid,
		    void *other, void *ex)
{
	struct openssl *lib = behind[n].lib;
	openssl_security_cb *program = behind[n].program;
	SSL *ssl = (SSL *)(uintptr_t)s;
	int ok;

	if (ssl && op == SSL_SECOP_CIPHER_SUPPORTED && !is_known_pass(ssl, op, other) &&
	    !may_offer(lib, ssl, other))
		return 0;
	ok = program(s, ctx, op, bits, nid, other, ex);
	if (ok && ssl && op == SSL_SECOP_CIPHER_CHECK)
		return gate_completion(lib, ssl, other);
	return ok;
}

/*
 * libssl calls it some 200 times a handshake, mostly for nothing of ours: then it
 * ends in a jump, which takes a function that does nothing else.
 */
#define TRAMPOLINE(n)                                                                           \
	__attribute__((noinline)) static int rare_##n(const SSL *s, const SSL_CTX *ctx, int op, \
						      int bits, int nid, void *other, void *ex) \
	{                                                                                       \
		return security(n, s, ctx, op, bits, nid, other, ex);                           \
	}                                                                                       \
	static int security_##n(const SSL *s, const SSL_CTX *ctx, int op, int bits, int nid,    \
				void *other, void *ex)                                          \
	{                                                                                       \
		openssl_security_cb *program = behind[n].program;                               \
                                                                                                \
		if (op == SSL_SECOP_CIPHER_CHECK ||                                             \
		    (!is_known_pass(s, op, other) && op == SSL_SECOP_CIPHER_SUPPORTED))         \
			return rare_##n(s, ctx, op, bits, nid, other, ex);                      \
		return program(s, ctx, op, bits, nid, other, ex);                               \
	}
#define ALL_OF(of)                                                                              \
	of(0) of(1) of(2) of(3) of(4) of(5) of(6) of(7) of(8) of(9) of(10) of(11) of(12) of(13) \
		of(14) of(15) of(16) of(17) of(18) of(19) of(20) of(21) of(22) of(23) of(24)    \
			of(25) of(26) of(27) of(28) of(29) of(30) of(31)
ALL_OF(TRAMPOLINE)

#define ADDRESS(n) security_##n,
static openssl_security_cb *const trampolines[TRAMPOLINES] = { ALL_OF(ADDRESS) };

/* Where trampolines have run out: without a suite to offer nothing leaves. */
static int allow_nothing(const SSL *s, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
			 void *ex)
{
	SSL *ssl = (SSL *)(uintptr_t)s;
	const int before = errno;
	struct openssl *lib;

	(void)ctx, (void)bits, (void)nid, (void)ex;
	if (!ssl || is_known_pass(ssl, op, other) || op != SSL_SECOP_CIPHER_SUPPORTED)
		return op == SSL_SECOP_VERSION;
	lib = openssl_of(ssl);
	lacking_tell(lib, ssl, "a place for one more security callback");
	gate_raise(lib, ssl);
	pass.ssl = ssl;
	pass.first = other;
	errno = before;
	return 0;
}

/* The number of the trampoline that CB is; TRAMPOLINES when it is none. */
static unsigned number_of(openssl_security_cb *cb)
{
	unsigned n = 0;

	while (n < TRAMPOLINES && trampolines[n] != cb)
		n++;
	return n;
}

bool security_is_ours(const struct openssl *lib, openssl_security_cb *cb)
{
	unsigned n = number_of(cb);

	return n < TRAMPOLINES ? behind[n].lib == lib : cb == allow_nothing;
}

/* Takes the N-th trampoline for LIB and PROGRAM, unless it is another's. */
static bool take_trampoline(unsigned n, struct openssl *lib, openssl_security_cb *program)
{
	openssl_security_cb *no_program = NULL;
	struct openssl *no_lib = NULL;

	if (!atomic_compare_exchange_strong(&behind[n].program, &no_program, program) &&
	    no_program != program)
		return false;
	return atomic_compare_exchange_strong(&behind[n].lib, &no_lib, lib) || no_lib == lib;
}

openssl_security_cb *security_before(struct openssl *lib, openssl_security_cb *program)
{
	if (!program || security_is_ours(lib, program))
		return program;
	for (unsigned n = 0; n < TRAMPOLINES; n++)
		if (take_trampoline(n, lib, program))
			return trampolines[n];
	return allow_nothing;
}

openssl_security_cb *security_behind(openssl_security_cb *present)
{
	unsigned n = number_of(present);

	if (n < TRAMPOLINES)
		return behind[n].program;
	return present == allow_nothing ? NULL : present;
}

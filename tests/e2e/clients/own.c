/* SPDX-License-Identifier: MIT */
/*
 * Programs that use for themselves what stands between them and libssl:
 * own SCENARIO PKI CERTIFICATE NAME. Each scenario prints what the program's own
 * callbacks and getters saw, one fact a line, KEY=VALUE, so that a run can be
 * compared with another, and in the end what its servers got. Exits 0 when that
 * is something, 1 when it is nothing, 2 when the test itself is broken. It must
 * never know of the shim.
 */
#include "ends.h"

#include <dlfcn.h>
#include <openssl/async.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <sys/wait.h>

/* Of all servers so far. */
static size_t received;

static void number(const char *key, long value)
{
	printf("%s=%ld\n", key, value);
}

static void fact(const char *key, const char *value)
{
	printf("%s=%s\n", key, value ? value : "none");
}

/* --- contexts and connections */

static int session_id_context = 1;

static SSL_CTX *server_of(const char *cert)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	identify(ctx, cert);
	SSL_CTX_set_session_id_context(ctx, (unsigned char *)&session_id_context,
				       sizeof(session_id_context));
	return ctx;
}

static SSL_CTX *any_server(void)
{
	return server_of(certificate);
}

static SSL_CTX *client_with(const SSL_METHOD *method, int mode)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	trust(ctx);
	SSL_CTX_set_verify(ctx, mode, NULL);
	return ctx;
}

static SSL_CTX *client(void)
{
	return client_with(TLS_client_method(), SSL_VERIFY_PEER);
}

static SSL_CTX *lax_client(void)
{
	return client_with(TLS_client_method(), SSL_VERIFY_NONE);
}

static SSL_CTX *client_1_2(void)
{
	SSL_CTX *ctx = client();

	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	return ctx;
}

/* Why a handshake failed is told by the shim or by the program: no fact of either. */
static bool tell(SSL *ssl, bool through)
{
	serve();
	received += server.n;
	fact("handshake", through ? "ok" : "failed");
	number("verify result", SSL_get_verify_result(ssl));
	number("verify mode", SSL_get_verify_mode(ssl));
	number("reused", SSL_session_reused(ssl));
	fact("version", SSL_get_version(ssl));
	fact("suite", SSL_get_cipher_name(ssl));
	fact("name", SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
	ERR_clear_error();
	return through;
}

static bool converse(SSL *ssl)
{
	return tell(ssl, talk(ssl));
}

/* One connection of CTX from its beginning to its end. */
static bool connect_once(SSL_CTX *ctx)
{
	SSL *ssl = meet(ctx, any_server(), name);
	bool through = converse(ssl);

	hang_up(ssl);
	SSL_free(ssl);
	return through;
}

/* --- the verification that a program brings along */

static struct {
	int calls;
	int chain, served, error; /* as the last call found them */
	void *arg;
	SSL *ssl;
} own;

static void see(X509_STORE_CTX *store, void *arg)
{
	own.calls++;
	own.arg = arg;
	own.ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	own.served = sk_X509_num(X509_STORE_CTX_get0_untrusted(store));
	own.chain = sk_X509_num(X509_STORE_CTX_get0_chain(store));
	own.error = X509_STORE_CTX_get_error(store);
}

static int verify(X509_STORE_CTX *store, void *arg)
{
	int ok = X509_verify_cert(store);

	see(store, arg);
	return ok;
}

static int verify_as_well(X509_STORE_CTX *store, void *arg)
{
	own.calls += 100;
	return verify(store, arg);
}

static int say_yes(X509_STORE_CTX *store, void *arg)
{
	see(store, arg);
	return 1;
}

static int say_no(X509_STORE_CTX *store, void *arg)
{
	see(store, arg);
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

static void tell_own(const SSL *ssl, const void *arg)
{
	number("calls", own.calls);
	number("verified", own.chain);
	number("served", own.served);
	number("error", own.error);
	number("its argument", own.arg == arg);
	number("its SSL", own.ssl == ssl);
}

static int an_argument, another;

static void verify_own(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl;

	SSL_CTX_set_cert_verify_callback(ctx, verify, &an_argument);
	ssl = meet(ctx, any_server(), name);
	converse(ssl);
	tell_own(ssl, &an_argument);
}

/* As netty-tcnative does: once there is an SSL. */
static void verify_own_late(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl = meet(ctx, any_server(), name);

	SSL_CTX_set_cert_verify_callback(ctx, verify, &an_argument);
	converse(ssl);
	tell_own(ssl, &an_argument);
}

static void verify_own_replaced(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl;

	SSL_CTX_set_cert_verify_callback(ctx, say_no, &an_argument);
	ssl = meet(ctx, any_server(), name);
	SSL_CTX_set_cert_verify_callback(ctx, verify_as_well, &another);
	converse(ssl);
	tell_own(ssl, &another);
}

/* NULL is libssl's own verification again, and that has a callback, too. */
static int follow(int ok, X509_STORE_CTX *store)
{
	own.calls++;
	own.ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	own.error = X509_STORE_CTX_get_error(store);
	printf("depth %d: %d\n", X509_STORE_CTX_get_error_depth(store), ok);
	return ok;
}

static void verify_own_null(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl;

	SSL_CTX_set_cert_verify_callback(ctx, say_no, &an_argument);
	SSL_CTX_set_cert_verify_callback(ctx, NULL, NULL);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, follow);
	ssl = meet(ctx, any_server(), name);
	converse(ssl);
	tell_own(ssl, NULL);
}

static void replace_verification(const SSL *ssl, int where, int rc)
{
	(void)rc;
	if (where & SSL_CB_HANDSHAKE_START)
		SSL_CTX_set_cert_verify_callback(SSL_get_SSL_CTX(ssl), verify, &another);
}

static void verify_own_middle(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl = meet(ctx, any_server(), name);

	SSL_CTX_set_cert_verify_callback(ctx, say_no, &an_argument);
	SSL_set_info_callback(ssl, replace_verification);
	converse(ssl);
	tell_own(ssl, &another);
}

static void verify_own_yes(void)
{
	SSL_CTX *ctx = lax_client();
	SSL *ssl;

	SSL_CTX_set_cert_verify_callback(ctx, say_yes, NULL);
	ssl = meet(ctx, any_server(), name);
	converse(ssl);
	tell_own(ssl, NULL);
}

/* It says no, which counts only where the program says that it does. */
static void verify_own_no(void)
{
	SSL_CTX *ctx = lax_client();
	SSL *ssl;

	SSL_CTX_set_cert_verify_callback(ctx, say_no, NULL);
	ssl = meet(ctx, any_server(), name);
	converse(ssl);
	tell_own(ssl, NULL);
}

/* As squid does: errors of the chain are overruled one by one. */
static int overrule(int ok, X509_STORE_CTX *store)
{
	follow(ok, store);
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

static void verify_overruled(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, overrule);
	ssl = meet(ctx, any_server(), name);
	converse(ssl);
	tell_own(ssl, NULL);
}

#if OPENSSL_VERSION_NUMBER >= 0x30000000L

static int ask_again(X509_STORE_CTX *store, void *arg)
{
	int ok = verify(store, arg);

	if (own.calls % 3)
		SSL_set_retry_verify(own.ssl);
	return ok;
}

/* Twice it needs more time. */
static void retry_verify(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl;

	SSL_CTX_set_cert_verify_callback(ctx, ask_again, NULL);
	ssl = meet(ctx, any_server(), name);
	for (int i = 0; i < 2; i++) {
		int rc = shake(ssl);

		number("waits for itself", SSL_get_error(ssl, rc) == SSL_ERROR_WANT_RETRY_VERIFY);
		number("error in the queue", (long)ERR_peek_error());
	}
	converse(ssl);
	tell_own(ssl, NULL);
}

#endif

/* --- the verify mode, in the middle of a handshake */

static int modes[64], n_modes;

static void note_mode(const SSL *ssl)
{
	if (n_modes < 64)
		modes[n_modes++] = SSL_get_verify_mode(ssl);
}

static void tell_modes(void)
{
	printf("modes=");
	for (int i = 0; i < n_modes; i++)
		printf(" %d", modes[i]);
	printf("\n");
}

static void info_notes_mode(const SSL *ssl, int where, int rc)
{
	(void)where, (void)rc;
	note_mode(ssl);
}

static void message_notes_mode(int sent, int version, int type, const void *bytes, size_t len,
			       SSL *ssl, void *arg)
{
	(void)sent, (void)version, (void)type, (void)bytes, (void)len, (void)arg;
	note_mode(ssl);
}

static void modes_with(SSL_CTX *ctx)
{
	SSL *ssl = meet(ctx, any_server(), name);

	SSL_set_info_callback(ssl, info_notes_mode);
	SSL_set_msg_callback(ssl, message_notes_mode);
	converse(ssl);
	tell_modes();
}

static void modes_seen(void)
{
	modes_with(lax_client());
}

static void modes_seen_1_2(void)
{
	SSL_CTX *ctx = lax_client();

	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	modes_with(ctx);
}

/* What the getter said comes back through the setter after every message. */
static void message_keeps_mode(int sent, int version, int type, const void *bytes, size_t len,
			       SSL *ssl, void *arg)
{
	(void)sent, (void)version, (void)type, (void)bytes, (void)len, (void)arg;
	note_mode(ssl);
	SSL_set_verify(ssl, SSL_get_verify_mode(ssl), SSL_get_verify_callback(ssl));
}

static void mode_kept(void)
{
	SSL *ssl = meet(SSL_CTX_new(TLS_client_method()), any_server(), name);

	SSL_set_msg_callback(ssl, message_keeps_mode);
	converse(ssl);
	tell_modes();
}

static void message_toggles_mode(int sent, int version, int type, const void *bytes, size_t len,
				 SSL *ssl, void *arg)
{
	(void)sent, (void)version, (void)type, (void)bytes, (void)len, (void)arg;
	note_mode(ssl);
	SSL_set_verify(ssl, n_modes % 2 ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
}

static void mode_in_messages(void)
{
	SSL *ssl = meet(client(), any_server(), name);

	SSL_set_msg_callback(ssl, message_toggles_mode);
	converse(ssl);
	tell_modes();
}

static void info_lowers_mode(const SSL *ssl, int where, int rc)
{
	(void)where, (void)rc;
	note_mode(ssl);
	SSL_set_verify((SSL *)ssl, SSL_VERIFY_NONE, NULL);
}

static void mode_in_info(void)
{
	SSL *ssl = meet(client(), any_server(), name);

	SSL_set_info_callback(ssl, info_lowers_mode);
	converse(ssl);
	tell_modes();
}

static int verify_lowers_mode(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());

	note_mode(ssl);
	SSL_set_verify(ssl, SSL_VERIFY_NONE, follow);
	return follow(ok, store);
}

static void mode_in_verify(void)
{
	SSL_CTX *ctx = client();

	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, verify_lowers_mode);
	converse(meet(ctx, any_server(), name));
	tell_modes();
}

static int own_lowers_mode(X509_STORE_CTX *store, void *arg)
{
	see(store, arg);
	note_mode(own.ssl);
	SSL_set_verify(own.ssl, SSL_VERIFY_NONE, NULL);
	return 0;
}

static void mode_in_own(void)
{
	SSL_CTX *ctx = client();

	SSL_CTX_set_cert_verify_callback(ctx, own_lowers_mode, NULL);
	converse(meet(ctx, any_server(), name));
	tell_modes();
}

static int own_raises_mode(X509_STORE_CTX *store, void *arg)
{
	see(store, arg);
	note_mode(own.ssl);
	SSL_set_verify(own.ssl, SSL_VERIFY_PEER, NULL);
	return X509_verify_cert(store);
}

static void mode_raised(void)
{
	SSL_CTX *ctx = lax_client();

	SSL_CTX_set_cert_verify_callback(ctx, own_raises_mode, NULL);
	converse(meet(ctx, any_server(), name));
	tell_modes();
}

/* --- security callbacks */

typedef int security(const SSL *, const SSL_CTX *, int, int, int, void *, void *);

static security *below, *below_second; /* what the first and the second chain to */
static int first_calls, second_calls;
static unsigned long operations; /* a set */
static const SSL *of_ssl;
static const void *with_data;

static int first(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
		 void *ex)
{
	first_calls++;
	operations |= 1ul << (op & 63);
	of_ssl = ssl ? ssl : of_ssl;
	with_data = ex;
	return below(ssl, ctx, op, bits, nid, other, ex);
}

static int second(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
		  void *ex)
{
	second_calls++;
	return below_second(ssl, ctx, op, bits, nid, other, ex);
}

/* Forbids whatever cipher suite the server has chosen. */
static int forbid(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
		  void *ex)
{
	first_calls++;
	if (op == SSL_SECOP_CIPHER_CHECK)
		return 0;
	return below(ssl, ctx, op, bits, nid, other, ex);
}

static const char *called(security *cb)
{
	if (cb == below)
		return "the library's";
	if (cb == first)
		return "the first";
	if (cb == second)
		return "the second";
	return cb ? "unknown" : "none";
}

static void tell_security(const SSL *ssl)
{
	fact("of the SSL", called(SSL_get_security_callback(ssl)));
	fact("of the context", called(SSL_CTX_get_security_callback(SSL_get_SSL_CTX(ssl))));
	number("calls of the first", first_calls);
	number("calls of the second", second_calls);
	number("operations", (long)operations);
	number("its data", with_data == &an_argument);
}

static SSL_CTX *client_with_first(void)
{
	SSL_CTX *ctx = client();

	below = SSL_CTX_get_security_callback(ctx);
	SSL_CTX_set_security_callback(ctx, first);
	SSL_CTX_set0_security_ex_data(ctx, &an_argument);
	return ctx;
}

static void security_of_context(void)
{
	SSL *ssl = meet(client_with_first(), any_server(), name);

	first_calls = 0;
	converse(ssl);
	tell_security(ssl);
	number("its SSL", of_ssl == ssl);
}

static void security_of_ssl(void)
{
	SSL *ssl = meet(client(), any_server(), name);

	below = SSL_get_security_callback(ssl);
	SSL_set_security_callback(ssl, first);
	SSL_set0_security_ex_data(ssl, &an_argument);
	converse(ssl);
	tell_security(ssl);
}

/* The second chains to what the getter gave: the first. */
static void security_chained(void)
{
	SSL_CTX *ctx = client_with_first();
	SSL *ssl;

	below_second = SSL_CTX_get_security_callback(ctx);
	SSL_CTX_set_security_callback(ctx, second);
	ssl = meet(ctx, any_server(), name);
	converse(ssl);
	tell_security(ssl);
}

static void security_chained_on_ssl(void)
{
	SSL *ssl = meet(client_with_first(), any_server(), name);

	below_second = SSL_get_security_callback(ssl);
	SSL_set_security_callback(ssl, second);
	converse(ssl);
	tell_security(ssl);
}

/* Put aside for a while, and put back. */
static void security_restored(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl;

	below = SSL_CTX_get_security_callback(ctx);
	SSL_CTX_set_security_callback(ctx, first);
	SSL_CTX_set_security_callback(ctx, below);
	ssl = meet(ctx, any_server(), name);
	SSL_set_security_callback(ssl, first);
	SSL_set_security_callback(ssl, below);
	converse(ssl);
	tell_security(ssl);
}

/* An SSL keeps the callback that its context had when it was made. */
static void security_too_late(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl = meet(ctx, any_server(), name);

	below = SSL_CTX_get_security_callback(ctx);
	SSL_CTX_set_security_callback(ctx, first);
	converse(ssl);
	tell_security(ssl);
}

static void security_outlived(void)
{
	SSL_CTX *ctx = client_with_first();
	SSL *ssl = meet(ctx, any_server(), name), *copy;

	SSL_CTX_set_security_callback(ctx, below);
	copy = SSL_dup(ssl);
	fact("of the copy", called(SSL_get_security_callback(copy)));
	SSL_free(copy);
	converse(ssl);
	tell_security(ssl);
}

static void change_security(const SSL *ssl, int where, int rc)
{
	(void)rc;
	if (where & SSL_CB_HANDSHAKE_START) {
		SSL_CTX_set_security_callback(SSL_get_SSL_CTX(ssl), second);
		SSL_set_security_callback((SSL *)ssl, first);
	}
}

static void security_in_the_middle(void)
{
	SSL *ssl = meet(client(), any_server(), name);

	below = below_second = SSL_get_security_callback(ssl);
	SSL_set_info_callback(ssl, change_security);
	converse(ssl);
	tell_security(ssl);
}

/* NULL must not be called, but may be asked for. */
static void security_null(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl = meet(ctx, any_server(), name);

	below = SSL_CTX_get_security_callback(ctx);
	SSL_CTX_set_security_callback(ctx, NULL);
	SSL_set_security_callback(ssl, NULL);
	tell_security(ssl);
	SSL_CTX_set_security_callback(ctx, below);
	tell_security(ssl);
	SSL_set_security_callback(ssl, first);
	converse(ssl);
	tell_security(ssl);
}

/* With another context an SSL gets that one's. */
static void security_switched(void)
{
	SSL *ssl = meet(client(), any_server(), name);
	SSL_CTX *other = client();

	below = below_second = SSL_get_security_callback(ssl);
	SSL_set_security_callback(ssl, first);
	SSL_CTX_set_security_callback(other, second);
	SSL_set_SSL_CTX(ssl, other);
	converse(ssl);
	tell_security(ssl);
}

static void security_forbids(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl;

	below = SSL_CTX_get_security_callback(ctx);
	SSL_CTX_set_security_callback(ctx, forbid);
	ssl = meet(ctx, any_server(), name);
	fact("through", talk(ssl) ? "yes" : "no");
	print_error();
	number("calls of the first", first_calls);
	SSL_set_security_callback(ssl, below);
	hang_up(ssl);
	SSL_clear(ssl);
	dial(ssl, any_server(), name);
	converse(ssl);
}

/* The libssl's own NAME: preloaded objects have no versions. */
static void *versioned(const char *function)
{
	const char *versions[] = { "OPENSSL_4.0.0", "OPENSSL_3.0.0", "OPENSSL_1_1_0" };
	void *found = NULL;

	for (size_t i = 0; i < 3 && !found; i++)
		found = dlvsym(RTLD_DEFAULT, function, versions[i]);
	if (!found)
		broken(function);
	return found;
}

/* SSL_CTX_new() of 3.0 calls the other one through what programs are linked with. */
#if OPENSSL_VERSION_NUMBER >= 0x30000000L

static SSL_CTX *make_unseen(void)
{
	__typeof__(SSL_CTX_new_ex) *make;

	*(void **)&make = versioned("SSL_CTX_new_ex");
	return make(NULL, NULL, TLS_client_method());
}

#else

static SSL_CTX *make_unseen(void)
{
	__typeof__(SSL_CTX_new) *make;

	*(void **)&make = versioned("SSL_CTX_new");
	return make(TLS_client_method());
}

#endif

/* Made where nobody was looking, by the function itself. */
static SSL_CTX *unseen_client(void)
{
	SSL_CTX *ctx = make_unseen();

	trust(ctx);
	return ctx;
}

static void unseen(void)
{
	converse(meet(unseen_client(), any_server(), name));
}

static void security_unseen(void)
{
	SSL *ssl = meet(unseen_client(), any_server(), name);

	below = SSL_get_security_callback(ssl);
	SSL_set_security_callback(ssl, first);
	fact("of the SSL", called(SSL_get_security_callback(ssl)));
	converse(ssl);
	tell_security(ssl);
}

static void verify_unseen(void)
{
	SSL_CTX *ctx = unseen_client();
	SSL *ssl;

	SSL_CTX_set_cert_verify_callback(ctx, verify, &an_argument);
	ssl = meet(ctx, any_server(), name);
	converse(ssl);
	tell_own(ssl, &an_argument);
}

/* Forty different callbacks, each on a context of its own. */
#define ONE(n)                                                                                    \
	static int one_of_many_##n(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, \
				   void *other, void *ex)                                         \
	{                                                                                         \
		first_calls += n >= 0;                                                            \
		return below(ssl, ctx, op, bits, nid, other, ex);                                 \
	}
#define NAME_OF_ONE(n) one_of_many_##n,
#define TEN(of, n) \
	of(n##0) of(n##1) of(n##2) of(n##3) of(n##4) of(n##5) of(n##6) of(n##7) of(n##8) of(n##9)
#define FORTY(of) TEN(of, 1) TEN(of, 2) TEN(of, 3) TEN(of, 4)
FORTY(ONE)

static void security_many(void)
{
	static security *const many[] = { FORTY(NAME_OF_ONE) };

	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		SSL_CTX *ctx = client();

		below = SSL_CTX_get_security_callback(ctx);
		SSL_CTX_set_security_callback(ctx, many[i]);
		printf("the getter gives %zu: %d\n", i,
		       SSL_CTX_get_security_callback(ctx) == many[i]);
		connect_once(ctx);
		SSL_CTX_free(ctx);
	}
	number("calls of the first", first_calls > 0);
}

/* --- ex_data */

static struct {
	int index, made, copied, freed, freed_mark;
} of[3]; /* SSL, SSL_CTX, SSL_SESSION: what is the argument of their callbacks */

static void ex_made(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long which, void *arg)
{
	(void)parent, (void)ptr, (void)ad, (void)index;
	of[which].made += arg == &an_argument;
}

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
static int ex_copied(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **ptr, int index,
		     long which, void *arg)
#else
static int ex_copied(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void *ptr, int index,
		     long which, void *arg)
#endif
{
	(void)to, (void)from, (void)index;
	if (*(void **)ptr != &another)
		broken("a copy of something else");
	of[which].copied += arg == &an_argument;
	return 1;
}

static void ex_freed(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long which, void *arg)
{
	(void)parent, (void)ad, (void)index, (void)arg;
	of[which].freed++;
	of[which].freed_mark += ptr == &another;
}

static void take_indexes(void)
{
	of[0].index = SSL_get_ex_new_index(0, &an_argument, ex_made, ex_copied, ex_freed);
	of[1].index = SSL_CTX_get_ex_new_index(1, &an_argument, ex_made, ex_copied, ex_freed);
	of[2].index = SSL_SESSION_get_ex_new_index(2, &an_argument, ex_made, ex_copied, ex_freed);
	for (int i = 0; i < 3; i++)
		if (of[i].index < 0)
			broken("an index");
}

static void use_ex_data(SSL_CTX *ctx)
{
	SSL_CTX *to = any_server();
	SSL *ssl, *copy;
	SSL_SESSION *session, *twin;

	SSL_CTX_set_ex_data(ctx, of[1].index, &another);
	ssl = meet(ctx, to, name);
	SSL_set_ex_data(ssl, of[0].index, &another);
	SSL_set_app_data(ssl, &session_id_context);
	copy = SSL_dup(ssl);
	number("data of the copy", SSL_get_ex_data(copy, of[0].index) == &another);
	number("app data of the copy", SSL_get_app_data(copy) == &session_id_context);
	SSL_free(copy);
	converse(ssl);
	session = SSL_get1_session(ssl);
	number("unset", SSL_SESSION_get_ex_data(session, of[2].index) == NULL);
	SSL_SESSION_set_ex_data(session, of[2].index, &another);
	twin = SSL_SESSION_dup(session);
	number("data of the twin", SSL_SESSION_get_ex_data(twin, of[2].index) == &another);
	hang_up(ssl);
	SSL_free(ssl);

	ssl = meet(ctx, to, name);
	SSL_set_session(ssl, twin);
	converse(ssl);
	number("data of the context", SSL_CTX_get_ex_data(ctx, of[1].index) == &another);
	number("data of another SSL", SSL_get_ex_data(ssl, of[0].index) != NULL);
	hang_up(ssl);
	SSL_free(ssl);
	SSL_SESSION_free(session);
	SSL_SESSION_free(twin);
	SSL_CTX_free(ctx);
	SSL_CTX_free(to);
	for (int i = 0; i < 3; i++)
		printf("%d: made %d, copied %d, freed %d, with data %d\n", i, of[i].made,
		       of[i].copied, of[i].freed, of[i].freed_mark);
}

static void ex_data(void)
{
	SSL_CTX *ctx = client();

	take_indexes();
	use_ex_data(ctx);
}

static void ex_data_first(void)
{
	take_indexes();
	use_ex_data(client());
}

static void ex_data_1_2(void)
{
	SSL_CTX *ctx = client_1_2();

	take_indexes();
	use_ex_data(ctx);
}

/* A program that asks the dying object once more. */
static void ask_dying_context(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long which,
			      void *arg)
{
	(void)ad, (void)index, (void)which, (void)arg;
	if (!ptr)
		return;
	fact("of a dying context", called(SSL_CTX_get_security_callback(parent)));
	SSL_CTX_set_cert_verify_callback(parent, say_no, NULL);
}

static void ask_dying_ssl(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long which,
			  void *arg)
{
	(void)ad, (void)index, (void)which, (void)arg;
	if (!ptr)
		return;
	fact("of a dying SSL", called(SSL_get_security_callback(parent)));
	sk_SSL_CIPHER_free(SSL_get1_supported_ciphers(parent));
}

static void ex_data_dying(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl = meet(ctx, any_server(), name);
	int of_context, of_connection;

	below = below_second = SSL_get_security_callback(ssl);
	SSL_CTX_set_security_callback(ctx, second);
	SSL_set_security_callback(ssl, first);
	of_context = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, ask_dying_context);
	of_connection = SSL_get_ex_new_index(0, NULL, NULL, NULL, ask_dying_ssl);
	SSL_CTX_set_ex_data(ctx, of_context, &another);
	SSL_set_ex_data(ssl, of_connection, &another);
	converse(ssl);
	hang_up(ssl);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

/* --- how long contexts live, and who uses them */

static void freed_early(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl;

	SSL_CTX_set_cert_verify_callback(ctx, verify, &an_argument);
	ssl = meet(ctx, any_server(), name);
	SSL_CTX_free(ctx);
	converse(ssl);
	tell_own(ssl, &an_argument);
	hang_up(ssl);
	SSL_free(ssl);
}

static void counted(void)
{
	SSL_CTX *ctx = client();

	SSL_CTX_up_ref(ctx);
	SSL_CTX_free(ctx);
	connect_once(ctx);
	connect_once(ctx);
	SSL_CTX_free(ctx);
}

static void *handshakes(void *ctx)
{
	SSL_CTX *to = any_server();
	size_t got = 0;

	for (int i = 0; i < 5; i++) {
		SSL *ssl = meet(ctx, to, name);

		talk(ssl);
		serve();
		got += server.n;
		hang_up(ssl);
		SSL_free(ssl);
	}
	SSL_CTX_free(to);
	return (void *)got;
}

static void threads(void)
{
	SSL_CTX *ctx = client();
	pthread_t thread[8];
	void *got;

	for (int i = 0; i < 8; i++)
		pthread_create(&thread[i], NULL, handshakes, ctx);
	for (int i = 0; i < 8; i++) {
		pthread_join(thread[i], &got);
		received += (size_t)got;
	}
}

static void forked(void)
{
	SSL_CTX *ctx = client();
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		bool through = connect_once(ctx);

		fflush(stdout);
		_exit(through ? 0 : 1);
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		broken("the child");
	received += WEXITSTATUS(status) == 0;
	connect_once(ctx);
}

static SSL_CTX *next_context;

static void switch_context(const SSL *ssl, int where, int rc)
{
	(void)rc;
	if (where & SSL_CB_HANDSHAKE_START)
		SSL_set_SSL_CTX((SSL *)ssl, next_context);
}

/* The verification is that of the context which the SSL has when the certificate comes. */
static void switched(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl;

	next_context = client();
	SSL_CTX_set_cert_verify_callback(ctx, say_no, &an_argument);
	SSL_CTX_set_cert_verify_callback(next_context, verify, &another);
	ssl = meet(ctx, any_server(), name);
	SSL_set_info_callback(ssl, switch_context);
	converse(ssl);
	tell_own(ssl, &another);
	number("its context", SSL_get_SSL_CTX(ssl) == next_context);
}

static void verify_between(void)
{
	SSL_CTX *ctx = lax_client();

	connect_once(ctx);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, follow);
	connect_once(ctx);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	connect_once(ctx);
	number("calls", own.calls);
}

static void reused_with(SSL_CTX *ctx)
{
	SSL_CTX *to = any_server();
	SSL *ssl = meet(ctx, to, name);

	for (int i = 0; i < 3; i++) {
		converse(ssl);
		hang_up(ssl);
		if (!SSL_clear(ssl))
			broken("SSL_clear");
		dial(ssl, to, name);
	}
	converse(ssl);
}

static void cleared(void)
{
	reused_with(client());
}

static void cleared_1_2(void)
{
	reused_with(client_1_2());
}

static void cleared_lax(void)
{
	reused_with(lax_client());
}

static void copied(void)
{
	SSL_CTX *ctx = client_with_first();
	SSL *ssl = SSL_new(ctx), *copy;

	SSL_set_verify(ssl, SSL_VERIFY_PEER, follow);
	copy = SSL_dup(ssl);
	SSL_free(ssl);
	first_calls = 0;
	dial(copy, any_server(), name);
	converse(copy);
	tell_security(copy);
}

/* --- both sides of one SSL */

static bool accept_one(SSL *ssl)
{
	SSL *client_end = SSL_new(client());
	char got[sizeof(SECRET)];
	int ends[2], c = 0, s = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends))
		broken("socketpair");
	SSL_set_fd(client_end, ends[0]);
	SSL_set_fd(ssl, ends[1]);
	set_name(client_end, "localhost");
	for (int i = 0; i < MOST_TURNS && (c != 1 || s != 1); i++) {
		c = c == 1 ? 1 : SSL_connect(client_end);
		s = s == 1 ? 1 : SSL_accept(ssl);
	}
	SSL_write(client_end, SECRET, sizeof(SECRET) - 1);
	fact("as a server", SSL_read(ssl, got, sizeof(got)) > 0 ? "ok" : "failed");
	number("asks its client", SSL_get_verify_mode(ssl));
	number("was asked", SSL_get_peer_certificate(ssl) != NULL);
	SSL_shutdown(ssl);
	SSL_shutdown(client_end);
	SSL_free(client_end);
	close(ends[0]);
	close(ends[1]);
	ERR_clear_error();
	return c == 1 && s == 1;
}

static SSL *two_sided(void)
{
	SSL_CTX *ctx = client_with(TLS_method(), SSL_VERIFY_NONE);

	identify(ctx, "www");
	SSL_CTX_set_session_id_context(ctx, (unsigned char *)&session_id_context,
				       sizeof(session_id_context));
	return SSL_new(ctx);
}

static void turned(void)
{
	SSL *ssl = two_sided();

	SSL_set_accept_state(ssl);
	SSL_set_connect_state(ssl);
	dial(ssl, any_server(), name);
	converse(ssl);
}

static void server_first(void)
{
	SSL *ssl = two_sided();

	accept_one(ssl);
	SSL_clear(ssl);
	SSL_set_connect_state(ssl);
	SSL_set_session(ssl, NULL);
	dial(ssl, any_server(), name);
	converse(ssl);
}

/* What the client's handshake has set must not make the server ask for certificates. */
static void server_afterwards(void)
{
	SSL *ssl = two_sided();

	dial(ssl, any_server(), name);
	converse(ssl);
	hang_up(ssl);
	SSL_clear(ssl);
	SSL_set_accept_state(ssl);
	accept_one(ssl);
}

/* --- certificates of clients */

static int chosen;

static int choose(SSL *ssl, void *arg)
{
	char path[4096];

	chosen++;
	if (arg != &an_argument)
		broken("the argument of cert_cb");
	snprintf(path, sizeof(path), "%s/client-chain.pem", pki);
	if (SSL_use_certificate_chain_file(ssl, path) != 1)
		broken(path);
	snprintf(path, sizeof(path), "%s/client.key", pki);
	return SSL_use_PrivateKey_file(ssl, path, SSL_FILETYPE_PEM);
}

static SSL_CTX *asking_server(void)
{
	SSL_CTX *ctx = any_server();

	trust(ctx);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return ctx;
}

static void tell_client(void)
{
	X509 *cert = SSL_get_peer_certificate(server.ssl);
	char subject[256] = "none";

	if (cert)
		X509_NAME_oneline(X509_get_subject_name(cert), subject, sizeof(subject));
	fact("the client", subject);
	number("verified with", SSL_get_verify_result(server.ssl));
	X509_free(cert);
}

static void client_cert(void)
{
	SSL_CTX *ctx = client();

	SSL_CTX_set_cert_cb(ctx, choose, &an_argument);
	converse(meet(ctx, asking_server(), name));
	tell_client();
	number("chosen", chosen);
}

static int choose_old(SSL *ssl, X509 **cert, EVP_PKEY **key)
{
	if (!choose(ssl, &an_argument))
		return 0;
	*cert = SSL_get_certificate(ssl);
	*key = SSL_get_privatekey(ssl);
	return X509_up_ref(*cert) && EVP_PKEY_up_ref(*key);
}

static void client_cert_old(void)
{
	SSL_CTX *ctx = client();

	SSL_CTX_set_client_cert_cb(ctx, choose_old);
	number("kept", SSL_CTX_get_client_cert_cb(ctx) == choose_old);
	converse(meet(ctx, asking_server(), name));
	tell_client();
}

/* As the old one's name says: once it is asked for, the handshake waits for it. */
static int choose_later(SSL *ssl, void *arg)
{
	if (chosen++ < 2)
		return -1;
	return choose(ssl, arg);
}

static void client_cert_later(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl;

	SSL_CTX_set_cert_cb(ctx, choose_later, &an_argument);
	ssl = meet(ctx, asking_server(), name);
	for (int i = 0; i < 2; i++)
		number("waits", SSL_get_error(ssl, shake(ssl)) == SSL_ERROR_WANT_X509_LOOKUP);
	converse(ssl);
	tell_client();
}

/* RFC 8446 section 4.6.2: the server asks when all is done. */
static void asked_afterwards(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl;
	char answer[sizeof(ANSWER)];

	SSL_CTX_set_post_handshake_auth(ctx, 1);
	SSL_CTX_set_cert_cb(ctx, choose, &an_argument);
	ssl = meet(ctx, any_server(), name);
	trust(SSL_get_SSL_CTX(server.ssl));
	if (converse(ssl)) {
		SSL_set_verify(server.ssl, SSL_VERIFY_PEER, NULL);
		number("asked", SSL_verify_client_post_handshake(server.ssl));
		SSL_do_handshake(server.ssl);
		SSL_read(ssl, answer, sizeof(answer));
		SSL_write(ssl, SECRET, sizeof(SECRET) - 1);
		serve();
	}
	tell_client();
	number("verify mode", SSL_get_verify_mode(ssl));
	number("chosen", chosen);
}

/* --- what else calls back */

static int messages, keys, events, sessions, selected;

static void count_message(int sent, int version, int type, const void *bytes, size_t len, SSL *ssl,
			  void *arg)
{
	(void)sent, (void)version, (void)type, (void)bytes, (void)len, (void)ssl;
	messages += arg == &an_argument;
}

static void count_key(const SSL *ssl, const char *line)
{
	(void)ssl;
	keys += strchr(line, ' ') != NULL;
}

static void count_event(const SSL *ssl, int where, int rc)
{
	(void)ssl, (void)rc;
	events += where & 0xff;
}

static int count_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl, (void)session;
	sessions++;
	return 0;
}

static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *len,
			   const unsigned char *in, unsigned in_len, void *arg)
{
	(void)ssl, (void)in_len, (void)arg;
	selected++;
	*out = in + 1;
	*len = *in;
	return SSL_TLSEXT_ERR_OK;
}

static void callbacks_with(SSL_CTX *ctx)
{
	static const unsigned char protocols[] = "\2h2\10http/1.1";
	const unsigned char *protocol;
	SSL_CTX *to = any_server();
	unsigned len;
	SSL *ssl;

	SSL_CTX_set_msg_callback(ctx, count_message);
	SSL_CTX_set_msg_callback_arg(ctx, &an_argument);
	SSL_CTX_set_keylog_callback(ctx, count_key);
	SSL_CTX_set_info_callback(ctx, count_event);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(ctx, count_session);
	SSL_CTX_set_alpn_protos(ctx, protocols, sizeof(protocols) - 1);
	SSL_CTX_set_alpn_select_cb(to, select_protocol, NULL);
	ssl = meet(ctx, to, name);
	converse(ssl);
	SSL_get0_alpn_selected(ssl, &protocol, &len);
	printf("protocol=%.*s\n", (int)len, len ? (const char *)protocol : "");
	number("messages", messages);
	number("keys", keys);
	number("events", events);
	number("sessions", sessions);
	number("selected", selected);
}

static void callbacks(void)
{
	callbacks_with(client());
}

static void callbacks_1_2(void)
{
	callbacks_with(client_1_2());
}

/* What errno is when the next message comes, after this one left another number there. */
static void note_errno(int sent, int version, int type, const void *bytes, size_t len, SSL *ssl,
		       void *arg)
{
	(void)version, (void)bytes, (void)len, (void)ssl, (void)arg;
	printf("%d %d: errno %d\n", sent, type, errno);
	errno = 77; /* nobody's */
}

/* Between a message and the keys that follow from it nothing is read, which would clear it. */
static void note_errno_of_key(const SSL *ssl, const char *line)
{
	(void)ssl;
	printf("%.*s: errno %d\n", (int)strcspn(line, " "), line, errno);
}

static void errno_in_messages(void)
{
	SSL_CTX *ctx = client(), *to = any_server();
	SSL *ssl = meet(ctx, to, name);
	SSL_SESSION *session;

	SSL_CTX_set_keylog_callback(ctx, note_errno_of_key);
	SSL_set_msg_callback(ssl, note_errno);
	converse(ssl);
	session = SSL_get1_session(ssl);
	hang_up(ssl);
	ssl = meet(ctx, to, name);
	SSL_set_session(ssl, session);
	SSL_set_msg_callback(ssl, note_errno);
	converse(ssl);
}

/* --- a handshake on the small stack of an asynchronous job */

static void async(void)
{
	SSL *ssl = meet(client(), any_server(), name);

	if (!ASYNC_is_capable())
		broken("ASYNC_is_capable");
	SSL_set_mode(ssl, SSL_MODE_ASYNC);
	converse(ssl);
	number("mode", (SSL_get_mode(ssl) & SSL_MODE_ASYNC) != 0);
	number("waiting", SSL_waiting_for_async(ssl));
}

static int pause_once(X509_STORE_CTX *store, void *arg)
{
	if (ASYNC_get_current_job())
		ASYNC_pause_job();
	return verify(store, arg);
}

static void async_paused(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl;

	SSL_CTX_set_cert_verify_callback(ctx, pause_once, NULL);
	ssl = meet(ctx, any_server(), name);
	SSL_set_mode(ssl, SSL_MODE_ASYNC);
	number("paused", SSL_get_error(ssl, shake(ssl)) == SSL_ERROR_WANT_ASYNC);
	converse(ssl);
	tell_own(ssl, NULL);
}

static const struct {
	const char *name;
	void (*run)(void);
} scenarios[] = {
	{ "verify-own", verify_own },
	{ "verify-own-late", verify_own_late },
	{ "verify-own-replaced", verify_own_replaced },
	{ "verify-own-null", verify_own_null },
	{ "verify-own-middle", verify_own_middle },
	{ "verify-own-yes", verify_own_yes },
	{ "verify-own-no", verify_own_no },
	{ "verify-overruled", verify_overruled },
	{ "unseen", unseen },
	{ "verify-unseen", verify_unseen },
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
	{ "retry-verify", retry_verify },
#endif
	{ "modes-seen", modes_seen },
	{ "modes-seen-1.2", modes_seen_1_2 },
	{ "mode-kept", mode_kept },
	{ "mode-in-messages", mode_in_messages },
	{ "mode-in-info", mode_in_info },
	{ "mode-in-verify", mode_in_verify },
	{ "mode-in-own", mode_in_own },
	{ "mode-raised", mode_raised },
	{ "security-of-context", security_of_context },
	{ "security-of-ssl", security_of_ssl },
	{ "security-chained", security_chained },
	{ "security-chained-on-ssl", security_chained_on_ssl },
	{ "security-restored", security_restored },
	{ "security-too-late", security_too_late },
	{ "security-outlived", security_outlived },
	{ "security-in-the-middle", security_in_the_middle },
	{ "security-null", security_null },
	{ "security-switched", security_switched },
	{ "security-forbids", security_forbids },
	{ "security-unseen", security_unseen },
	{ "security-many", security_many },
	{ "ex-data", ex_data },
	{ "ex-data-first", ex_data_first },
	{ "ex-data-1.2", ex_data_1_2 },
	{ "ex-data-dying", ex_data_dying },
	{ "freed-early", freed_early },
	{ "counted", counted },
	{ "threads", threads },
	{ "forked", forked },
	{ "switched", switched },
	{ "verify-between", verify_between },
	{ "cleared", cleared },
	{ "cleared-1.2", cleared_1_2 },
	{ "cleared-lax", cleared_lax },
	{ "copied", copied },
	{ "turned", turned },
	{ "server-first", server_first },
	{ "server-afterwards", server_afterwards },
	{ "client-cert", client_cert },
	{ "client-cert-old", client_cert_old },
	{ "client-cert-later", client_cert_later },
	{ "asked-afterwards", asked_afterwards },
	{ "callbacks", callbacks },
	{ "callbacks-1.2", callbacks_1_2 },
	{ "errno-in-messages", errno_in_messages },
	{ "async", async },
	{ "async-paused", async_paused },
};

int main(int argc, char **argv)
{
	const size_t n = sizeof(scenarios) / sizeof(scenarios[0]);
	size_t i = 0;

	if (argc == 2 && !strcmp(argv[1], "list")) {
		for (; i < n; i++)
			puts(scenarios[i].name);
		return 0;
	}
	if (argc < 5) {
		fputs("usage: own list | SCENARIO PKI CERTIFICATE NAME\n", stderr);
		return 2;
	}
	pki = argv[2];
	certificate = argv[3];
	name = argv[4];
	while (i < n && strcmp(argv[1], scenarios[i].name))
		i++;
	errno = EINVAL;
	if (i == n)
		broken(argv[1]);
	scenarios[i].run();
	number("received", (long)received);
	return received ? 0 : 1;
}

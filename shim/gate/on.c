/* SPDX-License-Identifier: MIT */
/*
 * The logic behind the interposed functions: contexts get their gates, the
 * program's own callbacks are kept behind ours, sessions without a verdict are
 * taken off before a handshake starts. What a server showed is not judged here.
 */
#include "gate/on.h"

#include <errno.h>

#include "gate/ct.h"
#include "gate/gate.h"
#include "gate/lacking.h"
#include "gate/param.h"
#include "gate/security.h"
#include "gate/state.h"
#include "process/event.h"
#include "process/store.h"

/* The function that the program meant; NULL when there is none. */
#define REAL(lib, name) ((lib) ? (lib)->name : (__typeof__(name) *)openssl_next(#name))

bool on_active(void)
{
	const int before = errno;
	bool active = store_active();

	errno = before;
	return active;
}

/*
 * What cannot be read cannot be judged either: then LIB lacks something. 0, or -1
 * when memory ran out before that was found out.
 */
static int find_out(struct openssl *lib)
{
	int readable = lib->lacks ? 1 : param_is_readable(lib);

	if (readable == 0)
		lib->lacks = "readable names in X509_VERIFY_PARAM";
	return readable < 0 ? -1 : 0;
}

static bool is_gated(struct openssl *lib)
{
	return lib && on_active() && find_out(lib) == 0 && !lib->lacks;
}

/* Whether LIB lacks something, and so cannot do what a policy demands. */
static bool is_lacking(const struct openssl *lib)
{
	return lib->lacks && store_has_policy();
}

/* A listener or a domain of QUIC is an SSL, too, but shakes no hands. */
static bool is_gated_connection(struct openssl *lib, SSL *ssl)
{
	return is_gated(lib) && lib->SSL_get0_param(ssl);
}

static SSL_CTX *gated(struct openssl *lib, SSL_CTX *ctx)
{
	int found_out;

	if (!ctx || !lib || !on_active())
		return ctx;
	found_out = find_out(lib);
	if (lib->lacks) {
		if (is_lacking(lib))
			lacking_install(lib, ctx);
		return ctx;
	}
	ct_prepare(lib);
	if (found_out == 0 && gate_install(lib, ctx) == 0)
		return ctx;
	lib->SSL_CTX_free(ctx);
	lacking_tell(lib, NULL, "memory");
	gate_raise_no_memory(lib);
	return NULL;
}

SSL_CTX *on_ctx_new(const SSL_METHOD *method)
{
	struct openssl *lib = openssl_of_method(method);
	__typeof__(SSL_CTX_new) *real = REAL(lib, SSL_CTX_new);

	return real ? gated(lib, real(method)) : NULL;
}

SSL_CTX *on_ctx_new_ex(OSSL_LIB_CTX *libctx, const char *propq, const SSL_METHOD *method)
{
	struct openssl *lib = openssl_of_method(method);
	__typeof__(SSL_CTX_new_ex) *real = REAL(lib, SSL_CTX_new_ex);

	return real ? gated(lib, real(libctx, propq, method)) : NULL;
}

void on_ctx_set_cert_verify_callback(SSL_CTX *ctx, openssl_verify_cb *cb, void *arg)
{
	struct openssl *lib = openssl_of(ctx);
	__typeof__(SSL_CTX_set_cert_verify_callback) *real =
		REAL(lib, SSL_CTX_set_cert_verify_callback);
	struct state_ctx *state;

	if (lib && on_active() && is_lacking(lib))
		return;
	if (!is_gated(lib)) {
		if (real)
			real(ctx, cb, arg);
		return;
	}
	/* Without memory our gate stays off a context that it was never on: see may_start(). */
	state = gate_install(lib, ctx) == 0 ? state_of_ctx(lib, ctx) : NULL;
	if (!state)
		return;
	state->verify = cb;
	state->verify_arg = arg;
}

void on_ctx_set_security_callback(SSL_CTX *ctx, openssl_security_cb *cb)
{
	struct openssl *lib = openssl_of(ctx);
	__typeof__(SSL_CTX_set_security_callback) *real = REAL(lib, SSL_CTX_set_security_callback);

	if (!is_gated(lib)) {
		if (real)
			real(ctx, cb);
		return;
	}
	if (gate_install(lib, ctx) == 0)
		real(ctx, security_before(lib, cb));
}

openssl_security_cb *on_ctx_get_security_callback(const SSL_CTX *ctx)
{
	struct openssl *lib = openssl_of(ctx);
	__typeof__(SSL_CTX_get_security_callback) *real = REAL(lib, SSL_CTX_get_security_callback);
	openssl_security_cb *present = real ? real(ctx) : NULL;

	return is_gated(lib) ? security_behind(present) : present;
}

void on_set_security_callback(SSL *ssl, openssl_security_cb *cb)
{
	struct openssl *lib = openssl_of(ssl);
	__typeof__(SSL_set_security_callback) *real = REAL(lib, SSL_set_security_callback);

	if (real)
		real(ssl, is_gated(lib) ? security_before(lib, cb) : cb);
}

openssl_security_cb *on_get_security_callback(const SSL *ssl)
{
	struct openssl *lib = openssl_of(ssl);
	__typeof__(SSL_get_security_callback) *real = REAL(lib, SSL_get_security_callback);
	openssl_security_cb *present = real ? real(ssl) : NULL;

	return is_gated(lib) ? security_behind(present) : present;
}

int on_get_verify_mode(const SSL *ssl)
{
	struct openssl *lib = openssl_of(ssl);
	__typeof__(SSL_get_verify_mode) *real = REAL(lib, SSL_get_verify_mode);

	return real ? gate_verify_mode(real(ssl)) : SSL_VERIFY_NONE;
}

/*
 * One that libssl will not offer (without a ticket yet, say) may stay where the
 * program can see it: the handshake will be a full one.
 */
static bool session_is_good(struct openssl *lib, SSL *ssl, SSL_SESSION *session)
{
	const int before = errno;
	bool good =
		gate_session_is_good(lib, ssl, session) || !lib->SSL_SESSION_is_resumable(session);

	errno = before;
	return good;
}

int on_set_session(SSL *ssl, SSL_SESSION *session)
{
	struct openssl *lib = openssl_of(ssl);
	__typeof__(SSL_set_session) *real = REAL(lib, SSL_set_session);

	if (!real)
		return 0;
	/* Not attached, the program finds out only that the server did not resume. */
	if (session && is_gated_connection(lib, ssl) && !session_is_good(lib, ssl, session))
		session = NULL;
	return real(ssl, session);
}

int on_set_session_secret_cb(SSL *ssl, tls_session_secret_cb_fn cb, void *arg)
{
	struct openssl *lib = openssl_of(ssl);
	__typeof__(SSL_set_session_secret_cb) *real = REAL(lib, SSL_set_session_secret_cb);
	struct state_ssl *state = NULL;

	if (!real)
		return 0;
	if (is_gated_connection(lib, ssl)) {
		state = state_make_ssl(lib, ssl);
		if (!state)
			return 0;
		state->secret_cb = cb != NULL;
	}
	return real(ssl, cb, arg);
}

static bool refuse_to_start(struct openssl *lib, SSL *ssl)
{
	const int before = errno;

	lacking_tell(lib, ssl, "memory");
	gate_raise(lib, ssl);
	errno = before;
	return false;
}

/*
 * Before a handshake starts: the gates in place, and on a CLIENT no session that
 * would be refused.
 */
static bool may_start(struct openssl *lib, SSL *ssl, bool client)
{
	SSL_SESSION *session;

	if (!lib || !on_active())
		return true;
	if (find_out(lib) < 0)
		return refuse_to_start(lib, ssl);
	if (lib->lacks) {
		if (!is_lacking(lib))
			return true;
		lacking_tell(lib, ssl, lib->lacks);
		return false;
	}
	if (!lib->SSL_get0_param(ssl))
		return true;
	if (gate_adopt(lib, ssl) < 0)
		return refuse_to_start(lib, ssl);
	session = client && lib->SSL_in_before(ssl) ? lib->SSL_get_session(ssl) : NULL;
	if (session && !session_is_good(lib, ssl, session))
		lib->SSL_set_session(ssl, NULL);
	return true;
}

int on_connect(SSL *ssl)
{
	struct openssl *lib = openssl_of(ssl);
	__typeof__(SSL_connect) *real = REAL(lib, SSL_connect);

	if (!real)
		return -1;
	return may_start(lib, ssl, true) ? real(ssl) : -1;
}

/*
 * Its side is settled by now (SSL_set_connect_state(), SSL_set_accept_state()), but
 * a QUIC connection says that it is a server's until it has started. A server's is
 * none of ours, and has no session then.
 */
static bool is_client(struct openssl *lib, SSL *ssl)
{
	return !lib->SSL_is_server(ssl) || (lib->SSL_is_quic && lib->SSL_is_quic(ssl));
}

int on_do_handshake(SSL *ssl)
{
	struct openssl *lib = openssl_of(ssl);
	__typeof__(SSL_do_handshake) *real = REAL(lib, SSL_do_handshake);

	if (!real)
		return -1;
	/* What lacks a function refuses certificates. */
	if (!may_start(lib, ssl, lib && !lib->lacks && is_client(lib, ssl)) && !lib->lacks)
		return -1;
	return real(ssl);
}

int on_write_early_data(SSL *ssl, const void *data, size_t len, size_t *written)
{
	struct openssl *lib = openssl_of(ssl);
	__typeof__(SSL_write_early_data) *real = REAL(lib, SSL_write_early_data);
	struct state_ssl *state;
	int rv;

	if (!real)
		return 0;
	if (!is_gated_connection(lib, ssl))
		return real(ssl, data, len, written);
	if (!may_start(lib, ssl, true))
		return 0;
	state = state_make_ssl(lib, ssl);
	if (!state)
		return refuse_to_start(lib, ssl);
	/* The ClientHello is made inside this call, and judged there. */
	lib->early_data = true;
	state->early = EARLY_WANTED;
	rv = real(ssl, data, len, written);
	state->early = EARLY_NONE;
	return rv;
}

/* Another's QUIC on this TLS: early data leaves with whatever ClientHello is made from now on. */
int on_set_quic_tls_early_data_enabled(SSL *ssl, int enabled)
{
	struct openssl *lib = openssl_of(ssl);
	__typeof__(SSL_set_quic_tls_early_data_enabled) *real =
		REAL(lib, SSL_set_quic_tls_early_data_enabled);
	struct state_ssl *state;
	int rv;

	if (!real)
		return 0;
	if (!is_gated_connection(lib, ssl))
		return real(ssl, enabled);
	state = gate_adopt(lib, ssl) == 0 ? state_make_ssl(lib, ssl) : NULL;
	if (!state)
		return 0;
	rv = real(ssl, enabled);
	if (rv == 1) {
		lib->early_data = lib->early_data || enabled;
		state->early = enabled ? EARLY_WANTED : EARLY_NONE;
	}
	return rv;
}

/* Without a name it is what a QUIC connection is judged by. */
int on_set1_initial_peer_addr(SSL *ssl, const BIO_ADDR *peer)
{
	struct openssl *lib = openssl_of(ssl);
	__typeof__(SSL_set1_initial_peer_addr) *real = REAL(lib, SSL_set1_initial_peer_addr);
	struct state_ssl *state;
	size_t size;

	if (!real)
		return 0;
	if (!is_gated_connection(lib, ssl))
		return real(ssl, peer);
	state = state_make_ssl(lib, ssl);
	if (!state)
		return 0;
	state->peer.family = AF_UNSPEC;
	if (peer && lib->BIO_ADDR_rawaddress(peer, NULL, &size) == 1 &&
	    size <= sizeof(state->peer.bytes) &&
	    lib->BIO_ADDR_rawaddress(peer, state->peer.bytes, &size) == 1) {
		state->peer.family = (sa_family_t)lib->BIO_ADDR_family(peer);
		state->peer.port = lib->BIO_ADDR_rawport(peer);
	}
	return real(ssl, peer);
}

const char *on_verify_cert_error_string(long code)
{
	struct openssl *lib = openssl_any();
	__typeof__(X509_verify_cert_error_string) *real = REAL(lib, X509_verify_cert_error_string);
	const char *cause = event_last_cause();

	if (code == X509_V_ERR_APPLICATION_VERIFICATION && cause)
		return cause;
	return real ? real(code) : "";
}

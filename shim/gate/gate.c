/* SPDX-License-Identifier: MIT */
/*
 * The callbacks that libssl calls, and how they refuse. They run in the middle
 * of a handshake: nothing here may change the session (use after free), keep a
 * trace in errno or the error queue when it lets pass, or let pass by accident.
 */
#include "gate/gate.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "gate/ct.h"
#include "gate/judge.h"
#include "gate/lacking.h"
#include "gate/security.h"
#include "gate/state.h"
#include "process/store.h"

/*
 * The verify mode under which a refusal aborts a program that verifies nothing.
 * It is set before a certificate comes, since libssl skips the callback when
 * memory runs out, and taken back when the gate is reached. A bit that OpenSSL
 * does not know marks it as ours, so that what the program has set is never undone.
 */
#define MODE_ESCALATED (SSL_VERIFY_PEER | 0x40000000)

/* ERR_R_MALLOC_FAILURE, whichever headers this is compiled with. */
#define NO_MEMORY	(256 | 0x1 << 18 | 0x2 << 18)
#define NO_MEMORY_1_1_1 65

/* SSL_want() while a verification waits, 3.0 and later. */
#define WANT_RETRY_VERIFY 8

/*
 * SSL_ech_get1_status() of an ECH that the server rejected, 4.0 and later: without
 * keys for another try, or with them and a certificate that is good or bad.
 */
#define ECH_STATUS_FAILED	       0
#define ECH_STATUS_FAILED_ECH	       (-105)
#define ECH_STATUS_FAILED_ECH_BAD_NAME (-106)

#define NOT_READ "out of memory while a changed policy was read"

/* What comes into force now may find that no file can be opened when it is needed. */
static int refresh(struct openssl *lib)
{
	int rv = store_refresh();

	ct_prepare(lib);
	return rv;
}

/*
 * Keeps the SNI of the ClientHello that is being made. Afterwards the program
 * may set another, and after a TLS 1.2 resumption SSL_get_servername() answers
 * with the session's. Called once a cipher suite, and outside handshakes too.
 */
static bool record_name(struct openssl *lib, SSL *ssl, struct state_ssl *state)
{
	const char *sni = lib->SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	if (!sni)
		sni = "";
	if (state->recorded && !strcmp(state->sni, sni))
		return true;
	if (strlen(sni) > SNI_MOST)
		return false;
	strcpy(state->sni, sni);
	state->recorded = true;
	return true;
}

/* From setting a session to the ClientHello of the same handshake. */
#define LOOK_MS 100

/*
 * Puts changed policies in force as a handshake of SSL begins. A program sets a
 * session, starts, and libssl makes a ClientHello in several passes: that is one
 * handshake, and one look. STATE may be NULL. -1: no memory; then the completion
 * gate looks again.
 */
static int look(struct openssl *lib, struct state_ssl *state)
{
	struct timespec clock = { 0 };
	int64_t now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &clock);
	now = (int64_t)clock.tv_sec * 1000 + clock.tv_nsec / 1000000;
	if (state && state->looked && now - state->looked < LOOK_MS)
		return 0;
	if (refresh(lib) < 0)
		return -1;
	if (state)
		state->looked = now;
	return 0;
}

/*
 * Whether the server did not take up the encrypted ClientHello (ECH, 4.0). It then
 * speaks for the name on the outside, and libssl ends the handshake when that is
 * authenticated, so that the program can try again (RFC 9849 section 6.1.6).
 */
static bool is_inner_name_rejected(struct openssl *lib, SSL *ssl)
{
	char *inner = NULL, *outer = NULL;
	bool named, rejected;

	if (!lib->SSL_ech_get1_status)
		return false;
	lib->ERR_set_mark();
	switch (lib->SSL_ech_get1_status(ssl, &inner, &outer)) {
	case ECH_STATUS_FAILED:
	case ECH_STATUS_FAILED_ECH:
	case ECH_STATUS_FAILED_ECH_BAD_NAME:
		rejected = true;
		break;
	default:
		rejected = false;
	}
	lib->ERR_pop_to_mark();
	/* A want of memory is a failure, too, and lacks a name. */
	named = inner && outer;
	lib->CRYPTO_free(inner, __FILE__, __LINE__);
	lib->CRYPTO_free(outer, __FILE__, __LINE__);
	return named && rejected;
}

/* Fills in the name that was sent, if any. */
static void take_sent_name(struct judge_case *c)
{
	const struct state_ssl *state = state_of_ssl(c->lib, c->ssl);

	c->name_lost = !state || !state->recorded;
	c->names.sent = state ? state->sni : NULL;
	if (c->lib->SSL_session_reused(c->ssl))
		return;
	/* A full handshake's is judged besides, should the program have set another since. */
	c->names.now = c->lib->SSL_get_servername(c->ssl, TLSEXT_NAMETYPE_host_name);
	if (is_inner_name_rejected(c->lib, c->ssl) && c->names.now) {
		c->names.sent = c->names.now;
		c->names.sent_is_all = true;
	}
}

static void raise_error(struct openssl *lib, int reason, int reason_1_1_1)
{
	if (lib->ERR_new && lib->ERR_set_debug && lib->ERR_set_error) {
		lib->ERR_new();
		lib->ERR_set_debug(__FILE__, __LINE__, __func__);
		lib->ERR_set_error(ERR_LIB_SSL, reason, NULL);
	} else if (lib->ERR_put_error) {
		lib->ERR_put_error(ERR_LIB_SSL, 0, reason_1_1_1, __FILE__, __LINE__);
	}
}

void gate_raise(struct openssl *lib, SSL *ssl)
{
	lib->SSL_set_verify_result(ssl, X509_V_ERR_APPLICATION_VERIFICATION);
	raise_error(lib, SSL_R_CERTIFICATE_VERIFY_FAILED, SSL_R_CERTIFICATE_VERIFY_FAILED);
}

void gate_raise_no_memory(struct openssl *lib)
{
	raise_error(lib, NO_MEMORY, NO_MEMORY_1_1_1);
}

/* Where the program's cert_verify_callback is kept, in which it may set names; NULL: it has none.
 */
static const struct state_ctx *own_verification(struct openssl *lib, const SSL *ssl)
{
	const struct state_ctx *state = state_of_ctx(lib, lib->SSL_get_SSL_CTX(ssl));

	return state && state->verify ? state : NULL;
}

/* The program's own verification: it always runs, and always counts. */
static int program_verify(struct openssl *lib, SSL *ssl, X509_STORE_CTX *ctx)
{
	const struct state_ctx *state = own_verification(lib, ssl);
	int ok;

	if (state)
		return state->verify(ctx, state->verify_arg);
	ok = lib->X509_verify_cert(ctx);
	return ok < 0 ? 0 : ok;
}

static void escalate(struct openssl *lib, SSL *ssl)
{
	if (lib->SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE)
		lib->SSL_set_verify(ssl, MODE_ESCALATED, lib->SSL_get_verify_callback(ssl));
}

static void de_escalate(struct openssl *lib, SSL *ssl)
{
	if (lib->SSL_get_verify_mode(ssl) == MODE_ESCALATED)
		lib->SSL_set_verify(ssl, SSL_VERIFY_NONE, lib->SSL_get_verify_callback(ssl));
}

int gate_verify_mode(int mode)
{
	return mode == MODE_ESCALATED ? SSL_VERIFY_NONE : mode;
}

static int refuse_certificate(struct openssl *lib, SSL *ssl, X509_STORE_CTX *ctx)
{
	lib->X509_STORE_CTX_set_error(ctx, X509_V_ERR_APPLICATION_VERIFICATION);
	escalate(lib, ssl);
	return 0;
}

/*
 * Whether the key may come from a callback of the program's, whatever libssl
 * says of resumption (EAP-FAST, RFC 4851 section 3.2.2, below TLS 1.3).
 */
static bool key_is_foreign(struct openssl *lib, SSL *ssl)
{
	const struct state_ssl *state = state_of_ssl(lib, ssl);

	return state && state->secret_cb && lib->SSL_version(ssl) != TLS1_3_VERSION;
}

static bool certificate_is_good(struct judge_case *c)
{
	const int before = errno;
	SSL_SESSION *session = c->lib->SSL_get_session(c->ssl);
	uintptr_t token = 0;
	enum verdict verdict;

	c->told = key_is_foreign(c->lib, c->ssl);
	c->key_before = session && c->lib->SSL_SESSION_get_master_key(session, NULL, 0) > 0;
	verdict = judge(c, true, &token);
	/* Also 0: a session may be one that an earlier policy accepted. */
	if (session)
		state_set_verdict(c->lib, session, token);
	errno = before;
	return verdict != VERDICT_REFUSED;
}

/* Whether code of the program's ran in the verification, which could put other names in its place.
 */
static bool may_change_names(struct openssl *lib, const struct judge_case *c)
{
	return own_verification(lib, c->ssl) || lib->SSL_get_verify_callback(c->ssl) ||
	       (c->program_store && lib->X509_STORE_get_verify_cb(c->program_store));
}

/* QUIC is asked nothing that takes its lock, which this thread holds; then it is judged early. */
static bool wants_retry(struct openssl *lib, SSL *ssl)
{
	return !(lib->SSL_is_quic && lib->SSL_is_quic(ssl)) &&
	       lib->SSL_want(ssl) == WANT_RETRY_VERIFY;
}

static int verify_and_judge(struct judge_case *c, X509_STORE_CTX *ctx)
{
	struct openssl *lib = c->lib;
	int ok;

	lib->ERR_set_mark();
	ok = program_verify(lib, c->ssl, ctx);
	/* Not yet decided: libssl will call again (SSL_set_retry_verify(), 3.0). */
	if (ok > 0 && wants_retry(lib, c->ssl)) {
		lib->ERR_clear_last_mark();
		return ok;
	}
	c->failing = ok <= 0 && lib->SSL_get_verify_mode(c->ssl) != SSL_VERIFY_NONE;
	take_sent_name(c);
	c->names.param = lib->X509_STORE_CTX_get0_param(ctx);
	c->names.param_is_own = may_change_names(lib, c);
	if (ok > 0)
		c->verified = lib->X509_STORE_CTX_get0_chain(ctx);
	if (!certificate_is_good(c)) {
		/* Programs look at the first error: it shall be libssl's "verify failed". */
		lib->ERR_pop_to_mark();
		return refuse_certificate(lib, c->ssl, ctx);
	}
	lib->ERR_clear_last_mark();
	return ok;
}

static int certificate_gate(X509_STORE_CTX *ctx, void *arg)
{
	struct openssl *lib = arg;
	SSL *ssl = state_ssl_of_store_ctx(lib, ctx);
	/* Taken before the program's callback, which may change the context. */
	struct judge_case c = {
		.lib = lib,
		.ssl = ssl,
		.leaf = lib->X509_STORE_CTX_get0_cert(ctx),
		.served = lib->X509_STORE_CTX_get0_untrusted(ctx),
		.program_store = lib->X509_STORE_CTX_get0_store(ctx),
	};
	int ok;

	if (!ssl)
		return 0;
	if (lib->SSL_is_server(ssl))
		return program_verify(lib, ssl, ctx);
	/* A program that trusts nobody need not have a store. */
	if (c.program_store && !lib->X509_STORE_up_ref(c.program_store))
		return refuse_certificate(lib, ssl, ctx);
	de_escalate(lib, ssl);
	if (!c.leaf && lib->X509_STORE_CTX_get0_rpk)
		c.raw_key = lib->X509_STORE_CTX_get0_rpk(ctx);

	ok = verify_and_judge(&c, ctx);
	lib->X509_STORE_free(c.program_store);
	return ok;
}

/* Whether CIPHER is one with which libssl is bound to ask for a certificate. */
static bool brings_certificate(struct openssl *lib, const SSL_CIPHER *cipher)
{
	switch (lib->SSL_CIPHER_get_auth_nid(cipher)) {
	case NID_auth_any: /* TLS 1.3 */
	case NID_auth_rsa:
	case NID_auth_ecdsa:
	case NID_auth_dss:
	case NID_auth_gost01:
	case NID_auth_gost12:
		return true;
	}
	return false;
}

static bool completion_is_good(struct openssl *lib, SSL *ssl, const SSL_CIPHER *cipher)
{
	bool foreign = key_is_foreign(lib, ssl), resumed = lib->SSL_session_reused(ssl);
	struct judge_case c = { .lib = lib, .ssl = ssl };
	struct state_ssl *state = state_of_ssl(lib, ssl);
	bool looked = state && state->looked;

	if (state)
		state->looked = 0;
	de_escalate(lib, ssl);
	if (!looked && refresh(lib) < 0) {
		take_sent_name(&c);
		c.failure = NOT_READ;
		return judge(&c, true, NULL) != VERDICT_REFUSED;
	}
	if (!foreign && !resumed && brings_certificate(lib, cipher)) {
		if (lib->SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE)
			return true;
		take_sent_name(&c);
		if (judge_is_wanted(&c))
			escalate(lib, ssl);
		return true;
	}
	take_sent_name(&c);
	if (!foreign && resumed)
		c.session = lib->SSL_get_session(ssl);
	return judge(&c, true, NULL) != VERDICT_REFUSED;
}

int gate_completion(struct openssl *lib, SSL *ssl, const SSL_CIPHER *cipher)
{
	const int before = errno;
	int ok = 0;

	if (completion_is_good(lib, ssl, cipher))
		ok = 1;
	else
		gate_raise(lib, ssl);
	errno = before;
	return ok;
}

/*
 * The name that will be sent. Where there is none, libssl answers with that of
 * the session that SSL has, if it is older than TLS 1.3.
 */
static const char *name_to_send(struct openssl *lib, SSL *ssl)
{
	const char *name = lib->SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	SSL_SESSION *session = lib->SSL_get_session(ssl);

	return session && name == lib->SSL_SESSION_get0_hostname(session) ? NULL : name;
}

/* Of a SESSION that SSL would offer. */
static struct judge_case case_of_session(struct openssl *lib, SSL *ssl, SSL_SESSION *session)
{
	return (struct judge_case){
		.lib = lib,
		.ssl = ssl,
		.names.sent = name_to_send(lib, ssl),
		.session = session,
	};
}

/* As exact as libssl's: time(2) may still be at the second before a session was made. */
static long seconds_now(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	return (long)now.tv_sec;
}

/* Whether libssl will drop the session's ticket for its age, which it counts in 32 bits of ms. */
static bool is_too_old(struct openssl *lib, const SSL_SESSION *session)
{
	const long margin = 2, age = seconds_now() - lib->SSL_SESSION_get_time(session);
	const unsigned long most = UINT32_MAX / 1000;
	const unsigned long hint = lib->SSL_SESSION_get_ticket_lifetime_hint(session);

	return age < 0 || (unsigned long)(age + margin) > (hint < most ? hint : most);
}

/*
 * Whether it is SESSION that early data goes out under. Without it libssl takes
 * an external PSK, or sends the data under a key of zeros (tls_construct_ctos_psk()).
 */
static bool carries_early_data(struct openssl *lib, SSL_SESSION *session)
{
	return lib->SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION &&
	       lib->SSL_SESSION_has_ticket(session) &&
	       lib->SSL_SESSION_get_max_early_data(session) && !is_too_old(lib, session);
}

/*
 * Early data leaves right behind the ClientHello (RFC 8446 section 2.3), under
 * the session that SSL has by now or, where that takes none, under an external
 * PSK: that is what has to be good, for the name that is sent now.
 */
static bool early_data_is_good(struct openssl *lib, SSL *ssl, bool looked)
{
	struct state_ssl *state = state_of_ssl(lib, ssl);
	const int before = errno;
	SSL_SESSION *session;
	struct judge_case c;
	bool good;

	if (!state || state->early == EARLY_NONE)
		return true;
	if (state->early == EARLY_REFUSED)
		return false;
	session = lib->SSL_get_session(ssl);
	c = case_of_session(lib, ssl, session);
	if (session && !carries_early_data(lib, session))
		c.session = NULL;
	c.early = true;
	if (!looked)
		c.failure = NOT_READ;
	/* What is good is told when the handshake is judged. */
	good = judge(&c, false, NULL) != VERDICT_REFUSED;
	if (!good) {
		judge(&c, true, NULL);
		state->early = EARLY_REFUSED;
		gate_raise(lib, ssl);
	}
	errno = before;
	return good;
}

bool gate_hello(struct openssl *lib, SSL *ssl)
{
	const int before = errno;
	/* The one try: a second would leave the error of the first behind. */
	struct state_ssl *state = state_make_ssl(lib, ssl);
	bool looked;

	looked = look(lib, state) == 0;
	errno = before;
	if (state && record_name(lib, ssl, state))
		return !lib->early_data || early_data_is_good(lib, ssl, looked);
	lacking_tell(lib, ssl, "memory");
	gate_raise(lib, ssl);
	errno = before;
	return false;
}

int gate_install(struct openssl *lib, SSL_CTX *ctx)
{
	openssl_security_cb *present = lib->SSL_CTX_get_security_callback(ctx);

	if (security_is_ours(lib, present))
		return 0;
	if (!state_make_ctx(lib, ctx))
		return -1;
	lib->SSL_CTX_set_cert_verify_callback(ctx, certificate_gate, lib);
	lib->SSL_CTX_set_security_callback(ctx, security_before(lib, present));
	return 0;
}

int gate_adopt(struct openssl *lib, SSL *ssl)
{
	openssl_security_cb *present = lib->SSL_get_security_callback(ssl);

	if (gate_install(lib, lib->SSL_get_SSL_CTX(ssl)) < 0)
		return -1;
	if (!security_is_ours(lib, present))
		lib->SSL_set_security_callback(ssl, security_before(lib, present));
	return 0;
}

bool gate_session_is_good(struct openssl *lib, SSL *ssl, SSL_SESSION *session)
{
	struct judge_case c = case_of_session(lib, ssl, session);
	struct state_ssl *state = state_of_ssl(lib, ssl);

	/* The handshake may yet come about without, and an error left behind would end it. */
	if (!state) {
		lib->ERR_set_mark();
		state = state_make_ssl(lib, ssl);
		lib->ERR_pop_to_mark();
	}
	return look(lib, state) == 0 && judge(&c, false, NULL) != VERDICT_REFUSED;
}

/* SPDX-License-Identifier: MIT */
/*
 * Calls every function that is interposed, with objects in all sorts of states,
 * and says what each call left behind: errno, the whole error queue and the
 * marks in it, the loader's last error, the next descriptor, and at last threads
 * and signals. trace PKI CERTIFICATE NAME prints the same in every run in which
 * nothing is refused. It must never know of the shim.
 */
#include "ends.h"
#include "process.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define ERRNO 77 /* EREMCHG: nobody's */

/* --- before and after a call */

/* Of three libraries in turn. */
static void make_error(int n)
{
	EVP_CIPHER_INFO cipher;
	char text[] = "nonsense";

	if (n % 3 == 0)
		BIO_new_mem_buf(NULL, 0);
	else if (n % 3 == 1)
		OBJ_txt2obj(text, 0);
	else
		PEM_get_EVP_CIPHER_INFO(text, &cipher);
}

/* N errors, each with a mark of its own. */
static void before(int n)
{
	ERR_clear_error();
	for (int i = 0; i < n; i++) {
		make_error(i);
		ERR_set_mark();
	}
	if (dlopen("/nonexistent/plugin.so", RTLD_NOW))
		broken("dlopen");
	errno = ERRNO;
}

/* Without the number of the thread in front of it. */
static int print_error_line(const char *line, size_t len, void *prefix)
{
	(void)len;
	line = strchr(line, ':');
	printf("    %s%s", (const char *)prefix, line ? line : "\n");
	return 1;
}

static void after(const char *call, long result, int error)
{
	unsigned long last;
	const char *loader;
	int next;

	printf("%s = %ld, errno %d\n", call, result, error);
	/* From mark to mark, and then the rest. */
	for (int i = 0; i < 5; i++) {
		last = ERR_peek_last_error();
		printf("    last %lx, mark %d\n", last, ERR_pop_to_mark());
	}
	loader = dlerror();
	printf("    dlerror %s\n", loader ? loader : "none");
	next = dup(STDOUT_FILENO);
	printf("    next descriptor %d\n", next);
	close(next);
}

/* The call twice over: with few errors, and with a queue that has room for one more. */
#define TRY(call)                                                   \
	do {                                                        \
		long result;                                        \
		int error;                                          \
                                                                    \
		before(4);                                          \
		result = (long)(call);                              \
		error = errno;                                      \
		after(#call, result, error);                        \
		before(14);                                         \
		(void)(call);                                       \
		ERR_print_errors_cb(print_error_line, (void *)"-"); \
	} while (0)

/* --- one object after the other */

static int yes(X509_STORE_CTX *store, void *arg)
{
	(void)store, (void)arg;
	return 1;
}

typedef int security(const SSL *, const SSL_CTX *, int, int, int, void *, void *);

static security *standard;

static int own_security(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
			void *ex)
{
	return standard(ssl, ctx, op, bits, nid, other, ex);
}

static int no_secret(SSL *ssl, void *secret, int *len, STACK_OF(SSL_CIPHER) * peer_ciphers,
		     const SSL_CIPHER **cipher, void *arg)
{
	(void)ssl, (void)secret, (void)len, (void)peer_ciphers, (void)cipher, (void)arg;
	return 0;
}

#if OPENSSL_VERSION_NUMBER >= 0x30000000L

#include <openssl/provider.h>

/* Whatever is made by a library that knows no algorithms fails. */
static void contexts_by_name(void)
{
	OSSL_LIB_CTX *empty = OSSL_LIB_CTX_new();

	if (!OSSL_PROVIDER_load(empty, "null"))
		broken("the null provider");
	TRY(SSL_CTX_new_ex(NULL, NULL, TLS_client_method()) != NULL);
	TRY(SSL_CTX_new_ex(NULL, NULL, NULL) != NULL);
	TRY(SSL_CTX_new_ex(empty, NULL, TLS_client_method()) != NULL);
	TRY(SSL_CTX_new_ex(NULL, "nobody=has", TLS_client_method()) != NULL);
}

#else

static void contexts_by_name(void)
{
}

#endif

static void contexts(void)
{
	SSL_CTX *ctx;

	TRY((ctx = SSL_CTX_new(TLS_client_method())) != NULL);
	TRY(SSL_CTX_new(NULL) != NULL);
	TRY(SSL_CTX_new(TLS_client_method()) != NULL);
	TRY(SSL_CTX_new(TLS_server_method()) != NULL);
	TRY(SSL_CTX_new(DTLS_method()) != NULL);
	contexts_by_name();
	standard = SSL_CTX_get_security_callback(ctx);
	TRY(SSL_CTX_get_security_callback(ctx) == standard);
	TRY((SSL_CTX_set_security_callback(ctx, own_security), 0));
	TRY(SSL_CTX_get_security_callback(ctx) == own_security);
	TRY((SSL_CTX_set_security_callback(ctx, NULL), 0));
	TRY(SSL_CTX_get_security_callback(ctx) == NULL);
	TRY((SSL_CTX_set_security_callback(ctx, standard), 0));
	TRY(SSL_CTX_get_security_callback(ctx) == standard);
	TRY((SSL_CTX_set_cert_verify_callback(ctx, yes, NULL), 0));
	TRY((SSL_CTX_set_cert_verify_callback(ctx, NULL, NULL), 0));
	SSL_CTX_free(ctx);
}

/* What can be asked of an SSL and set on it, whatever its state. */
static void settings(SSL *ssl)
{
	security *present = SSL_get_security_callback(ssl);

	TRY(SSL_get_security_callback(ssl) == standard);
	TRY((SSL_set_security_callback(ssl, own_security), 0));
	TRY(SSL_get_security_callback(ssl) == own_security);
	TRY((SSL_set_security_callback(ssl, NULL), 0));
	TRY(SSL_get_security_callback(ssl) == NULL);
	TRY((SSL_set_security_callback(ssl, present), 0));
	TRY(SSL_get_verify_mode(ssl));
	TRY(SSL_set_session_secret_cb(ssl, no_secret, NULL));
	TRY(SSL_set_session_secret_cb(ssl, NULL, NULL));
}

static void sessions(SSL *ssl, SSL_SESSION *session)
{
	SSL_SESSION *empty = SSL_SESSION_new(), *twin = SSL_SESSION_dup(session);

	TRY(SSL_set_session(ssl, NULL));
	TRY(SSL_set_session(ssl, empty));
	TRY(SSL_set_session(ssl, session));
	TRY(SSL_get_session(ssl) == session);
	TRY(SSL_set_session(ssl, twin));
	TRY(SSL_get_session(ssl) == twin);
	TRY(SSL_set_session(ssl, NULL));
	TRY(SSL_get_session(ssl) == NULL);
	SSL_SESSION_free(empty);
	SSL_SESSION_free(twin);
}

static size_t written;

/* What QUIC brought is there for other connections, too. */
#if OPENSSL_VERSION_NUMBER >= 0x30500000L

static void settings_of_quic(SSL *ssl)
{
	TRY(SSL_set_quic_tls_early_data_enabled(ssl, 1));
	TRY(SSL_set_quic_tls_early_data_enabled(ssl, 0));
	TRY(SSL_set1_initial_peer_addr(ssl, NULL));
}

#elif OPENSSL_VERSION_NUMBER >= 0x30200000L

static void settings_of_quic(SSL *ssl)
{
	TRY(SSL_set1_initial_peer_addr(ssl, NULL));
}

#else

static void settings_of_quic(SSL *ssl)
{
	(void)ssl;
}

#endif

/* Neither a side nor anything to speak through. */
static void lonely(SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);

	settings(ssl);
	settings_of_quic(ssl);
	TRY(SSL_do_handshake(ssl));
	TRY(SSL_write_early_data(ssl, SECRET, 1, &written));
	TRY(SSL_connect(ssl));
	TRY(SSL_do_handshake(ssl));
	SSL_free(ssl);
}

/* An SSL that waits to be asked is none that asks. */
static void accepting(SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends))
		broken("socketpair");
	SSL_set_fd(ssl, ends[0]);
	SSL_set_accept_state(ssl);
	settings(ssl);
	TRY(SSL_write_early_data(ssl, SECRET, 1, &written));
	TRY(SSL_do_handshake(ssl));
	TRY(SSL_connect(ssl));
	SSL_free(ssl);
	close(ends[0]);
	close(ends[1]);
}

static SSL_SESSION *connection(SSL_CTX *ctx, SSL_CTX *to, SSL_SESSION *session)
{
	SSL *ssl = meet(ctx, to, name);

	settings(ssl);
	if (session)
		sessions(ssl, session);
	TRY(SSL_set_session(ssl, session));
	/* Without early data in it, if at all. */
	TRY(SSL_write_early_data(ssl, SECRET, 1, &written));
	TRY(SSL_connect(ssl));
	TRY(SSL_do_handshake(ssl));
	TRY(SSL_write_early_data(ssl, SECRET, 1, &written));
	settings(ssl);
	printf("talk = %d\n", talk(ssl));
	printf("resumed = %d\n", SSL_session_reused(ssl));
	settings(ssl);
	TRY(SSL_connect(ssl));
	TRY(SSL_do_handshake(ssl));
	TRY(SSL_write_early_data(ssl, SECRET, 1, &written));
	session = SSL_get1_session(ssl);
	sessions(ssl, session);
	hang_up(ssl);
	TRY(SSL_connect(ssl));
	TRY(SSL_do_handshake(ssl));
	SSL_free(ssl);
	return session;
}

/* --- whole handshakes, call by call */

static int by_write(SSL *ssl)
{
	return SSL_write(ssl, SECRET, sizeof(SECRET) - 1);
}

static int by_read(SSL *ssl)
{
	char answer[sizeof(ANSWER)];

	return SSL_read(ssl, answer, sizeof(answer));
}

static const struct {
	const char *name;
	int (*drive)(SSL *ssl);
} drivers[] = {
	{ "SSL_connect", SSL_connect },
	{ "SSL_do_handshake", SSL_do_handshake },
	{ "SSL_write", by_write },
	{ "SSL_read", by_read },
};

/* Until there is nothing left for either end to say. */
static void drive(SSL *ssl, size_t driver)
{
	int result, error;

	SSL_set_connect_state(ssl);
	for (int i = 0; i < 4; i++) {
		before(4);
		result = drivers[driver].drive(ssl);
		error = errno;
		after(drivers[driver].name, result, error);
		printf("    verify result %ld, mode %d, reused %d\n", SSL_get_verify_result(ssl),
		       SSL_get_verify_mode(ssl), SSL_session_reused(ssl));
		serve();
	}
}

static void handshakes(SSL_CTX *ctx, SSL_CTX *to)
{
	SSL_SESSION *session;
	SSL *ssl;

	for (size_t i = 0; i < sizeof(drivers) / sizeof(*drivers); i++) {
		ssl = meet(ctx, to, name);
		drive(ssl, i);
		session = SSL_get1_session(ssl);
		hang_up(ssl);
		SSL_free(ssl);
		ssl = meet(ctx, to, name);
		SSL_set_session(ssl, session);
		drive(ssl, i);
		hang_up(ssl);
		SSL_free(ssl);
		SSL_SESSION_free(session);
	}
}

/* --- names */

static void names(void)
{
	const struct addrinfo literal = { .ai_flags = AI_NUMERICHOST };
	struct addrinfo *list;
	struct hostent host, *found;
	char buffer[1024];
	int failure;

	TRY(getaddrinfo("localhost", NULL, NULL, &list));
	TRY(getaddrinfo("localhost", "no such service", NULL, &list));
	TRY(getaddrinfo("127.0.0.1", "443", &literal, &list));
	TRY(getaddrinfo("nonsense", NULL, &literal, &list));
	TRY(getaddrinfo(NULL, NULL, NULL, &list));
	TRY(gethostbyname("localhost") != NULL);
	TRY(gethostbyname("127.0.0.1") != NULL);
	TRY(gethostbyname2("localhost", AF_INET) != NULL);
	TRY(gethostbyname2("127.0.0.1", AF_INET) != NULL);
	TRY(gethostbyname2("localhost", AF_UNIX) != NULL);
	TRY(gethostbyname_r("localhost", &host, buffer, sizeof(buffer), &found, &failure));
	TRY(gethostbyname_r("localhost", &host, buffer, 1, &found, &failure));
	TRY(gethostbyname2_r("localhost", AF_INET, &host, buffer, sizeof(buffer), &found,
			     &failure));
	TRY(gethostbyname2_r("localhost", AF_INET, &host, buffer, 1, &found, &failure));
}

/* --- the dynamic loader */

/* A sanitizer's runtime ends programs that ask for it. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DEEPBIND 0
#else
#define DEEPBIND RTLD_DEEPBIND
#endif

/* A successful call leaves the error of the one before. */
static void loader(void)
{
	void *all = dlopen(NULL, RTLD_NOW), *one;
	Dl_info info;

	if (!all || !dladdr(TLS_client_method(), &info))
		broken("dlopen");
	one = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
	TRY(dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD) == one);
	TRY(dlopen(info.dli_fname, RTLD_NOW | DEEPBIND) == one);
	TRY(dlopen("/nonexistent/another.so", RTLD_NOW) != NULL);
	TRY(dlmopen(LM_ID_BASE, info.dli_fname, RTLD_NOW) == one);
	TRY(dlmopen(LM_ID_BASE, "/nonexistent/another.so", RTLD_NOW) != NULL);
	TRY(dlsym(all, "SSL_connect") != NULL);
	TRY(dlsym(one, "SSL_connect") != NULL);
	TRY(dlsym(one, "SSL_free") == dlsym(all, "SSL_free"));
	TRY(dlsym(one, "nonsense") != NULL);
	TRY(dlsym(RTLD_DEFAULT, "SSL_connect") != NULL);
	TRY(dlsym(RTLD_DEFAULT, "nonsense") != NULL);
	TRY(dlsym(RTLD_NEXT, "SSL_free") != NULL);
	TRY(dlsym(RTLD_NEXT, "nonsense") != NULL);
	TRY(dlvsym(one, "nonsense", "VERSION") != NULL);
	TRY(dlvsym(one, "SSL_connect", "VERSION") != NULL);
	TRY(dlvsym(RTLD_DEFAULT, "nonsense", "VERSION") != NULL);
}

/* --- QUIC */

#if OPENSSL_VERSION_NUMBER >= 0x30500000L && !defined(OPENSSL_NO_QUIC)
#include <openssl/quic.h>

static void quic(void)
{
	const in_addr_t loopback = htonl(INADDR_LOOPBACK);
	SSL_CTX *ctx = SSL_CTX_new(OSSL_QUIC_client_method()), *tls = SSL_CTX_new(TLS_method());
	SSL *ssl = SSL_new(ctx), *other = SSL_new(tls);
	BIO_ADDR *peer = BIO_ADDR_new();

	TRY(SSL_set1_initial_peer_addr(ssl, peer));
	BIO_ADDR_rawmake(peer, AF_INET, &loopback, sizeof(loopback), htons(443));
	TRY(SSL_set1_initial_peer_addr(ssl, peer));
	TRY(SSL_set1_initial_peer_addr(ssl, NULL));
	TRY(SSL_set1_initial_peer_addr(other, peer));
	TRY(SSL_set_quic_tls_early_data_enabled(ssl, 1));
	TRY(SSL_set_quic_tls_early_data_enabled(other, 1));
	TRY(SSL_set_quic_tls_early_data_enabled(other, 0));
	BIO_ADDR_free(peer);
	SSL_free(ssl);
	SSL_free(other);
	SSL_CTX_free(ctx);
	SSL_CTX_free(tls);
}
#else
static void quic(void)
{
}
#endif

/* --- texts */

static void texts(void)
{
	for (long code = -1; code <= 101; code++) {
		const char *text;

		before(4);
		text = X509_verify_cert_error_string(code);
		after(text, code, errno);
	}
}

/* Everything, with contexts whose protocol ends at MOST. */
static void all(const SSL_METHOD *method, int most, int mode)
{
	SSL_CTX *ctx = SSL_CTX_new(method), *to = SSL_CTX_new(TLS_server_method());

	trust(ctx);
	SSL_CTX_set_verify(ctx, mode, NULL);
	SSL_CTX_set_max_proto_version(ctx, most);
	identify(to, certificate);
	lonely(ctx);
	accepting(ctx);
	SSL_SESSION_free(connection(ctx, to, connection(ctx, to, NULL)));
	handshakes(ctx, to);
	SSL_CTX_free(ctx);
	/* One that trusts nobody. */
	ctx = SSL_CTX_new(method);
	SSL_CTX_set_verify(ctx, mode, NULL);
	SSL_CTX_set_max_proto_version(ctx, most);
	handshakes(ctx, to);
	SSL_CTX_free(ctx);
	SSL_CTX_free(to);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fputs("usage: trace PKI CERTIFICATE NAME\n", stderr);
		return 2;
	}
	pki = argv[1];
	certificate = argv[2];
	name = argv[3];
	/* No context has been made yet. */
	texts();
	names();
	loader();
	contexts();
	all(TLS_client_method(), TLS1_3_VERSION, SSL_VERIFY_PEER);
	all(TLS_client_method(), TLS1_2_VERSION, SSL_VERIFY_NONE);
	all(TLS_method(), TLS1_3_VERSION, SSL_VERIFY_NONE);
	texts();
	names();
	loader();
	quic();
	ERR_clear_error();
	state_of_process();
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * One OpenSSL client with many ways to drive a handshake, as programs do it:
 * client SCENARIO PORT|/SOCKET [KEY=VALUE]... It prints one fact a line,
 * KEY=VALUE, so that a run with the shim can be compared with a run without.
 * Exits 0 when the server answered, 1 when OpenSSL failed, 2 when the test
 * itself is broken. It must never know of the shim.
 */
#include "process.h"
#include "psk.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE "ping\n"

static const char *scenario, *port;

/* The KEY=VALUE arguments; NULL or "" where one was not given. */
static struct {
	const char *sni;      /* the name sent */
	const char *named;    /* late: info (as the handshake starts), after (a session's there) */
	const char *sni2;     /* the name sent by the second connection; default: as the first */
	const char *port2;    /* the port of the second connection; default: as the first */
	const char *name;     /* the name that OpenSSL is to verify */
	const char *ca;	      /* trust anchors */
	const char *max;      /* 1.2 or 1.3 */
	const char *verify;   /* none, peer, callback (says yes), own-yes, own-no, own-reset */
	const char *security; /* none: level 0, own: a callback, ssl: on the SSL */
	const char *made;     /* ex: SSL_CTX_new_ex, any: not a client's method */
	const char *drive;    /* write: SSL_write alone drives the handshake */
	const char *resolve;  /* with which function the host is resolved; the last answer counts */
	const char *host;     /* names, with commas between them; default: no name at all */
	const char *host2;    /* what the second connection resolves; default: nothing more */
	const char *mmap;     /* fails: the first resolution gets no memory from mmap(2) */
	const char *via;      /* how a session travels, which cipher suites, whose callbacks */
} option;

static bool is(const char *value, const char *expected)
{
	return value && !strcmp(value, expected);
}

static void broken(const char *what)
{
	fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void fact(const char *key, const char *value)
{
	printf("%s=%s\n", key, value ? value : "none");
}

static void number(const char *key, long value)
{
	printf("%s=%ld\n", key, value);
}

/* A relay's socket: a connection without any address. */
static int dial_local(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		broken(path);
	return fd;
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static union address peer; /* where the connections go */

static void take_host(const struct hostent *host, const char *name, union address *out)
{
	if (!host || host->h_addrtype != AF_INET)
		broken(name);
	out->v4.sin_family = AF_INET;
	memcpy(&out->v4.sin_addr, host->h_addr_list[0], sizeof(out->v4.sin_addr));
}

/* IPv4 as IPv6 when FAMILY is AF_INET6. */
static void take_info(const char *name, int family, union address *out)
{
	const struct addrinfo hints = { .ai_family = family,
					.ai_flags = AI_V4MAPPED,
					.ai_socktype = SOCK_STREAM };
	struct addrinfo *list;

	if (getaddrinfo(name, NULL, &hints, &list))
		broken(name);
	memcpy(out, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
}

static void resolve_one(const char *name, union address *out)
{
	struct hostent host, *result = NULL;
	char buffer[4096];
	int error;

	if (is(option.resolve, "getaddrinfo"))
		take_info(name, AF_INET, out);
	else if (is(option.resolve, "mapped"))
		take_info(name, AF_INET6, out);
	else if (is(option.resolve, "gethostbyname"))
		take_host(gethostbyname(name), name, out);
	else if (is(option.resolve, "gethostbyname2"))
		take_host(gethostbyname2(name, AF_INET), name, out);
	else if (is(option.resolve, "gethostbyname_r"))
		gethostbyname_r(name, &host, buffer, sizeof(buffer), &result, &error);
	else if (is(option.resolve, "gethostbyname2_r"))
		gethostbyname2_r(name, AF_INET, &host, buffer, sizeof(buffer), &result, &error);
	else
		broken("resolve");
	if (strstr(option.resolve, "_r"))
		take_host(result, name, out);
}

static bool no_memory;

/* Stands in for libc's in all objects but libc itself. Sanitizers call it before they are ready. */
__attribute__((visibility("default"), no_sanitize("thread", "address", "undefined"))) void *
mmap(void *start, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (!no_memory)
		return (void *)syscall(SYS_mmap, start, size, protection, flags, fd, offset);
	errno = ENOMEM;
	return MAP_FAILED;
}

static void resolve(const char *names)
{
	char *copy = strdup(names), *rest = copy;

	for (char *name; (name = strsep(&rest, ","));)
		resolve_one(name, &peer);
	free(copy);
}

/* To ADDRESS, whose port is still to be set. */
static int dial_address(union address address, const char *to)
{
	int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.v4.sin_port = htons((uint16_t)atoi(to)); /* where sin6_port is, too */
	if (fd < 0 || connect(fd, &address.any, sizeof(address)))
		broken("connect");
	return fd;
}

static int dial(const char *to)
{
	return *to == '/' ? dial_local(to) : dial_address(peer, to);
}

static int verified; /* how often the program's own callbacks were called */

static int say_yes(int ok, X509_STORE_CTX *store)
{
	(void)ok;
	(void)store;
	verified++;
	return 1;
}

static int own_answer(X509_STORE_CTX *store, void *answer)
{
	verified++;
	if (!X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()))
		broken("no SSL in the callback");
	return *(int *)answer;
}

/* Allows what the level allows, and more: anonymous suites, short keys. */
static int allow_all(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
		     void *ex)
{
	(void)ssl, (void)ctx, (void)op, (void)bits, (void)nid, (void)other, (void)ex;
	return 1;
}

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
static SSL_CTX *new_context_ex(void)
{
	return SSL_CTX_new_ex(NULL, NULL, TLS_client_method());
}
#else
static SSL_CTX *new_context_ex(void)
{
	return SSL_CTX_new(TLS_client_method());
}
#endif

static SSL_CTX *new_context(void)
{
	if (is(option.made, "ex"))
		return new_context_ex();
	if (is(option.made, "any"))
		return SSL_CTX_new(TLS_method());
	return SSL_CTX_new(TLS_client_method());
}

static SSL_CTX *context(void)
{
	static int yes = 1, no;
	SSL_CTX *ctx = new_context();

	if (!ctx)
		broken("SSL_CTX_new");
	if (option.ca && *option.ca && SSL_CTX_load_verify_locations(ctx, option.ca, NULL) != 1)
		broken(option.ca);
	if (is(option.max, "1.2"))
		SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	if (is(option.verify, "callback"))
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, say_yes);
	else if (!is(option.verify, "none"))
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (is(option.verify, "own-yes"))
		SSL_CTX_set_cert_verify_callback(ctx, own_answer, &yes);
	if (is(option.verify, "own-no"))
		SSL_CTX_set_cert_verify_callback(ctx, own_answer, &no);
	if (is(option.verify, "own-reset")) {
		SSL_CTX_set_cert_verify_callback(ctx, own_answer, &no);
		SSL_CTX_set_cert_verify_callback(ctx, NULL, NULL);
	}
	if (is(option.security, "none"))
		SSL_CTX_set_security_level(ctx, 0);
	if (is(option.security, "own"))
		SSL_CTX_set_security_callback(ctx, allow_all);
	return ctx;
}

/* The names of a connection; SNI may be NULL. */
static void name(SSL *ssl, const char *sni)
{
	if (sni && *sni && SSL_set_tlsext_host_name(ssl, sni) != 1)
		broken("SSL_set_tlsext_host_name");
	if (option.name && SSL_set1_host(ssl, option.name) != 1)
		broken("SSL_set1_host");
}

static void name_at_start(const SSL *ssl, int where, int rc)
{
	(void)rc;
	if (where & SSL_CB_HANDSHAKE_START)
		name((SSL *)ssl, SSL_get_app_data(ssl));
}

static SSL *prepare(SSL_CTX *ctx, const char *to, const char *sni)
{
	SSL *ssl = SSL_new(ctx);

	if (!ssl || SSL_set_fd(ssl, dial(to)) != 1)
		broken("SSL_new");
	if (is(option.named, "info")) {
		SSL_set_app_data(ssl, (char *)sni);
		SSL_set_info_callback(ssl, name_at_start);
	} else {
		name(ssl, sni);
	}
	if (is(option.security, "ssl"))
		SSL_set_security_callback(ssl, allow_all);
	return ssl;
}

static SSL *first(SSL_CTX *ctx)
{
	return prepare(ctx, port, option.sni);
}

static const char *second_name(void)
{
	return option.sni2 ? option.sni2 : option.sni;
}

/* A second connection, with a session if there is one. */
static SSL *second(SSL_CTX *ctx, SSL_SESSION *session)
{
	bool after = is(option.named, "after");
	SSL *ssl;

	if (option.host2)
		resolve(option.host2);
	ssl = prepare(ctx, option.port2 ? option.port2 : port, after ? NULL : second_name());
	if (session)
		number("attached", SSL_set_session(ssl, session));
	if (after)
		name(ssl, second_name());
	return ssl;
}

static void hang_up(SSL *ssl)
{
	SSL_shutdown(ssl);
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
}

/* Says how OpenSSL failed; RC is what the failing call returned. */
static int failed(const SSL *ssl, int rc)
{
	unsigned long error = ERR_peek_error(), last = ERR_peek_last_error();
	long result = SSL_get_verify_result(ssl);

	fact("handshake", "failed");
	number("ssl_error", SSL_get_error(ssl, rc));
	fact("error", error ? ERR_reason_error_string(error) : NULL);
	fact("last error", last ? ERR_reason_error_string(last) : NULL);
	number("verify_result", result);
	fact("verify_text", X509_verify_cert_error_string(result));
	ERR_clear_error();
	return 1;
}

/* One line goes, one comes back. */
static int talk(SSL *ssl)
{
	char answer[64] = "";
	int rc = SSL_write(ssl, LINE, sizeof(LINE) - 1);

	if (rc <= 0)
		return failed(ssl, rc);
	rc = SSL_read(ssl, answer, sizeof(answer) - 1);
	if (rc <= 0)
		return failed(ssl, rc);
	answer[strcspn(answer, "\n")] = '\0';
	fact("handshake", "ok");
	number("reused", SSL_session_reused(ssl));
	fact("answer", answer);
	return 0;
}

static int connect_and_talk(SSL *ssl)
{
	int rc;

	if (is(option.drive, "write")) {
		SSL_set_connect_state(ssl);
		return talk(ssl);
	}
	rc = SSL_connect(ssl);
	return rc == 1 ? talk(ssl) : failed(ssl, rc);
}

static int by_connect(void)
{
	return connect_and_talk(first(context()));
}

static int by_write(void)
{
	SSL *ssl = first(context());

	option.drive = "write";
	return connect_and_talk(ssl);
}

static int by_do_handshake(void)
{
	SSL *ssl = first(context());
	int rc;

	SSL_set_connect_state(ssl);
	rc = SSL_do_handshake(ssl);
	return rc == 1 ? talk(ssl) : failed(ssl, rc);
}

/* Nonblocking, SSL_read alone drives the handshake. */
static int by_read(void)
{
	SSL *ssl = first(context());
	int fd = SSL_get_fd(ssl);
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char byte;
	int rc;

	SSL_set_connect_state(ssl);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (!SSL_is_init_finished(ssl)) {
		rc = SSL_read(ssl, &byte, 1);
		if (SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ)
			return failed(ssl, rc);
		if (!SSL_is_init_finished(ssl) && poll(&ready, 1, 10000) != 1)
			broken("poll");
	}
	fcntl(fd, F_SETFL, 0);
	return talk(ssl);
}

/* A BIO chain drives all, and no SSL_ function is called after the set-up. */
static int by_bio(void)
{
	BIO *bio = BIO_new_ssl_connect(context());
	char answer[64] = "", address[300];
	SSL *ssl = NULL;

	snprintf(address, sizeof(address), "%s:%s", option.host ? option.host : "127.0.0.1", port);
	BIO_set_conn_hostname(bio, address);
	BIO_get_ssl(bio, &ssl);
	name(ssl, option.sni);
	if (BIO_puts(bio, LINE) <= 0 || BIO_read(bio, answer, sizeof(answer) - 1) <= 0)
		return failed(ssl, -1);
	answer[strcspn(answer, "\n")] = '\0';
	fact("handshake", "ok");
	fact("answer", answer);
	return 0;
}

/* The session as it comes out of a file. */
static SSL_SESSION *through_der(SSL_SESSION *session)
{
	unsigned char *der = NULL;
	int len = i2d_SSL_SESSION(session, &der);
	const unsigned char *p = der;

	return d2i_SSL_SESSION(NULL, &p, len);
}

/*
 * Two connections, the second with the session of the first, which travels VIA
 * set (SSL_set_session), der, session-dup, copy (SSL_copy_session_id), dup
 * (SSL_dup) or clear (the same SSL again).
 */
static int resume(void)
{
	SSL_CTX *ctx = context();
	SSL *one = first(ctx), *two;
	SSL_SESSION *session;
	int rc = connect_and_talk(one);

	if (rc)
		return rc;
	session = SSL_get1_session(one);
	number("resumable", SSL_SESSION_is_resumable(session));
	if (is(option.via, "der"))
		session = through_der(session);
	if (is(option.via, "session-dup"))
		session = SSL_SESSION_dup(session);
	SSL_shutdown(one);
	if (is(option.via, "clear")) {
		close(SSL_get_fd(one));
		SSL_clear(one);
		SSL_set_fd(one, dial(option.port2 ? option.port2 : port));
		name(one, option.sni2);
		return connect_and_talk(one);
	}
	if (is(option.via, "copy")) {
		two = second(ctx, NULL);
		SSL_copy_session_id(two, one);
		return connect_and_talk(two);
	}
	two = second(ctx, session);
	if (is(option.via, "dup")) {
		int fd = SSL_get_fd(two);

		two = SSL_dup(two);
		SSL_set_fd(two, fd);
		name(two, second_name()); /* which SSL_dup forgets */
	}
	return connect_and_talk(two);
}

/* Early data on a ticket, which the first connection fetches; VIA psk: or under another key. */
static int early_ticket(void)
{
	SSL_CTX *ctx = context();
	SSL *one = first(ctx), *two;
	size_t sent;
	int rc = connect_and_talk(one);

	if (rc)
		return rc;
	if (is(option.via, "psk"))
		SSL_CTX_set_psk_use_session_callback(ctx, psk_use_session);
	two = second(ctx, SSL_get1_session(one));
	hang_up(one);
	number("early", SSL_write_early_data(two, LINE, sizeof(LINE) - 1, &sent));
	ERR_clear_error();
	return connect_and_talk(two);
}

/* TLS 1.3, a key that was agreed on elsewhere; VIA callback: in the manner of TLS 1.2. */
static int psk_1_3(void)
{
	SSL_CTX *ctx = context();

	if (is(option.via, "callback")) {
		SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256");
		SSL_CTX_set_psk_client_callback(ctx, psk_use_key);
	} else {
		SSL_CTX_set_psk_use_session_callback(ctx, psk_use_session);
	}
	return connect_and_talk(first(ctx));
}

static int early_psk(void)
{
	SSL_CTX *ctx = context();
	SSL *ssl;
	size_t sent;

	SSL_CTX_set_psk_use_session_callback(ctx, psk_use_session);
	ssl = first(ctx);
	number("early", SSL_write_early_data(ssl, LINE, sizeof(LINE) - 1, &sent));
	ERR_clear_error();
	return connect_and_talk(ssl);
}

/* VIA is the cipher string: the PSK, SRP and anonymous suites of TLS 1.2. */
static int suite(void)
{
	SSL_CTX *ctx = context();

	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_psk_client_callback(ctx, psk_use_key);
	SSL_CTX_set_srp_username(ctx, (char *)SRP_USER);
	SSL_CTX_set_srp_password(ctx, (char *)SRP_PASSWORD);
	if (SSL_CTX_set_cipher_list(ctx, option.via) != 1)
		broken(option.via);
	return connect_and_talk(first(ctx));
}

/* The secret of a TLS 1.2 session that was agreed on elsewhere, as EAP-FAST has it. */
static int eap_fast(void)
{
	SSL_CTX *ctx = context();
	SSL *ssl;

	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	ssl = first(ctx);
	SSL_set_session_ticket_ext(ssl, (void *)PSK_IDENTITY, sizeof(PSK_IDENTITY) - 1);
	SSL_set_session_secret_cb(ssl, eap_give_secret, NULL);
	return connect_and_talk(ssl);
}

/* A handshake of one context each time that a line comes in; VIA resume: with the last session. */
static int loop(void)
{
	SSL_CTX *ctx = context();
	SSL_SESSION *session = NULL;
	char line[64];

	setlinebuf(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		SSL *ssl = first(ctx);

		if (session)
			SSL_set_session(ssl, session);
		if (!connect_and_talk(ssl) && is(option.via, "resume"))
			session = SSL_get1_session(ssl);
		hang_up(ssl);
		fact("done", "");
	}
	return 0;
}

static void *handshakes(void *ctx)
{
	long good = 0;

	for (int i = 0; i < 10; i++) {
		SSL *ssl = first(ctx);

		good += SSL_connect(ssl) == 1;
		ERR_clear_error();
		hang_up(ssl);
	}
	return (void *)good;
}

static int threads(void)
{
	SSL_CTX *ctx = context();
	pthread_t thread[8];
	long good = 0;
	void *result;

	for (int i = 0; i < 8; i++)
		pthread_create(&thread[i], NULL, handshakes, ctx);
	for (int i = 0; i < 8; i++) {
		pthread_join(thread[i], &result);
		good += (long)result;
	}
	number("good", good);
	return good == 80 ? 0 : 1;
}

static atomic_bool enough;

static void *go_on_resolving(void *name)
{
	union address unused;

	while (!enough)
		resolve_one(name, &unused);
	return NULL;
}

/* Threads go on resolving while children are made, which connect without resolving again. */
static int forks(void)
{
	SSL_CTX *ctx = context();
	pthread_t thread[4];
	int status, good = 0;
	pid_t child;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, go_on_resolving, (char *)option.host2);
	for (int i = 0; i < 20; i++) {
		child = fork();
		if (child < 0)
			broken("fork");
		if (!child)
			_exit(SSL_connect(first(ctx)) != 1);
		waitpid(child, &status, 0);
		if (!WIFEXITED(status)) {
			fprintf(stderr, "child %d was ended by signal %d\n", i, WTERMSIG(status));
			_exit(2);
		}
		good += !WEXITSTATUS(status);
	}
	enough = true;
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	number("good", good);
	return good == 20 ? 0 : 1;
}

/* The context is the parent's, the handshake the child's. */
static int by_child(void)
{
	SSL_CTX *ctx = context();
	int status;
	pid_t child = fork();

	if (child < 0)
		broken("fork");
	if (!child)
		return connect_and_talk(first(ctx));
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

/* Where a function lives, the same in every run: file and offset. */
static void place(const char *key, const void *function)
{
	Dl_info info;

	if (!function || !dladdr(function, &info))
		fact(key, NULL);
	else
		printf("%s=%s+%#lx\n", key, strrchr(info.dli_fname, '/') + 1,
		       (unsigned long)((const char *)function - (const char *)info.dli_fbase));
}

static const void *address(void (*function)(void))
{
	const void *p;

	memcpy(&p, &function, sizeof(p));
	return p;
}

#define PLACE(key, function) place(key, address((void (*)(void))(function)))

static unsigned long operations; /* a set of the operations that own_security saw */
static int security_calls;

typedef int security(const SSL *, const SSL_CTX *, int, int, int, void *, void *);
static security *chained;

static int own_security(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
			void *ex)
{
	if (!is(ex, "ex data"))
		broken("security callback without its data");
	operations |= 1ul << (op & 63);
	security_calls++;
	return chained ? chained(ssl, ctx, op, bits, nid, other, ex) : 1;
}

static int info_events;

static void count_info(const SSL *ssl, int where, int rc)
{
	(void)ssl;
	(void)where;
	(void)rc;
	info_events++;
}

/* All that a program can ask for after a handshake, and what its own callbacks saw. */
static int getters(void)
{
	SSL_CTX *ctx;
	SSL *ssl;
	int rc;

	if (dlopen("/nonexistent/plugin.so", RTLD_NOW))
		broken("dlopen");
	ctx = context();
	PLACE("fresh security callback", SSL_CTX_get_security_callback(ctx));
	chained = is(option.via, "security-alone") ? NULL : SSL_CTX_get_security_callback(ctx);
	if (option.via) {
		SSL_CTX_set_security_callback(ctx, own_security);
		SSL_CTX_set0_security_ex_data(ctx, (void *)"ex data");
		PLACE("own security callback", SSL_CTX_get_security_callback(ctx));
		fact("security data", SSL_CTX_get0_security_ex_data(ctx));
	}
	SSL_CTX_set_info_callback(ctx, count_info);
	ssl = first(ctx);
	if (is(option.via, "security-on-ssl")) {
		SSL_set_security_callback(ssl, SSL_get_security_callback(ssl));
		SSL_set_security_callback(ssl, own_security);
	}
	errno = 0;
	rc = SSL_connect(ssl);
	number("errno", errno);
	number("queued error", (long)ERR_peek_error());
	if (rc != 1)
		return failed(ssl, rc);
	number("verify result", SSL_get_verify_result(ssl));
	number("verify mode", SSL_get_verify_mode(ssl));
	number("verify mode of the context", SSL_CTX_get_verify_mode(ctx));
	number("verify depth", SSL_get_verify_depth(ssl));
	PLACE("verify callback", SSL_get_verify_callback(ssl));
	PLACE("verify callback of the context", SSL_CTX_get_verify_callback(ctx));
	number("verify calls", verified);
	PLACE("security callback", SSL_get_security_callback(ssl));
	PLACE("security callback of the context", SSL_CTX_get_security_callback(ctx));
	fact("security data", SSL_get0_security_ex_data(ssl));
	number("security level", SSL_get_security_level(ssl));
	number("security calls", security_calls);
	number("security operations", (long)operations);
	number("info events", info_events);
	number("served", sk_X509_num(SSL_get_peer_cert_chain(ssl)));
	number("verified", sk_X509_num(SSL_get0_verified_chain(ssl)));
	fact("name", SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
	fact("text of 50", X509_verify_cert_error_string(X509_V_ERR_APPLICATION_VERIFICATION));
	fact("text of 18", X509_verify_cert_error_string(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT));
	rc = talk(ssl);
	fact("dlerror", dlerror());
	state_of_process();
	hang_up(ssl);
	SSL_CTX_free(ctx);
	return rc;
}

static const struct {
	const char *name;
	int (*run)(void);
} scenarios[] = {
	{ "connect", by_connect },
	{ "write", by_write },
	{ "do_handshake", by_do_handshake },
	{ "read", by_read },
	{ "bio", by_bio },
	{ "resume", resume },
	{ "early-ticket", early_ticket },
	{ "early-psk", early_psk },
	{ "psk-1.3", psk_1_3 },
	{ "suite", suite },
	{ "eap-fast", eap_fast },
	{ "loop", loop },
	{ "threads", threads },
	{ "fork", by_child },
	{ "forks", forks },
	{ "getters", getters },
};

static void read_option(char *argument)
{
	const struct {
		const char *key, **value;
	} keys[] = {
		{ "sni", &option.sni },		{ "sni2", &option.sni2 },
		{ "port2", &option.port2 },	{ "named", &option.named },
		{ "name", &option.name },	{ "ca", &option.ca },
		{ "max", &option.max },		{ "via", &option.via },
		{ "drive", &option.drive },	{ "security", &option.security },
		{ "made", &option.made },	{ "verify", &option.verify },
		{ "resolve", &option.resolve }, { "host", &option.host },
		{ "host2", &option.host2 },	{ "mmap", &option.mmap },
	};
	char *value = strchr(argument, '=');

	for (size_t i = 0; value && i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strlen(keys[i].key) != (size_t)(value - argument) ||
		    strncmp(keys[i].key, argument, (size_t)(value - argument)))
			continue;
		*keys[i].value = value + 1;
		return;
	}
	errno = EINVAL;
	broken(argument);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fputs("usage: client SCENARIO PORT [KEY=VALUE]...\n", stderr);
		return 2;
	}
	scenario = argv[1];
	port = argv[2];
	for (int i = 3; i < argc; i++)
		read_option(argv[i]);
	peer.v4 = (struct sockaddr_in){ .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	no_memory = is(option.mmap, "fails");
	if (option.host && *option.host && option.resolve && *option.resolve)
		resolve(option.host);
	no_memory = false;
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (is(scenario, scenarios[i].name))
			return scenarios[i].run();
	errno = EINVAL;
	broken(scenario);
}

/* SPDX-License-Identifier: MIT */
/*
 * Ways around the pins, each as a client and the server that profits from it:
 * attack SCENARIO PKI CERTIFICATE [NAME [LATER]]. Both ends are in this process
 * and take turns, so that what has to happen in the middle of a handshake does.
 * One fact a line, KEY=VALUE, says what the server got. Exits 0 when it got the
 * secret, 1 when it did not, 2 when the test itself is broken. It must never
 * know of the shim.
 */
#include "psk.h"

#include "ends.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HONEST	      "api"	  /* the certificate whose key the policy pins */
#define UNLISTED_NAME "localhost" /* a name that no policy of these tests has a section for */
#define ANOTHER_NAME  "www.example.com"

#define RECORD_HEADER	   5 /* RFC 8446 section 5.1: type, version, length */
#define RECORD_APPLICATION 23

static const char *later; /* the name that it gets later; NULL: none */

/* --- the two ends */

/* The external PSK that both ends agreed on, for the name. */
static SSL_SESSION *psk_session_of_name(SSL *ssl)
{
	SSL_SESSION *session = psk_session(ssl);

	SSL_SESSION_set1_hostname(session, name);
	return session;
}

static int find_psk_session(SSL *ssl, const unsigned char *id, size_t len, SSL_SESSION **session)
{
	*session = NULL;
	if (len == sizeof(PSK_IDENTITY) - 1 && !memcmp(id, PSK_IDENTITY, len))
		*session = psk_session_of_name(ssl);
	return 1;
}

static int use_psk_session(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *len,
			   SSL_SESSION **session)
{
	(void)md;
	*session = psk_session_of_name(ssl);
	*id = (const unsigned char *)PSK_IDENTITY;
	*len = sizeof(PSK_IDENTITY) - 1;
	return 1;
}

static SSL_CTX *server_context(const SSL_METHOD *method, const char *cert)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	identify(ctx, cert);
	SSL_CTX_set_options(ctx, SSL_OP_NO_ANTI_REPLAY);
	SSL_CTX_set_max_early_data(ctx, PSK_EARLY_DATA);
	SSL_CTX_set_recv_max_early_data(ctx, PSK_EARLY_DATA);
	SSL_CTX_set_psk_find_session_callback(ctx, find_psk_session);
	return ctx;
}

static SSL_CTX *server_with(const char *cert)
{
	return server_context(TLS_server_method(), cert);
}

/* It verifies: only the pins tell the servers apart. */
static SSL_CTX *client_context(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	trust(ctx);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return ctx;
}

static SSL_CTX *client(void)
{
	return client_context(TLS_client_method());
}

static SSL_CTX *client_1_2(void)
{
	SSL_CTX *ctx = client();

	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	return ctx;
}

/* Says why the client failed, and what the server got, which reads whatever has left. */
static int outcome(void)
{
	print_error();
	serve();
	printf("got=%s\n", server.got);
	return strcmp(server.got, SECRET) ? 1 : 0;
}

static int attempt(SSL *ssl)
{
	printf("handshake=%s\n", talk(ssl) ? "ok" : "failed");
	printf("reused=%d\n", SSL_session_reused(ssl));
	return outcome();
}

static int attempt_early(SSL *ssl)
{
	size_t sent;

	server.early = true;
	printf("early=%d\n", SSL_write_early_data(ssl, SECRET, sizeof(SECRET) - 1, &sent));
	return outcome();
}

/* The session of a connection that nobody interferes with. */
static SSL_SESSION *session_with(SSL_CTX *ctx, SSL_CTX *to, const char *sni)
{
	SSL *ssl = meet(ctx, to, sni);
	SSL_SESSION *session;

	if (!talk(ssl))
		broken("a session");
	session = SSL_get1_session(ssl);
	hang_up(ssl);
	SSL_free(ssl);
	return session;
}

/* --- external PSKs, whose sessions have a name */

static int psk(void)
{
	SSL *ssl = meet(client(), server_with(certificate), name);

	SSL_set_psk_use_session_callback(ssl, use_psk_session);
	return attempt(ssl);
}

/* The SSL has had another name before, under which it resumed. */
static int stale_name(void)
{
	SSL_CTX *ctx = client(), *to = server_with(certificate);
	SSL_SESSION *session = session_with(ctx, to, UNLISTED_NAME);
	SSL *ssl = meet(ctx, to, UNLISTED_NAME);

	SSL_set_session(ssl, session);
	if (!talk(ssl) || !SSL_session_reused(ssl))
		broken("resumption");
	hang_up(ssl);
	SSL_clear(ssl);
	SSL_set_session(ssl, NULL);
	dial(ssl, to, name);
	SSL_set_psk_use_session_callback(ssl, use_psk_session);
	return attempt(ssl);
}

/* --- early data under another key than that of the session which was set */

static int early_beside(SSL *ssl, SSL_SESSION *session)
{
	if (SSL_set_session(ssl, session) != 1)
		broken("SSL_set_session");
	SSL_set_psk_use_session_callback(ssl, use_psk_session);
	return attempt_early(ssl);
}

/* libssl does not offer a session that it was told to forget. */
static int early_forgotten(void)
{
	SSL_CTX *ctx = client();
	SSL_SESSION *session = session_with(ctx, server_with(HONEST), name);

	SSL_CTX_remove_session(ctx, session);
	if (SSL_SESSION_is_resumable(session))
		broken("resumable");
	return early_beside(meet(ctx, server_with(certificate), name), session);
}

/* Nor one of a version that the connection does not allow. */
static int early_version(void)
{
	SSL_SESSION *session = session_with(client_1_2(), server_with(HONEST), name);
	SSL *ssl = meet(client(), server_with(certificate), name);

	SSL_SESSION_set_max_early_data(session, PSK_EARLY_DATA);
	SSL_set_min_proto_version(ssl, TLS1_3_VERSION);
	return early_beside(ssl, session);
}

/* How many records of application data, readable or not, have left for the server. */
static int records_sent(void)
{
	unsigned char wire[4096];
	ssize_t size = recv(SSL_get_fd(server.ssl), wire, sizeof(wire), 0);
	int records = 0;

	for (ssize_t at = 0; at + RECORD_HEADER <= size;
	     at += RECORD_HEADER + (wire[at + 3] << 8 | wire[at + 4]))
		records += wire[at] == RECORD_APPLICATION;
	return records;
}

/* What leaves as early data, be the server able to read it or not. */
static int attempt_to_send(SSL *ssl)
{
	size_t sent;
	int records;

	printf("early=%d\n", SSL_write_early_data(ssl, SECRET, sizeof(SECRET) - 1, &sent));
	records = records_sent();
	printf("records=%d\n", records);
	print_error();
	return records ? 0 : 1;
}

/* A session that allows no early data is offered, but the data goes out under the other key. */
static int early_elsewhere(void)
{
	SSL_CTX *ctx = client(), *honest = server_with(HONEST);
	SSL_SESSION *session;
	SSL *ssl;

	SSL_CTX_set_max_early_data(honest, 0);
	session = session_with(ctx, honest, name);
	ssl = meet(ctx, server_with(certificate), name);
	SSL_set_session(ssl, session);
	SSL_set_psk_use_session_callback(ssl, use_psk_session);
	return attempt_to_send(ssl);
}

/* A session of TLS 1.2 has no early data, whatever it says, but is offered all the same. */
static int early_older(void)
{
	SSL_SESSION *session = session_with(client_1_2(), server_with(HONEST), name);
	SSL *ssl = meet(client(), server_with(certificate), name);

	SSL_SESSION_set_max_early_data(session, PSK_EARLY_DATA);
	SSL_set_session(ssl, session);
	SSL_set_psk_use_session_callback(ssl, use_psk_session);
	return attempt_to_send(ssl);
}

#define WEEK 604800L /* RFC 8446 section 4.6.1: no ticket lives longer */

/* The session as if its server had promised more, which libssl's servers do not. */
static SSL_SESSION *with_long_life(SSL_SESSION *session)
{
	static const unsigned char week[] = { 0xa9, 5, V_ASN1_INTEGER, 3, 0x09, 0x3a, 0x80 };
	static const unsigned char months[] = { 0xa9, 5, V_ASN1_INTEGER, 3, 0x7f, 0xff, 0xff };
	unsigned char *der = NULL, *hint;
	int len;

	SSL_SESSION_set_timeout(session, 10 * WEEK);
	len = i2d_SSL_SESSION(session, &der);
	hint = len > 0 ? memmem(der, (size_t)len, week, sizeof(week)) : NULL;
	if (!hint)
		broken("the lifetime");
	memcpy(hint, months, sizeof(months));
	return d2i_SSL_SESSION(NULL, (const unsigned char **)&der, len);
}

/*
 * libssl does not offer a ticket whose age is out of bounds either. The early
 * data goes out under a key of zeros then, for everybody on the way to read.
 */
static int early_aged(long age)
{
	SSL_CTX *ctx = client(), *to = server_with(certificate);
	SSL_SESSION *session;
	SSL *ssl;

	SSL_CTX_set_timeout(to, WEEK);
	session = session_with(ctx, to, name);
	ssl = meet(ctx, to, name);
	if (age > WEEK)
		session = with_long_life(session);
	else if (age > 0)
		age += (long)SSL_SESSION_get_ticket_lifetime_hint(session);
	SSL_SESSION_set_time(session, (long)time(NULL) - age);
	SSL_set_session(ssl, session);
	return attempt_to_send(ssl);
}

static int early_old(void)
{
	return early_aged(60);
}

/* The age in milliseconds does not fit into 32 bits. */
static int early_very_old(void)
{
	return early_aged(5000000);
}

static int early_of_future(void)
{
	return early_aged(-60);
}

/* --- early data to a server whose address is not known when it leaves */

/* Where a server listens, as a connect BIO takes it. */
static int listen_at(char address[32])
{
	struct sockaddr_in loopback = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(loopback);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&loopback, len) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)&loopback, &len))
		broken("listen");
	snprintf(address, 32, "127.0.0.1:%d", ntohs(loopback.sin_port));
	return fd;
}

/* The name has led to 127.0.0.1; the ClientHello is made before its BIO connects there, without. */
static int early_unconnected(void)
{
	SSL_CTX *ctx = client(), *to = server_with(certificate);
	SSL_SESSION *session = session_with(ctx, to, ANOTHER_NAME);
	struct addrinfo *list;
	SSL *ssl = SSL_new(ctx);
	char address[32];
	int listener = listen_at(address), fd;
	BIO *bio = BIO_new_connect(address);
	size_t sent;

	if (getaddrinfo(name, NULL, NULL, &list))
		broken("getaddrinfo");
	SSL_SESSION_set1_hostname(session, NULL);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_session(ssl, session);
	printf("early=%d\n", SSL_write_early_data(ssl, SECRET, sizeof(SECRET) - 1, &sent));
	new_server(to);
	server.early = true;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		SSL_set_fd(server.ssl, fd);
	return outcome();
}

/* A session that was made under a name, set before a connection that has none has an address. */
static int session_with_name(void)
{
	SSL_CTX *ctx = client_1_2(), *to = server_with(certificate);
	SSL_SESSION *session = session_with(ctx, to, ANOTHER_NAME);
	SSL *ssl = SSL_new(ctx);
	char address[32];
	int listener = listen_at(address), fd, at_once = 1;
	BIO *bio = BIO_new_connect(address);

	SSL_SESSION_set1_hostname(session, ANOTHER_NAME);
	SSL_set_session(ssl, session);
	if (BIO_do_connect(bio) != 1)
		broken("BIO_do_connect");
	SSL_set_bio(ssl, bio, bio);
	new_server(to);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0 || fcntl(SSL_get_fd(ssl), F_SETFL, O_NONBLOCK) ||
	    setsockopt(SSL_get_fd(ssl), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once)) ||
	    SSL_set_fd(server.ssl, fd) != 1)
		broken("accept4");
	SSL_set_connect_state(ssl);
	return attempt(ssl);
}

/* --- names that come late */

/* The ClientHello has left under one name, then the program sets or takes away another. */
static int rename_with(SSL_CTX *ctx)
{
	SSL *ssl = meet(ctx, server_with(certificate), name);
	int rc = SSL_connect(ssl);

	if (SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ)
		broken("the ClientHello did not leave");
	set_name(ssl, later);
	return attempt(ssl);
}

static int rename_1_3(void)
{
	return rename_with(client());
}

static int rename_1_2(void)
{
	return rename_with(client_1_2());
}

/* The names to verify become this one, for the one verification alone. */
static int verify_name(X509_STORE_CTX *store, void *host)
{
	if (X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(store), host, 0) != 1)
		broken("X509_VERIFY_PARAM_set1_host");
	return X509_verify_cert(store);
}

static int name_of_verification(void)
{
	SSL_CTX *ctx = client();

	SSL_CTX_set_cert_verify_callback(ctx, verify_name, (void *)name);
	return attempt(meet(ctx, server_with(certificate), NULL));
}

static int name_replaced(void)
{
	SSL_CTX *ctx = client();
	SSL *ssl;

	SSL_CTX_set_cert_verify_callback(ctx, verify_name, (void *)later);
	ssl = meet(ctx, server_with(certificate), NULL);
	SSL_set1_host(ssl, name);
	return attempt(ssl);
}

/* Once the name has been verified, the callback puts the other one in its place. */
static int put_other_name(int ok, X509_STORE_CTX *store)
{
	if (X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(store), later, 0) != 1)
		broken("X509_VERIFY_PARAM_set1_host");
	return ok;
}

static int name_replaced_later(SSL_CTX *ctx)
{
	SSL *ssl = meet(ctx, server_with(certificate), NULL);

	SSL_set1_host(ssl, name);
	return attempt(ssl);
}

static int name_replaced_by_callback(void)
{
	SSL_CTX *ctx = client();

	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, put_other_name);
	return name_replaced_later(ctx);
}

static int name_replaced_by_store(void)
{
	SSL_CTX *ctx = client();

	X509_STORE_set_verify_cb(SSL_CTX_get_cert_store(ctx), put_other_name);
	return name_replaced_later(ctx);
}

/* --- sessions that were accepted, with keys that were not */

static int echo_session_id(SSL *ssl, unsigned char *id, unsigned *len)
{
	const unsigned char *offered;
	size_t n = SSL_client_hello_get0_session_id(ssl, &offered);

	if (!n || n > *len)
		return 0;
	memcpy(id, offered, n);
	*len = (unsigned)n;
	return 1;
}

/* The server has the secret of EAP-FAST, and says that it resumes the honest one's session. */
static int eap_fast(void)
{
	SSL_CTX *ctx = client_1_2(), *to = server_with(certificate);
	SSL_SESSION *session = session_with(ctx, server_with(HONEST), name);
	SSL *ssl;

	SSL_CTX_set_options(to, SSL_OP_NO_TICKET);
	SSL_CTX_set_generate_session_id(to, echo_session_id);
	ssl = meet(ctx, to, name);
	SSL_set_session_secret_cb(server.ssl, eap_give_secret, NULL);
	SSL_set_session(ssl, session);
	SSL_set_session_secret_cb(ssl, eap_give_secret, NULL);
	return attempt(ssl);
}

/* TLS 1.3 does not ask for the secret: the session is what it was accepted for. */
static int eap_fast_1_3(void)
{
	SSL_CTX *ctx = client(), *to = server_with(certificate);
	SSL_SESSION *session = session_with(ctx, to, name);
	SSL *ssl = meet(ctx, to, name);

	SSL_set_session(ssl, session);
	SSL_set_session_secret_cb(ssl, eap_give_secret, NULL);
	return attempt(ssl);
}

/* Shows the honest server's certificate, and nothing that takes its key. */
static void replay_certificate(SSL *ssl)
{
	const int half_key_exchange = 30;
	unsigned char flight[8192];
	ssize_t n;

	serve();
	n = recv(SSL_get_fd(ssl), flight, sizeof(flight), 0);
	if (n < half_key_exchange ||
	    send(SSL_get_fd(server.ssl), flight, (size_t)(n - half_key_exchange), 0) < 0)
		broken("the server's flight");
}

/*
 * A session without an id is kept when the server chooses a full handshake, so
 * that a certificate is judged on a session whose key is another server's. It
 * comes to the connection before the name does, and SSL_write() drives.
 */
static int poisoned_session(void)
{
	static const unsigned char id[SSL_MAX_SSL_SESSION_ID_LENGTH] = "an id";
	SSL_CTX *ctx = client_1_2(), *to = server_with(certificate);
	SSL_SESSION *session = session_with(ctx, to, UNLISTED_NAME);
	SSL *ssl = meet(ctx, server_with(HONEST), NULL);

	SSL_SESSION_set1_hostname(session, NULL);
	SSL_SESSION_set1_id(session, id, 0);
	SSL_set_session(ssl, session);
	set_name(ssl, name);
	SSL_set_connect_state(ssl);
	SSL_write(ssl, SECRET, sizeof(SECRET) - 1);
	replay_certificate(ssl);
	SSL_write(ssl, SECRET, sizeof(SECRET) - 1);
	if (SSL_get_session(ssl) != session)
		broken("another session");
	SSL_free(ssl);
	ERR_clear_error();

	SSL_SESSION_set1_id(session, id, sizeof(id));
	ssl = meet(ctx, to, name);
	SSL_set_session(ssl, session);
	return attempt(ssl);
}

/* The other way round: a session that was accepted gets the key of another server. */
static int poisoned_verdict(void)
{
	static const unsigned char id[SSL_MAX_SSL_SESSION_ID_LENGTH] = "an id";
	SSL_CTX *ctx = client_1_2(), *to = server_with(certificate);
	SSL_SESSION *session = session_with(ctx, server_with(HONEST), name);
	SSL *ssl = meet(ctx, to, UNLISTED_NAME);

	SSL_SESSION_set1_hostname(session, NULL);
	SSL_SESSION_set1_id(session, id, 0);
	SSL_set_session(ssl, session);
	if (!talk(ssl) || SSL_session_reused(ssl) || SSL_get_session(ssl) != session)
		broken("another session");
	hang_up(ssl);
	SSL_free(ssl);

	SSL_SESSION_set1_hostname(session, NULL);
	ssl = meet(ctx, to, name);
	SSL_set_session(ssl, session);
	return attempt(ssl);
}

/*
 * A session that libssl would not offer when it was set, and does in a handshake that
 * SSL_write() drives: it got back its id.
 */
static int session_with_id_again(void)
{
	SSL_CTX *ctx = client_1_2(), *to = server_with(certificate);
	unsigned char id[SSL_MAX_SSL_SESSION_ID_LENGTH];
	const unsigned char *its;
	SSL_SESSION *session;
	unsigned size;
	SSL *ssl;

	SSL_CTX_set_options(to, SSL_OP_NO_TICKET);
	ssl = meet(ctx, to, UNLISTED_NAME);
	if (!talk(ssl))
		broken("a session");
	session = SSL_get1_session(ssl);
	/* Else the server forgets it. */
	SSL_set_shutdown(server.ssl, SSL_SENT_SHUTDOWN);
	hang_up(ssl);
	SSL_free(ssl);
	its = SSL_SESSION_get_id(session, &size);
	memcpy(id, its, size);
	SSL_SESSION_set1_id(session, id, 0);
	if (!size || SSL_SESSION_is_resumable(session))
		broken("a session with nothing but an id");
	ssl = meet(ctx, to, name);
	SSL_set_connect_state(ssl);
	SSL_set_session(ssl, session);
	SSL_SESSION_set1_id(session, id, size);
	while (SSL_write(ssl, SECRET, sizeof(SECRET) - 1) <= 0 && SSL_want_read(ssl))
		serve();
	printf("reused=%d\n", SSL_session_reused(ssl));
	return outcome();
}

/* --- no memory, in the right moment */

static bool starving; /* where certificates are verified */

static void *give(size_t size, const char *file, int line)
{
	(void)line;
	return starving && file && strstr(file, "x509_vfy.c") ? NULL : malloc(size);
}

static void *give_more(void *old, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return realloc(old, size);
}

static void take_back(void *memory, const char *file, int line)
{
	(void)file, (void)line;
	free(memory);
}

/* Then libssl asks nobody, and goes on with a client that verifies nothing. */
static int without_memory(void)
{
	SSL_CTX *ctx;
	SSL *ssl;

	if (CRYPTO_set_mem_functions(give, give_more, take_back) != 1)
		broken("CRYPTO_set_mem_functions");
	ctx = client_1_2();
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	ssl = meet(ctx, server_with(certificate), name);
	starving = true;
	return attempt(ssl);
}

static int params; /* so many more of X509_VERIFY_PARAM are made before memory runs out once */

static void *give_params(size_t size, const char *file, int line)
{
	(void)line;
	if (params && file && strstr(file, "x509_vpm.c") && !--params)
		return NULL;
	return malloc(size);
}

/*
 * While the first context is made, memory runs out wherever it may; what is made
 * then, or is made once there is memory again, connects by SSL_write() on a PSK.
 */
static int context_without_memory(void)
{
	SSL_CTX *ctx = NULL;
	SSL *ssl;

	if (CRYPTO_set_mem_functions(give_params, give_more, take_back) != 1)
		broken("CRYPTO_set_mem_functions");
	params = atoi(later);
	ctx = SSL_CTX_new(TLS_client_method());
	params = 0;
	ERR_clear_error();
	if (!ctx)
		ctx = client();
	trust(ctx);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	ssl = meet(ctx, server_with(certificate), name);
	if (!strcmp(certificate, "mitm"))
		SSL_set_psk_use_session_callback(ssl, use_psk_session);
	SSL_set_connect_state(ssl);
	while (SSL_write(ssl, SECRET, sizeof(SECRET) - 1) <= 0 && SSL_want_read(ssl))
		serve();
	return outcome();
}

/* --- datagrams */

static BIO *datagrams(struct sockaddr_in *address)
{
	const struct sockaddr_in loopback = { .sin_family = AF_INET,
					      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof(*address);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)) ||
	    getsockname(fd, (struct sockaddr *)address, &len))
		broken("bind");
	return BIO_new_dgram(fd, BIO_CLOSE);
}

/* Says where datagrams go: connect(2) is not needed for that. */
static void aim(BIO *bio, const struct sockaddr_in *to)
{
	BIO_ADDR *peer = BIO_ADDR_new();

	if (!peer ||
	    !BIO_ADDR_rawmake(peer, AF_INET, &to->sin_addr, sizeof(to->sin_addr), to->sin_port))
		broken("BIO_ADDR_rawmake");
	BIO_dgram_set_peer(bio, peer);
	BIO_ADDR_free(peer);
}

/* A connection without a name, to an address that its socket does not know. */
static int dtls(void)
{
	SSL *ssl = SSL_new(client_context(DTLS_client_method()));
	struct sockaddr_in here, there;
	BIO *ours = datagrams(&here), *theirs = datagrams(&there);

	new_server(server_context(DTLS_server_method(), certificate));
	aim(ours, &there);
	aim(theirs, &here);
	SSL_set_bio(ssl, ours, ours);
	SSL_set_bio(server.ssl, theirs, theirs);
	return attempt(ssl);
}

static const struct {
	const char *name;
	int (*run)(void);
} scenarios[] = {
	{ "psk", psk },
	{ "stale-name", stale_name },
	{ "early-forgotten", early_forgotten },
	{ "early-version", early_version },
	{ "early-elsewhere", early_elsewhere },
	{ "early-older", early_older },
	{ "early-old", early_old },
	{ "early-very-old", early_very_old },
	{ "early-of-future", early_of_future },
	{ "early-unconnected", early_unconnected },
	{ "session-with-name", session_with_name },
	{ "rename-1.3", rename_1_3 },
	{ "rename-1.2", rename_1_2 },
	{ "name-of-verification", name_of_verification },
	{ "name-replaced", name_replaced },
	{ "name-replaced-by-callback", name_replaced_by_callback },
	{ "name-replaced-by-store", name_replaced_by_store },
	{ "eap-fast", eap_fast },
	{ "eap-fast-1.3", eap_fast_1_3 },
	{ "poisoned-session", poisoned_session },
	{ "poisoned-verdict", poisoned_verdict },
	{ "session-with-id-again", session_with_id_again },
	{ "without-memory", without_memory },
	{ "context-without-memory", context_without_memory },
	{ "dtls", dtls },
};

int main(int argc, char **argv)
{
	if (argc < 4) {
		fputs("usage: attack SCENARIO PKI CERTIFICATE [NAME [LATER]]\n", stderr);
		return 2;
	}
	pki = argv[2];
	certificate = argv[3];
	name = argc > 4 ? argv[4] : NULL;
	later = argc > 5 ? argv[5] : NULL;
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (!strcmp(argv[1], scenarios[i].name))
			return scenarios[i].run();
	errno = EINVAL;
	broken(argv[1]);
}

/* SPDX-License-Identifier: MIT */
/*
 * Reading names, keys and certificates out of OpenSSL's objects. Everything
 * that the server sent is hostile: lengths travel with the bytes, texts are
 * escaped by OpenSSL (RFC 2253) before anybody prints them.
 */
#include "gate/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "gate/param.h"
#include "gate/state.h"
#include "process/resolver.h"
#include "pure/date.h"

static struct peer_name *add_name(struct peer_names *names)
{
	const size_t size = 2 * (names->n + 1);
	struct peer_name *list;

	if (names->n < names->size)
		return &names->list[names->n++];
	list = malloc(size * sizeof(*list));
	if (!list) {
		names->failed = true;
		return NULL;
	}
	memcpy(list, names->list, names->n * sizeof(*list));
	peer_names_free(names);
	names->list = list;
	names->size = size;
	return &list[names->n++];
}

/* Whether TEXT, of that KIND, is among the first N of NAMES. */
static bool is_among(const struct peer_names *names, size_t n, enum name_kind kind,
		     const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (names->list[i].kind == kind && !strcmp(names->list[i].text, text))
			return true;
	return false;
}

/* Unless it is among the first N of NAMES. */
static void take_name_besides(struct peer_names *names, size_t n, const char *text,
			      enum name_source source)
{
	struct peer_name name = { .source = source }, *place;

	/* What is there in its normal form already is the same in it. */
	if (!text || !*text || is_among(names, n, NAME_HOST, text))
		return;
	name.kind = name_normalise(text, strlen(text), name.text, NULL);
	if (name.kind == NAME_BAD)
		name_printable(text, name.text);
	if (is_among(names, n, name.kind, name.text))
		return;
	place = add_name(names);
	if (place)
		*place = name;
}

static void take_name(struct peer_names *names, const char *text, enum name_source source)
{
	take_name_besides(names, names->n, text, source);
}

/*
 * The names to verify of PARAM, or where it has none of a kind, those of the
 * store's that it inherits from (may be NULL).
 */
static void take_verify_names(const struct openssl *lib, X509_VERIFY_PARAM *param,
			      X509_VERIFY_PARAM *stores, struct peer_names *out)
{
	X509_VERIFY_PARAM *hosts = param_host(lib, param, 0) || !stores ? param : stores;
	X509_VERIFY_PARAM *addresses = param;
	char address[NAME_SIZE];
	const char *host;

	for (int i = 0; (host = param_host(lib, hosts, i)); i++)
		take_name(out, host, NAME_FROM_VERIFY);
	if (param_address(lib, param, 0, address) < 0)
		out->failed = true;
	if (!*address && stores)
		addresses = stores;
	for (int i = 0; i == 0 || *address; i++) {
		if (param_address(lib, addresses, i, address) < 0)
			out->failed = true;
		take_name(out, address, NAME_FROM_VERIFY);
	}
}

/*
 * Of the store that SSL verifies by, its own or that of SSL_CTX, which
 * X509_verify_cert() goes by too; NULL: there is none.
 */
static X509_VERIFY_PARAM *param_of_store(const struct openssl *lib, SSL *ssl)
{
	X509_STORE *store = NULL;

	lib->SSL_ctrl(ssl, SSL_CTRL_GET_VERIFY_CERT_STORE, 0, &store);
	if (!store)
		store = lib->SSL_CTX_get_cert_store(lib->SSL_get_SSL_CTX(ssl));
	return store ? lib->X509_STORE_get0_param(store) : NULL;
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* The BIO of that kind from which SSL reads, or NULL. To look without any BIO is an error. */
static BIO *find_bio(const struct openssl *lib, SSL *ssl, int type)
{
	BIO *bio = lib->SSL_get_rbio(ssl);

	return bio ? lib->BIO_find_type(bio, type) : NULL;
}

static int find_descriptor(const struct openssl *lib, SSL *ssl)
{
	return lib->SSL_get_rbio(ssl) ? lib->SSL_get_fd(ssl) : -1;
}

/* What the program told a QUIC connection, whose socket need not know. */
static bool told_address(struct openssl *lib, SSL *ssl, union address *peer)
{
	const struct state_ssl *state = state_of_ssl(lib, ssl);

	if (!state || state->peer.family == AF_UNSPEC)
		return false;
	peer->any.sa_family = state->peer.family;
	if (state->peer.family == AF_INET) {
		peer->v4.sin_port = state->peer.port;
		memcpy(&peer->v4.sin_addr, state->peer.bytes, sizeof(peer->v4.sin_addr));
	} else {
		peer->v6.sin6_port = state->peer.port;
		memcpy(&peer->v6.sin6_addr, state->peer.bytes, sizeof(peer->v6.sin6_addr));
	}
	return true;
}

/* The other end's address, from the socket or, where that is not connected, from who knows it. */
static bool find_address(struct openssl *lib, SSL *ssl, union address *peer)
{
	BIO *datagrams = find_bio(lib, ssl, BIO_TYPE_DGRAM);
	socklen_t size = sizeof(*peer);
	int fd = find_descriptor(lib, ssl);

	if (fd >= 0 && getpeername(fd, &peer->any, &size) == 0)
		return true;
	if (told_address(lib, ssl, peer))
		return true;
	return datagrams &&
	       lib->BIO_ctrl(datagrams, BIO_CTRL_DGRAM_GET_PEER, (long)sizeof(*peer), peer) > 0;
}

/* Whether an address that is not there yet will come: SSL is to be connected first. */
static bool will_have_address(struct openssl *lib, SSL *ssl)
{
	int fd = find_descriptor(lib, ssl), family = AF_UNSPEC;
	socklen_t size = sizeof(family);

	if (fd < 0)
		return find_bio(lib, ssl, BIO_TYPE_CONNECT) != NULL;
	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 &&
	       (family == AF_INET || family == AF_INET6);
}

/* The bytes of the address, or NULL; its port. */
static const void *address_bytes(const union address *peer, in_port_t *port)
{
	if (peer->any.sa_family == AF_INET) {
		*port = ntohs(peer->v4.sin_port);
		return &peer->v4.sin_addr;
	}
	if (peer->any.sa_family == AF_INET6) {
		*port = ntohs(peer->v6.sin6_port);
		return &peer->v6.sin6_addr;
	}
	return NULL;
}

unsigned peer_port(struct openssl *lib, SSL *ssl)
{
	union address peer = { .any.sa_family = AF_UNSPEC };
	in_port_t port;

	return find_address(lib, ssl, &peer) && address_bytes(&peer, &port) ? port : 0;
}

struct resolved {
	struct peer_names *names;
	size_t others; /* those before, none of them the resolver's: there may be very many of these
			*/
};

static void take_resolved(void *arg, const char *name)
{
	const struct resolved *to = arg;

	take_name_besides(to->names, to->others, name, NAME_FROM_RESOLVER);
}

/* The host that the program gave a BIO to connect to (BIO_set_conn_hostname(3)). */
static void take_connect_host(struct openssl *lib, SSL *ssl, struct peer_names *out)
{
	BIO *connect = find_bio(lib, ssl, BIO_TYPE_CONNECT);
	char *host = NULL, name[NAME_SIZE];

	if (!connect || lib->BIO_ctrl(connect, BIO_C_GET_CONNECT, 0, &host) <= 0 || !host)
		return;
	take_name(out, host, resolver_name(host, name) ? NAME_FROM_RESOLVER : NAME_FROM_ADDRESS);
}

static void take_address(struct openssl *lib, SSL *ssl, struct peer_names *out)
{
	union address peer = { .any.sa_family = AF_UNSPEC };
	struct resolved resolved = { out, out->n };
	char text[INET6_ADDRSTRLEN];
	const void *bytes;
	in_port_t port;

	if (!find_address(lib, ssl, &peer)) {
		out->unsettled = will_have_address(lib, ssl);
		return;
	}
	bytes = address_bytes(&peer, &port);
	if (!bytes)
		return;
	if (!resolver_names(peer.any.sa_family, bytes, take_resolved, &resolved))
		out->failed = true;
	take_name(out, inet_ntop(peer.any.sa_family, bytes, text, sizeof(text)), NAME_FROM_ADDRESS);
}

/* Whether some name came from the program itself, so that an address is but a name's. */
static bool has_resolved(const struct peer_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (names->list[i].source == NAME_FROM_RESOLVER)
			return true;
	return false;
}

/* Some programs send what is none, such as one with a port behind it (sstpc). */
static bool has_proper(const struct peer_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (names->list[i].kind != NAME_BAD)
			return true;
	return false;
}

/* Of a connection that says no name. */
static void take_found(struct openssl *lib, SSL *ssl, struct peer_names *out)
{
	bool resolved;

	take_connect_host(lib, ssl, out);
	take_address(lib, ssl, out);
	resolved = has_resolved(out);
	for (size_t i = 0; i < out->n; i++)
		out->list[i].beside = resolved && out->list[i].source == NAME_FROM_ADDRESS;
}

void peer_names(struct openssl *lib, SSL *ssl, const struct peer_names_told *told,
		struct peer_names *out)
{
	out->n = 0;
	out->list = out->few;
	out->size = sizeof(out->few) / sizeof(out->few[0]);
	out->failed = out->unsettled = false;
	take_name(out, told->sent, NAME_FROM_SNI);
	if (told->sent_is_all)
		return;
	if (told->now && (!told->sent || strcmp(told->now, told->sent)))
		take_name(out, told->now, NAME_FROM_SNI);
	if (told->param)
		take_verify_names(lib, told->param, NULL, out);
	if (!told->param || told->param_is_own)
		take_verify_names(lib, lib->SSL_get0_param(ssl), param_of_store(lib, ssl), out);
	if (!has_proper(out) && !out->failed)
		take_found(lib, ssl, out);
}

void peer_names_free(struct peer_names *names)
{
	if (names->list != names->few)
		free(names->list);
}

/* From 3.0 on EVP_sha256() would be looked up anew for every digest. */
static const EVP_MD *sha256(struct openssl *lib)
{
	EVP_MD *known = lib->sha256, *fetched;

	if (known || !lib->EVP_MD_fetch)
		return known ? known : lib->EVP_sha256();
	fetched = lib->EVP_MD_fetch(NULL, "SHA256", NULL);
	if (fetched && !atomic_compare_exchange_strong(&lib->sha256, &known, fetched)) {
		lib->EVP_MD_free(fetched);
		return known;
	}
	return fetched;
}

static int digest(struct openssl *lib, const void *bytes, size_t len, uint8_t out[PIN_LEN])
{
	const EVP_MD *md = sha256(lib);
	unsigned size = 0;

	if (!md || lib->EVP_Digest(bytes, len, out, &size, md, NULL) != 1)
		return -1;
	return size == PIN_LEN ? 0 : -1;
}

/* Consumes DER, LEN bytes that OpenSSL allocated. */
static int digest_der(struct openssl *lib, unsigned char *der, int len, uint8_t out[PIN_LEN])
{
	int rv = -1;

	if (der && len > 0)
		rv = digest(lib, der, (size_t)len, out);
	lib->CRYPTO_free(der, __FILE__, __LINE__);
	return rv;
}

int peer_key_of_cert(struct openssl *lib, X509 *cert, uint8_t out[PIN_LEN])
{
	unsigned char *der = NULL;
	int len = lib->i2d_X509_PUBKEY(lib->X509_get_X509_PUBKEY(cert), &der);

	return digest_der(lib, der, len, out);
}

static bool add_part(struct key_parts *to, const void *bytes, size_t size)
{
	if (!bytes || size > sizeof(to->bytes) - to->size)
		return false;
	memcpy(to->bytes + to->size, bytes, size);
	to->size += size;
	return true;
}

static bool add_object(const struct openssl *lib, struct key_parts *to, const ASN1_OBJECT *object)
{
	const size_t size = lib->OBJ_length(object);

	return size <= UINT8_MAX && add_part(to, &(uint8_t){ (uint8_t)size }, 1) &&
	       add_part(to, lib->OBJ_get0_data(object), size);
}

/*
 * What the key of CERT consists of: its algorithm and its bits. (How many of these
 * are not used is not told, and makes no other key.) False: it has more parts, or
 * larger ones, than those that are common.
 */
static bool take_apart(const struct openssl *lib, X509 *cert, struct key_parts *out)
{
	X509_PUBKEY *key = lib->X509_get_X509_PUBKEY(cert);
	const unsigned char *bits;
	const ASN1_OBJECT *object;
	const void *parameter;
	X509_ALGOR *algorithm;
	int type, n;

	out->size = 0;
	if (lib->X509_PUBKEY_get0_param(NULL, &bits, &n, &algorithm, key) != 1)
		return false;
	lib->X509_ALGOR_get0(&object, &type, &parameter, algorithm);
	if (type != V_ASN1_OBJECT && type != V_ASN1_NULL && type != V_ASN1_UNDEF)
		return false;
	if (!add_part(out, &type, sizeof(type)) || !add_object(lib, out, object) ||
	    (type == V_ASN1_OBJECT && !add_object(lib, out, parameter)))
		return false;
	return n > 0 && add_part(out, bits, (size_t)n);
}

static bool is_same_key(const struct key_parts *a, const struct key_parts *b)
{
	return a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

int peer_key_of_leaf(struct openssl *lib, SSL *ssl, X509 *leaf, uint8_t out[PIN_LEN])
{
	struct state_ctx *state = state_of_ctx(lib, lib->SSL_get_SSL_CTX(ssl));
	struct key_parts parts;
	int rv = 0;

	/* Nobody waits: a thread that finds it in use does without. */
	if (!state || !take_apart(lib, leaf, &parts) ||
	    atomic_flag_test_and_set(&state->last_in_use))
		return peer_key_of_cert(lib, leaf, out);
	if (is_same_key(&state->last, &parts)) {
		memcpy(out, state->key_of_last, PIN_LEN);
	} else {
		rv = peer_key_of_cert(lib, leaf, out);
		if (rv == 0) {
			state->last.size = parts.size;
			memcpy(state->last.bytes, parts.bytes, parts.size);
			memcpy(state->key_of_last, out, PIN_LEN);
		}
	}
	atomic_flag_clear(&state->last_in_use);
	return rv;
}

int peer_key_of_raw(struct openssl *lib, EVP_PKEY *key, uint8_t out[PIN_LEN])
{
	unsigned char *der = NULL;
	int len = lib->i2d_PUBKEY(key, &der);

	return digest_der(lib, der, len, out);
}

int peer_digest_of_cert(struct openssl *lib, X509 *cert, uint8_t out[PIN_LEN])
{
	unsigned char *der = NULL;
	int len = lib->i2d_X509(cert, &der);

	return digest_der(lib, der, len, out);
}

bool peer_is_for(struct openssl *lib, X509 *cert, const struct peer_name *name)
{
	switch (name->kind) {
	case NAME_HOST:
		return lib->X509_check_host(cert, name->text, 0, 0, NULL) == 1;
	case NAME_ADDRESS:
		return lib->X509_check_ip_asc(cert, name->text, 0) == 1;
	case NAME_BAD:
		break;
	}
	return false;
}

bool peer_is_self_signed(struct openssl *lib, X509 *cert)
{
	EVP_PKEY *key = lib->X509_get0_pubkey(cert);

	return key &&
	       !lib->X509_NAME_cmp(lib->X509_get_subject_name(cert),
				   lib->X509_get_issuer_name(cert)) &&
	       lib->X509_verify(cert, key) == 1;
}

static void print_name(const struct openssl *lib, const X509_NAME *name, char *out, size_t size)
{
	BIO *memory = lib->BIO_new(lib->BIO_s_mem());
	int n = 0;

	if (memory && lib->X509_NAME_print_ex(memory, name, 0, XN_FLAG_RFC2253) >= 0)
		n = lib->BIO_read(memory, out, (int)size - 1);
	out[n > 0 ? n : 0] = '\0';
	lib->BIO_free(memory);
}

/* The length of the attribute at NAME, up to an unescaped ',' or '+' (RFC 2253 section 2.4). */
static size_t attribute_length(const char *name)
{
	size_t len = 0;

	while (name[len] && name[len] != ',' && name[len] != '+')
		len += name[len] == '\\' && name[len + 1] ? 2 : 1;
	return len;
}

/* The CN that people know a certificate by, or the whole name where it has none. */
static void shorten(const char *name, char *out, size_t size)
{
	const char *shown = name;
	size_t len = strlen(name);

	for (const char *at = name; *at; at += attribute_length(at), at += *at != '\0') {
		if (strncmp(at, "CN=", 3))
			continue;
		shown = at;
		len = attribute_length(at);
		break;
	}
	if (len >= size)
		len = size - 1;
	memcpy(out, shown, len);
	out[len] = '\0';
}

static int64_t seconds(const struct openssl *lib, const ASN1_TIME *time)
{
	struct tm utc;

	if (lib->ASN1_TIME_to_tm(time, &utc) != 1)
		return 0;
	return date_seconds(utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday) +
	       INT64_C(3600) * utc.tm_hour + INT64_C(60) * utc.tm_min + utc.tm_sec;
}

int peer_describe(struct openssl *lib, X509 *cert, struct event_cert *out)
{
	*out = (struct event_cert){ 0 };
	if (peer_key_of_cert(lib, cert, out->key) < 0 ||
	    peer_digest_of_cert(lib, cert, out->cert) < 0)
		return -1;
	print_name(lib, lib->X509_get_subject_name(cert), out->subject, sizeof(out->subject));
	print_name(lib, lib->X509_get_issuer_name(cert), out->issuer, sizeof(out->issuer));
	shorten(out->subject, out->common_name, sizeof(out->common_name));
	shorten(out->issuer, out->issuer_name, sizeof(out->issuer_name));
	out->not_before = seconds(lib, lib->X509_get0_notBefore(cert));
	out->not_after = seconds(lib, lib->X509_get0_notAfter(cert));
	return 0;
}

int peer_chain_len(const struct openssl *lib, const STACK_OF(X509) * chain)
{
	return chain ? lib->OPENSSL_sk_num((const OPENSSL_STACK *)chain) : 0;
}

X509 *peer_chain_cert(const struct openssl *lib, const STACK_OF(X509) * chain, int i)
{
	return lib->OPENSSL_sk_value((const OPENSSL_STACK *)chain, i);
}

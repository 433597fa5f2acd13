/* SPDX-License-Identifier: MIT */
/*
 * One connection by a libssl whose functions are looked up, as Qt and others do
 * it, or, with -DLINKED, by the one that this is linked with. Facts are printed
 * as client.c prints them. It must never know of the shim.
 */
#include "talk.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FUNCTIONS                          \
	USE(TLS_client_method)             \
	USE(SSL_CTX_new)                   \
	USE(SSL_CTX_free)                  \
	USE(SSL_CTX_set_verify)            \
	USE(SSL_CTX_load_verify_locations) \
	USE(SSL_new)                       \
	USE(SSL_free)                      \
	USE(SSL_ctrl)                      \
	USE(SSL_set_fd)                    \
	USE(SSL_connect)                   \
	USE(SSL_read)                      \
	USE(SSL_write)                     \
	USE(SSL_shutdown)                  \
	USE(SSL_get_error)                 \
	USE(SSL_get_verify_result)         \
	USE(X509_verify_cert_error_string) \
	USE(ERR_peek_error)                \
	USE(ERR_reason_error_string)

static struct {
#define USE(name) __typeof__(name) *name;
	FUNCTIONS
#undef USE
} lib;

#ifdef LINKED
static void find_functions(const char *how, const char *file)
{
	(void)how, (void)file;
#define USE(name) lib.name = name;
	FUNCTIONS
#undef USE
}
#else
static void find(void *handle, const char *how, const char *name, void *function)
{
	void *found = !strcmp(how, "dlvsym") ? dlvsym(handle, name, "OPENSSL_3.0.0")
					     : dlsym(handle, name);

	if (!found) {
		fprintf(stderr, "%s\n", dlerror());
		exit(2);
	}
	memcpy(function, &found, sizeof(found));
}

static void find_functions(const char *how, const char *file)
{
	void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		fprintf(stderr, "%s\n", dlerror());
		exit(2);
	}
#define USE(name) find(handle, how, #name, &lib.name);
	FUNCTIONS
#undef USE
}
#endif

static int failed(const SSL *ssl, int rc)
{
	unsigned long error = lib.ERR_peek_error();
	long result = lib.SSL_get_verify_result(ssl);

	printf("handshake=failed\nssl_error=%d\n", lib.SSL_get_error(ssl, rc));
	printf("error=%s\n", error ? lib.ERR_reason_error_string(error) : "none");
	printf("verify_result=%ld\n", result);
	printf("verify_text=%s\n", lib.X509_verify_cert_error_string(result));
	return 1;
}

int talk(const char *how, const char *file, const char *port, const char *ca, const char *sni)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)atoi(port)),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;
	char answer[16] = "";
	SSL_CTX *ctx;
	SSL *ssl;

	find_functions(how, file);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return 2;
	ctx = lib.SSL_CTX_new(lib.TLS_client_method());
	if (!ctx || lib.SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
		return 2;
	lib.SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	ssl = lib.SSL_new(ctx);
	if (!ssl || lib.SSL_set_fd(ssl, fd) != 1)
		return 2;
	lib.SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (char *)sni);
	rc = lib.SSL_connect(ssl);
	if (rc != 1)
		return failed(ssl, rc);
	printf("handshake=ok\n");
	lib.SSL_write(ssl, "ping\n", 5);
	rc = lib.SSL_read(ssl, answer, sizeof(answer) - 1);
	printf("answer=%.*s\n", rc > 0 ? rc - 1 : 0, answer);
	lib.SSL_shutdown(ssl);
	lib.SSL_free(ssl);
	lib.SSL_CTX_free(ctx);
	close(fd);
	return rc == 3 ? 0 : 1;
}

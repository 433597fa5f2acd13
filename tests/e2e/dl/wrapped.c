/* SPDX-License-Identifier: MIT */
/*
 * wrapped LIBRARY PORT: talks by libgnutls-openssl, which has OpenSSL's names and
 * is GnuTLS; its functions are looked up or, with -DLINKED, linked.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define FUNCTIONS                                        \
	USE(int, SSL_library_init, (void))               \
	USE(void *, SSLv23_client_method, (void))        \
	USE(void *, SSL_CTX_new, (void *))               \
	USE(void *, SSL_new, (void *))                   \
	USE(int, SSL_set_fd, (void *, int))              \
	USE(int, SSL_connect, (void *))                  \
	USE(int, SSL_write, (void *, const char *, int)) \
	USE(int, SSL_read, (void *, char *, int))        \
	USE(int, SSL_shutdown, (void *))

static struct {
#define USE(type, name, arguments) type(*name) arguments;
	FUNCTIONS
#undef USE
} lib;

#ifdef LINKED
#define USE(type, name, arguments) extern type name arguments;
FUNCTIONS
#undef USE
#define FIND(name) ((void *)name)
#else
#define FIND(name) dlsym(handle, #name)
#endif

static void owner_of(const char *name, void *found)
{
	Dl_info info;

	if (found && dladdr(found, &info))
		printf("%s %s\n", name, strrchr(info.dli_fname, '/') + 1);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)atoi(argv[argc - 1])),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;
	void *handle = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL), *ssl;
	char answer[16] = "";

	if (!handle || fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return 2;
#define USE(type, name, arguments) *(void **)&lib.name = FIND(name);
	FUNCTIONS
#undef USE
	owner_of("SSL_connect", dlsym(handle, "SSL_connect"));
	owner_of("SSL_CTX_new", dlsym(handle, "SSL_CTX_new"));
	lib.SSL_library_init();
	ssl = lib.SSL_new(lib.SSL_CTX_new(lib.SSLv23_client_method()));
	if (!ssl || lib.SSL_set_fd(ssl, fd) != 1)
		return 2;
	printf("connect=%d\n", lib.SSL_connect(ssl));
	lib.SSL_write(ssl, "ping\n", 5);
	rc = lib.SSL_read(ssl, answer, sizeof(answer) - 1);
	printf("answer=%.*s\n", rc > 0 ? rc - 1 : 0, answer);
	lib.SSL_shutdown(ssl);
	return rc == 3 ? 0 : 1;
}

/* SPDX-License-Identifier: MIT */
/*
 * The logic behind the interposed resolver functions. What counts is the name
 * that the program asked for, never the canonical name in the answer: that one
 * is whatever DNS says.
 */
#include "gate/on_resolve.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "loader/openssl.h"
#include "process/resolver.h"
#include "process/store.h"

static void *look_up(_Atomic(void *) *known, const char *name)
{
	if (!*known)
		*known = openssl_next(name);
	return *known;
}

/* The function that the program meant, looked up once; NULL when there is none. */
#define REAL(name)                                          \
	({                                                  \
		static _Atomic(void *) known;               \
		(__typeof__(name) *)look_up(&known, #name); \
	})

/*
 * Whether what the program asks for is to be remembered; then its NAME. Taken
 * before the real function is called, which may write over ASKED: it may stand
 * in the answer to an earlier question.
 */
static bool is_wanted(const char *asked, char name[NAME_SIZE])
{
	return asked && !store_is_empty() && resolver_name(asked, name);
}

static void remember_list(const char *name, const struct addrinfo *list)
{
	const int before = errno;

	for (; list; list = list->ai_next) {
		if (list->ai_family == AF_INET)
			resolver_add(name, AF_INET,
				     &((const struct sockaddr_in *)list->ai_addr)->sin_addr);
		else if (list->ai_family == AF_INET6)
			resolver_add(name, AF_INET6,
				     &((const struct sockaddr_in6 *)list->ai_addr)->sin6_addr);
	}
	errno = before;
}

static void remember_host(const char *name, const struct hostent *host)
{
	const int before = errno;

	for (char **address = host->h_addr_list; *address; address++)
		resolver_add(name, host->h_addrtype, *address);
	errno = before;
}

int on_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		   struct addrinfo **list)
{
	__typeof__(getaddrinfo) *real = REAL(getaddrinfo);
	char name[NAME_SIZE];
	bool wanted = is_wanted(node, name);
	int rv = real ? real(node, service, hints, list) : EAI_FAIL;

	if (rv == 0 && wanted)
		remember_list(name, *list);
	return rv;
}

struct hostent *on_gethostbyname(const char *asked)
{
	__typeof__(gethostbyname) *real = REAL(gethostbyname);
	char name[NAME_SIZE];
	bool wanted = is_wanted(asked, name);
	struct hostent *host = real ? real(asked) : NULL;

	if (host && wanted)
		remember_host(name, host);
	return host;
}

struct hostent *on_gethostbyname2(const char *asked, int family)
{
	__typeof__(gethostbyname2) *real = REAL(gethostbyname2);
	char name[NAME_SIZE];
	bool wanted = is_wanted(asked, name);
	struct hostent *host = real ? real(asked, family) : NULL;

	if (host && wanted)
		remember_host(name, host);
	return host;
}

int on_gethostbyname_r(const char *asked, struct hostent *host, char *buffer, size_t size,
		       struct hostent **result, int *error)
{
	__typeof__(gethostbyname_r) *real = REAL(gethostbyname_r);
	char name[NAME_SIZE];
	bool wanted = is_wanted(asked, name);
	int rv = real ? real(asked, host, buffer, size, result, error) : ENOSYS;

	if (rv == 0 && wanted && *result)
		remember_host(name, *result);
	return rv;
}

int on_gethostbyname2_r(const char *asked, int family, struct hostent *host, char *buffer,
			size_t size, struct hostent **result, int *error)
{
	__typeof__(gethostbyname2_r) *real = REAL(gethostbyname2_r);
	char name[NAME_SIZE];
	bool wanted = is_wanted(asked, name);
	int rv = real ? real(asked, family, host, buffer, size, result, error) : ENOSYS;

	if (rv == 0 && wanted && *result)
		remember_host(name, *result);
	return rv;
}

/* SPDX-License-Identifier: MIT */
/*
 * What happens when the program resolves a name: the real function answers, and
 * the addresses in its answer are remembered. Results, errno and h_errno are the
 * real ones, and no policy is read on this account.
 */
#ifndef PINSHIM_ON_RESOLVE_H
#define PINSHIM_ON_RESOLVE_H

#include <netdb.h>
#include <stddef.h>

int on_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		   struct addrinfo **list);
struct hostent *on_gethostbyname(const char *name);
struct hostent *on_gethostbyname2(const char *name, int family);
int on_gethostbyname_r(const char *name, struct hostent *host, char *buffer, size_t size,
		       struct hostent **result, int *error);
int on_gethostbyname2_r(const char *name, int family, struct hostent *host, char *buffer,
			size_t size, struct hostent **result, int *error);

#endif

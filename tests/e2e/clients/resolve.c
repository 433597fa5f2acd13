/* SPDX-License-Identifier: MIT */
/*
 * Calls every resolver function with good and bad arguments and prints all that
 * comes back, errno and h_errno included, so that a run with the shim can be
 * compared with a run without: resolve NAME...
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What no function leaves behind by chance. */
#define MARK 4711

static void before(void)
{
	errno = MARK;
	h_errno = MARK;
}

static void after(const char *function, const char *name, int returned)
{
	const int error = errno, h_error = h_errno;

	printf("%s(%s): returned %d, errno %d, h_errno %d\n", function, name ? name : "NULL",
	       returned, error, h_error);
}

static void print_address(int family, const void *bytes)
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(family, bytes, text, sizeof(text));
	printf(" %s", text);
}

static void print_host(const struct hostent *host)
{
	if (!host) {
		puts("\tno host");
		return;
	}
	printf("\t%s, family %d, length %d:", host->h_name, host->h_addrtype, host->h_length);
	for (char **address = host->h_addr_list; *address; address++)
		print_address(host->h_addrtype, *address);
	for (char **alias = host->h_aliases; *alias; alias++)
		printf(" %s", *alias);
	puts("");
}

static void print_list(const struct addrinfo *list)
{
	for (; list; list = list->ai_next) {
		printf("\tflags %d, family %d, type %d, protocol %d, length %u, %s:",
		       list->ai_flags, list->ai_family, list->ai_socktype, list->ai_protocol,
		       list->ai_addrlen, list->ai_canonname ? list->ai_canonname : "no name");
		if (list->ai_family == AF_INET)
			print_address(AF_INET, &((struct sockaddr_in *)list->ai_addr)->sin_addr);
		else
			print_address(AF_INET6, &((struct sockaddr_in6 *)list->ai_addr)->sin6_addr);
		printf(" port %d\n", ntohs(((struct sockaddr_in *)list->ai_addr)->sin_port));
	}
}

static void try_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints)
{
	struct addrinfo *list = (struct addrinfo *)MARK;
	int rv;

	before();
	rv = getaddrinfo(name, service, hints, &list);
	after("getaddrinfo", name, rv);
	if (rv) {
		printf("\t%s, the list is%s touched\n", gai_strerror(rv),
		       list == (struct addrinfo *)MARK ? " not" : "");
		return;
	}
	print_list(list);
	freeaddrinfo(list);
}

static void all_of_getaddrinfo(const char *name)
{
	static const struct addrinfo hints[] = {
		{ .ai_flags = AI_CANONNAME },
		{ .ai_flags = AI_NUMERICHOST },
		{ .ai_flags = AI_ADDRCONFIG },
		{ .ai_flags = AI_V4MAPPED | AI_ALL, .ai_family = AF_INET6 },
		{ .ai_flags = 0x40000000 }, /* EAI_BADFLAGS */
		{ .ai_family = AF_INET, .ai_socktype = SOCK_STREAM },
		{ .ai_family = AF_INET6, .ai_socktype = SOCK_DGRAM },
		{ .ai_family = AF_UNIX },	   /* EAI_FAMILY */
		{ .ai_socktype = SOCK_SEQPACKET }, /* EAI_SOCKTYPE */
	};

	try_getaddrinfo(name, NULL, NULL);
	try_getaddrinfo(name, "443", NULL);
	try_getaddrinfo(name, "no such service", NULL);
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		try_getaddrinfo(name, NULL, &hints[i]);
}

static void all_of_gethostbyname(const char *name)
{
	static const int families[] = { AF_INET, AF_INET6, AF_UNIX };
	struct hostent *host;

	before();
	host = gethostbyname(name);
	after("gethostbyname", name, host != NULL);
	print_host(host);
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		before();
		host = gethostbyname2(name, families[i]);
		after("gethostbyname2", name, host != NULL);
		print_host(host);
	}
}

/* Also with buffers that are too small (ERANGE). */
static void all_of_gethostbyname_r(const char *name)
{
	static const size_t sizes[] = { 0, 1, 64, 8192 };
	struct hostent host, *result;
	char buffer[8192];
	int error, rv;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		result = (struct hostent *)MARK;
		error = MARK;
		before();
		rv = gethostbyname_r(name, &host, buffer, sizes[i], &result, &error);
		after("gethostbyname_r", name, rv);
		printf("\tsize %zu, error %d, the result is%s the host\n", sizes[i], error,
		       result == &host ? "" : " not");
		print_host(result);
		before();
		rv = gethostbyname2_r(name, AF_INET6, &host, buffer, sizes[i], &result, &error);
		after("gethostbyname2_r", name, rv);
		printf("\tsize %zu, error %d\n", sizes[i], error);
		print_host(result);
	}
}

/* The question stands in the answer to an earlier one. */
static void ask_again(const char *name)
{
	struct hostent *host = gethostbyname(name);

	for (int i = 0; host && i < 3; i++) {
		before();
		host = gethostbyname(host->h_name);
		after("gethostbyname again", name, host != NULL);
		print_host(host);
	}
}

int main(int argc, char **argv)
{
	all_of_getaddrinfo(NULL);
	try_getaddrinfo(NULL, "443", NULL);
	try_getaddrinfo(NULL, "443", &(struct addrinfo){ .ai_flags = AI_PASSIVE });
	for (int i = 1; i < argc; i++) {
		all_of_getaddrinfo(argv[i]);
		all_of_gethostbyname(argv[i]);
		all_of_gethostbyname_r(argv[i]);
		ask_again(argv[i]);
	}
	return 0;
}

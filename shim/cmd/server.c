/* SPDX-License-Identifier: MIT */
/*
 * Reads HOST[:PORT], and connects to the first of its addresses that answers.
 * A server that keeps silent is given up in time.
 */
#include "cmd/server.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cmd/cmd.h"

bool server_is_port(const char *text)
{
	size_t len = strspn(text, "0123456789");

	return len > 0 && len <= 5 && !text[len] && atoi(text) >= 1 && atoi(text) <= 65535;
}

static int parse_port(const char *text, char port[6])
{
	if (!server_is_port(text))
		return -1;
	strcpy(port, text);
	return 0;
}

int server_parse(const char *text, struct server *out)
{
	const char *host = text, *end = text + strlen(text), *colon = strchr(text, ':');
	const char *why;

	strcpy(out->port, "443");
	if (*text == '[' && strchr(text, ']')) {
		host++;
		end = strchr(text, ']');
		colon = end[1] ? end + 1 : NULL;
	} else if (colon && strchr(colon + 1, ':')) {
		colon = NULL; /* those of an IPv6 address */
	} else if (colon) {
		end = colon;
	}
	if (colon && (*colon != ':' || parse_port(colon + 1, out->port) < 0)) {
		complain("'%s': '%s' is not a port; write HOST:PORT with a PORT from 1 to 65535",
			 text, *colon == ':' ? colon + 1 : colon);
		return -1;
	}
	out->kind = name_normalise(host, (size_t)(end - host), out->name, &why);
	if (out->kind != NAME_BAD)
		return 0;
	complain("'%s' is no file, and the host name '%.*s' %s", text, (int)(end - host), host,
		 why);
	return -1;
}

static int connect_one(const struct addrinfo *address)
{
	const struct timeval timeout = { .tv_sec = SERVER_TIMEOUT_S };
	int error, fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	/* On Linux SO_SNDTIMEO holds for connect(2) too, which then fails with EINPROGRESS. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0 &&
	    connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return fd;
	error = errno == EINPROGRESS ? ETIMEDOUT : errno;
	close(fd);
	errno = error;
	return -1;
}

int server_connect(const struct server *to, char *why, size_t why_size)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list;
	int fd = -1, error = getaddrinfo(to->name, to->port, &hints, &list);

	if (error) {
		snprintf(why, why_size, "'%s' cannot be resolved: %s", to->name,
			 gai_strerror(error));
		return -1;
	}
	for (const struct addrinfo *a = list; fd < 0 && a; a = a->ai_next)
		fd = connect_one(a);
	if (fd < 0)
		snprintf(why, why_size, "no connection to '%s' port %s: %s", to->name, to->port,
			 strerror(errno));
	freeaddrinfo(list);
	return fd;
}

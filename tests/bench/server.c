/* SPDX-License-Identifier: MIT */
/*
 * A TLS server on a free port of 127.0.0.1, which it prints: a client sends a size in bytes as
 * eight hexadecimal digits, and gets so many. Each connection has a thread; nothing is resumed. It
 * serves until it is ended by a signal.
 */
#include "ends.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static SSL_CTX *ctx;

static int answer(SSL *ssl)
{
	static const char data[16384];
	char request[9] = "";
	unsigned long left;
	int n;

	if (SSL_read(ssl, request, 8) != 8)
		return -1;
	left = strtoul(request, NULL, 16);
	while (left > 0) {
		n = SSL_write(ssl, data, left < sizeof(data) ? (int)left : (int)sizeof(data));
		if (n <= 0)
			return -1;
		left -= n;
	}
	return 0;
}

static void *serve(void *argument)
{
	int fd = (int)(long)argument, on = 1;
	SSL *ssl = SSL_new(ctx);

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (ssl && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1)
		while (answer(ssl) == 0)
			continue;
	SSL_free(ssl);
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in where = { .sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(where);
	pthread_attr_t detached;
	pthread_t thread;
	int listener, fd;

	if (argc != 3) {
		fprintf(stderr, "usage: server CHAIN KEY\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	ctx = server_context(find_kind("full13"), argv[1], argv[2]);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&where, len) != 0 ||
	    listen(listener, 128) != 0 ||
	    getsockname(listener, (struct sockaddr *)&where, &len) != 0)
		fail("listen");
	printf("%d\n", ntohs(where.sin_port));
	fflush(stdout);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		if (pthread_create(&thread, &detached, serve, (void *)(long)fd) != 0)
			fail("thread");
	fail("accept");
}

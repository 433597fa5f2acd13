/* SPDX-License-Identifier: MIT */
/*
 * A client of server.c: with TLS of its own, or in plain text to a proxy that speaks TLS for it.
 * It connects so many times in each of some threads, asks for 64 bytes each time, and prints
 * connections a second and how long one took with its request (half of them, and all but one in a
 * hundred, took no longer); then it asks for so many MiB over one connection, and prints their
 * rate.
 */
#include "ends.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct connection {
	int fd;
	SSL *ssl; /* NULL: plain text */
};

static SSL_CTX *ctx; /* NULL: plain text */
static struct sockaddr_in where = { .sin_family = AF_INET };
static int count; /* connections of each thread */
static double *took;

static struct connection open_connection(void)
{
	struct connection c = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	int on = 1;

	if (c.fd < 0 || connect(c.fd, (struct sockaddr *)&where, sizeof(where)) != 0)
		fail("connect");
	setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (ctx) {
		c.ssl = new_client(ctx);
		if (SSL_set_fd(c.ssl, c.fd) != 1 || SSL_do_handshake(c.ssl) != 1)
			fail("handshake");
	}
	return c;
}

static void close_connection(struct connection *c)
{
	SSL_free(c->ssl);
	close(c->fd);
}

static void ask(struct connection *c, unsigned long size)
{
	char data[65536];
	ssize_t n;

	snprintf(data, sizeof(data), "%08lx", size);
	n = c->ssl ? SSL_write(c->ssl, data, 8) : write(c->fd, data, 8);
	if (n != 8)
		fail("request");
	while (size > 0) {
		n = c->ssl ? SSL_read(c->ssl, data, sizeof(data)) : read(c->fd, data, sizeof(data));
		if (n <= 0)
			fail("the answer ended early");
		size -= n;
	}
}

static void *work(void *argument)
{
	double *mine = argument;

	for (int i = 0; i < count; i++) {
		double begun = now();
		struct connection c = open_connection();

		ask(&c, 64);
		mine[i] = (now() - begun) / 1e6;
		close_connection(&c);
	}
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void connections(int threads)
{
	pthread_t *thread = calloc(threads, sizeof(*thread));
	double begun = now();
	int n = count * threads;

	took = calloc(n, sizeof(*took));
	if (!thread || !took)
		fail("memory");
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, work, took + (size_t)i * count) != 0)
			fail("thread");
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	printf("rate /s %.1f\n", 1e9 * n / (now() - begun));
	qsort(took, n, sizeof(*took), by_value);
	printf("p50 ms %.4f\np99 ms %.4f\n", took[(n - 1) / 2], took[(n - 1) - (n - 1) / 100]);
	free(took);
	free(thread);
}

static void bulk(int mib)
{
	struct connection c = open_connection();
	double begun = now();

	ask(&c, (unsigned long)mib << 20);
	printf("bulk MB/s %.1f\n", ((double)mib * (1 << 20) / 1e6) / ((now() - begun) / 1e9));
	close_connection(&c);
}

int main(int argc, char **argv)
{
	int threads, mib;
	double spent;

	if (argc != 6) {
		fprintf(stderr, "usage: client ANCHOR|plain PORT COUNT THREADS MIB\n");
		return 2;
	}
	where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	where.sin_port = htons((unsigned short)atoi(argv[2]));
	count = atoi(argv[3]);
	threads = atoi(argv[4]);
	mib = atoi(argv[5]);
	if (count < 0 || threads < 1 || mib < 0 || mib > 4095)
		fail("COUNT is 0 or more, THREADS 1 or more, MIB below 4096");
	if (strcmp(argv[1], "plain") != 0)
		ctx = client_context(find_kind("full13"), argv[1]);
	spent = -process_time();
	if (count > 0)
		connections(threads);
	if (mib > 0)
		bulk(mib);
	printf("own ms %.3f\n", (spent + process_time()) / 1e6);
	SSL_CTX_free(ctx);
	return 0;
}

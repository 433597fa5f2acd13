/* SPDX-License-Identifier: MIT */
/*
 * So many MiB from a server to a client and as many back, in records of 16 KiB, over memory in one
 * process, so that how the kernel cuts a stream decides nothing. OpenSSL gets each piece of memory
 * on a page of its own that was never used before, and the stack begins where it always does, so
 * that neither do the heap and the environment: malloc() searches longer or shorter, and memcpy()
 * and the ciphers go other ways for other alignments. So a profiler's counts can be compared to the
 * instruction. Prints nothing.
 */
#include "ends.h"

#include <alloca.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD 16384
#define PAGE   4096
#define ARENA  (512L << 20)

static char data[RECORD] __attribute__((aligned(PAGE)));
static char arena[ARENA] __attribute__((aligned(PAGE)));
static size_t used;

struct block {
	size_t size;
	char memory[] __attribute__((aligned(64)));
};

static void *get(size_t size, const char *file, int line)
{
	struct block *b = (struct block *)(arena + used);

	used += (sizeof(*b) + size + PAGE - 1) / PAGE * PAGE;
	if (used > ARENA) {
		fprintf(stderr, "bulk: %s:%d: out of memory\n", file, line);
		abort();
	}
	b->size = size;
	return b->memory;
}

static void *get_more(void *old, size_t size, const char *file, int line)
{
	char *more = get(size, file, line);
	const struct block *b;

	if (old) {
		b = (struct block *)((char *)old - sizeof(*b));
		memcpy(more, old, b->size < size ? b->size : size);
	}
	return more;
}

static void put(void *memory, const char *file, int line)
{
	(void)memory;
	(void)file;
	(void)line;
}

/* Not static: a profiler is asked for what is spent inside of them. */
void client_read(SSL *client);
void client_write(SSL *client);

__attribute__((noinline)) void client_read(SSL *client)
{
	if (SSL_read(client, data, RECORD) != RECORD)
		fail("read");
}

__attribute__((noinline)) void client_write(SSL *client)
{
	if (SSL_write(client, data, RECORD) != RECORD)
		fail("write");
}

__attribute__((noinline)) static void transfer(SSL *client, SSL *server, long records)
{
	while (records-- > 0) {
		if (SSL_write(server, data, RECORD) != RECORD)
			fail("write");
		client_read(client);
		client_write(client);
		if (SSL_read(server, data, RECORD) != RECORD)
			fail("read");
	}
}

int main(int argc, char **argv)
{
	const struct kind *kind = find_kind("full13");
	SSL_CTX *client_ctx, *server_ctx;
	BIO *client_end, *server_end;
	SSL *client, *server;
	volatile char *top;
	int done;

	if (argc != 5) {
		fprintf(stderr, "usage: bulk MIB CHAIN KEY ANCHOR\n");
		return 2;
	}
	if (CRYPTO_set_mem_functions(get, get_more, put) != 1)
		fail("memory");
	client_ctx = client_context(kind, argv[4]);
	server_ctx = server_context(kind, argv[2], argv[3]);
	client = new_client(client_ctx);
	server = SSL_new(server_ctx);
	if (!server || BIO_new_bio_pair(&client_end, 2L * RECORD, &server_end, 2L * RECORD) != 1)
		fail("memory");
	SSL_set_bio(client, client_end, client_end);
	SSL_set_bio(server, server_end, server_end);
	SSL_set_accept_state(server);
	do
		done = step(client);
	while (!step(server) || !done);

	top = alloca(16);
	top = alloca((uintptr_t)top % PAGE + 16);
	*top = 0;
	transfer(client, server, atol(argv[1]) * ((1 << 20) / RECORD));
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(client_ctx);
	SSL_CTX_free(server_ctx);
	return 0;
}

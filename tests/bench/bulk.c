/* SPDX-License-Identifier: MIT */
/*
 * So many MiB from a server to a client and as many back, in records of 16 KiB, over memory in one
 * process: nothing depends on how the kernel cuts a stream, so that a profiler's counts of two runs
 * can be compared to the instruction. Prints nothing.
 */
#include "ends.h"

#include <stdio.h>
#include <stdlib.h>

#define RECORD 16384

static char data[RECORD];

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

int main(int argc, char **argv)
{
	const struct kind *kind = find_kind("full13");
	SSL_CTX *client_ctx, *server_ctx;
	BIO *client_end, *server_end;
	SSL *client, *server;
	int done;

	if (argc != 5) {
		fprintf(stderr, "usage: bulk MIB CHAIN KEY ANCHOR\n");
		return 2;
	}
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
		done = SSL_do_handshake(client);
	while (SSL_do_handshake(server) != 1 || done != 1);

	for (long n = atol(argv[1]) * ((1 << 20) / RECORD); n > 0; n--) {
		if (SSL_write(server, data, RECORD) != RECORD)
			fail("write");
		client_read(client);
		client_write(client);
		if (SSL_read(server, data, RECORD) != RECORD)
			fail("read");
	}
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(client_ctx);
	SSL_CTX_free(server_ctx);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * next WAY: whether a handshake that begins right after another policy was
 * published is judged by that one. WAY is what went before on the same SSL: connect
 * and write, a handshake that failed; ciphers, a question for its suites. threads:
 * several handshakes begin at once, while the policy is still young; cancelled: the
 * thread that reads it has been, before. Ends with 0 when all were refused that had to be.
 */
#include <pthread.h>

#include "../stress/pair.h"

#define THREADS 8

static struct identity id;
static char pin[64];
static pthread_barrier_t begin;

/* A policy for NAME alone, old enough to be read at once, is put in its place. */
static void publish(const char *key, bool young)
{
	char text[256];

	snprintf(text, sizeof(text), "[" NAME "]\n%s = %s\n", key, pin);
	put_policy(text);
	if (!young)
		usleep(30000);
}

static SSL *new_client(SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);

	MUST_HOLD(ssl && SSL_set_tlsext_host_name(ssl, NAME) == 1);
	SSL_set_connect_state(ssl);
	return ssl;
}

static int drive(SSL *ssl, const char *way)
{
	return strcmp(way, "write") ? SSL_connect(ssl) : SSL_write(ssl, "ask", 4);
}

/* The server hangs up before it says anything. */
static void fail_once(SSL *ssl, const char *way)
{
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	MUST_HOLD(in && out);
	BIO_set_mem_eof_return(in, 0);
	SSL_set_bio(ssl, in, out);
	MUST_HOLD(drive(ssl, way) <= 0 && BIO_pending(out) > 0);
	ERR_clear_error();
	MUST_HOLD(SSL_clear(ssl) == 1);
	SSL_set_connect_state(ssl);
}

/* Whether the server gets a line of the client's. */
static bool gets_through(SSL *client, SSL_CTX *ctx, const char *way)
{
	SSL *server = SSL_new(ctx);
	BIO *to = NULL, *from = NULL;
	char line[8];
	int got = -1, rv = 0;

	MUST_HOLD(server && BIO_new_bio_pair(&to, 0, &from, 0) == 1);
	SSL_set_bio(client, to, to);
	SSL_set_bio(server, from, from);
	SSL_set_accept_state(server);
	for (int i = 0; i < 20 && got <= 0; i++) {
		rv = rv == 1 ? SSL_write(client, "ask", 4) : drive(client, way);
		got = SSL_read(server, line, sizeof(line));
	}
	ERR_clear_error();
	SSL_free(server);
	return got > 0;
}

static bool after(const char *way, SSL_CTX *client_ctx, SSL_CTX *server_ctx, const char *key)
{
	SSL *ssl = new_client(client_ctx);
	bool through;

	if (!strcmp(way, "ciphers"))
		sk_SSL_CIPHER_free(SSL_get1_supported_ciphers(ssl));
	else
		fail_once(ssl, way);
	publish(key, false);
	through = gets_through(ssl, server_ctx, way);
	SSL_free(ssl);
	return through;
}

static void *begin_at_once(void *ctx)
{
	SSL_CTX *server = server_of(&id);
	bool wrong = false;

	for (int i = 0; i < 20; i++) {
		pthread_barrier_wait(&begin);
		/* By turns it accepts and refuses. */
		if (talk(ctx, server, NAME, NULL, NULL) != (i % 2 == 0))
			wrong = true;
		pthread_barrier_wait(&begin);
	}
	SSL_CTX_free(server);
	return wrong ? ctx : NULL;
}

/* Whether each of the threads saw each policy. */
static bool all_at_once(SSL_CTX *client)
{
	pthread_t thread[THREADS];
	bool all = true;
	void *wrong;

	pthread_barrier_init(&begin, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		MUST_HOLD(pthread_create(&thread[i], NULL, begin_at_once, client) == 0);
	for (int i = 0; i < 20; i++) {
		publish(i % 2 ? "deny" : "pin", true);
		pthread_barrier_wait(&begin);
		pthread_barrier_wait(&begin);
	}
	for (int i = 0; i < THREADS; i++) {
		MUST_HOLD(pthread_join(thread[i], &wrong) == 0);
		all = all && !wrong;
	}
	return all;
}

/* In memory alone there is nothing to wait for, and so nowhere that a thread could end. */
static void *begin_cancelled(void *ctx)
{
	SSL_CTX *server = server_of(&id);

	pthread_cancel(pthread_self());
	MUST_HOLD(!talk(ctx, server, NAME, NULL, NULL));
	SSL_CTX_free(server);
	return NULL;
}

/* Whether a refusing policy holds that was read, and told of, in a thread that had been cancelled.
 */
static bool holds_after_cancellation(SSL_CTX *client, SSL_CTX *server)
{
	pthread_t thread;
	void *ended;

	publish("deny", true);
	MUST_HOLD(pthread_create(&thread, NULL, begin_cancelled, client) == 0);
	MUST_HOLD(pthread_join(thread, &ended) == 0 && !ended);
	return !talk(client, server, NAME, NULL, NULL);
}

int main(int argc, char **argv)
{
	SSL_CTX *client, *server;

	MUST_HOLD(argc == 2);
	make_identity(&id);
	pin_text(id.cert, pin);
	publish("pin", false);
	client = client_of(&id, SSL_VERIFY_NONE);
	server = server_of(&id);
	if (!strcmp(argv[1], "threads"))
		return !all_at_once(client);
	if (!strcmp(argv[1], "cancelled"))
		return !holds_after_cancellation(client, server);
	for (int i = 0; i < 5; i++) {
		MUST_HOLD(after(argv[1], client, server, "pin"));
		if (after(argv[1], client, server, "deny"))
			return 1;
	}
	return 0;
}

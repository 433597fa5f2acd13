/* SPDX-License-Identifier: MIT */
/*
 * Handshakes of one kind, one after the other in each of some threads: server and client in one
 * process, over memory. Prints what the first one took (with the contexts, so with what is read for
 * them), the memory of the process after it, and how many a second all threads made. Each is looked
 * at: one that is not of the kind that was asked for ends the program. What is mapped after the
 * first goes to the file MAPS; while that is a FIFO that nobody reads, the process waits.
 */
#include "ends.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client {
	SSL *ssl;
	SSL_SESSION *session; /* of the last handshake, for one that resumes */
	int done;
};

struct worker {
	pthread_t thread;
	struct client client;
	double begun, ended, spent;
};

static const struct kind *kind;
static SSL_CTX *client_ctx, *server_ctx;
static int count; /* handshakes of each thread */
static pthread_barrier_t ready;

/* Not static: a profiler is asked for what is spent inside of them: what a client pays, the first
 * handshake, and all that are counted. */
int client_step(struct client *c, BIO *wire);
void first_handshake(struct client *c);
void further_handshakes(struct client *c);

__attribute__((noinline)) int client_step(struct client *c, BIO *wire)
{
	char byte;

	if (!c->ssl) {
		c->ssl = new_client(client_ctx);
		if (c->session && SSL_set_session(c->ssl, c->session) != 1)
			fail("session");
		SSL_set_bio(c->ssl, wire, wire);
	}
	if (c->done) /* no more than a ticket is there */
		return SSL_read(c->ssl, &byte, 1);
	c->done = step(c->ssl);
	return c->done;
}

static int server_step(SSL **server, BIO *wire)
{
	if (!*server) {
		*server = SSL_new(server_ctx);
		if (!*server)
			fail("server");
		SSL_set_bio(*server, wire, wire);
		SSL_set_accept_state(*server);
	}
	return step(*server);
}

/* A session of a connection that was just dropped would not be taken again. */
static void end(SSL *ssl)
{
	SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(ssl);
}

static void handshake(struct client *c)
{
	BIO *client_end, *server_end;
	SSL *server = NULL;
	int resuming = c->session != NULL, done;

	if (BIO_new_bio_pair(&client_end, 0, &server_end, 0) != 1)
		fail("memory");
	do {
		client_step(c, client_end);
		done = server_step(&server, server_end);
	} while (!c->done || !done);
	if (SSL_session_reused(c->ssl) != resuming || SSL_version(c->ssl) != kind->version)
		fail("not the handshake that was asked for");
	if (kind->tickets)
		client_step(c, client_end);
	SSL_SESSION_free(c->session);
	c->session = kind->resumed ? SSL_get1_session(c->ssl) : NULL;
	end(c->ssl);
	end(server);
	c->ssl = NULL;
	c->done = 0;
}

__attribute__((noinline)) void first_handshake(struct client *c)
{
	handshake(c);
}

__attribute__((noinline)) void further_handshakes(struct client *c)
{
	for (int i = 0; i < count; i++)
		handshake(c);
}

static void *work(void *argument)
{
	struct worker *w = argument;

	handshake(&w->client); /* what is done once is not counted */
	pthread_barrier_wait(&ready);
	w->spent = -thread_time();
	w->begun = now();
	further_handshakes(&w->client);
	w->ended = now();
	w->spent += thread_time();
	SSL_SESSION_free(w->client.session);
	return NULL;
}

/* KiB of the LINE when it is called NAME. */
static void take(const char *line, const char *name, long *kib)
{
	const size_t len = strlen(name);

	if (strncmp(line, name, len) == 0 && line[len] == ':')
		*kib = atol(line + len + 1);
}

/*
 * What no other process could share: pages that were written to. Pages of files that were only read
 * are the kernel's cache, whoever else has them mapped.
 */
static void print_memory(void)
{
	long resident = 0, anonymous = 0, dirty = 0, peak = 0;
	char line[256];
	FILE *f = fopen("/proc/self/smaps_rollup", "re");

	while (f && fgets(line, sizeof(line), f)) {
		take(line, "Rss", &resident);
		take(line, "Anonymous", &anonymous);
		take(line, "Private_Dirty", &dirty);
	}
	if (!f || !dirty || !anonymous || fclose(f) != 0)
		fail("smaps_rollup");
	f = fopen("/proc/self/status", "re");
	while (f && fgets(line, sizeof(line), f))
		take(line, "VmHWM", &peak);
	if (!f || !peak || fclose(f) != 0)
		fail("status");
	printf("private KiB %ld\nanonymous KiB %ld\nfiles KiB %ld\npeak KiB %ld\n", dirty,
	       anonymous, resident - anonymous, peak);
}

static void write_maps(const char *to)
{
	FILE *maps = fopen("/proc/self/smaps", "re"), *out;
	char line[4096];

	fflush(stdout); /* to whoever waits for us to wait */
	out = fopen(to, "we");
	if (!maps || !out)
		fail(to);
	while (fgets(line, sizeof(line), maps))
		fputs(line, out);
	if (fclose(maps) != 0 || fclose(out) != 0)
		fail(to);
}

int main(int argc, char **argv)
{
	struct client first = { 0 };
	struct worker *workers;
	double begun, ended, spent;
	int threads;

	if (argc != 7 && argc != 8) {
		fprintf(stderr, "usage: handshake KIND COUNT THREADS CHAIN KEY ANCHOR [MAPS]\n");
		return 2;
	}
	kind = find_kind(argv[1]);
	count = atoi(argv[2]);
	threads = atoi(argv[3]);
	workers = calloc(threads, sizeof(*workers));
	if (count < 1 || threads < 1 || !workers)
		fail("COUNT and THREADS are 1 or more");

	begun = now();
	spent = -thread_time();
	client_ctx = client_context(kind, argv[6]);
	begun -= now();
	spent += thread_time();
	server_ctx = server_context(kind, argv[4], argv[5]);
	begun += now();
	spent -= thread_time();
	first_handshake(&first);
	spent += thread_time();
	printf("first ms %.4f\nfirst-cpu ms %.4f\n", (now() - begun) / 1e6, spent / 1e6);
	print_memory();
	if (argc == 8)
		write_maps(argv[7]);
	SSL_SESSION_free(first.session);

	pthread_barrier_init(&ready, NULL, threads);
	for (int i = 0; i < threads; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			fail("thread");
	begun = INFINITY;
	ended = spent = 0;
	for (int i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		begun = fmin(begun, workers[i].begun);
		ended = fmax(ended, workers[i].ended);
		spent += workers[i].spent;
	}
	printf("rate /s %.1f\n", 1e9 * count * threads / (ended - begun));
	printf("each ms %.5f\n", (ended - begun) / 1e6 / count);
	printf("cpu us %.2f\n", spent / 1e3 / count / threads);
	free(workers);
	SSL_CTX_free(client_ctx);
	SSL_CTX_free(server_ctx);
	return 0;
}

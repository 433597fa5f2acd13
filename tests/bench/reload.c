/* SPDX-License-Identifier: MIT */
/*
 * What a policy that changes costs a process that runs. LIVE is a symbolic link to the folder of
 * its policy, which is policy.ini. One that refuses the server (the folder WRONG) is followed by
 * one that accepts it (RIGHT), COUNT times; both are there whole at once, since the link is
 * replaced by rename(2). Prints what the next handshake took, which is the first to be judged by
 * the new policy, and what the one behind it took: half of them no longer. Ends with an error when
 * a verdict is not that of the policy that is there. What is mapped at the end goes to the file
 * MAPS.
 */
#include "ends.h"

#include <openssl/err.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static SSL_CTX *client_ctx, *server_ctx;
static const char *live;

struct spent {
	double wall, processor; /* ns */
};

/* Not static: a profiler is asked for what is spent inside of them. */
bool next_handshake(void);
bool further_handshake(void);

static void put(const char *folder)
{
	char beside[4096];

	snprintf(beside, sizeof(beside), "%s.new", live);
	if (symlink(folder, beside) != 0 || rename(beside, live) != 0)
		fail("the link to the policy cannot be replaced");
}

/* Goes on with a handshake: 1 when it is done, 0 when it is not, -1 when it was refused. */
static int go_on(SSL *ssl)
{
	int rv = SSL_do_handshake(ssl);

	if (rv == 1)
		return 1;
	return SSL_get_error(ssl, rv) == SSL_ERROR_WANT_READ ? 0 : -1;
}

/* Whether a handshake is accepted; of both ends, over memory. */
static bool handshake(void)
{
	SSL *client = new_client(client_ctx), *server = SSL_new(server_ctx);
	BIO *client_end, *server_end;
	int at_client, at_server;

	if (!server || BIO_new_bio_pair(&client_end, 0, &server_end, 0) != 1)
		fail("memory");
	SSL_set_bio(client, client_end, client_end);
	SSL_set_bio(server, server_end, server_end);
	SSL_set_accept_state(server);
	do {
		at_client = go_on(client);
		at_server = at_client < 0 ? -1 : go_on(server);
	} while (at_client >= 0 && at_server >= 0 && !(at_client && at_server));
	if (at_client < 0 && SSL_get_verify_result(client) != X509_V_ERR_APPLICATION_VERIFICATION)
		fail("a handshake failed that no pin refused");
	ERR_clear_error();
	SSL_free(client);
	SSL_free(server);
	return at_client == 1 && at_server == 1;
}

__attribute__((noinline)) bool next_handshake(void)
{
	return handshake();
}

__attribute__((noinline)) bool further_handshake(void)
{
	return handshake();
}

static struct spent timed(bool (*function)(void))
{
	struct spent s = { -now(), -process_time() };

	if (!function())
		fail("refused under the new policy, which accepts");
	s.processor += process_time();
	s.wall += now();
	return s;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const char *name, double *ns, int count)
{
	qsort(ns, count, sizeof(*ns), by_value);
	printf("%s us %.2f\n", name, ns[(count - 1) / 2] / 1e3);
}

static void copy_maps(const char *to)
{
	FILE *maps = fopen("/proc/self/maps", "re"), *out = fopen(to, "we");
	char line[4096];

	while (maps && out && fgets(line, sizeof(line), maps))
		fputs(line, out);
	if (!maps || !out || fclose(maps) != 0 || fclose(out) != 0)
		fail(to);
}

int main(int argc, char **argv)
{
	double *wall[2], *processor[2];
	struct spent next, further;
	char policy[4096];
	int count;

	if (argc != 9) {
		fprintf(stderr, "usage: reload COUNT LIVE WRONG RIGHT CHAIN KEY ANCHOR MAPS\n");
		return 2;
	}
	count = atoi(argv[1]);
	for (int i = 0; i < 2; i++) {
		wall[i] = calloc(count > 0 ? count : 1, sizeof(**wall));
		processor[i] = calloc(count > 0 ? count : 1, sizeof(**processor));
		if (count < 1 || !wall[i] || !processor[i])
			fail("COUNT is 1 or more");
	}
	live = argv[2];
	if (snprintf(policy, sizeof(policy), "%s/policy.ini", live) < 0 ||
	    setenv("PINSHIM_POLICY", policy, 1) != 0)
		fail("memory");
	put(argv[3]);
	client_ctx = client_context(find_kind("full13"), argv[7]);
	server_ctx = server_context(find_kind("full13"), argv[5], argv[6]);
	for (int i = 0; i < count; i++) {
		if (i > 0)
			put(argv[3]);
		if (handshake())
			fail("accepted under a policy that refuses");
		put(argv[4]);
		next = timed(next_handshake);
		further = timed(further_handshake);
		wall[0][i] = next.wall;
		wall[1][i] = further.wall;
		processor[0][i] = next.processor;
		processor[1][i] = further.processor;
	}
	print("next", wall[0], count);
	print("further", wall[1], count);
	print("next-cpu", processor[0], count);
	print("further-cpu", processor[1], count);
	copy_maps(argv[8]);
	SSL_CTX_free(client_ctx);
	SSL_CTX_free(server_ctx);
	return 0;
}

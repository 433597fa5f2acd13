/* SPDX-License-Identifier: MIT */
/*
 * What a process goes through under the preloaded library: very many
 * handshakes, threads and a policy that changes, fork(2). Each scenario ends
 * with exit code 0 when all was as it should be, and says what was not.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/wait.h>

#include "loader/elf.h"
#include "pair.h"

typedef int openssl_callback(const SSL *, const SSL_CTX *, int, int, int, void *, void *);

static struct identity id;
static char good_policy[4096], wrong_policy[4096];

/* The server, a policy that accepts it and, but for `full', one that does not. */
static void make_policies(const char *kind)
{
	struct identity stranger;
	char right[64], wrong[64], pem[4096] = "", path[1024];
	const char *folder = getenv("PINSHIM_POLICY");
	FILE *file;

	make_identity(&id);
	make_identity(&stranger);
	if (!strcmp(kind, "full")) {
		snprintf(path, sizeof(path), "%s.ca", folder ? folder : "/nowhere");
		add_pem(id.root, pem, sizeof(pem));
		file = fopen(path, "w");
		MUST_HOLD(file && fputs(pem, file) >= 0 && fclose(file) == 0);
		snprintf(good_policy, sizeof(good_policy),
			 "[**.example.com]\nverify = full\nca-file = %s\n", path);
	} else {
		pin_text(!strcmp(kind, "pin-ca") ? id.root : id.cert, right);
		pin_text(!strcmp(kind, "pin-ca") ? stranger.root : stranger.cert, wrong);
		snprintf(good_policy, sizeof(good_policy), "[**.example.com]\n%s = %s\n", kind,
			 right);
		snprintf(wrong_policy, sizeof(wrong_policy), "[**.example.com]\n%s = %s\n", kind,
			 wrong);
	}
	free_identity(&stranger);
}

/* COUNT handshakes, every second one offering the session of the one before. */
static int many(long count, bool good)
{
	SSL_CTX *client, *server;
	SSL_SESSION *session = NULL;
	long before = 0, grown, resumptions = 0, warm = count / 5;
	int descriptors = count_entries("/proc/self/fd"), threads;

	put_policy(good ? good_policy : wrong_policy);
	usleep(30000);
	client = client_of(&id, SSL_VERIFY_NONE);
	server = server_of(&id);
	threads = count_entries("/proc/self/task");
	for (long i = 0; i < count; i++) {
		SSL_SESSION *none = NULL;
		bool resumed;

		if (i == warm)
			before = resident_kb();
		MUST_HOLD(talk(client, server, NAME, i % 2 ? &session : &none, &resumed) == good);
		SSL_SESSION_free(none);
		resumptions += resumed;
	}
	grown = resident_kb() - before;
	SSL_SESSION_free(session);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	printf("handshakes=%ld resumed=%ld grown=%ldkB\n", count, resumptions, grown);
	MUST_HOLD(resumptions == (good ? count / 2 - 1 : 0));
	MUST_HOLD(grown < 300);
	MUST_HOLD(count_entries("/proc/self/fd") == descriptors);
	MUST_HOLD(count_entries("/proc/self/task") == threads && threads == 3); /* . .. and one */
	return 0;
}

/* --- threads, and a policy that changes under them */

/* An even era: a change is under way. 4n + 1: the good policy is in force, 4n + 3: the wrong one.
 */
static atomic_uint era;
static atomic_bool stop;
static atomic_long judged[2], undecided;
static SSL_CTX *shared, *server;

/*
 * fork(2) waits until no thread is inside OpenSSL, whose locks (that of its random
 * numbers, for one) would otherwise stay locked in the child.
 */
static pthread_rwlock_t inside = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

static void *handshakes(void *arg)
{
	bool own = arg != NULL;
	SSL_SESSION *session = NULL;

	while (!stop) {
		unsigned before, after;
		SSL_CTX *client;
		bool ok;

		pthread_rwlock_rdlock(&inside);
		before = era;
		client = own ? client_of(&id, SSL_VERIFY_PEER) : shared;
		ok = talk(client, server, NAME, own ? NULL : &session, NULL);
		after = era;
		if (before != after || before % 2 == 0)
			undecided++;
		else {
			MUST_HOLD(ok == (before % 4 == 1));
			judged[ok]++;
		}
		if (own)
			SSL_CTX_free(client);
		pthread_rwlock_unlock(&inside);
	}
	SSL_SESSION_free(session);
	return NULL;
}

static int threads(long swaps, int n)
{
	pthread_t thread[64];
	SSL_CTX *probe;

	put_policy(good_policy);
	usleep(30000);
	shared = client_of(&id, SSL_VERIFY_NONE);
	probe = client_of(&id, SSL_VERIFY_PEER);
	server = server_of(&id);
	era = 1;
	for (long i = 0; i < n; i++)
		MUST_HOLD(pthread_create(&thread[i], NULL, handshakes, (void *)(intptr_t)(i % 2)) ==
			  0);
	for (long i = 0; i < swaps; i++) {
		bool good = i % 2;
		int tries = 0;

		usleep(10000);
		era++;
		put_policy(good ? good_policy : wrong_policy);
		/* While another thread reads the new policy, the old one may still decide. */
		while (talk(probe, server, NAME, NULL, NULL) != good)
			MUST_HOLD(++tries < 10000);
		era++;
	}
	stop = true;
	for (int i = 0; i < n; i++)
		MUST_HOLD(pthread_join(thread[i], NULL) == 0);
	SSL_CTX_free(shared);
	SSL_CTX_free(probe);
	SSL_CTX_free(server);
	printf("accepted=%ld refused=%ld undecided=%ld\n", judged[1], judged[0], undecided);
	MUST_HOLD(judged[0] > 0 && judged[1] > 0);
	return 0;
}

/* --- very many threads, and policies that come and go */

/* Two servers, each with a policy that accepts it and refuses the other. */
static struct {
	struct identity id;
	SSL_CTX *ctx;
	SSL_SESSION *session; /* of one that was accepted */
	char policy[256];     /* its file */
} side[2];

/*
 * Whose policy is in force in each odd era; an even one lies between two that
 * may both be. Written before its era begins.
 */
static uint8_t in_force[1 << 20];
static atomic_long verdicts[2], decided;
static atomic_int warm; /* threads that have seen both verdicts of both sides */

/* Of a context that is a thread's own, in handshakes. */
#define LIFE 4

/* Posted for the first verdict that only the policy of this era can have given. */
static sem_t decisive;
static atomic_bool has_decided;

/* The sides whose policy was in force at any time from era FIRST to LAST, as bits. */
static unsigned sides_between(unsigned first, unsigned last)
{
	unsigned sides = 0;

	for (unsigned e = (first - 1) | 1; e <= (last | 1); e += 2)
		sides |= 1u << in_force[e];
	return sides;
}

/* Writes TEXT to a file beside the policy, whose name is NAME with an end of its own. */
static void write_beside(const char *end, const char *text, char path[256])
{
	FILE *file;

	snprintf(path, 256, "%s.%s", getenv("PINSHIM_POLICY"), end);
	file = fopen(path, "w");
	MUST_HOLD(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/*
 * Makes the policy a link to a FILE that has been there for a while: of a new one
 * the shim has to wait until it is older than the clock's grain.
 */
static void point_policy(const char *file)
{
	const char *path = getenv("PINSHIM_POLICY");
	char temporary[256];

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	MUST_HOLD(symlink(file, temporary) == 0 && rename(temporary, path) == 0);
}

/* One handshake with side TO, and whether its verdict could be that of a policy in force. */
static bool try_side(SSL_CTX *client, unsigned to, SSL_SESSION **session)
{
	unsigned before = era, after;
	bool ok = talk(client, side[to].ctx, NAME, session, NULL);

	after = era;
	MUST_HOLD(sides_between(before, after) & (1u << (ok ? to : !to)));
	verdicts[ok]++;
	if (before == after && before % 2) {
		decided++;
		if (!atomic_exchange(&has_decided, true))
			sem_post(&decisive);
	}
	return ok;
}

static void *handshakes_with_both(void *arg)
{
	bool own = arg != NULL;
	SSL_SESSION *session[2] = { NULL, NULL };
	unsigned seen = 0;

	while (!stop) {
		SSL_CTX *client;

		pthread_rwlock_rdlock(&inside);
		client = own ? client_of(&side[0].id, SSL_VERIFY_PEER) : shared;
		for (unsigned i = 0; i < LIFE; i++) {
			unsigned to = i % 2;
			bool ok = try_side(client, to, own ? NULL : &session[to]);

			if (seen != 15 && (seen |= 1u << (2 * to + ok)) == 15)
				warm++;
		}
		if (own)
			SSL_CTX_free(client);
		pthread_rwlock_unlock(&inside);
	}
	SSL_SESSION_free(session[0]);
	SSL_SESSION_free(session[1]);
	return NULL;
}

/* Whether the policy in force accepts side I: its session is taken then, and else left. */
static bool is_in_force(SSL_CTX *ctx, int i)
{
	SSL *ssl = SSL_new(ctx);
	bool taken;

	MUST_HOLD(ssl && SSL_set_tlsext_host_name(ssl, NAME) == 1);
	MUST_HOLD(SSL_set_session(ssl, side[i].session) == 1);
	taken = SSL_get_session(ssl) != NULL;
	SSL_free(ssl);
	return taken;
}

/* Puts the policy of the side that is not in force in force. */
static void turn_over(void)
{
	int next = !in_force[era];

	MUST_HOLD(era + 2 < sizeof(in_force));
	in_force[era + 2] = (uint8_t)next;
	era++;
	point_policy(side[next].policy);
	/* While another thread reads the new policy, the old one may still decide. */
	while (!is_in_force(shared, next))
		sched_yield();
	MUST_HOLD(!is_in_force(shared, !next));
	era++;
}

static void await_verdict(void)
{
	while (sem_trywait(&decisive) == 0)
		;
	has_decided = false;
	MUST_HOLD(sem_wait(&decisive) == 0);
}

/* What the process holds while nobody is at it, and what was exchanged is gone. */
struct holdings {
	long resident;
	size_t allocated;
	int descriptors, threads;
};

static struct holdings take_stock(void)
{
	struct holdings h;

	pthread_rwlock_wrlock(&inside);
	turn_over();
	malloc_trim(0);
	h.resident = resident_kb();
	h.allocated = mallinfo2().uordblks;
	h.descriptors = count_entries("/proc/self/fd");
	h.threads = count_entries("/proc/self/task");
	pthread_rwlock_unlock(&inside);
	return h;
}

/*
 * N threads make handshakes, every second one with contexts of its own, while
 * the policy changes CHANGES times, every seventh time to one that is bad and
 * must not count. MOST_KB: how much more memory may be held in the end than
 * when each thread had seen everything.
 */
static int swaps(long changes, int n, long most_kb)
{
	pthread_t *thread = calloc((size_t)n, sizeof(*thread));
	struct holdings first, last;
	char bad[256];
	long grown, bytes;

	MUST_HOLD(thread && n > 0 && sem_init(&decisive, 0, 0) == 0);
	write_beside("bad", "[**.example.com]\npin = nonsense\n", bad);
	for (int i = 0; i < 2; i++) {
		char pin[64], text[256];

		if (i)
			make_sibling(&side[i].id, &side[0].id);
		else
			make_identity(&side[i].id);
		pin_text(side[i].id.cert, pin);
		snprintf(text, sizeof(text), "[**.example.com]\npin = %s\n", pin);
		write_beside(i ? "b" : "a", text, side[i].policy);
		side[i].ctx = server_of(&side[i].id);
	}
	point_policy(side[0].policy);
	usleep(30000);
	shared = client_of(&side[0].id, SSL_VERIFY_NONE);
	MUST_HOLD(talk(shared, side[0].ctx, NAME, &side[0].session, NULL));
	point_policy(side[1].policy);
	while (!talk(shared, side[1].ctx, NAME, &side[1].session, NULL))
		;
	era = 1;
	in_force[era] = 1;
	for (long i = 0; i < n; i++)
		MUST_HOLD(pthread_create(&thread[i], NULL, handshakes_with_both,
					 (void *)(intptr_t)(i % 2)) == 0);
	while (warm < n) {
		turn_over();
		await_verdict();
	}
	first = take_stock();
	for (long i = 0; i < changes; i++) {
		if (i % 7 == 6)
			point_policy(bad);
		else
			turn_over();
		await_verdict();
	}
	last = take_stock();
	stop = true;
	for (int i = 0; i < n; i++)
		MUST_HOLD(pthread_join(thread[i], NULL) == 0);
	grown = last.resident - first.resident;
	bytes = (long)last.allocated - (long)first.allocated;
	printf("accepted=%ld refused=%ld decided=%ld grown=%ldkB allocated=%ld\n", verdicts[1],
	       verdicts[0], decided, grown, bytes);
	MUST_HOLD(verdicts[0] > 0 && verdicts[1] > 0 && decided >= changes);
	MUST_HOLD(grown < most_kb && bytes < 16 * 1024);
	MUST_HOLD(last.descriptors == first.descriptors && last.threads == first.threads);
	SSL_CTX_free(shared);
	for (int i = 0; i < 2; i++) {
		SSL_CTX_free(side[i].ctx);
		SSL_SESSION_free(side[i].session);
		free_identity(&side[i].id);
	}
	free(thread);
	return 0;
}

/* --- fork */

/* Ends a child: whether it was accepted. */
static void expect_of_child(pid_t pid, bool good)
{
	int status;

	MUST_HOLD(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status))
		fprintf(stderr, "a child was ended by signal %d\n", WTERMSIG(status));
	MUST_HOLD(WIFEXITED(status) && WEXITSTATUS(status) == (good ? 0 : 1));
}

static pid_t talk_in_child(SSL_CTX *client)
{
	pid_t pid = fork();

	if (pid == 0) {
		alarm(60);
		_exit(talk(client, server, NAME, NULL, NULL) ? 0 : 1);
	}
	return pid;
}

static int forks(const char *self)
{
	SSL_CTX *client, *before;
	pthread_t thread[4];
	pid_t pid;

	put_policy(good_policy);
	usleep(30000);
	client = client_of(&id, SSL_VERIFY_NONE);
	before = client_of(&id, SSL_VERIFY_PEER);
	server = server_of(&id);
	/* A context of before the fork, in the child first, then in both. */
	expect_of_child(talk_in_child(before), true);
	MUST_HOLD(talk(before, server, NAME, NULL, NULL));
	/* The child finds the policy changed, and so does the parent. */
	put_policy(wrong_policy);
	expect_of_child(talk_in_child(before), false);
	MUST_HOLD(!talk(before, server, NAME, NULL, NULL));
	put_policy(good_policy);
	pid = fork();
	if (pid == 0) {
		alarm(60);
		/* A child of a child. */
		expect_of_child(talk_in_child(client), true);
		_exit(talk(client, server, NAME, NULL, NULL) ? 0 : 1);
	}
	expect_of_child(pid, true);

	pid = vfork();
	if (pid == 0) {
		execl(self, self, "pin", "one", (char *)NULL);
		_exit(9);
	}
	expect_of_child(pid, true);

	/* Children of a parent with threads, while the policy changes. */
	put_policy(good_policy);
	shared = client;
	era = 0;
	for (long i = 0; i < 4; i++)
		MUST_HOLD(pthread_create(&thread[i], NULL, handshakes, (void *)(intptr_t)(i % 2)) ==
			  0);
	for (int i = 0; i < 40; i++) {
		bool good = i % 2;

		put_policy(good ? good_policy : wrong_policy);
		usleep((unsigned)(i * 700));
		pthread_rwlock_wrlock(&inside);
		pid = fork();
		if (pid != 0)
			pthread_rwlock_unlock(&inside);
		if (pid == 0) {
			alarm(60);
			for (int tries = 0; talk(before, server, NAME, NULL, NULL) != good; tries++)
				if (tries > 100)
					_exit(1);
			_exit(0);
		}
		expect_of_child(pid, true);
	}
	stop = true;
	for (int i = 0; i < 4; i++)
		MUST_HOLD(pthread_join(thread[i], NULL) == 0);
	SSL_CTX_free(client);
	SSL_CTX_free(before);
	SSL_CTX_free(server);
	return 0;
}

/* --- one */

static int one(bool good)
{
	SSL_CTX *client;
	bool ok;

	put_policy(good ? good_policy : wrong_policy);
	client = client_of(&id, SSL_VERIFY_NONE);
	server = server_of(&id);
	ok = talk(client, server, NAME, NULL, NULL);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	return ok ? 0 : 1;
}

static bool is_in(openssl_callback *cb, const char *file)
{
	Dl_info info;

	return dladdr((void *)(uintptr_t)cb, &info) && strstr(info.dli_fname, file);
}

/*
 * A libssl at PATH beside the one that this program is linked with: a context
 * that is made with its method is its own, and gated.
 */
static int foreign(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	__typeof__(TLS_client_method) *method;
	__typeof__(SSL_CTX_free) *destroy;
	__typeof__(SSL_CTX_get_security_callback) *get;
	struct elf_object libssl;
	SSL_CTX *own, *other;

	MUST_HOLD(handle);
	*(void **)&method = dlsym(handle, "TLS_client_method");
	*(void **)&destroy = dlsym(handle, "SSL_CTX_free");
	/* Its own one, to look behind the shim's: dlsym() would find the latter. */
	MUST_HOLD(method && elf_owner(method(), &libssl));
	*(void **)&get = elf_symbol(&libssl, "SSL_CTX_get_security_callback");
	MUST_HOLD(destroy && get && method != TLS_client_method);
	put_policy(good_policy);
	own = client_of(&id, SSL_VERIFY_NONE);
	other = SSL_CTX_new(method());
	MUST_HOLD(own && other);
	MUST_HOLD(is_in(get(other), "libpinshim"));
	/* What the program is told is that library's own. */
	MUST_HOLD(is_in(SSL_CTX_get_security_callback(other), path));
	MUST_HOLD(!is_in(SSL_CTX_get_security_callback(own), path));
	MUST_HOLD(!is_in(SSL_CTX_get_security_callback(own), "libpinshim"));
	destroy(other);
	SSL_CTX_free(own);
	return 0;
}

/*
 * stress KIND SCENARIO [COUNT | PATH]: KIND is the key of the section, pin, pin-ca
 * or full. stress pin swaps CHANGES THREADS MOST_KB.
 */
int main(int argc, char **argv)
{
	const char *scenario = argc > 2 ? argv[2] : "";
	long count = argc > 3 ? atol(argv[3]) : 0;
	int rv = 2;

	if (argc < 3)
		return 2;
	setbuf(stdout, NULL);
	if (!strcmp(scenario, "none"))
		return 0;
	make_policies(argv[1]);
	if (!strcmp(scenario, "many"))
		rv = many(count, true);
	if (!strcmp(scenario, "refused"))
		rv = many(count, false);
	if (!strcmp(scenario, "threads"))
		rv = threads(count, 16);
	if (!strcmp(scenario, "swaps") && argc > 5)
		rv = swaps(count, atoi(argv[4]), atol(argv[5]));
	if (!strcmp(scenario, "forks"))
		rv = forks(argv[0]);
	if (!strcmp(scenario, "foreign"))
		rv = argc > 3 ? foreign(argv[3]) : 2;
	if (!strcmp(scenario, "one"))
		rv = one(true);
	if (!strcmp(scenario, "one-wrong"))
		rv = one(false);
	free_identity(&id);
	return rv;
}

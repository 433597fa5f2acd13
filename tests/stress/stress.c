/* SPDX-License-Identifier: MIT */
/*
 * What a process goes through under the preloaded library: very many
 * handshakes, threads and a policy that changes, fork(2). Each scenario ends
 * with exit code 0 when all was as it should be, and says what was not.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/wait.h>

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

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	MUST_HOLD(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static long resident_kb(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long size, resident;

	MUST_HOLD(file && fscanf(file, "%ld %ld", &size, &resident) == 2);
	fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
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

/* --- fork */

/* Ends a child: whether it was accepted. */
static void expect_of_child(pid_t pid, bool good)
{
	int status;

	MUST_HOLD(pid > 0 && waitpid(pid, &status, 0) == pid);
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
	SSL_CTX *own, *other;

	MUST_HOLD(handle);
	*(void **)&method = dlsym(handle, "TLS_client_method");
	*(void **)&destroy = dlsym(handle, "SSL_CTX_free");
	*(void **)&get = dlsym(handle, "SSL_CTX_get_security_callback");
	MUST_HOLD(method && destroy && get && method != TLS_client_method);
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

/* stress KIND SCENARIO [COUNT | PATH]: KIND is the key of the section, pin, pin-ca or full */
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

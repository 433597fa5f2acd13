/* SPDX-License-Identifier: MIT */
/*
 * Programs that make it hard to be their guest: guest PKI SERVER NAME SCENARIO.
 * Prints what came of each handshake. It must never know of the shim.
 */
#include "../e2e/clients/ends.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <utime.h>

static SSL_CTX *servers, *clients;

static void make_contexts(void)
{
	servers = SSL_CTX_new(TLS_server_method());
	identify(servers, certificate);
	clients = SSL_CTX_new(TLS_client_method());
	trust(clients);
	SSL_CTX_set_verify(clients, SSL_VERIFY_PEER, NULL);
}

static bool converse(SSL *ssl)
{
	bool through = talk(ssl);

	printf("handshake=%s received=%zu\n", through ? "ok" : "failed", server.n);
	fflush(stdout);
	return through;
}

static bool handshake(void)
{
	SSL *ssl = meet(clients, servers, name);
	bool through = converse(ssl);

	hang_up(ssl);
	SSL_free(ssl);
	ERR_clear_error();
	return through;
}

/* --- signals all the time, while the policy, which has just been written, is read */

static volatile sig_atomic_t ticks;

static void tick(int number)
{
	(void)number;
	ticks++;
}

static void timer(void)
{
	const struct itimerval often = { { 0, 100 }, { 0, 100 } };
	struct sigaction action = { .sa_handler = tick, .sa_flags = SA_RESTART };

	sigaction(SIGALRM, &action, NULL);
	make_contexts();
	handshake();
	if (setitimer(ITIMER_REAL, &often, NULL))
		broken("timer");
	for (int i = 0; i < 10; i++) {
		if (utime(getenv("PINSHIM_POLICY"), NULL))
			broken("utime");
		handshake();
	}
	if (ticks < 10)
		broken("hardly any signal came");
}

/* --- no descriptor may be opened any more, nor one be polled */

static void no_files(void)
{
	struct rlimit limit = { 0, 0 };
	SSL *ssl;

	make_contexts();
	handshake();
	ssl = meet(clients, servers, name);
	if (setrlimit(RLIMIT_NOFILE, &limit))
		broken("setrlimit");
	converse(ssl);
}

/* --- none is free when the policies are read for the first time */

static void no_files_at_first(void)
{
	struct rlimit limit = { 3, 100 };
	SSL_CTX *early;

	OPENSSL_init_ssl(0, NULL);
	if (setrlimit(RLIMIT_NOFILE, &limit))
		broken("setrlimit");
	early = SSL_CTX_new(TLS_client_method());
	limit.rlim_cur = limit.rlim_max;
	if (!early || setrlimit(RLIMIT_NOFILE, &limit))
		broken("a context");
	SSL_CTX_free(early);
	make_contexts();
	handshake();
	handshake();
}

/* --- a thread with little stack */

static void *in_thread(void *arg)
{
	(void)arg;
	handshake();
	return NULL;
}

static void small_stack(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	make_contexts();
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	if (pthread_create(&thread, &attributes, in_thread, NULL) || pthread_join(thread, NULL))
		broken("thread");
}

/* --- another root folder */

static void other_root(void)
{
	char folder[] = "/tmp/guest.XXXXXX";

	make_contexts();
	handshake();
	if (!mkdtemp(folder) || chroot(folder) || chdir("/"))
		broken("chroot");
	handshake();
	handshake();
	handshake();
	if (chdir("/") || rmdir("/"))
		errno = 0; /* the test removes it */
}

/* --- children of a program one of whose threads looks functions up all the time */

#define CHILDREN 200

static void *everything, *libssl, *libcrypto;
static atomic_bool enough;

static void *handle_of(const void *function)
{
	Dl_info info;
	void *handle = dladdr(function, &info) ? dlopen(info.dli_fname, RTLD_NOW) : NULL;

	if (!handle)
		broken("dlopen");
	return handle;
}

static void look_up(void)
{
	if (!dlsym(everything, "SSL_connect") || !dlsym(libssl, "SSL_connect") ||
	    !dlsym(libcrypto, "X509_verify_cert_error_string"))
		broken("dlsym");
}

static void *go_on_looking_up(void *arg)
{
	while (!enough)
		look_up();
	return arg;
}

static void look_up_in_children(void)
{
	pthread_t thread;
	int status;

	make_contexts();
	everything = dlopen(NULL, RTLD_NOW);
	libssl = handle_of((const void *)(uintptr_t)SSL_new);
	libcrypto = handle_of((const void *)(uintptr_t)X509_up_ref);
	if (pthread_create(&thread, NULL, go_on_looking_up, NULL))
		broken("a thread");
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			alarm(20);
			look_up();
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			broken("a child");
		if (!WIFSIGNALED(status))
			continue;
		fprintf(stderr, "child %d was ended by signal %d (%s)\n", i, WTERMSIG(status),
			strsignal(WTERMSIG(status)));
		_exit(1);
	}
	enough = true;
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} scenarios[] = {
		{ "timer", timer },
		{ "no-files", no_files },
		{ "small-stack", small_stack },
		{ "other-root", other_root },
		{ "lookups", look_up_in_children },
		{ "no-files-at-first", no_files_at_first },
	};

	if (argc != 5)
		return 2;
	pki = argv[1];
	certificate = argv[2];
	name = argv[3];
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (!strcmp(argv[4], scenarios[i].name)) {
			scenarios[i].run();
			return 0;
		}
	return 2;
}

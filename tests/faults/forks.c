/* SPDX-License-Identifier: MIT */
/*
 * Children that are made in the middle of the library's work:
 * forks PKI SERVER NAME ACCEPTING REFUSING. A thread makes handshakes, the first
 * under a policy that has just come into force, and is stopped in the first call
 * of each place from which the library calls libc. There a child is made, which
 * must refuse as well. Elsewhere none is: a child of a thread that has a lock of
 * OpenSSL's or of libc's (for random bytes, for what is fetched, for the time zone)
 * waits for ever without the library, too. Exits 0 when all was refused.
 */
#include "../e2e/clients/ends.h"
#include "range.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static SSL_CTX *servers, *clients;

/* --- where the thread is stopped */

static struct range library;
static sem_t stopped, go_on;
static const char *stopped_in; /* NULL: the thread is done */
static __thread bool watched;

static int find_library(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size, (void)arg;
	if (strstr(info->dlpi_name, "/libpinshim.so"))
		take_range(&library, info);
	return 0;
}

static bool is_new(uintptr_t from)
{
	static uintptr_t places[1000];
	static size_t n;

	for (size_t i = 0; i < n; i++)
		if (places[i] == from)
			return false;
	if (n == sizeof(places) / sizeof(places[0]))
		abort();
	places[n++] = from;
	return true;
}

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore))
		if (errno != EINTR)
			abort();
}

static void stop(const char *function, const void *from)
{
	const int before = errno;

	if (!watched || !holds(&library, (uintptr_t)from) || !is_new((uintptr_t)from))
		return;
	watched = false;
	stopped_in = function;
	sem_post(&stopped);
	wait_for(&go_on);
	watched = true;
	errno = before;
}

/* --- libc's functions */

#define STOP(type, name, parameters, arguments)                    \
	type name parameters                                       \
	{                                                          \
		static type(*real) parameters;                     \
                                                                   \
		stop(#name, __builtin_return_address(0));          \
		if (!real)                                         \
			*(void **)&real = dlsym(RTLD_NEXT, #name); \
		return real arguments;                             \
	}

#define STOP_ALLOCATOR(type, name, parameters, arguments) \
	type __libc_##name parameters;                    \
	type name parameters                              \
	{                                                 \
		stop(#name, __builtin_return_address(0)); \
		return __libc_##name arguments;           \
	}

STOP_ALLOCATOR(void *, malloc, (size_t size), (size))
STOP_ALLOCATOR(void *, calloc, (size_t n, size_t size), (n, size))
STOP_ALLOCATOR(void *, realloc, (void *old, size_t size), (old, size))
STOP_ALLOCATOR(void, free, (void *old), (old))

STOP(pid_t, getpid, (void), ())
STOP(uid_t, getuid, (void), ())
STOP(int, clock_gettime, (clockid_t clock, struct timespec *now), (clock, now))
STOP(int, stat64, (const char *path, struct stat64 *st), (path, st))
STOP(int, fstat64, (int fd, struct stat64 *st), (fd, st))
STOP(int, close, (int fd), (fd))
STOP(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size))
STOP(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
STOP(int, fallocate64, (int fd, int mode, off64_t from, off64_t size), (fd, mode, from, size))
STOP(int, poll, (struct pollfd * set, nfds_t n, int ms), (set, n, ms))
STOP(int, sigprocmask, (int how, const sigset_t *set, sigset_t *old), (how, set, old))
STOP(int, sigpending, (sigset_t * set), (set))
STOP(int, getsockopt, (int fd, int level, int option, void *value, socklen_t *size),
     (fd, level, option, value, size))
STOP(FILE *, fopen64, (const char *path, const char *mode), (path, mode))
STOP(size_t, fread, (void *data, size_t size, size_t n, FILE *file), (data, size, n, file))
STOP(char *, fgets, (char *line, int size, FILE *file), (line, size, file))
STOP(int, fclose, (FILE * file), (file))
STOP(void *, mmap64, (void *at, size_t size, int protection, int flags, int fd, off64_t from),
     (at, size, protection, flags, fd, from))
STOP(int, mprotect, (void *at, size_t size, int protection), (at, size, protection))
STOP(int, munmap, (void *at, size_t size), (at, size))
STOP(int, vsnprintf, (char *text, size_t size, const char *format, va_list values),
     (text, size, format, values))
STOP(int, pthread_setcancelstate, (int state, int *old), (state, old))

int open64(const char *path, int flags, ...)
{
	static int (*real)(const char *, int, ...);
	va_list values;
	mode_t mode;

	stop("open64", __builtin_return_address(0));
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "open64");
	va_start(values, flags);
	mode = flags & O_CREAT ? va_arg(values, mode_t) : 0;
	va_end(values);
	return real(path, flags, mode);
}

int snprintf(char *text, size_t size, const char *format, ...)
{
	va_list values;
	int n;

	stop("snprintf", __builtin_return_address(0));
	va_start(values, format);
	n = vsnprintf(text, size, format, values);
	va_end(values);
	return n;
}

/* --- handshakes */

/* The policy is a link: one that has just been written would be waited for. */
static void put_policy(const char *target)
{
	const char *place = getenv("PINSHIM_POLICY");
	char beside[4096];

	sprintf(beside, "%.4000s.new", place);
	if (symlink(target, beside) || rename(beside, place))
		broken(beside);
}

/* Whether the server was accepted, or got anything. */
static bool handshake(void)
{
	SSL *ssl = meet(clients, servers, name);
	bool through;

	through = talk(ssl) || server.n;
	hang_up(ssl);
	SSL_free(ssl);
	ERR_clear_error();
	return through;
}

static bool accepted; /* by the thread */

static void *work(void *arg)
{
	(void)arg;
	watched = true;
	for (int i = 0; i < 2; i++)
		accepted = handshake() || accepted;
	watched = false;
	stopped_in = NULL;
	sem_post(&stopped);
	return NULL;
}

static void make_child(void)
{
	const char *where = stopped_in;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		alarm(60);
		_exit(handshake());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		broken("a child");
	if (WIFSIGNALED(status))
		fprintf(stderr, "the child that was made in %s was ended by signal %d (%s)\n",
			where, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		fprintf(stderr, "the child that was made in %s accepted\n", where);
	else
		return;
	_exit(1);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	unsigned children = 0;

	if (argc != 6)
		return 2;
	pki = argv[1];
	certificate = argv[2];
	name = argv[3];
	dl_iterate_phdr(find_library, NULL);
	if (!library.high)
		broken("the library is not loaded");
	sem_init(&stopped, 0, 0);
	sem_init(&go_on, 0, 0);
	servers = SSL_CTX_new(TLS_server_method());
	identify(servers, certificate);
	put_policy(argv[4]);
	clients = SSL_CTX_new(TLS_client_method());
	trust(clients);
	SSL_CTX_set_verify(clients, SSL_VERIFY_PEER, NULL);
	if (!handshake())
		broken("the first handshake");
	put_policy(argv[5]);
	if (pthread_create(&thread, NULL, work, NULL))
		broken("a thread");
	for (;;) {
		wait_for(&stopped);
		if (!stopped_in)
			break;
		if (getenv("SHOW"))
			fprintf(stderr, "%s\n", stopped_in);
		make_child();
		children++;
		sem_post(&go_on);
	}
	pthread_join(thread, NULL);
	if (accepted)
		broken("the thread accepted");
	printf("children=%u\n", children);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Handshakes while memory runs out, at every allocation in turn:
 * memory PKI SERVER NAME WAY OUTCOME WHOSE [POLICY NEXT-POLICY]. It has malloc(3) and
 * its kin, mmap(2) and mprotect(2) for itself and makes them fail, once or from
 * then on, when it is the library (WHOSE: ours, with what libc and libcrypto need
 * on its behalf) or anybody in the client's turn (all) that asks. A first
 * handshake finds out which allocations there are; of those that the library does
 * not make itself the first is tried that any of its calls leads to, and every
 * STRIDE-th (a variable). Each try has a process of its own, in which a handshake
 * with enough memory follows. Exits 0 when no try went wrong.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* SRP, in psk.h */
#include "../e2e/clients/ends.h"
#include "../e2e/clients/psk.h"
#include "range.h"

#include <dirent.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unwind.h>

#define UNLISTED "elsewhere.example.org"
#define CONTROL	 "api"

enum outcome { REFUSED, ACCEPTED };

static enum outcome expected;
static const char *way, *first_policy, *second_policy, *log_file, *forgotten;
static bool reused;	  /* of the last handshake: a session */
static unsigned attempts; /* handshakes of this process that have to be told of */

static bool is_way(const char *other)
{
	return !strcmp(way, other);
}

/* --- whose allocation it is */

static struct range library, passed_over[2], program;

static int find_range(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size, (void)arg;
	if (!*info->dlpi_name && !program.high)
		take_range(&program, info);
	else if (strstr(info->dlpi_name, "/libpinshim.so"))
		take_range(&library, info);
	else if (strstr(info->dlpi_name, "/libc.so"))
		take_range(&passed_over[0], info);
	else if (strstr(info->dlpi_name, "/libcrypto.so"))
		take_range(&passed_over[1], info);
	return 0;
}

struct look {
	bool left;  /* the frames of this file's own allocators are behind us */
	bool apart; /* libcrypto has been met */
	bool ours;
	uintptr_t from; /* then: where the library made the call */
};

/* Innermost first: who is it that libc and libcrypto work for? */
static _Unwind_Reason_Code look_at(struct _Unwind_Context *frame, void *arg)
{
	struct look *look = arg;
	uintptr_t address = _Unwind_GetIP(frame);

	if (!look->left && holds(&program, address))
		return _URC_NO_REASON;
	look->left = true;
	look->apart = look->apart || holds(&passed_over[1], address);
	if (holds(&passed_over[0], address) || holds(&passed_over[1], address))
		return _URC_NO_REASON;
	look->ours = holds(&library, address);
	look->from = address;
	return _URC_END_OF_STACK;
}

/* --- the allocators */

#define MOST 100000

static bool armed, everybody, lasting, surveying;
static unsigned count, nth; /* of all allocations while memory is scarce */

/* What the survey found: the numbers of the allocations to try. */
static struct survey {
	unsigned n, others, stride, at[MOST], n_calls;
	uintptr_t calls[1000];
} * survey;

static bool is_new_call(uintptr_t from)
{
	for (unsigned i = 0; i < survey->n_calls; i++)
		if (survey->calls[i] == from)
			return false;
	if (survey->n_calls == sizeof(survey->calls) / sizeof(survey->calls[0]))
		abort();
	survey->calls[survey->n_calls++] = from;
	return true;
}

static void note(void)
{
	struct look look = { 0 };

	armed = false;
	_Unwind_Backtrace(look_at, &look);
	armed = true;
	if (!look.ours && !everybody)
		return;
	if (!(look.ours && (!look.apart || is_new_call(look.from))) &&
	    survey->others++ % survey->stride)
		return;
	if (survey->n == MOST)
		abort();
	survey->at[survey->n++] = count;
}

/* On request: who asked. */
static void show(void)
{
	void *frames[32];

	armed = false;
	backtrace_symbols_fd(frames, backtrace(frames, 32), 2);
	armed = true;
}

static bool fails(void)
{
	if (!armed)
		return false;
	count++;
	if (surveying)
		note();
	if (lasting ? count < nth : count != nth)
		return false;
	if (getenv("SHOW"))
		show();
	errno = ENOMEM;
	return true;
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	if (fails())
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, at, len, protection, flags, fd, offset);
}

int mprotect(void *at, size_t len, int protection)
{
	return fails() ? -1 : (int)syscall(SYS_mprotect, at, len, protection);
}

/* --- handshakes */

static SSL_CTX *servers;

static SSL_CTX *new_servers(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	identify(ctx, certificate);
	SSL_CTX_set_max_early_data(ctx, 1024);
	SSL_CTX_set_options(ctx, SSL_OP_NO_ANTI_REPLAY);
	if (is_way("psk"))
		SSL_CTX_set_psk_find_session_callback(ctx, psk_find_session);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"x", 1);
	return ctx;
}

/* A connection that has an address. */
static void pair_over_tcp(int ends[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(address);

	ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &size) ||
	    connect(ends[0], (struct sockaddr *)&address, size))
		broken("a loopback connection");
	ends[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	close(listener);
}

static void wait_for(int fd)
{
	struct timeval moment = { .tv_usec = 20000 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	select(fd + 1, &set, NULL, NULL, &moment);
}

static void serve_unarmed(void)
{
	bool before = armed;

	armed = false;
	if (is_way("resolve"))
		wait_for(SSL_get_fd(server.ssl));
	serve();
	armed = before;
}

static bool converse_scarcely(SSL *ssl)
{
	char answer[sizeof(ANSWER)];
	size_t n;
	int rc;

	if (server.early && SSL_write_early_data(ssl, SECRET, sizeof(SECRET) - 1, &n) != 1)
		return false;
	for (int i = 0; i < MOST_TURNS; i++) {
		rc = SSL_connect(ssl);
		if (rc == 1)
			break;
		if (SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ)
			return false;
		serve_unarmed();
	}
	if (rc != 1 || SSL_write(ssl, SECRET, sizeof(SECRET) - 1) <= 0)
		return false;
	serve_unarmed();
	for (int i = 0; (rc = SSL_read(ssl, answer, sizeof(answer))) <= 0 && i < MOST_TURNS; i++) {
		if (SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ)
			break;
		serve_unarmed();
	}
	return rc > 0;
}

/*
 * One connection, on which memory may be scarce from the first call on; whether
 * an answer came. *DATA: how much the server got. CTX may be NULL: a new one.
 */
static bool attempt(SSL_CTX *ctx, const char *host, SSL_SESSION *session, bool scarce, size_t *data)
{
	const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	SSL_CTX *own = NULL;
	bool through = false;
	int ends[2] = { -1, -1 };
	SSL *ssl = NULL;

	*data = 0;
	memset(&server, 0, sizeof(server));
	armed = scarce;
	if (is_way("resolve") && getaddrinfo("localhost", NULL, &hints, &list)) {
		armed = false;
		attempts--; /* libc itself gave up */
		return false;
	}
	if (!ctx) {
		ctx = own = SSL_CTX_new(TLS_client_method());
		if (!ctx)
			goto out;
		armed = false;
		trust(ctx);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
		if (is_way("psk"))
			SSL_CTX_set_psk_use_session_callback(ctx, psk_use_session);
		armed = scarce;
	}
	ssl = SSL_new(ctx);
	if (!ssl)
		goto out;
	armed = false;
	if (!servers)
		servers = new_servers();
	new_server(servers);
	server.early = (session && is_way("early")) || is_way("psk");
	if (is_way("resolve"))
		pair_over_tcp(ends);
	else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends))
		broken("socketpair");
	SSL_set_fd(ssl, ends[0]);
	SSL_set_fd(server.ssl, ends[1]);
	if (!is_way("resolve"))
		set_name(ssl, host);
	armed = scarce;
	if (session && SSL_set_session(ssl, session) != 1)
		goto out;
	through = converse_scarcely(ssl);
out:
	if (getenv("SHOW")) {
		fprintf(stderr, "through %d\n", through);
		ERR_print_errors_fp(stderr);
	}
	armed = false;
	reused = through && SSL_session_reused(ssl);
	if (through)
		SSL_shutdown(ssl); /* else its session is of no more use */
	if (server.ssl)
		serve_unarmed();
	*data = server.n;
	if (list)
		freeaddrinfo(list);
	SSL_free(ssl);
	SSL_free(server.ssl);
	SSL_CTX_free(own);
	close(ends[0]);
	close(ends[1]);
	ERR_clear_error();
	return through;
}

/* --- one try, in a process of its own */

#define NOT_SO(...)                                                                        \
	do {                                                                               \
		fprintf(stderr, "try %u%s: ", nth, lasting ? " and all that follow" : ""); \
		fprintf(stderr, __VA_ARGS__);                                              \
		fputc('\n', stderr);                                                       \
		exit(1);                                                                   \
	} while (0)

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* The policy is a link, so that its files need not be young, which would cost time. */
static void put_policy(const char *target)
{
	char place[4096];

	snprintf(place, sizeof(place), "%s.new", getenv("PINSHIM_POLICY"));
	unlink(place);
	if (symlink(target, place) || rename(place, getenv("PINSHIM_POLICY")))
		broken(place);
}

static unsigned sum_of(const char *text, const char *field)
{
	unsigned sum = 0;

	while ((text = strstr(text, field))) {
		text += strlen(field);
		sum += (unsigned)strtoul(text, NULL, 10);
	}
	return sum;
}

/* Every handshake was told of, or its message was counted. */
static void check_log(void)
{
	static char text[1 << 20];
	int fd = open(log_file, O_RDONLY | O_CLOEXEC);
	unsigned lines = 0;
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	for (ssize_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	close(fd);
	if (lines + sum_of(text, "\"lost\":") + sum_of(text, "\"suppressed\":") < attempts)
		NOT_SO("of %u handshakes not all were told of or counted:\n%s", attempts, text);
}

static const char *first_name(void)
{
	return expected == REFUSED && !second_policy ? UNLISTED : name;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	SSL_SESSION **place = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (*place)
		SSL_SESSION_free(*place);
	*place = session;
	return 1;
}

static void one_try(void)
{
	SSL_SESSION *session = NULL;
	SSL_CTX *ctx = NULL;
	bool through, failed;
	int before;
	size_t data;

	if (is_way("resume") || is_way("early")) {
		ctx = SSL_CTX_new(TLS_client_method());
		trust(ctx);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_app_data(ctx, &session);
		SSL_CTX_set_session_cache_mode(ctx,
					       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(ctx, keep_session);
		if (!attempt(ctx, first_name(), NULL, false, &data) || !session)
			broken("the first connection");
		attempts += first_name() == name;
	}
	if (is_way("reload")) {
		attempt(NULL, name, NULL, false, &data);
		attempts++;
	}
	if (second_policy)
		put_policy(second_policy);
	before = count_descriptors();
	through = attempt(ctx, name, session, true, &data);
	attempts++;
	failed = count >= nth;
	if (expected == REFUSED && (through || data))
		NOT_SO("a wrong server got %zu bytes, %d", data, through);
	if (expected == ACCEPTED && !through && !failed)
		NOT_SO("the right server was refused though no memory was wanting");
	if (surveying && expected == ACCEPTED && session && !reused)
		NOT_SO("no session was resumed");
	if (count_descriptors() != before)
		NOT_SO("descriptors: %d, before %d", count_descriptors(), before);
	through = attempt(NULL, name, NULL, false, &data);
	attempts++;
	/* A name that could not be kept is missing for good. */
	if (expected == REFUSED ? through || data : !through && !(is_way("resolve") && failed))
		NOT_SO("with memory again: %s, %zu bytes", through ? "through" : "refused", data);
	/*
	 * Where all fails, libssl may give up before there is anything to tell, and
	 * so it does where a session that it needs for early data was taken off.
	 */
	if (log_file && !everybody && !lasting && !(is_way("early") && expected == REFUSED))
		check_log();
	exit(0);
}

static void try(void)
{
	int status;
	pid_t pid;

	if (log_file)
		unlink(log_file);
	if (first_policy)
		put_policy(first_policy);
	if (forgotten)
		unlink(forgotten);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		alarm(20);
		one_try();
	}
	if (waitpid(pid, &status, 0) != pid)
		broken("waitpid");
	if (WIFSIGNALED(status)) {
		fprintf(stderr, "try %u%s: ended by signal %d\n", nth, lasting ? " and on" : "",
			WTERMSIG(status));
		exit(1);
	}
	if (WEXITSTATUS(status))
		exit(1);
}

static void all_tries(void)
{
	survey = mmap(NULL, sizeof(*survey), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	survey->stride = getenv("STRIDE") ? (unsigned)atoi(getenv("STRIDE")) : 1;
	surveying = true;
	nth = UINT_MAX;
	try();
	surveying = false;
	for (unsigned i = 0; i < survey->n; i++) {
		nth = survey->at[i];
		lasting = false;
		try();
		lasting = !getenv("ONCE");
		if (lasting)
			try();
	}
	printf("tries=%u\n", survey->n);
}

int main(int argc, char **argv)
{
	size_t data;

	if (argc < 7)
		return 2;
	pki = argv[1];
	certificate = argv[2];
	name = argv[3];
	way = argv[4];
	expected = !strcmp(argv[5], "accepted") ? ACCEPTED : REFUSED;
	everybody = !strcmp(argv[6], "all");
	first_policy = argc > 8 ? argv[7] : NULL;
	second_policy = argc > 8 ? argv[8] : NULL;
	forgotten = getenv("FORGOTTEN"); /* a file that is not there at the start of a try */
	log_file = getenv("LOG_FILE");
	if (log_file && !*log_file)
		log_file = NULL;
	dl_iterate_phdr(find_range, NULL);
	if (!library.high || !passed_over[0].high || !passed_over[1].high)
		broken("the library is not loaded");
	if (first_policy)
		put_policy(first_policy);
	if (!is_way("first"))
		attempt(NULL, name, NULL, false, &data);
	all_tries();
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Writing as a guest: whatever descriptor 2 or a log file is, the program gets
 * no signal, does not wait, and keeps its descriptors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "child.h"
#include "process/sink.h"

#define MESSAGE "pinshim: test[1]: refused\n"
#define LEN	(sizeof(MESSAGE) - 1)

/* The child's own standard error, for CHECK, once descriptor 2 is the one under test. */
static int real_stderr;

#define CHECK_HERE(condition)                                                           \
	do {                                                                            \
		if (!(condition)) {                                                     \
			dprintf(real_stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, \
				#condition);                                            \
			_exit(1);                                                       \
		}                                                                       \
	} while (0)

static void become_stderr(int fd)
{
	real_stderr = dup(2);
	CHECK_HERE(dup2(fd, 2) == 2);
	close(fd);
}

static void to_a_pipe(const void *arg)
{
	char got[256];
	int pipe_[2];

	(void)arg;
	CHECK(pipe(pipe_) == 0);
	become_stderr(pipe_[1]);
	CHECK_HERE(sink_stderr(MESSAGE, LEN));
	CHECK_HERE(read(pipe_[0], got, sizeof(got)) == (ssize_t)LEN && !memcmp(got, MESSAGE, LEN));
}

static void to_a_closed_descriptor(const void *arg)
{
	int before;

	(void)arg;
	real_stderr = dup(2);
	close(2);
	before = count_descriptors(); /* descriptor 2 comes and goes meanwhile */
	CHECK_HERE(fcntl(2, F_GETFD) < 0);
	CHECK_HERE(!sink_stderr(MESSAGE, LEN));
	CHECK_HERE(count_descriptors() == before);
}

static void to_a_full_pipe(const void *arg)
{
	int pipe_[2];
	char filler[4096] = "";

	(void)arg;
	CHECK(pipe(pipe_) == 0);
	CHECK(fcntl(pipe_[1], F_SETFL, O_NONBLOCK) == 0);
	while (write(pipe_[1], filler, sizeof(filler)) > 0)
		;
	CHECK(fcntl(pipe_[1], F_SETFL, 0) == 0);
	become_stderr(pipe_[1]);
	CHECK_HERE(!sink_stderr(MESSAGE, LEN));
}

/* A pipe with room for a page and a message of three: poll(2) says yes, write(2) would wait. */
static void too_much_for_a_pipe(const void *arg)
{
	static char message[3 * 4096];
	char filler[4096] = "";
	int pipe_[2];

	(void)arg;
	memset(message, 'x', sizeof(message));
	message[sizeof(message) - 1] = '\n';
	CHECK(pipe(pipe_) == 0);
	CHECK(fcntl(pipe_[1], F_SETFL, O_NONBLOCK) == 0);
	while (write(pipe_[1], filler, sizeof(filler)) > 0)
		;
	CHECK(read(pipe_[0], filler, sizeof(filler)) == sizeof(filler));
	CHECK(fcntl(pipe_[1], F_SETFL, 0) == 0);
	become_stderr(pipe_[1]);
	CHECK_HERE(!sink_stderr(message, sizeof(message)));
}

static void too_much_for_a_socket(const void *arg)
{
	static char message[300 * 1024];
	int pair[2];

	(void)arg;
	memset(message, 'x', sizeof(message));
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	become_stderr(pair[1]);
	CHECK_HERE(!sink_stderr(message, sizeof(message)));
}

static volatile sig_atomic_t signals;

static void note_signal(int number)
{
	(void)number;
	signals++;
}

static void to_a_broken_pipe(const void *arg)
{
	int pipe_[2];
	sigset_t pending, mask;

	(void)arg;
	CHECK(pipe(pipe_) == 0);
	close(pipe_[0]);
	become_stderr(pipe_[1]);
	CHECK_HERE(!sink_stderr(MESSAGE, LEN)); /* SIGPIPE would end us here */
	CHECK_HERE(sigpending(&pending) == 0 && !sigismember(&pending, SIGPIPE));
	CHECK_HERE(sigprocmask(SIG_SETMASK, NULL, &mask) == 0 && !sigismember(&mask, SIGPIPE) &&
		   !sigismember(&mask, SIGXFSZ) && !sigismember(&mask, SIGTTOU));
	/* The program's own broken pipe still has its effect. */
	CHECK_HERE(signal(SIGPIPE, note_signal) == SIG_DFL);
	CHECK_HERE(write(2, MESSAGE, LEN) < 0 && signals == 1);
	/* ... and ours has none on its handler. */
	CHECK_HERE(!sink_stderr(MESSAGE, LEN) && signals == 1);
}

static void with_a_pending_sigpipe(const void *arg)
{
	sigset_t sigpipe, pending;
	int pipe_[2];

	(void)arg;
	CHECK(pipe(pipe_) == 0);
	close(pipe_[0]);
	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	CHECK(sigprocmask(SIG_BLOCK, &sigpipe, NULL) == 0);
	CHECK(pthread_kill(pthread_self(), SIGPIPE) == 0);
	become_stderr(pipe_[1]);
	CHECK_HERE(!sink_stderr(MESSAGE, LEN));
	CHECK_HERE(sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE));
}

static void with_sigpipe_blocked(const void *arg)
{
	sigset_t sigpipe, pending, mask;
	int pipe_[2];

	(void)arg;
	CHECK(pipe(pipe_) == 0);
	close(pipe_[0]);
	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	CHECK(sigprocmask(SIG_BLOCK, &sigpipe, NULL) == 0);
	become_stderr(pipe_[1]);
	CHECK_HERE(!sink_stderr(MESSAGE, LEN));
	CHECK_HERE(sigpending(&pending) == 0 && !sigismember(&pending, SIGPIPE));
	CHECK_HERE(sigprocmask(SIG_SETMASK, NULL, &mask) == 0 && sigismember(&mask, SIGPIPE));
}

static void beyond_the_file_size_limit(const void *arg)
{
	struct rlimit limit = { 10, 10 };
	const char *path = arg;
	sigset_t pending;
	int fd;

	write_file(path, "0123456789");
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	CHECK(!sink_file(path, MESSAGE, LEN)); /* SIGXFSZ would end us here */
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	CHECK(fd >= 0);
	become_stderr(fd);
	CHECK_HERE(!sink_stderr(MESSAGE, LEN));
	CHECK_HERE(sigpending(&pending) == 0 && !sigismember(&pending, SIGXFSZ));
}

/* Descriptor 2 is what FAMILY says, as under inetd(8); what gets there is counted. */
static void to_a_socket(int family, bool gets_it)
{
	char got[256];
	int listener, out, in;
	struct sockaddr_storage address = { .ss_family = (sa_family_t)family };
	socklen_t size = sizeof(address);

	listener = socket(family, SOCK_STREAM, 0);
	CHECK(listener >= 0);
	CHECK(bind(listener, (struct sockaddr *)&address,
		   family == AF_UNIX ? sizeof(sa_family_t) : sizeof(address)) == 0);
	CHECK(listen(listener, 1) == 0);
	CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
	out = socket(family, SOCK_STREAM, 0);
	CHECK(connect(out, (struct sockaddr *)&address, size) == 0);
	in = accept(listener, NULL, NULL);
	CHECK(in >= 0);
	become_stderr(out);
	CHECK_HERE(sink_stderr(MESSAGE, LEN) == gets_it);
	shutdown(2, SHUT_WR);
	CHECK_HERE(read(in, got, sizeof(got)) == (gets_it ? (ssize_t)LEN : 0));
}

static void to_a_tcp_socket(const void *arg)
{
	(void)arg;
	to_a_socket(AF_INET, false);
}

static void to_a_unix_socket(const void *arg)
{
	(void)arg;
	to_a_socket(AF_UNIX, true); /* journald(8) */
}

static void to_a_udp_socket(const void *arg)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int in = socket(AF_INET, SOCK_DGRAM, 0), out = socket(AF_INET, SOCK_DGRAM, 0);
	char got[256];

	(void)arg;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(in, (struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK(getsockname(in, (struct sockaddr *)&address, &size) == 0);
	CHECK(connect(out, (struct sockaddr *)&address, size) == 0);
	become_stderr(out);
	CHECK_HERE(!sink_stderr(MESSAGE, LEN));
	CHECK_HERE(recv(in, got, sizeof(got), MSG_DONTWAIT) < 0);
}

static void to_files(const void *arg)
{
	const char *path = arg;
	struct stat st;
	char got[256];
	int before = count_descriptors(), fd;

	unlink(path);
	CHECK(sink_file(path, MESSAGE, LEN));
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK(sink_file(path, MESSAGE, LEN));
	CHECK(stat(path, &st) == 0 && st.st_size == (off_t)(2 * LEN)); /* appended */
	CHECK(!sink_file("/nonexistent/log", MESSAGE, LEN));
	CHECK(!sink_file("/", MESSAGE, LEN));
	CHECK(!sink_file("/dev/full", MESSAGE, LEN));
	unlink(path);
	CHECK(mkfifo(path, 0600) == 0);
	CHECK(!sink_file(path, MESSAGE, LEN)); /* nobody reads: it neither waits nor fails loudly */
	fd = open(path, O_RDONLY | O_NONBLOCK);
	CHECK(sink_file(path, MESSAGE, LEN));
	CHECK(read(fd, got, sizeof(got)) == (ssize_t)LEN);
	close(fd);
	CHECK(count_descriptors() == before);
}

/* A filter that allows everything is one nevertheless. */
static void enter_sandbox(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void to_syslog(const void *arg)
{
	struct sockaddr_un device = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int before = count_descriptors(), log;
	char got[512] = "", head[64];
	ssize_t n;

	(void)arg;
	own_mounts();
	hide("/dev");
	CHECK(!sink_syslog(MESSAGE, LEN)); /* nobody is there */
	log = socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK(log >= 0 && bind(log, (struct sockaddr *)&device, sizeof(device)) == 0);
	CHECK(sink_syslog(MESSAGE, LEN));
	n = recv(log, got, sizeof(got), MSG_DONTWAIT);
	snprintf(head, sizeof(head), "<84>pinshim[%d]: ", (int)getpid()); /* authpriv.warning */
	CHECK(n == (ssize_t)(strlen(head) + LEN - 1));
	CHECK(!strncmp(got, head, strlen(head)));
	CHECK(!strncmp(got + strlen(head), MESSAGE, LEN - 1));
	/* A syslog that does not read: nothing waits for it. */
	for (int i = 0; i < 10000; i++)
		if (!sink_syslog(MESSAGE, LEN))
			break;
	CHECK(!sink_syslog(MESSAGE, LEN));
	while (recv(log, got, sizeof(got), MSG_DONTWAIT) > 0)
		;
	CHECK(sink_syslog(MESSAGE, LEN));
	enter_sandbox();
	CHECK(!sink_syslog(MESSAGE, LEN));
	close(log);
	CHECK(count_descriptors() == before);
}

static void under_seccomp(const void *arg)
{
	int pipe_[2];
	char got[256];

	unlink(arg);
	enter_sandbox();
	CHECK(!sink_file(arg, MESSAGE, LEN));
	CHECK(access(arg, F_OK) < 0);
	CHECK(!sink_syslog(MESSAGE, LEN));
	CHECK(pipe(pipe_) == 0);
	become_stderr(pipe_[1]);
	CHECK_HERE(sink_stderr(MESSAGE, LEN)); /* descriptor 2 is all that is left */
	CHECK_HERE(read(pipe_[0], got, sizeof(got)) == (ssize_t)LEN);
}

static char path[64];

static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/pinshim-sink.XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path) == 0 || errno == ENOENT ? 0 : -1;
}

#define CHILD_TEST(name, f, outcome)                          \
	static void name(void **state)                        \
	{                                                     \
		(void)state;                                  \
		assert_int_equal(in_child(f, path), outcome); \
	}

CHILD_TEST(a_message_reaches_a_pipe, to_a_pipe, 0)
CHILD_TEST(a_closed_descriptor_2, to_a_closed_descriptor, 0)
CHILD_TEST(a_full_pipe_does_not_block, to_a_full_pipe, 0)
CHILD_TEST(a_nearly_full_pipe_does_not_block, too_much_for_a_pipe, 0)
CHILD_TEST(a_full_socket_does_not_block, too_much_for_a_socket, 0)
CHILD_TEST(a_broken_pipe_raises_nothing, to_a_broken_pipe, 0)
CHILD_TEST(a_pending_sigpipe_stays, with_a_pending_sigpipe, 0)
CHILD_TEST(a_blocked_sigpipe_stays_blocked, with_sigpipe_blocked, 0)
CHILD_TEST(the_file_size_limit_raises_nothing, beyond_the_file_size_limit, 0)
CHILD_TEST(a_tcp_peer_gets_nothing, to_a_tcp_socket, 0)
CHILD_TEST(a_udp_peer_gets_nothing, to_a_udp_socket, 0)
CHILD_TEST(a_unix_socket_gets_it, to_a_unix_socket, 0)
CHILD_TEST(log_files, to_files, 0)
CHILD_TEST(a_sandbox_opens_no_file, under_seccomp, 0)

static void syslog_gets_one_datagram(void **state)
{
	(void)state;
	if (!may_mount())
		skip();
	assert_int_equal(in_child(to_syslog, NULL), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_reaches_a_pipe),
		TEST(a_closed_descriptor_2),
		TEST(a_full_pipe_does_not_block),
		TEST(a_nearly_full_pipe_does_not_block),
		TEST(a_full_socket_does_not_block),
		TEST(a_broken_pipe_raises_nothing),
		TEST(a_pending_sigpipe_stays),
		TEST(a_blocked_sigpipe_stays_blocked),
		TEST(the_file_size_limit_raises_nothing),
		TEST(a_tcp_peer_gets_nothing),
		TEST(a_udp_peer_gets_nothing),
		TEST(a_unix_socket_gets_it),
		TEST(log_files),
		TEST(a_sandbox_opens_no_file),
		TEST(syslog_gets_one_datagram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * Writing as a guest in somebody else's process: what the kernel would answer
 * with a signal (a broken pipe, a file size limit, a terminal that belongs to
 * another job) or with waiting must not reach the program.
 */
#include "process/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "process/store.h"

/*
 * Whether the whole message has a place behind the end of a file. Without one it
 * would be cut where the disk or the limit ends, and what is written next, by
 * whomever, would continue its line; others append too, so nobody could mend that.
 * Where space cannot be reserved (EOPNOTSUPP) there is nothing to know beforehand.
 */
static bool has_room(int fd, size_t len)
{
	struct rlimit most;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	if (!S_ISREG(st.st_mode))
		return true;
	if (getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur != RLIM_INFINITY &&
	    (rlim_t)st.st_size + len > most.rlim_cur) {
		errno = EFBIG;
		return false;
	}
	return fallocate(fd, FALLOC_FL_KEEP_SIZE, st.st_size, (off_t)len) == 0 ||
	       (errno != ENOSPC && errno != EDQUOT);
}

static bool is_writable(int fd)
{
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	struct timeval at_once = { 0, 0 };
	fd_set set;
	int n = poll(&writable, 1, 0);

	if (n >= 0 || errno != EINVAL || fd >= FD_SETSIZE)
		return n == 1 && writable.revents & POLLOUT;
	/* Where RLIMIT_NOFILE is 0, poll(2) looks at none. */
	FD_ZERO(&set);
	FD_SET(fd, &set);
	return select(fd + 1, NULL, &set, NULL, &at_once) == 1;
}

/*
 * Writes without waiting: a pipe or socket that nobody empties would hold the
 * program for ever. A pipe that is writable takes PIPE_BUF bytes (pipe(7)). What
 * FD is, is found out without a stat, for which a filter might end the program.
 */
static ssize_t write_at_once(int fd, const char *message, size_t len)
{
	socklen_t size = sizeof(int);
	int type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0)
		return send(fd, message, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	/* The libc function is of a newer version than anything else here, which every process of
	 * a host would look for. */
	if (len > PIPE_BUF && syscall(SYS_fcntl, fd, F_GETPIPE_SZ) >= 0)
		return -1;
	if (!store_sandboxed() && !has_room(fd, len))
		return -1;
	if (!is_writable(fd))
		return -1;
	return write(fd, message, len);
}

ssize_t sink_write(int fd, const char *message, size_t len)
{
	static const struct timespec at_once = { 0, 0 };
	sigset_t ours, before, pending;
	ssize_t n;
	bool had_pipe, had_size;
	int error;

	sigemptyset(&ours);
	sigaddset(&ours, SIGPIPE);
	sigaddset(&ours, SIGXFSZ);
	sigaddset(&ours, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ours, &before);
	sigpending(&pending);
	had_pipe = sigismember(&pending, SIGPIPE) == 1;
	had_size = sigismember(&pending, SIGXFSZ) == 1;

	n = write_at_once(fd, message, len);
	error = errno;

	/* Take back the signal that we caused, and only that one. */
	if (n < 0 && ((error == EPIPE && !had_pipe) || (error == EFBIG && !had_size))) {
		sigset_t caused;

		sigemptyset(&caused);
		sigaddset(&caused, error == EPIPE ? SIGPIPE : SIGXFSZ);
		sigtimedwait(&caused, NULL, &at_once);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return n;
}

static bool write_whole(int fd, const char *message, size_t len)
{
	return sink_write(fd, message, len) == (ssize_t)len;
}

/* Under inetd(8) and its kin descriptor 2 is the connection to a client. */
static bool is_network_socket(int fd)
{
	int domain;
	socklen_t size = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain != AF_UNIX;
}

bool sink_stderr(const char *message, size_t len)
{
	return !is_network_socket(STDERR_FILENO) && write_whole(STDERR_FILENO, message, len);
}

bool sink_syslog(const char *message, size_t len)
{
	static const struct sockaddr_un device = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	char head[64];
	struct iovec parts[2] = { { head, 0 }, { (void *)(size_t)message, len } };
	struct msghdr datagram = { .msg_name = (void *)(size_t)&device,
				   .msg_namelen = sizeof(device),
				   .msg_iov = parts,
				   .msg_iovlen = 2 };
	ssize_t n;
	int fd;

	if (store_sandboxed())
		return false;
	/* openlog(3) and its socket are the program's own. */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	parts[0].iov_len = (size_t)snprintf(
		head, sizeof(head), "<%d>pinshim[%d]: ", LOG_AUTHPRIV | LOG_WARNING, (int)getpid());
	parts[1].iov_len = len - 1; /* a datagram needs no newline */
	n = sendmsg(fd, &datagram, MSG_NOSIGNAL);
	close(fd);
	return n >= 0;
}

int sink_open(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
}

bool sink_file(const char *path, const char *message, size_t len)
{
	bool written;
	int fd;

	if (store_sandboxed())
		return false;
	fd = sink_open(path);
	if (fd < 0)
		return false;
	written = write_whole(fd, message, len);
	close(fd);
	return written;
}

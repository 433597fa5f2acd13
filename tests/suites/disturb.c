/* SPDX-License-Identifier: MIT */
/*
 * An object that is preloaded beside the library and does what the library must
 * not: WAIT lets handshakes block, DEAF keeps what a server complained of, and
 * LATE takes its time. To see that scripts/suites.sh notices.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#if defined(WAIT) || defined(LATE)

int SSL_do_handshake(SSL *ssl)
{
	int (*next)(SSL *) = (int (*)(SSL *))dlsym(RTLD_NEXT, "SSL_do_handshake");
	int fd = SSL_get_fd(ssl), flags = fcntl(fd, F_GETFL), result;

#ifdef LATE
	sleep(1);
#else
	fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
#endif
	result = next(ssl);
	fcntl(fd, F_SETFL, flags);
	return result;
}

#endif

#ifdef DEAF

int SSL_read_ex(SSL *ssl, void *buffer, size_t size, size_t *got)
{
	int (*next)(SSL *, void *, size_t, size_t *) =
		(int (*)(SSL *, void *, size_t, size_t *))dlsym(RTLD_NEXT, "SSL_read_ex");
	int result = next(ssl, buffer, size, got);

	if (result <= 0)
		ERR_clear_error();
	return result;
}

#endif

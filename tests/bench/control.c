/* SPDX-License-Identifier: MIT */
/*
 * A preloaded object of known cost: what the benchmark shows of it says whether
 * the benchmark sees anything. The constants are those that control_is() in
 * common.bash is told; nothing here may be cheaper or dearer than it says.
 */
#include <dlfcn.h>
#include <openssl/ssl.h>

#include <stdlib.h>

#define AT_LOAD	 100000 /* instructions */
#define A_CLIENT 1000000
#define A_CALL	 10000
#define HELD	 (8 << 20) /* bytes, from the first client on */

static void spin(unsigned long instructions)
{
	/* A subtraction and a jump each. */
	for (unsigned long n = instructions / 2; n; n--)
		__asm__ volatile("" : "+r"(n));
}

__attribute__((constructor)) static void load(void)
{
	spin(AT_LOAD);
}

static void *real(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		abort();
	return found;
}

void SSL_set_connect_state(SSL *ssl)
{
	static __typeof__(SSL_set_connect_state) *next;
	static volatile char held[HELD] __attribute__((unused));

	if (!next) {
		for (size_t page = 0; page < HELD; page += 4096)
			held[page] = 1;
		next = real("SSL_set_connect_state");
	}
	spin(A_CLIENT);
	next(ssl);
}

int SSL_read(SSL *ssl, void *data, int size)
{
	static __typeof__(SSL_read) *next;

	if (!next)
		next = real("SSL_read");
	spin(A_CALL);
	return next(ssl, data, size);
}

int SSL_write(SSL *ssl, const void *data, int size)
{
	static __typeof__(SSL_write) *next;

	if (!next)
		next = real("SSL_write");
	spin(A_CALL);
	return next(ssl, data, size);
}

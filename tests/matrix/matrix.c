/* SPDX-License-Identifier: MIT */
/*
 * matrix --list: the scenarios that this OpenSSL has, one a line: NAME TAB KIND.
 * matrix NAME: one of them. It prints one fact a line, KEY=VALUE, so that runs
 * can be compared, and exits 0 when the server got its secret, 1 when OpenSSL
 * failed, 2 when the test itself is broken. $PKI is the folder of certificates.
 * It must never know of the shim.
 */
#include "matrix.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct scenario *const tables[] = {
	full_scenarios,	    driver_scenarios,	     resumption_scenarios, key_scenarios,
	early_scenarios,    renegotiation_scenarios, ech_scenarios,	   name_scenarios,
	quic_tls_scenarios, identity_scenarios,
};

static const char *const kinds[] = {
	[CERTIFICATE] = "certificate",
	[NO_CERTIFICATE] = "no-certificate",
	[LATE_THIEF] = "late-thief",
	[EARLY] = "early",
	[NEVER] = "never",
};

static int handshakes;

void completed(void)
{
	handshakes++;
}

bool hear(SSL *ssl, const char *text)
{
	char buffer[64];
	size_t len = strlen(text), n = 0;
	int rc;

	while (n < len) {
		rc = SSL_read(ssl, buffer + n, (int)(len - n));
		if (rc <= 0)
			return false;
		n += (size_t)rc;
	}
	if (memcmp(buffer, text, len))
		broken("the server said something else");
	return true;
}

bool say(SSL *ssl, const char *text)
{
	return SSL_write(ssl, text, (int)strlen(text)) > 0;
}

bool exchange(SSL *ssl)
{
	return hear(ssl, BANNER) && say(ssl, SECRET) && hear(ssl, ANSWER);
}

SSL_SESSION *through_der(SSL_SESSION *session)
{
	unsigned char *der = NULL;
	int len = i2d_SSL_SESSION(session, &der);
	const unsigned char *p = der;

	return d2i_SSL_SESSION(NULL, &p, len);
}

bool talk_connect(SSL *ssl)
{
	return SSL_connect(ssl) == 1 && exchange(ssl);
}

bool talk_do_handshake(SSL *ssl)
{
	SSL_set_connect_state(ssl);
	return SSL_do_handshake(ssl) == 1 && exchange(ssl);
}

bool talk_write(SSL *ssl)
{
	SSL_set_connect_state(ssl);
	return say(ssl, SECRET) && hear(ssl, BANNER ANSWER);
}

/* The server cannot speak first: the client opens the stream. */
bool talk_quic(SSL *ssl)
{
	return SSL_connect(ssl) == 1 && say(ssl, SECRET) && hear(ssl, ANSWER);
}

bool talk(const struct scenario *s, SSL *ssl)
{
	return s->talk ? s->talk(ssl) : talk_connect(ssl);
}

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Where a function lives, the same in every run: file and offset. */
static void place(const char *key, uintptr_t function)
{
	Dl_info info;

	if (!function || !dladdr((void *)function, &info))
		fact(key, NULL);
	else
		printf("%s=%s+%#lx\n", key, strrchr(info.dli_fname, '/') + 1,
		       (unsigned long)(function - (uintptr_t)info.dli_fbase));
}

static void tell_errors(void)
{
	unsigned long error;

	while ((error = ERR_get_error()))
		printf("error=%d:%s\n", ERR_GET_LIB(error), ERR_reason_error_string(error));
}

static void tell_client(SSL *ssl)
{
	SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);

	fact("version", SSL_get_version(ssl));
	fact("cipher", SSL_get_cipher(ssl));
	number("reused", SSL_session_reused(ssl));
	number("verify_result", SSL_get_verify_result(ssl));
	number("verify_mode", SSL_get_verify_mode(ssl));
	place("verify_callback", (uintptr_t)SSL_get_verify_callback(ssl));
	place("security_callback", (uintptr_t)SSL_get_security_callback(ssl));
	place("security_callback of the context", (uintptr_t)SSL_CTX_get_security_callback(ctx));
	fact("name", SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
}

static void tell_server(const struct end *e)
{
	number("server.early", (long)e->early);
	number("server.data", (long)e->data);
	number("server.commands", (long)e->commands);
	number("server.done", e->done);
	number("server.reused", e->reused);
	number("server.client_certificate", e->client_certificate);
	number("server.identity", e->identity);
	fact("server.name", e->sni);
}

void outcome(SSL *ssl, bool ok)
{
	const int error = errno;

	fact("outcome", ok ? "ok" : "failed");
	/* A call that failed says nothing of errno. */
	number("errno", ok ? error : 0);
	tell_errors();
	tell_client(ssl);
	fact("dlerror", dlerror());
	hang_up(ssl);
	tell_server(end_join());
	number("descriptors", count_descriptors());
	number("handshakes", handshakes);
	exit(ok ? 0 : 1);
}

void finish(const struct scenario *s, SSL *ssl)
{
	bool ok = talk(s, ssl);

	if (ok)
		completed();
	outcome(ssl, ok);
}

void before(const struct scenario *s, SSL *ssl, bool ok)
{
	if (!ok)
		outcome(ssl, ok);
	if (!s->other)
		completed();
}

static const struct scenario *find(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct scenario *s = tables[i]; s->name; s++)
			if (!strcmp(s->name, name))
				return s;
	return NULL;
}

static void list(void)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct scenario *s = tables[i]; s->name; s++)
			printf("%s\t%s\n", s->name, kinds[s->kind]);
}

int main(int argc, char **argv)
{
	const struct scenario *s;

	if (argc == 2 && !strcmp(argv[1], "--list")) {
		list();
		return 0;
	}
	s = argc == 2 ? find(argv[1]) : NULL;
	if (!s || !getenv("PKI")) {
		fputs("usage: PKI=FOLDER matrix NAME | --list\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	/* An error that the program has not asked for yet. */
	if (dlopen("/nonexistent/plugin.so", RTLD_NOW))
		broken("dlopen");
	errno = 0;
	s->run(s);
	broken("a scenario without an outcome");
}

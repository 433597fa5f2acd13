/* SPDX-License-Identifier: MIT */
/*
 * A client that shuts itself in: sandbox PKI SERVER NAME WHEN [POLICY NEXT].
 * WHEN: after the first handshake, before the first context (init: libssl is made
 * ready by hand, never: it is not). The filter then ends the process at openat(2)
 * and its kin, at any stat(2), readlink(2) or getxattr(2), and at
 * socket(AF_UNIX). NEXT is put in the place of POLICY behind the filter. Prints
 * what came of each handshake. It must never know of the shim.
 */
#include "../e2e/clients/ends.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define WORD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define DEADLY(number)                                     \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

/* The x32 ones and other tables are not this program's. */
static void shut_in(void)
{
	struct sock_filter filter[] = {
		WORD(nr),
#ifdef SYS_open
		DEADLY(SYS_open),
		DEADLY(SYS_stat),
		DEADLY(SYS_lstat),
		DEADLY(SYS_readlink),
		DEADLY(SYS_access),
#endif
		DEADLY(SYS_openat),
#ifdef SYS_openat2
		DEADLY(SYS_openat2),
#endif
		DEADLY(SYS_newfstatat),
		DEADLY(SYS_statx),
		DEADLY(SYS_fstat),
		DEADLY(SYS_readlinkat),
		DEADLY(SYS_faccessat),
		DEADLY(SYS_getdents64),
		DEADLY(SYS_connect),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		WORD(args[0]),
		DEADLY(AF_UNIX),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		broken("seccomp");
}

static void handshake(const char *what, SSL_CTX *ctx, SSL_CTX *servers, const char *host)
{
	SSL *ssl = meet(ctx, servers, host);
	bool through = talk(ssl);

	printf("%s=%s received=%zu\n", what, through ? "ok" : "failed", server.n);
	if (!through)
		printf("%s_error=%s\n", what,
		       X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
	fflush(stdout);
	hang_up(ssl);
	SSL_free(ssl);
	ERR_clear_error();
}

static SSL_CTX *new_client(bool trusting)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx)
		broken("SSL_CTX_new");
	if (trusting) {
		trust(ctx);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	}
	return ctx;
}

/* What libssl makes ready: a program that has not done so cannot make a context behind the filter.
 */
static void before_any_context(bool ready)
{
	SSL_CTX *ctx;

	if (ready)
		OPENSSL_init_ssl(0, NULL);
	shut_in();
	ctx = new_client(false);
	printf("context=%s\n", ctx ? "made" : "none");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	SSL_CTX *servers, *first, *second;

	if (argc < 5)
		return 2;
	pki = argv[1];
	certificate = argv[2];
	name = argv[3];
	printf("start=\n");
	fflush(stdout);
	if (strcmp(argv[4], "after")) {
		before_any_context(!strcmp(argv[4], "init"));
		return 0;
	}
	servers = SSL_CTX_new(TLS_server_method());
	identify(servers, certificate);
	first = new_client(true);
	second = new_client(true);
	handshake("before", first, servers, name);
	shut_in();
	if (argc > 6 && rename(argv[6], argv[5]))
		broken(argv[6]);
	handshake("behind", first, servers, name);
	handshake("again", second, servers, name);
	handshake("new", new_client(false), servers, name);
	handshake("other", second, servers, "elsewhere.example.org");
	return 0;
}

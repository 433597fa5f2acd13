/* SPDX-License-Identifier: MIT */
/*
 * A program that logs with an ident, a facility and options of its own, before
 * and after a handshake: syslogger PKI SERVER NAME. Says also whether its
 * descriptors are the same afterwards. It must never know of the shim.
 */
#include "../e2e/clients/ends.h"

#include <dirent.h>
#include <syslog.h>

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	SSL_CTX *servers, *ctx;
	int before;
	SSL *ssl;

	if (argc != 4)
		return 2;
	pki = argv[1];
	certificate = argv[2];
	name = argv[3];
	openlog("mine", LOG_PID, LOG_LOCAL1);
	syslog(LOG_INFO, "before");
	servers = SSL_CTX_new(TLS_server_method());
	identify(servers, certificate);
	ctx = SSL_CTX_new(TLS_client_method());
	trust(ctx);
	before = count_descriptors();
	ssl = meet(ctx, servers, name);
	printf("through=%d\n", talk(ssl));
	hang_up(ssl);
	if (count_descriptors() != before)
		broken("descriptors");
	syslog(LOG_INFO, "after");
	return 0;
}

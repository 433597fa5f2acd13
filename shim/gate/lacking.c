/* SPDX-License-Identifier: MIT */
/*
 * Refusing without the functions that judging takes. Every function of the
 * library may be absent here, and is asked for before it is called.
 */
#include "gate/lacking.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "process/event.h"
#include "process/store.h"
#include "pure/name.h"

void lacking_tell(const struct openssl *lib, const SSL *ssl, const char *what)
{
	const struct store_set *set = store_enter();
	const char *sent = NULL;
	char failure[EVENT_TEXT_SIZE], name[NAME_SIZE];
	struct event event = { .failure = failure, .library = lib->path };

	if (ssl && lib->SSL_get_servername)
		sent = lib->SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	if (sent) {
		if (name_normalise(sent, strlen(sent), name, NULL) == NAME_BAD)
			name_printable(sent, name);
		event.name = name;
		event.source = NAME_FROM_SNI;
	}

	snprintf(failure, sizeof(failure), "%s lacks %s", lib->path ? lib->path : "one more libssl",
		 what);
	if (set->n) {
		event.policy = &set->policies[0];
		event_set_cause(&event);
		if (event_due(&event))
			event_tell(&event);
		event_record(&event);
	}
	store_leave();
}

static int refuse(X509_STORE_CTX *ctx, void *arg)
{
	const struct openssl *lib = arg;
	const int before = errno;
	SSL *ssl = NULL;

	if (lib->X509_STORE_CTX_get_ex_data && lib->SSL_get_ex_data_X509_STORE_CTX_idx)
		ssl = lib->X509_STORE_CTX_get_ex_data(ctx,
						      lib->SSL_get_ex_data_X509_STORE_CTX_idx());
	if (ssl && lib->SSL_is_server && lib->SSL_is_server(ssl) && lib->X509_verify_cert)
		return lib->X509_verify_cert(ctx);
	lacking_tell(lib, ssl, lib->lacks);
	if (lib->X509_STORE_CTX_set_error)
		lib->X509_STORE_CTX_set_error(ctx, X509_V_ERR_APPLICATION_VERIFICATION);
	/* Without this a program that verifies nothing would go on. */
	if (ssl && lib->SSL_set_verify && lib->SSL_get_verify_callback)
		lib->SSL_set_verify(ssl, SSL_VERIFY_PEER, lib->SSL_get_verify_callback(ssl));
	errno = before;
	return 0;
}

void lacking_install(struct openssl *lib, SSL_CTX *ctx)
{
	if (lib->SSL_CTX_set_cert_verify_callback)
		lib->SSL_CTX_set_cert_verify_callback(ctx, refuse, lib);
}

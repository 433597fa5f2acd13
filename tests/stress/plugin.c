/* SPDX-License-Identifier: MIT */
/*
 * A plugin that brings its own libssl, as Python's _ssl does: loaded RTLD_LOCAL
 * by a program that has none, or another one.
 */
#include "plugin.h"

#include "pair.h"

static struct identity id;

void plugin_begin(char pin[64])
{
	make_identity(&id);
	pin_text(id.cert, pin);
}

int plugin_talk(const char *name)
{
	SSL_CTX *client = client_of(&id, SSL_VERIFY_NONE), *server = server_of(&id);
	bool ok = talk(client, server, name, NULL, NULL);

	SSL_CTX_free(client);
	SSL_CTX_free(server);
	return ok;
}

void plugin_end(void)
{
	free_identity(&id);
}

/* SPDX-License-Identifier: MIT */
/*
 * Runs this command again as a TLS client under the library, and reads how it
 * ended from the one line that it prints. A client that prints none, or ends
 * in another way than by itself, has accepted nothing.
 */
#include "cmd/handshake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cmd/cmd.h"
#include "cmd/handshake_client.h"

#define PATIENCE_S 30 /* more than the client itself has */

static const char *const words[] = {
	[HANDSHAKE_NO_CONNECTION] = "no-connection ",
	[HANDSHAKE_FAILED] = "failed ",
	[HANDSHAKE_REFUSED] = "refused ",
	[HANDSHAKE_ACCEPTED] = "accepted ",
};

void handshake_print(enum handshake_end end, const char *why)
{
	printf("%s%s\n", words[end], why);
}

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

int handshake_start(const struct handshake *h, struct child *client)
{
	const char *const argv[] = {
		"/proc/self/exe",	HANDSHAKE_VERB,	      h->host, h->port,
		h->name ? h->name : "", h->say ? h->say : "", NULL,
	};
	size_t n = count(h->variables);
	const char **environment = calloc(n + 4, sizeof(*environment));
	char *preload = NULL;
	int rv = -1;

	if (environment && asprintf(&preload, "LD_PRELOAD=%s", h->library ? h->library : "") >= 0) {
		for (size_t i = 0; i < n; i++)
			environment[i] = h->variables[i];
		environment[n] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
		environment[n + 1] = "LC_ALL=C";
		environment[n + 2] = h->library ? preload : NULL;
		*client = (struct child){ .argv = argv,
					  .environment = environment,
					  .prepare = h->prepare,
					  .data = h->data };
		rv = child_start(client);
		client->argv = client->environment = NULL;
	}
	free(preload);
	free(environment);
	return rv;
}

/* The last line of TEXT, without its end. */
static char *last_line(char *text)
{
	size_t len = strlen(text);
	char *start;

	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	start = strrchr(text, '\n');
	return start ? start + 1 : text;
}

enum handshake_end handshake_wait(struct child *client, char *why, size_t why_size)
{
	const char *line;

	if (child_end(client, PATIENCE_S) < 0) {
		snprintf(why, why_size, "the client did not end in %d seconds", PATIENCE_S);
		return HANDSHAKE_NOT_RUN;
	}
	line = last_line(client->out);
	if (child_exited(client, EXIT_SUCCESS))
		for (enum handshake_end e = HANDSHAKE_ACCEPTED; e > HANDSHAKE_NOT_RUN; e--)
			if (!strncmp(line, words[e], strlen(words[e]))) {
				snprintf(why, why_size, "%s", line + strlen(words[e]));
				return e;
			}
	line = last_line(client->err);
	if (WIFSIGNALED(client->status))
		snprintf(why, why_size, "the client was ended by signal %d (%s)",
			 WTERMSIG(client->status), strsignal(WTERMSIG(client->status)));
	else
		snprintf(why, why_size, "the client exited with %d%s%s",
			 WEXITSTATUS(client->status), *line ? ": " : "", line);
	return HANDSHAKE_NOT_RUN;
}

enum handshake_end handshake_make(const struct handshake *h, char *why, size_t why_size)
{
	struct child client;

	if (handshake_start(h, &client) == 0)
		return handshake_wait(&client, why, why_size);
	snprintf(why, why_size, "the client cannot be run: %s", strerror(errno));
	return HANDSHAKE_NOT_RUN;
}

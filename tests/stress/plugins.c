/* SPDX-License-Identifier: MIT */
/*
 * plugins FILE...: loads each plugin RTLD_LOCAL and lets all talk in turns. Each
 * has a name that its pin accepts and one that it does not.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

#define MUST_HOLD(condition)                                                                    \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			exit(3);                                                                \
		}                                                                               \
	} while (0)

#define MOST 12

struct plugin {
	__typeof__(plugin_begin) *begin;
	__typeof__(plugin_talk) *talk;
	__typeof__(plugin_end) *end;
	char pin[64];
};

static void load(struct plugin *p, const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		fprintf(stderr, "%s\n", dlerror());
	MUST_HOLD(handle);
	*(void **)&p->begin = dlsym(handle, "plugin_begin");
	*(void **)&p->talk = dlsym(handle, "plugin_talk");
	*(void **)&p->end = dlsym(handle, "plugin_end");
	MUST_HOLD(p->begin && p->talk && p->end);
}

int main(int argc, char **argv)
{
	struct plugin plugins[MOST];
	int n = argc - 1;
	FILE *policy;

	MUST_HOLD(n > 0 && n <= MOST && getenv("PINSHIM_POLICY"));
	MUST_HOLD(!dlsym(RTLD_DEFAULT, "SSL_new")); /* nothing of OpenSSL in sight */
	policy = fopen(getenv("PINSHIM_POLICY"), "w");
	MUST_HOLD(policy);
	for (int i = 0; i < n; i++) {
		load(&plugins[i], argv[i + 1]);
		plugins[i].begin(plugins[i].pin);
	}
	for (int i = 0; i < n; i++) {
		/* The right name has this one's pin, the wrong name that of the one before. */
		const char *wrong = n > 1 ? plugins[(i + n - 1) % n].pin
					  : "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

		fprintf(policy,
			"[right%d.example.com]\npin = %s\n[wrong%d.example.com]\npin = %s\n", i,
			plugins[i].pin, i, wrong);
	}
	MUST_HOLD(fclose(policy) == 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < n; i++) {
			char right[64], wrong[64];

			snprintf(right, sizeof(right), "right%d.example.com", i);
			snprintf(wrong, sizeof(wrong), "wrong%d.example.com", i);
			printf("%d right=%d", i, plugins[i].talk(right));
			printf(" wrong=%d", plugins[i].talk(wrong));
			printf(" other=%d\n", plugins[i].talk("other.example.com"));
		}
	}
	for (int i = 0; i < n; i++)
		plugins[i].end();
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * talker HOW FILE PORT CA SNI: talks by the functions of FILE, which is a libssl
 * (HOW: dlsym, dlvsym) or a plugin that has talk.c and is loaded HOW says.
 */
#include "talk.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static void *load(const char *how, const char *file)
{
	if (!strcmp(how, "deepbind"))
		return dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
	if (!strcmp(how, "base"))
		return dlmopen(LM_ID_BASE, file, RTLD_NOW | RTLD_DEEPBIND);
	if (!strcmp(how, "namespace"))
		return dlmopen(LM_ID_NEWLM, file, RTLD_NOW);
	return dlopen(file, RTLD_NOW | RTLD_LOCAL);
}

int main(int argc, char **argv)
{
	__typeof__(talk) *by = talk;
	void *plugin;

	if (argc != 6)
		return 2;
	if (strcmp(argv[1], "dlsym") != 0 && strcmp(argv[1], "dlvsym") != 0) {
		plugin = load(argv[1], argv[2]);
		by = plugin ? (__typeof__(talk) *)dlsym(plugin, "talk") : NULL;
		if (!by) {
			fprintf(stderr, "%s\n", dlerror());
			return 2;
		}
	}
	return by(argv[1], argv[2], argv[3], argv[4], argv[5]);
}

/* SPDX-License-Identifier: MIT */
/*
 * seeker PLUGIN: prints what the program finds, what a library that it is linked
 * with finds, and what a plugin finds.
 * seeker FILE NAME...: prints the file in which dlsym(3) finds each NAME, by the
 * handle of FILE.
 */
#include "seek.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static int by_names(void *handle, char **names)
{
	Dl_info info;

	for (; *names; names++) {
		void *found = dlsym(handle, *names);

		printf("%s %s\n", *names,
		       found && dladdr(found, &info) ? strrchr(info.dli_fname, '/') + 1 : "none");
	}
	return 0;
}

int main(int argc, char **argv)
{
	void *plugin = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
	__typeof__(seek_plugin) *seek =
		plugin ? (__typeof__(seek_plugin) *)dlsym(plugin, "seek_plugin") : NULL;

	if (argc > 2 && plugin)
		return by_names(plugin, argv + 2);
	if (!seek) {
		fprintf(stderr, "%s\n", dlerror());
		return 2;
	}
	seek_program();
	seek_library();
	seek();
	return 0;
}

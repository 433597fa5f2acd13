/* SPDX-License-Identifier: MIT */
/*
 * What the object WHO finds from where it stands, one fact a line, each address
 * as a file and a place in it. Built as a program, as a library that it is
 * linked with, and as a plugin; each has a folder of its own in its RUNPATH.
 */
#include "seek.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TEXT(x)	    TEXT_(x)
#define TEXT_(x)    #x
#define JOIN(a, b)  JOIN_(a, b)
#define JOIN_(a, b) a##b

__attribute__((visibility("default"))) const char *mark(void)
{
	return TEXT(WHO);
}

__attribute__((visibility("default"))) const char *JOIN(only_in_, WHO)(void)
{
	return TEXT(WHO);
}

/* WHAT, where it is, and what the search has left behind. */
static void say(const char *what, void *address)
{
	const char *error = dlerror();
	Dl_info info = { .dli_fname = NULL };

	printf(TEXT(WHO) " %s: ", what);
	if (address && dladdr(address, &info))
		printf("%s+%#lx", strrchr(info.dli_fname, '/') + 1,
		       (unsigned long)((uintptr_t)address - (uintptr_t)info.dli_fbase));
	printf("%s, error: %s, errno %d\n", address ? "" : "none", error ? error : "none", errno);
	errno = 0;
}

static void say_loaded(const char *what, void *handle)
{
	printf(TEXT(WHO) " %s: %s\n", what, handle ? "loaded" : dlerror());
	if (handle)
		say("... what it has", dlsym(handle, "hidden"));
	if (handle)
		dlclose(handle);
}

static void by_place(void)
{
	static const char *const names[] = {
		"mark",	  "only_in_program", "only_in_library", "only_in_plugin",
		"hidden", "malloc",	     "getpid",		"no_such_symbol",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		printf("%s\n", names[i]);
		errno = 77;
		say("RTLD_DEFAULT", dlsym(RTLD_DEFAULT, names[i]));
		say("RTLD_NEXT", dlsym(RTLD_NEXT, names[i]));
		say("RTLD_DEFAULT, version", dlvsym(RTLD_DEFAULT, names[i], "GLIBC_2.2.5"));
		say("RTLD_NEXT, version", dlvsym(RTLD_NEXT, names[i], "GLIBC_2.2.5"));
		say("RTLD_NEXT, no version", dlvsym(RTLD_NEXT, names[i], "GLIBC_9.9"));
	}
}

static void by_handle(void *libssl)
{
	static const char *const names[] = { "SSL_new", "SSL_CTX_free", "BIO_new",   "X509_new",
					     "malloc",	"SSL_connect_", "SSL_connec" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		printf("%s\n", names[i]);
		errno = 77;
		say("libssl", dlsym(libssl, names[i]));
		say("libssl, version", dlvsym(libssl, names[i], "OPENSSL_3.0.0"));
		say("libssl, no version", dlvsym(libssl, names[i], "OPENSSL_9.9"));
	}
}

/* What a call that finds one of ours leaves of an error that was there before. */
static void errors(void *libssl)
{
	void *found;

	for (int i = 0; i < 4; i++) {
		dlopen("/nonexistent/plugin.so", RTLD_NOW);
		errno = 77;
		found = i == 0	 ? dlsym(libssl, "SSL_connect")
			: i == 1 ? dlvsym(libssl, "SSL_connect", "OPENSSL_3.0.0")
			: i == 2 ? dlvsym(libssl, "SSL_connect", "OPENSSL_9.9")
				 : dlsym(libssl, "X509_verify_cert_error_string");
		say(found ? "found after an error" : "not found after an error", NULL);
	}
}

void JOIN(seek_, WHO)(void)
{
	void *libssl = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);

	by_place();
	by_handle(libssl);
	errors(libssl);
	say_loaded("by its RUNPATH", dlopen("hidden.so", RTLD_NOW));
	say_loaded("by its RUNPATH, into its namespace",
		   dlmopen(LM_ID_BASE, "hidden.so", RTLD_NOW));
	say_loaded("nothing", dlopen("/nonexistent/plugin.so", RTLD_NOW));
	say_loaded("itself", dlopen(NULL, RTLD_NOW));
	dlclose(libssl);
}

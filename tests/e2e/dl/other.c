/* SPDX-License-Identifier: MIT */
/*
 * Another preloaded object with a dlsym of its own: it answers one name itself,
 * and goes on to the next definition by a jump.
 */
#include <dlfcn.h>
#include <stddef.h>

/* Like strcmp(3), which sanitizers cannot do before they have started. */
static int is(const char *name, const char *expected)
{
	while (*name && *name == *expected)
		name++, expected++;
	return *name == *expected;
}

static void *found_by_other(void)
{
	return NULL;
}

void *dlsym(void *handle, const char *name)
{
	static void *(*real)(void *, const char *);

	if (!real)
		*(void **)&real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
	if (is(name, "no_such_symbol"))
		return (void *)found_by_other;
	return real(handle, name);
}

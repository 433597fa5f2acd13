/* SPDX-License-Identifier: MIT */
/*
 * An indirect function whose resolver asks dlsym(3): for the pointer, while the
 * loader is still at work on the object that this is built into.
 */
#include <dlfcn.h>
#include <unistd.h>

typedef pid_t ask(void);

static pid_t no_pid(void)
{
	return -1;
}

static ask *resolve(void)
{
	void *found = dlsym(RTLD_DEFAULT, "getpid");

	return found ? (ask *)found : no_pid;
}

static pid_t process(void) __attribute__((ifunc("resolve")));
static ask *const volatile pointer = process;

int resolved(void);

int resolved(void)
{
	return pointer() == getpid();
}

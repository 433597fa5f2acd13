/* SPDX-License-Identifier: MIT */
/*
 * An indirect function whose resolver asks dlsym(3), while the loader is still at
 * work on this very program.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

static pid_t no_pid(void)
{
	return -1;
}

static __typeof__(getpid) *resolve(void)
{
	void *found = dlsym(RTLD_DEFAULT, "getpid");

	return found ? (__typeof__(getpid) *)found : no_pid;
}

pid_t process(void) __attribute__((ifunc("resolve")));

int main(void)
{
	printf("%s\n", process() == getpid() ? "resolved" : "not resolved");
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * The exported side of the fence, for the functions of the dynamic loader.
 * These look at who called them: RTLD_NEXT and RTLD_DEFAULT, a RUNPATH, a
 * namespace. So each is one last call, of the function that on_...() names,
 * and must become a jump: there may be no frame of ours when it arrives.
 */
#include "gate/on_dl.h"

#if __has_attribute(musttail)
#define JUMPS
#define JUMP __attribute__((musttail)) return
#else
/* gcc before 15 jumps where it optimises and nothing else has work to do on the way out. */
#define JUMPS                                                                        \
	__attribute__((optimize("O2", "optimize-sibling-calls"), no_sanitize("all"), \
		       no_profile_instrument_function))
#define JUMP return
#endif

#pragma GCC visibility push(default)

JUMPS void *dlsym(void *handle, const char *name)
{
	JUMP on_dlsym(handle, name)(handle, name);
}

JUMPS void *dlvsym(void *handle, const char *name, const char *version)
{
	JUMP on_dlvsym(handle, name)(handle, name, version);
}

JUMPS void *dlopen(const char *file, int flags)
{
	JUMP on_dlopen()(file, on_dlopen_flags(flags));
}

JUMPS void *dlmopen(Lmid_t namespace, const char *file, int flags)
{
	JUMP on_dlmopen()(namespace, file, on_dlmopen_flags(namespace, flags));
}

#pragma GCC visibility pop

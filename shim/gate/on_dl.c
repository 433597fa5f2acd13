/* SPDX-License-Identifier: MIT */
/*
 * The logic behind the interposed functions of the dynamic loader: where
 * policies are in force, who looks an interposed function up gets ours, and
 * nothing is loaded that looks past it. On the way to a call that goes on
 * untouched nothing allocates, locks or looks at a policy: such calls come from
 * malloc(3) itself, and before anything is set up.
 */
#include "gate/on_dl.h"

#include "gate/on.h"

/* What the program gets when it asked for NAME and the loader FOUND it. */
static void *answer(const char *name, void *found)
{
	void *ours = found ? loader_ours(name, found) : NULL;

	return ours && on_active() ? ours : found;
}

static void *look_up(void *handle, const char *name)
{
	return answer(name, loader_dlsym()(handle, name));
}

static void *look_up_version(void *handle, const char *name, const char *version)
{
	return answer(name, loader_dlvsym()(handle, name, version));
}

loader_dlsym_fn *on_dlsym(const void *handle, const char *name)
{
	return loader_concerns(handle, name) ? look_up : loader_dlsym();
}

loader_dlvsym_fn *on_dlvsym(const void *handle, const char *name)
{
	return loader_concerns(handle, name) ? look_up_version : loader_dlvsym();
}

loader_dlopen_fn *on_dlopen(void)
{
	return loader_dlopen();
}

loader_dlmopen_fn *on_dlmopen(void)
{
	return loader_dlmopen();
}

/* An object that is loaded with RTLD_DEEPBIND finds libssl before it finds us. */
int on_dlopen_flags(int flags)
{
	return flags & RTLD_DEEPBIND && on_active() ? flags & ~RTLD_DEEPBIND : flags;
}

/* In another namespace we are not. */
int on_dlmopen_flags(Lmid_t namespace, int flags)
{
	return namespace == LM_ID_BASE ? on_dlopen_flags(flags) : flags;
}

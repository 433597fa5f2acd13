/* SPDX-License-Identifier: MIT */
/*
 * What happens when the program asks the dynamic loader for a function or an
 * object. Each on_...() only chooses whom the interposed function jumps to, and
 * with which flags; unless a listed function is looked up by its handle, it is
 * the next definition in search order. Never NULL.
 */
#ifndef PINSHIM_ON_DL_H
#define PINSHIM_ON_DL_H

#include "loader/dlsym.h"

loader_dlsym_fn *on_dlsym(const void *handle, const char *name);
loader_dlvsym_fn *on_dlvsym(const void *handle, const char *name);
loader_dlopen_fn *on_dlopen(void);
loader_dlmopen_fn *on_dlmopen(void);
int on_dlopen_flags(int flags);
int on_dlmopen_flags(Lmid_t namespace, int flags);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The dynamic loader's functions behind those that we export under their names,
 * and our own functions for programs that look them up by handle.
 */
#ifndef PINSHIM_DLSYM_H
#define PINSHIM_DLSYM_H

#include <dlfcn.h>
#include <stdbool.h>

typedef __typeof__(dlsym) loader_dlsym_fn;
typedef __typeof__(dlvsym) loader_dlvsym_fn;
typedef __typeof__(dlopen) loader_dlopen_fn;
typedef __typeof__(dlmopen) loader_dlmopen_fn;

/*
 * The next definition behind our own: libc's, libdl's, another preloaded
 * object's. Where there is none, a function that returns NULL.
 */
loader_dlsym_fn *loader_dlsym(void);
loader_dlvsym_fn *loader_dlvsym(void);
loader_dlopen_fn *loader_dlopen(void);
loader_dlmopen_fn *loader_dlmopen(void);

/* Whether NAME is one that we export, and HANDLE that of an object. */
bool loader_concerns(const void *handle, const char *name);

/*
 * The function NAME that we export, when FOUND is one that it stands for:
 * OpenSSL's own, or that to which ours goes on. Else NULL.
 */
void *loader_ours(const char *name, const void *found);

#endif

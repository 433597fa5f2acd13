/* SPDX-License-Identifier: MIT */
/*
 * Functions that programs look up with dlsym(3), and the real dlsym(3). The
 * list of ours is the library's own symbol table, which holds hooks.def and
 * nothing else. All but loader_ours() may be called before the C library is
 * set up, by malloc(3), or by a sanitizer that is just starting: no lock, no
 * memory, no thread-local data, and nothing that others may interpose.
 */
#include "loader/dlsym.h"

#include <stdatomic.h>
#include <stddef.h>

#include "loader/elf.h"
#include "loader/openssl.h"

/* This library, read once. */
static struct elf_object self(void)
{
	enum { UNREAD, BEING_READ, READ };
	static struct elf_object known;
	static atomic_int state;
	struct elf_object o;
	int expected = UNREAD;

	if (state == READ)
		return known;
	elf_self(&o);
	if (atomic_compare_exchange_strong(&state, &expected, BEING_READ)) {
		known = o;
		state = READ;
	}
	return o;
}

/*
 * Not so as long as the loader has not come to this library: an indirect
 * function of an object behind it can ask for a symbol that early.
 */
static const void *const volatile relocated = (const void *)&relocated;

static void *next(_Atomic(void *) *known, const char *name)
{
	void *found = *known;
	struct elf_object o;

	if (found || relocated != &relocated)
		return found;
	o = self();
	found = elf_early_next(&o, name);
	if (!found)
		found = elf_next_symbol(o.dynamic, name);
	*known = found;
	return found;
}

/* A program without libdl (glibc 2.33 and before) may have a weak reference and find ours. */
static void *no_dlsym(void *handle, const char *name)
{
	(void)handle, (void)name;
	return NULL;
}

static void *no_dlvsym(void *handle, const char *name, const char *version)
{
	(void)handle, (void)name, (void)version;
	return NULL;
}

static void *no_dlopen(const char *file, int flags)
{
	(void)file, (void)flags;
	return NULL;
}

static void *no_dlmopen(Lmid_t namespace, const char *file, int flags)
{
	(void)namespace, (void)file, (void)flags;
	return NULL;
}

#define NEXT(name)                                               \
	loader_##name##_fn *loader_##name(void)                  \
	{                                                        \
		static _Atomic(void *) known;                    \
		loader_##name##_fn *found = next(&known, #name); \
                                                                 \
		return found ? found : no_##name;                \
	}
NEXT(dlsym)
NEXT(dlvsym)
NEXT(dlopen)
NEXT(dlmopen)

bool loader_concerns(const void *handle, const char *name)
{
	struct elf_object o;

	if (handle == RTLD_DEFAULT || handle == RTLD_NEXT || !name)
		return false;
	o = self();
	return elf_symbol(&o, name) != NULL;
}

void *loader_ours(const char *name, const void *found)
{
	struct elf_object o = self(), owner;
	void *ours = elf_symbol(&o, name);

	if (found == ours || openssl_defines(name, found))
		return ours;
	/* libgnutls-openssl has OpenSSL's names and is none. */
	if (elf_next_symbol(o.dynamic, name) != found || !elf_owner(found, &owner) ||
	    elf_symbol(&owner, "SSL_CTX_new"))
		return NULL;
	return ours;
}

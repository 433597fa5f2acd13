/* SPDX-License-Identifier: MIT */
/*
 * The objects that the dynamic loader has mapped, and the symbols they export,
 * read from memory. dlopen(3) and dlsym(3) would do, but every call of theirs
 * discards the error that the program may be about to ask dlerror(3) for.
 */
#ifndef PINSHIM_ELF_H
#define PINSHIM_ELF_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

/* A mapped object. Its memory must stay mapped while this is used. */
struct elf_object {
	uintptr_t low, high; /* the addresses of its segments: [low, high) */
	uintptr_t base;	     /* what its symbol values are relative to */
	const char *path;    /* as the loader knows it; "" for the program itself */
	const char *soname;  /* DT_SONAME or NULL; it may lack its end */
	const char *strings;
	const ElfW(Sym) * symbols;
	const ElfW(Half) * versions; /* or NULL */
	const uint32_t *gnu_hash;    /* or NULL */
	const uint32_t *sysv_hash;   /* or NULL */
	const ElfW(Dyn) * dynamic;
};

/* The object into which ADDRESS points. */
bool elf_owner(const void *address, struct elf_object *out);

/* The I-th object that O needs (DT_NEEDED), as the loader resolved it; false past the last. */
bool elf_needed(const struct elf_object *o, unsigned i, struct elf_object *out);

/* The address of the symbol NAME that O defines and exports, or NULL. */
void *elf_symbol(const struct elf_object *o, const char *name);

/* The first definition of NAME in an object mapped after the one that owns ADDRESS, or NULL. */
void *elf_next_symbol(const void *address, const char *name);

/* The object that this is part of. Like the next one, it takes no lock and may be called early. */
bool elf_self(struct elf_object *out);

/*
 * The first definition of NAME in an object behind BEHIND, or NULL: for what
 * came with the program, in the loader's order, which never goes. NULL also
 * where the loader's list cannot be found: elf_next_symbol() then knows more.
 */
void *elf_early_next(const struct elf_object *behind, const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What one ELF file says about itself: for which machine it is, which libraries
 * it needs, and which TLS stacks are in it. Follows nothing to other files and
 * judges nothing. A damaged file is described as far as it goes.
 */
#ifndef PINSHIM_CMD_OBJECT_H
#define PINSHIM_CMD_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

enum stack {
	STACK_OPENSSL,
	STACK_GNUTLS,
	STACK_NSS,
	STACK_GO,
	STACK_RUSTLS,
	STACK_BORINGSSL,
	STACK_MBEDTLS,
	STACK_WOLFSSL,
	STACK_JAVA,
	STACK_HASKELL,
	STACK_BUSYBOX,
	N_STACKS
};

#define STACK_BIT(stack) (1U << (stack))

#define OBJECT_VERSION_SIZE 24

struct object {
	char *path;   /* as it was first found */
	int error;    /* the errno value for which it could not be read; 0: none */
	bool whole;   /* it is an ELF file, and no part that was asked for is missing */
	bool library; /* it cannot be executed */
	unsigned char class, data; /* of e_ident */
	unsigned machine;
	char *soname, *rpath, *runpath; /* or NULL */
	char **needed;			/* in the loader's order; ends with NULL */
	bool no_default_folders;	/* DF_1_NODEFLIB */
	/* Sets of STACK_BIT(): */
	unsigned provides; /* it is a library of that stack, whatever its name */
	unsigned holds;	   /* it has the stack linked in statically */
	unsigned may_load; /* it names the stack's library or functions as users of dlopen(3) do */
	bool asks_gio;	   /* it uses TLS through GIO, which loads a module for that */
	bool is_libcrypto;
	bool defines_dlsym;
	char version[OBJECT_VERSION_SIZE]; /* of the OpenSSL that is in it; "": unknown */
};

/* Reads the file PATH. NULL when memory is short. */
struct object *object_read(const char *path);
void object_free(struct object *o);

/* Whether O is what NAME, a library that another object needs, means. */
bool object_is_called(const struct object *o, const char *name);

/* The last part of O's path. */
const char *object_name(const struct object *o);

#endif

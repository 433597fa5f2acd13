/* SPDX-License-Identifier: MIT */
/*
 * The names that stand in an X509_VERIFY_PARAM. In 1.1.1 there are no getters, in
 * 4.0 none for all addresses but the first, and from 3.0 on the one for it raises
 * an error where there is none. So its memory is read, where it is proved to be
 * laid out as expected. Changes no object and no error queue.
 */
#ifndef PINSHIM_PARAM_H
#define PINSHIM_PARAM_H

#include <stdbool.h>

#include "loader/openssl.h"
#include "pure/name.h"

/* Whether LIB's can be read: 1 or 0, or -1 when memory ran out. It is found out once. */
int param_is_readable(struct openssl *lib);

/* The I-th host that is to be verified, PARAM's own; NULL past the last. */
const char *param_host(const struct openssl *lib, const X509_VERIFY_PARAM *param, int i);

/* Writes the I-th address that is to be verified; "" past the last. 0, or -1: no memory. */
int param_address(const struct openssl *lib, X509_VERIFY_PARAM *param, int i, char out[NAME_SIZE]);

#endif

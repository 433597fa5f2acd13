/* SPDX-License-Identifier: MIT */
/*
 * The names that stand in an X509_VERIFY_PARAM. From 3.0 on there are getters;
 * in 1.1.1 there are none, and its memory is read, once it is proved to be laid
 * out as it has been in every 1.1.1. Changes no object and no error queue.
 */
#ifndef PINSHIM_PARAM_H
#define PINSHIM_PARAM_H

#include <stdbool.h>

#include "loader/openssl.h"
#include "pure/name.h"

/* Whether LIB's can be read. It is found out once. */
bool param_is_readable(struct openssl *lib);

/* The I-th host that is to be verified, PARAM's own; NULL past the last. */
const char *param_host(const struct openssl *lib, const X509_VERIFY_PARAM *param, int i);

/* Writes the address that is to be verified; "" when there is none. 0, or -1: no memory. */
int param_address(const struct openssl *lib, X509_VERIFY_PARAM *param, char out[NAME_SIZE]);

#endif

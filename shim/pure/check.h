/* SPDX-License-Identifier: MIT */
/*
 * Check words: whether bytes that were written are still what they were. Every
 * single damaged word is found; against somebody who means it they prove nothing,
 * nor need they, since files are believed for who may write them. Pure.
 */
#ifndef PINSHIM_CHECK_H
#define PINSHIM_CHECK_H

#include <stddef.h>
#include <stdint.h>

/*
 * The check word of the LEN bytes at BYTES, which need not be aligned, behind
 * those that CHECK is the one of; 0 behind none. The same on every machine of one
 * byte order.
 */
uint64_t check_words(uint64_t check, const void *bytes, size_t len);

#endif

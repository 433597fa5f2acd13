/* SPDX-License-Identifier: MIT */
/*
 * Writing all of something to a file that takes what it gets, whatever write(2)
 * does in one go. Not for logs, which must not wait and never hold half a line.
 */
#ifndef PINSHIM_WRITE_ALL_H
#define PINSHIM_WRITE_ALL_H

#include <stddef.h>

/* 0, or -1 with errno; some of it may be written then. */
int write_all(int fd, const char *bytes, size_t len);

#endif

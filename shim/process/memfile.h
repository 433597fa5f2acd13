/* SPDX-License-Identifier: MIT */
/*
 * Bytes as a file with a path, for functions that read nothing else: a file in
 * memory (memfd_create(2), Linux 3.17), named by /proc. It is gone when closed.
 */
#ifndef PINSHIM_MEMFILE_H
#define PINSHIM_MEMFILE_H

#include <stddef.h>

#define MEMFILE_PATH_SIZE 40

/*
 * Writes the path to PATH, and returns a descriptor for memfile_close(). -1: there
 * is no memory, no such call, or no /proc.
 */
int memfile_open(const char *bytes, size_t len, char path[MEMFILE_PATH_SIZE]);
void memfile_close(int fd);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Preloaded beside a sanitizer's runtime and started before all others (-z initfirst):
 * the runtime starts with the first memory that is asked for, and where that is
 * within newlocale(3), in a constructor of libp11-kit's, it leaves libc's lock behind.
 */
#include <stdlib.h>

__attribute__((constructor)) static void wake(void)
{
	free(malloc(1));
}

/* SPDX-License-Identifier: MIT */
/*
 * Says what resolver.c found, as a part of the program or of a library.
 */
#include <stdio.h>

int resolved(void);

int main(void)
{
	puts(resolved() ? "resolved" : "not resolved");
	return 0;
}

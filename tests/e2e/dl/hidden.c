/* SPDX-License-Identifier: MIT */
/*
 * What only those find who have its folder in their RUNPATH.
 */
int hidden(void);

int hidden(void)
{
	return 1;
}

/* SPDX-License-Identifier: MIT */
/*
 * What inih alone takes for the file PATH: it is read as inih's users read one, and nothing is done
 * with what stands in it. Prints nothing; fails when inih does not like the text, or finds none.
 */
#include <ini.h>
#include <stdio.h>

static int handle(void *user, const char *section, const char *name, const char *value)
{
	(void)section;
	(void)name;
	(void)value;
	++*(unsigned long *)user;
	return 1;
}

int main(int argc, char **argv)
{
	unsigned long values = 0;
	FILE *f;

	if (argc != 2) {
		fprintf(stderr, "usage: inih PATH\n");
		return 2;
	}
	f = fopen(argv[1], "re");
	if (!f || ini_parse_stream((ini_reader)(void (*)(void))fgets, f, handle, &values) != 0 ||
	    !values || fclose(f) != 0) {
		fprintf(stderr, "inih: %s: cannot be read\n", argv[1]);
		return 1;
	}
	return 0;
}

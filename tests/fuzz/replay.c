/* SPDX-License-Identifier: MIT */
/*
 * A main() for fuzz targets without a fuzzer: runs them once on each file that is
 * named, or that stands in a folder that is named. It fails when there is none,
 * so that a lost corpus is not taken for a passed one.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(size ? size : 1);
	int rv = -1;

	if (file && data && fread(data, 1, size, file) == size) {
		LLVMFuzzerTestOneInput(data, size);
		rv = 0;
	}
	if (file)
		fclose(file);
	free(data);
	return rv;
}

static int replay(const char *path, unsigned long *count)
{
	struct dirent **entries;
	struct stat st;
	int rv = 0;
	int n;

	if (stat(path, &st) < 0)
		return -1;
	if (!S_ISDIR(st.st_mode)) {
		++*count;
		return replay_file(path, (size_t)st.st_size);
	}
	n = scandir(path, &entries, NULL, alphasort);
	if (n < 0)
		return -1;
	for (int i = 0; i < n; i++) {
		char inner[4096];

		snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && replay(inner, count) < 0)
			rv = -1;
		free(entries[i]);
	}
	free(entries);
	return rv;
}

int main(int argc, char **argv)
{
	unsigned long count = 0;

	for (int i = 1; i < argc; i++) {
		if (replay(argv[i], &count) < 0) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
	}
	printf("%lu inputs\n", count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

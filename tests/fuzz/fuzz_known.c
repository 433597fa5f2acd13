/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as a line of the store of known keys. What is accepted
 * must be exactly what is written of it, so that no key is ever guessed.
 */
#include "fuzz.h"
#include "pure/known_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1), why[KNOWN_WHY_SIZE] = "";
	char written[KNOWN_LINE_MOST + 2];
	struct known_line known;
	size_t len;

	must(line != NULL);
	memcpy(line, data, size);
	line[size] = '\0';
	if (known_line_read(line, size, &known, why) < 0) {
		must(why[0] != '\0' && strlen(why) < sizeof(why) - 1);
	} else {
		len = known_line_write(&known, written);
		must(why[0] == '\0' && len == strlen(written) && written[len - 1] == '\n');
		/* Only the program's name may be longer than what is written of it. */
		must(len - 1 <= size && memcmp(data, written, len - 1) == 0);
		must(len - 1 == size || strlen(known.program) > KNOWN_PROGRAM_MOST);
	}
	free(line);
	return 0;
}

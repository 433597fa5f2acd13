/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as a name. What is accepted must be a fixed point, hold
 * only the characters of the normal form, and not depend on case or a last dot.
 */
#include "fuzz.h"
#include "pure/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.:";
	char normal[NAME_SIZE];
	char again[NAME_SIZE];
	char shouted[NAME_SIZE + 1];
	const char *why = NULL;
	enum name_kind kind = name_normalise((const char *)data, size, normal, &why);
	size_t len;

	if (kind == NAME_BAD) {
		must(normal[0] == '\0' && why != NULL);
		return 0;
	}
	len = strlen(normal);
	must(len > 0 && len <= NAME_MAX_LEN);
	must(strspn(normal, allowed) == len);
	must(name_normalise(normal, len, again, NULL) == kind);
	must(strcmp(normal, again) == 0);
	for (size_t i = 0; i < len; i++)
		shouted[i] =
			(char)(normal[i] >= 'a' && normal[i] <= 'z' ? normal[i] - 32 : normal[i]);
	shouted[len] = '.';
	must(name_normalise(shouted, len + (strchr(normal, ':') == NULL), again, NULL) == kind);
	must(strcmp(normal, again) == 0);
	if (kind == NAME_HOST) {
		for (const char *parent = name_parent(normal); parent; parent = name_parent(parent))
			must(*parent != '\0');
	}
	return 0;
}

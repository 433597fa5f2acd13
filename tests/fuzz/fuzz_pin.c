/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as a pin. What is accepted must be exactly the text that
 * pin_format() writes, or one of the two other forms that are read.
 */
#include "fuzz.h"
#include "pure/pin.h"

static void check(const char *text, size_t len, bool hex)
{
	uint8_t pin[PIN_LEN];
	uint8_t back[PIN_LEN];
	char written[PIN_TEXT_SIZE];
	char why[96] = "";

	if (pin_parse(text, len, hex, pin, why, sizeof(why)) < 0) {
		must(why[0] != '\0' && strlen(why) < sizeof(why) - 1);
		return;
	}
	must(why[0] == '\0');
	pin_format(pin, written);
	must(strlen(written) == PIN_TEXT_SIZE - 1);
	must(pin_parse(written, strlen(written), hex, back, why, sizeof(why)) == 0);
	must(memcmp(pin, back, PIN_LEN) == 0);
	if (len == PIN_TEXT_SIZE - 1)
		must(memcmp(text, written, len) == 0);
	else if (len == PIN_TEXT_SIZE)
		must(memcmp(text, "sha256//", 8) == 0 && memcmp(text + 8, written + 7, 44) == 0);
	else
		must(hex && len == 3 * PIN_LEN - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check((const char *)data, size, false);
	check((const char *)data, size, true);
	return 0;
}

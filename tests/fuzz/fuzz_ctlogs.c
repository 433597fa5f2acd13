/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as a list of certificate transparency logs. What is
 * accepted must hold nothing that means more than it says; what is refused must
 * say where and why.
 */
#include "fuzz.h"
#include "pure/ctlogs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char error[POLICY_ERROR_SIZE];
	const char *bytes = (const char *)data;
	size_t n = ctlogs_count(&(struct policy_text){ "l", bytes, size }, error);

	if (n == 0) {
		fuzz_must_explain(error, "l:");
		return 0;
	}
	must(!memchr(bytes, '\0', size) && !memchr(bytes, '\\', size));
	must(memmem(bytes, size, "enabled_logs", 12) && memmem(bytes, size, "key", 3));
	/* Each log has a section with a key, of eight characters at least. */
	must(n * sizeof("[a]\nkey=MAIAAA==\n") <= size);
	return 0;
}

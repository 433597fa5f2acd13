/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as lists of revoked keys; a form feed begins the next
 * list. Every key of what is accepted must be found, with the line it stands
 * in; what is refused must say where and why.
 */
#include "fuzz.h"
#include "pure/revoked.h"

#define LISTS_MAX 4

static void check(const struct policy *p, size_t size)
{
	size_t n;
	const struct policy_pin *keys = policy_pins(p, p->revoked_keys, &n);

	must(p->revoked_keys.at % 8 == 0 && p->revoked_keys.at > sizeof(*p));
	must(p->revoked_keys.at + n * sizeof(*keys) == p->size);
	must(n * (PIN_TEXT_SIZE - 1) <= size);
	for (size_t i = 0; i < n; i++) {
		const struct policy_pin *found;

		must(revoked_find(p, keys[i].sha256, &found));
		must(i == 0 || memcmp(keys[i - 1].sha256, keys[i].sha256, PIN_LEN) <= 0);
		must(found && found <= &keys[i] && found->kind == PIN_REVOKED);
		must(memcmp(found->sha256, keys[i].sha256, PIN_LEN) == 0);
		must(keys[i].place.line > 0);
		must(strncmp(policy_string(p, keys[i].place.file), "r", 2) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct policy_text policy = { "p", "revoked = /r\n", 13 };
	static char error[POLICY_ERROR_SIZE];
	struct policy_text lists[LISTS_MAX];
	const char *rest = (const char *)data;
	size_t n = 0, left = size;
	struct policy *p;

	while (n < LISTS_MAX) {
		const char *cut = left ? memchr(rest, '\f', left) : NULL;
		size_t len = cut ? (size_t)(cut - rest) : left;

		lists[n++] = (struct policy_text){ "r", rest, len };
		if (!cut)
			break;
		rest += len + 1;
		left -= len + 1;
	}
	p = policy_parse(&policy, 1, "p", false, error);
	must(p != NULL);
	p = revoked_add(NULL, p, lists, n, error);
	if (p)
		check(p, size);
	else
		fuzz_must_explain(error, "r:");
	free(p);
	return 0;
}

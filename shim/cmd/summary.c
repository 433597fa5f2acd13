/* SPDX-License-Identifier: MIT */
/*
 * Counts what is in a policy. Judges nothing.
 */
#include "cmd/summary.h"

#include <stdio.h>

#include "cmd/cmd.h"

void print_counts(const struct policy *policy)
{
	const struct policy_section *sections;
	const struct policy_pin *in_section;
	size_t n, n_pins, pins = 0;

	sections = policy_sections(policy, &n);
	for (size_t i = 0; i < n; i++) {
		in_section = policy_pins(policy, sections[i].pins, &n_pins);
		for (size_t k = 0; k < n_pins; k++)
			pins += in_section[k].kind != PIN_DENY;
	}
	printf("%zu section%s, %zu pin%s", n, plural(n), pins, plural(pins));
	n = policy->revoked_keys.count;
	if (n)
		printf(", %zu revoked key%s", n, plural(n));
}

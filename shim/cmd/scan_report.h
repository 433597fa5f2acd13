/* SPDX-License-Identifier: MIT */
/*
 * How `pinshim scan' tells its findings: in lines for people, which are aligned
 * and therefore printed at the end, with counts behind them; or in JSON lines.
 */
#ifndef PINSHIM_CMD_SCAN_REPORT_H
#define PINSHIM_CMD_SCAN_REPORT_H

#include "cmd/finding.h"

struct report;

/* NULL when memory is short. JSON: every finding is printed at once, and nothing else. */
struct report *report_new(bool json);
void report_free(struct report *r);

/* What happens to a finding in the lines for people; it is counted in any case. */
enum listing {
	LIST_IT,
	LIST_TLS, /* left out without TLS, and a script told by its interpreter */
};

/* Both return 0, or -1 when memory is short. */
int report_add(struct report *r, const struct finding *f, enum listing listing);
int report_end(struct report *r);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The list of certificate transparency logs that `ct-logs' names. It is OpenSSL
 * that reads it, from the same bytes; here it is seen first that these say what
 * they seem to, and that nothing in them leads out of the file. Pure.
 */
#ifndef PINSHIM_CTLOGS_H
#define PINSHIM_CTLOGS_H

#include "pure/policy.h"

/*
 * How many logs LIST enables, each with a key of its own. 0: it is bad, and
 * ERROR holds "FILE:LINE: what is wrong; what to write".
 */
size_t ctlogs_count(const struct policy_text *list, char error[POLICY_ERROR_SIZE]);

#endif

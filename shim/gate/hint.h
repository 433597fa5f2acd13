/* SPDX-License-Identifier: MIT */
/*
 * The likely cause of a refusal, for the person who has to mend it. Says
 * nothing rather than something that may be untrue.
 */
#ifndef PINSHIM_HINT_H
#define PINSHIM_HINT_H

#include "gate/chain.h"
#include "process/event.h"

/*
 * TASK is what was verified; its section may be NULL. EVIDENCE is what J was
 * decided on. VALIDATED is the chain that a full verification built, or NULL.
 * NOW: seconds since the epoch. Reads the folder of OpenSSL's trusted
 * certificates, unless the process is sandboxed.
 */
enum likely hint_likely(const struct chain_task *task, const struct judgement *j,
			const struct evidence *evidence, STACK_OF(X509) * validated, int64_t now);

#endif

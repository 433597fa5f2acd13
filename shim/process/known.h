/* SPDX-License-Identifier: MIT */
/*
 * The keys that `tofu = yes' has learned, as a running process sees them: the
 * store is read with the policies, read again when it has changed, and added to.
 * Lock-free for readers, safe across fork(2). Decides nothing.
 */
#ifndef PINSHIM_KNOWN_H
#define PINSHIM_KNOWN_H

#include <stddef.h>
#include <stdint.h>

#include "pure/verdict.h"

/* Reads the store, if this process has not yet; what is wrong comes out when it is looked up. */
void known_prepare(void);

/*
 * Fills in what is known of the N names of TOFU, after one look whether the
 * store has changed. Under a seccomp filter no file is looked at, and what was
 * read before stays. Where the store cannot be read all are TOFU_FAILED and
 * *ERROR, which the caller frees, says why; NULL when memory ran out.
 */
void known_look_up(struct tofu *tofu, size_t n, char **error);

/*
 * Keeps KEY for those of the N names that are `due': all become TOFU_LEARNED at
 * once, or those that others were faster with become TOFU_KNOWN, and if one of
 * these has another key nothing is kept. On failure the due ones become
 * TOFU_FAILED, as above. May wait some seconds for other processes.
 */
void known_learn(struct tofu *tofu, size_t n, const uint8_t key[PIN_LEN], char **error);

/*
 * Takes NAME, in normal form, out of the store. 0; 1 where it is not known; or
 * -1 as above.
 */
int known_forget(const char *name, char **error);

#endif

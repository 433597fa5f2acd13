/* SPDX-License-Identifier: MIT */
/*
 * The policies in force in this process: the host's and those that the
 * environment names, read when first asked for, read again when they change,
 * never replaced by bad ones. Lock-free for readers, safe across fork(2).
 * Knows no OpenSSL and judges nothing.
 */
#ifndef PINSHIM_STORE_H
#define PINSHIM_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "process/source.h"

/* One policy in force. */
struct store_policy {
	const struct source *source; /* the rules; source->policy NULL: bad, all is refused */
	/* What the files say now, where that is bad; otherwise the same. From the start of a
	 * process it is the host's files, and `source' the last good policy. */
	const struct source *newest;
	uint64_t serial;      /* never used twice in a process: names these very rules */
	bool exempt;	      /* this program is exempt from it */
	enum policy_mode cap; /* no verdict is more severe than this mode allows */
	const char *log;      /* where to, instead of what the policy says; or NULL */
};

struct store_set {
	size_t n;
	struct store_policy policies[];
};

/*
 * Whether there is anything to do in this process: it has a policy, or every
 * handshake is to be told. The first call reads the policies; a host policy that
 * was absent then stays absent for the life of the process.
 */
bool store_active(void);

/* Whether the policies have been read and there is nothing to do. Reads nothing. */
bool store_is_empty(void);

/* Whether any policy is in force. */
bool store_has_policy(void);

/* Where every handshake is told: $PINSHIM_EVENTS, an absolute path or "-"; NULL: nowhere. */
const char *store_events(void);

/*
 * Looks whether a policy has changed and puts the new one in force: at most one
 * stat(2) a file. A changed policy that is bad is not taken over; that is said
 * once, on the logs of the policy that stays. 0, or -1 when a changed policy
 * could not be read for want of memory: then the caller refuses. A thread must
 * not be cancelled in it (pthread_setcancelstate(3)).
 */
int store_refresh(void);

/*
 * Something was looked up in the snapshot that POLICY, of the set that was entered,
 * lies in, and it was found damaged: the next store_refresh() reads the texts.
 */
void store_distrust(const struct store_policy *policy);

/*
 * The policies in force, constant and alive until store_leave(); a bad one where
 * there was no memory to read them. Calls may nest; no lock is held.
 */
const struct store_set *store_enter(void);
void store_leave(void);

/*
 * Whether a seccomp filter is in force (prctl(2), PR_GET_SECCOMP): then no file
 * may be opened any more.
 */
bool store_sandboxed(void);

/*
 * Whether what belongs to the policies may still be opened: no filter is in force,
 * or the policies themselves were read under one.
 */
bool store_may_open(void);

/* The running program, from /proc/self/exe at the first look; "" when unreadable. */
const char *store_program(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The decision: one policy, one name and what the server proved become a
 * verdict. Two steps: verdict_demand() says what has to be known, the gate
 * finds it out, verdict_judge() decides. Pure: the clock and all evidence are
 * arguments.
 */
#ifndef PINSHIM_VERDICT_H
#define PINSHIM_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pure/date.h"
#include "pure/policy.h"

/* In the order of severity: of several the lowest stands. Zero refuses. */
enum verdict {
	VERDICT_REFUSED = 0,
	VERDICT_WOULD_REFUSE, /* let through, and logged */
	VERDICT_LEARNED,      /* accepted, and the key was kept just now */
	VERDICT_ACCEPTED,
	VERDICT_UNJUDGED, /* nothing in the policy speaks of it */
};

enum reason {
	REASON_INTERNAL_ERROR = 0,
	REASON_BAD_POLICY,
	REASON_DENIED_KEY,
	REASON_NO_CERTIFICATE,
	REASON_NO_PIN_MATCH,
	REASON_CHAIN_NOT_VERIFIED,
	REASON_NAME_MISMATCH,
	REASON_CT_MISSING,
	REASON_SIMULATED,
	REASON_UNLISTED,
	REASON_UNNAMED,
	REASON_EXPIRED_POLICY,
	REASON_TOFU_CHANGED,
	REASON_TOFU_FIRST_USE,
	REASON_PIN_MATCH,
	REASON_CHECKS_PASSED,
};

/* What has to be found out for one name under one policy. */
enum need {
	NEED_KEY = 1 << 0,   /* SHA-256 of the leaf's SPKI */
	NEED_CERT = 1 << 1,  /* SHA-256 of the leaf certificate */
	NEED_CA = 1 << 2,    /* a verification anchored at a pinned CA */
	NEED_FULL = 1 << 3,  /* a verification of chain, dates and name */
	NEED_CHAIN = 1 << 4, /* every SPKI served or verified: somewhere a key is denied */
	NEED_TOFU = 1 << 5,  /* what is known of the name; if nothing, whose name the leaf has */
	NEED_CT = 1 << 6,    /* the logs that vouch for the leaf */
};

struct demand {
	const struct policy *policy;
	const struct policy_section *section; /* NULL: no section matches, or there is no name */
	bool named;
	bool expired;	       /* the section's date has come */
	enum policy_mode mode; /* in force for the section, expiry considered */
	unsigned needs;	       /* of enum need; 0 with `blank' set: not to be judged at all */
	bool blank; /* nothing is demanded: the handshake is not this policy's business */
	/* The name could not be looked up, so nothing else is known; then nothing is accepted. */
	bool damaged;
};

/* Answers to a verification that may not have been asked for. */
enum check {
	CHECK_NOT_MADE = 0,
	CHECK_FAILED,
	CHECK_WRONG_NAME, /* the chain holds, the name does not */
	CHECK_PASSED,
};

enum tofu_state {
	TOFU_FAILED = 0, /* the store cannot be read, or not be written */
	TOFU_UNKNOWN,	 /* nothing is known of the name */
	TOFU_KNOWN,
	TOFU_LEARNED, /* the key of this very handshake, which was kept just now */
};

/* What the store of known keys has for one name of a connection. */
struct tofu {
	const char *name; /* the connection's */
	enum tofu_state state;
	bool due;	      /* a verdict asks for the key to be kept */
	uint8_t key[PIN_LEN]; /* TOFU_KNOWN and TOFU_LEARNED: which, on which line, since when */
	unsigned line;
	char since[DATE_DAY_SIZE];
};

/* What is known of the server. Zeroed, it proves nothing. */
struct evidence {
	bool certificate; /* an X.509 certificate was served */
	bool raw_key;	  /* RFC 7250: a key and nothing else */
	bool unseen;	  /* a resumed session rests on certificates that are not at hand */
	uint8_t key[PIN_LEN];
	uint8_t cert[PIN_LEN];
	const uint8_t (
		*chain)[PIN_LEN]; /* SPKIs served and verified, any order; the leaf among them */
	size_t chain_len;
	enum check full; /* NEED_FULL */
	const struct policy_pin
		*ca; /* NEED_CA: the pin of the section whose CA anchored the chain, or NULL */
	const struct tofu *tofu; /* NEED_TOFU; NULL: as TOFU_FAILED */
	enum check owner; /* whether the leaf is for the name, or self-signed: TOFU_UNKNOWN */
	unsigned ct_logs; /* NEED_CT: different logs of which the leaf has a valid SCT */
	bool ct_unknown;  /* they could not be counted */
};

/* As many different logs must have seen a certificate for `ct = require'. */
#define CT_LOGS_WANTED 2

struct judgement {
	enum verdict verdict;
	enum reason reason;
	struct demand demand;
	const struct policy_pin *pin; /* that matched, or that denies; else NULL */
	bool backup;		      /* `pin' is not the first of its section */
	const struct tofu *tofu;      /* the evidence's, where it was looked at; else NULL */
	bool learn;		      /* accepted as a first use: the key is to be kept */
	struct policy_place place; /* the line that decided: section, top-level key, denied pin */
	bool damaged;		   /* refused because the policy's block is damaged */
};

/* NAME is in normal form, of KIND, or NULL when the handshake has no name. NOW: seconds since the
 * epoch. */
void verdict_demand(const struct policy *p, const char *name, enum name_kind kind, int64_t now,
		    struct demand *out);

/* Decides. OUT is refused for REASON_INTERNAL_ERROR until the last line proves otherwise. */
void verdict_judge(const struct demand *d, const struct evidence *e, struct judgement *out);

/* "refused", "no-pin-match" ...: the words of the events. */
const char *verdict_word(enum verdict v);
const char *reason_word(enum reason r);

#endif

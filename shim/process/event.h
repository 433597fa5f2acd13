/* SPDX-License-Identifier: MIT */
/*
 * What is told about a handshake: the message that people read, the JSON line
 * that scripts read, and where they go (standard error, syslog, files). Never
 * writes to standard output, never raises a signal in the program, never
 * changes a verdict.
 */
#ifndef PINSHIM_EVENT_H
#define PINSHIM_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "process/store.h"
#include "pure/verdict.h"

#define EVENT_TEXT_SIZE 256

/* A certificate as events show it; subject and issuer in one line (RFC 2253), printable. */
struct event_cert {
	uint8_t key[PIN_LEN];
	uint8_t cert[PIN_LEN];
	bool raw_key; /* RFC 7250: nothing but `key' is known */
	char subject[EVENT_TEXT_SIZE];
	char issuer[EVENT_TEXT_SIZE];
	char common_name[EVENT_TEXT_SIZE]; /* subject's and issuer's short forms for people */
	char issuer_name[EVENT_TEXT_SIZE];
	int64_t not_before, not_after;
};

/* Likely causes, in the contract's words. Zero says nothing. */
enum likely {
	LIKELY_UNKNOWN = 0,
	LIKELY_KEY_ROTATED,
	LIKELY_CERT_RENEWED,
	LIKELY_OTHER_PUBLIC_CA,
	LIKELY_LOCAL_ROOT,
	LIKELY_OTHER_HOST,
	LIKELY_CLOCK,
	LIKELY_CHAIN_TOO_SHORT,
};

enum name_source {
	NAME_FROM_NONE = 0,
	NAME_FROM_SNI,
	NAME_FROM_VERIFY,
	NAME_FROM_RESOLVER,
	NAME_FROM_ADDRESS
};

struct event {
	struct judgement judgement;
	const struct store_policy *policy; /* NULL: none had anything to say of it */
	const char *failure;		   /* of REASON_INTERNAL_ERROR: what failed; or NULL */
	unsigned scts, logs;	  /* of REASON_CT_MISSING: valid SCTs, and the logs they are by */
	const char *policy_error; /* a change that was not taken over, and nothing else; or NULL */
	bool of_snapshot;	  /* it is the snapshot's, and the policy is good */
	const char *name;	  /* as it was judged, printable; NULL: none */
	enum name_source source;
	unsigned port; /* 0: unknown */
	enum likely likely;
	const struct event_cert *served, *validated; /* leaf first */
	size_t n_served, n_validated;
	bool resumed;
	const char *tls_version; /* "TLSv1.3" */
	const char *library;	 /* path of the libssl in use */
	uint64_t suppressed;	 /* earlier ones like it that were not told: event_due() */
};

/* Whether there is a log, and it wants to be told: of accepted handshakes only by the policy. */
bool event_wanted(const struct event *event);

/*
 * Whether EVENT, which is wanted and has its `served', is to be told now. Repeats
 * of one refusal are folded: most are only counted (fold.h).
 */
bool event_due(struct event *event);

/* Tells EVENT, when it is wanted, wherever its policy's logs say. */
void event_tell(const struct event *event);

/* Tells EVENT, whatever it is, where $PINSHIM_EVENTS says. */
void event_record(const struct event *event);

/*
 * The likely cause as the JSON lines have it, "key-rotated", or NULL.
 * The sources of names likewise: "sni", "verify-name" ...
 */
const char *likely_word(enum likely likely);
const char *name_source_word(enum name_source source);

/*
 * The cause of a refusal in a few words, "pin mismatch for api.example.com
 * (pins.ini:7)": what the program's own error message will show. It becomes the
 * answer of event_last_cause() in this thread.
 */
void event_set_cause(const struct event *event);

/* A further handshake begins in this thread: earlier refusals are not its own. */
void event_forget_cause(void);

/*
 * The cause of the last refusal in this thread; in one that has judged nothing
 * yet, the last in the process. NULL: none. Never freed.
 */
const char *event_last_cause(void);

/* Says once, wherever events of POLICY go, that a changed policy was not taken over, and why. */
void event_bad_policy(const struct store_policy *policy, const char *error);

/* Says the same way that POLICY was read from its texts, and what is wrong with its snapshot. */
void event_bad_snapshot(const struct store_policy *policy, const char *error);

#endif

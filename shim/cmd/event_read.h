/* SPDX-License-Identifier: MIT */
/*
 * Reads the events that the library writes, one JSON object a line, as strictly
 * as they are written: what is no event ends the reading with one message. It
 * judges nothing, and believes nothing about the texts inside.
 */
#ifndef PINSHIM_CMD_EVENT_READ_H
#define PINSHIM_CMD_EVENT_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "pure/date.h"
#include "pure/name.h"
#include "pure/pin.h"

/* Of one chain; more are left out: a server may send hundreds that mean nothing. */
#define EVENT_READ_CERTS 256

struct event_read_cert {
	char pin[PIN_TEXT_SIZE];      /* in its one form */
	const char *subject, *issuer; /* NULL: a raw key */
	/* Where they are told: */
	const char *cert;		    /* its hash, as a pin */
	const char *not_before, *not_after; /* "2026-12-31T23:59:59Z" */
};

/* One event. Texts are UTF-8 of any content, and like all of it last until the next is read. */
struct event_read {
	char time[DATE_SIZE]; /* "2026-12-31T23:59:59Z" */
	const char *hostname; /* as told; NULL: none */
	char name[NAME_SIZE]; /* its normal form, of KIND; "" when it is NAME_BAD */
	enum name_kind kind;
	const char *verdict, *reason;
	struct event_read_cert served[EVENT_READ_CERTS],
		validated[EVENT_READ_CERTS]; /* leaf first */
	size_t n_served, n_validated;
	/* What may be missing: NULL, 0. */
	const char *likely, *policy, *error, *matched_kind, *matched_pin;
	unsigned line, matched_line; /* in the policy */
	bool backup;		     /* what matched is not the first pin */
};

/*
 * Calls EACH with every event of IN, which is called FILE in messages, until it
 * returns other than 0. Returns what EACH returned last, or -1 after a complaint.
 */
int event_read_all(FILE *in, const char *file,
		   int (*each)(const struct event_read *event, void *arg), void *arg);

#endif

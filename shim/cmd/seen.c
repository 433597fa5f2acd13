/* SPDX-License-Identifier: MIT */
/* Copies an event. What is missing, or is not what the library writes, stays zero. */
#include "cmd/seen.h"

#include <string.h>

#include "cmd/event_read.h"
#include "pure/date.h"

struct reading {
	struct seen *out;
	bool any;
};

static void copy_text(const char *text, char *out, size_t size)
{
	snprintf(out, size, "%s", text ? text : "");
}

static void copy_pin(const char *text, uint8_t out[PIN_LEN])
{
	char why[SEEN_TEXT];

	if (text)
		pin_parse(text, strlen(text), false, out, why, sizeof(why));
}

static int64_t seconds_of(const char *text)
{
	int year, month, day, hour, minute, second;

	if (!text ||
	    sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &year, &month, &day, &hour, &minute,
		   &second) != 6 ||
	    !date_exists(year, month, day))
		return 0;
	return date_seconds(year, month, day) + hour * INT64_C(3600) + minute * INT64_C(60) +
	       second;
}

static void copy_chain(const struct event_read_cert *certs, size_t n, struct seen_chain *out)
{
	out->n = n < SEEN_MOST ? n : SEEN_MOST;
	for (size_t i = 0; i < out->n; i++) {
		copy_pin(certs[i].pin, out->certs[i].key);
		copy_pin(certs[i].cert, out->certs[i].cert);
		copy_text(certs[i].subject, out->certs[i].subject, SEEN_TEXT);
		copy_text(certs[i].issuer, out->certs[i].issuer, SEEN_TEXT);
		out->certs[i].not_before = seconds_of(certs[i].not_before);
		out->certs[i].not_after = seconds_of(certs[i].not_after);
	}
}

static int take(const struct event_read *event, void *arg)
{
	struct reading *r = arg;
	struct seen *out = r->out;

	/* A policy that changed meanwhile is no handshake. */
	if (!strcmp(event->verdict, "policy-error"))
		return 0;
	memset(out, 0, sizeof(*out));
	copy_text(event->verdict, out->verdict, sizeof(out->verdict));
	copy_text(event->reason, out->reason, sizeof(out->reason));
	copy_text(event->likely, out->likely, sizeof(out->likely));
	copy_text(event->policy, out->policy, sizeof(out->policy));
	copy_text(event->error, out->error, sizeof(out->error));
	copy_text(event->matched_kind, out->matched_kind, sizeof(out->matched_kind));
	copy_pin(event->matched_pin, out->matched);
	out->line = event->line;
	out->matched_line = event->matched_line;
	out->backup = event->backup;
	copy_chain(event->served, event->n_served, &out->served);
	copy_chain(event->validated, event->n_validated, &out->validated);
	r->any = true;
	return 0;
}

int seen_read(FILE *file, const char *name, struct seen *out)
{
	struct reading r = { .out = out };

	return event_read_all(file, name, take, &r) == 0 && r.any ? 0 : -1;
}

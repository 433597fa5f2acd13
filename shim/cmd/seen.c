/* SPDX-License-Identifier: MIT */
/* Takes fields out of an event. What is missing or of another type stays zero. */
#include "cmd/seen.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "pure/date.h"

static void take_text(const json_t *from, const char *field, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(from, field));

	snprintf(out, size, "%s", text ? text : "");
}

static void take_pin(const json_t *from, const char *field, uint8_t out[PIN_LEN])
{
	const char *text = json_string_value(json_object_get(from, field));
	char why[SEEN_TEXT];

	if (!text || pin_parse(text, strlen(text), false, out, why, sizeof(why)) < 0)
		memset(out, 0, PIN_LEN);
}

static int64_t take_time(const json_t *from, const char *field)
{
	const char *text = json_string_value(json_object_get(from, field));
	int year, month, day, hour, minute, second;

	if (!text ||
	    sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &year, &month, &day, &hour, &minute,
		   &second) != 6 ||
	    !date_exists(year, month, day))
		return 0;
	return date_seconds(year, month, day) + hour * 3600 + minute * 60 + second;
}

static void take_chain(const json_t *event, const char *field, struct seen_chain *out)
{
	const json_t *chain = json_object_get(event, field), *cert;
	struct seen_cert *c = out->certs;
	size_t i;

	json_array_foreach(chain, i, cert)
	{
		if (i == SEEN_MOST)
			break;
		take_pin(cert, "pin", c->key);
		take_pin(cert, "cert", c->cert);
		take_text(cert, "subject", c->subject, sizeof(c->subject));
		take_text(cert, "issuer", c->issuer, sizeof(c->issuer));
		c->not_before = take_time(cert, "not-before");
		c->not_after = take_time(cert, "not-after");
		c++;
	}
	out->n = (size_t)(c - out->certs);
}

static void take_event(const json_t *event, struct seen *out)
{
	const json_t *matched = json_object_get(event, "matched");

	memset(out, 0, sizeof(*out));
	take_text(event, "verdict", out->verdict, sizeof(out->verdict));
	take_text(event, "reason", out->reason, sizeof(out->reason));
	take_text(event, "likely-cause", out->likely, sizeof(out->likely));
	take_text(event, "policy", out->policy, sizeof(out->policy));
	take_text(event, "error", out->error, sizeof(out->error));
	out->line = (unsigned)json_integer_value(json_object_get(event, "line"));
	take_text(matched, "kind", out->matched_kind, sizeof(out->matched_kind));
	take_pin(matched, "pin", out->matched);
	out->matched_line = (unsigned)json_integer_value(json_object_get(matched, "line"));
	out->backup = json_is_true(json_object_get(matched, "backup"));
	take_chain(event, "served-chain", &out->served);
	take_chain(event, "validated-chain", &out->validated);
}

int seen_read(const char *text, size_t len, struct seen *out)
{
	const char *end = text + len, *line = text, *next;
	const char *verdict;
	json_t *event;
	int rv = -1;

	for (; line < end; line = next) {
		next = memchr(line, '\n', (size_t)(end - line));
		next = next ? next + 1 : end;
		event = json_loadb(line, (size_t)(next - line), 0, NULL);
		verdict = json_string_value(json_object_get(event, "verdict"));
		/* A policy that changed meanwhile is no handshake. */
		if (verdict && strcmp(verdict, "policy-error") != 0) {
			take_event(event, out);
			rv = 0;
		}
		json_decref(event);
	}
	return rv;
}

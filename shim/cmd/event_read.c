/* SPDX-License-Identifier: MIT */
/* Every field that is taken is checked for being what the library writes there. */
#include "cmd/event_read.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"

/* More than an event of any chain that libssl takes: what never ends must not fill the memory. */
#define LINE_MOST (16UL << 20)
#define INSTEAD	  "give lines that PINSHIM_EVENTS or a policy's `log' wrote"

struct place {
	const char *file;
	size_t line;
};

static int error_at(const struct place *at, const char *what, const char *field)
{
	complain("%s:%zu: %s '%s'; " INSTEAD, at->file, at->line, what, field);
	return -1;
}

/* The FIELD of OBJECT, a text or, where OPTIONAL, null. */
static int take_text(const struct place *at, const json_t *object, const char *field, bool optional,
		     const char **out)
{
	const json_t *value = json_object_get(object, field);

	*out = json_string_value(value);
	if (*out || (optional && json_is_null(value)))
		return 0;
	return error_at(at, value ? "there is no text in" : "lacks the field", field);
}

static int take_time(const struct place *at, const json_t *event, char out[DATE_SIZE])
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	const char *text;

	if (take_text(at, event, "date-time", false, &text) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return error_at(at, "there is no time in", "date-time");
	memcpy(out, text, DATE_SIZE);
	return 0;
}

static int take_name(const struct place *at, const json_t *json, struct event_read *event)
{
	event->kind = NAME_BAD;
	event->name[0] = '\0';
	if (take_text(at, json, "hostname", true, &event->hostname) < 0)
		return -1;
	if (event->hostname)
		event->kind =
			name_normalise(event->hostname, strlen(event->hostname), event->name, NULL);
	return 0;
}

static int take_cert(const struct place *at, const json_t *json, struct event_read_cert *cert)
{
	uint8_t pin[PIN_LEN];
	const char *text;
	char why[128];

	if (take_text(at, json, "pin", false, &text) < 0 ||
	    take_text(at, json, "subject", true, &cert->subject) < 0 ||
	    take_text(at, json, "issuer", true, &cert->issuer) < 0)
		return -1;
	if (pin_parse(text, strlen(text), false, pin, why, sizeof(why)) < 0)
		return error_at(at, "there is no pin in", "pin");
	pin_format(pin, cert->pin);
	cert->cert = json_string_value(json_object_get(json, "cert"));
	cert->not_before = json_string_value(json_object_get(json, "not-before"));
	cert->not_after = json_string_value(json_object_get(json, "not-after"));
	return 0;
}

static int take_chain(const struct place *at, const json_t *event, const char *field,
		      struct event_read_cert *certs, size_t *n)
{
	const json_t *chain = json_object_get(event, field);

	*n = 0;
	if (json_is_null(chain))
		return 0;
	if (!json_is_array(chain))
		return error_at(at, chain ? "there is no chain in" : "lacks the field", field);
	for (; *n < json_array_size(chain) && *n < EVENT_READ_CERTS; ++*n)
		if (take_cert(at, json_array_get(chain, *n), &certs[*n]) < 0)
			return -1;
	return 0;
}

static void take_rest(const json_t *json, struct event_read *event)
{
	const json_t *matched = json_object_get(json, "matched");

	event->likely = json_string_value(json_object_get(json, "likely-cause"));
	event->policy = json_string_value(json_object_get(json, "policy"));
	event->error = json_string_value(json_object_get(json, "error"));
	event->line = (unsigned)json_integer_value(json_object_get(json, "line"));
	event->matched_kind = json_string_value(json_object_get(matched, "kind"));
	event->matched_pin = json_string_value(json_object_get(matched, "pin"));
	event->matched_line = (unsigned)json_integer_value(json_object_get(matched, "line"));
	event->backup = json_is_true(json_object_get(matched, "backup"));
}

static int take_event(const struct place *at, const json_t *json, struct event_read *event)
{
	if (take_time(at, json, event->time) < 0 || take_name(at, json, event) < 0 ||
	    take_text(at, json, "verdict", false, &event->verdict) < 0 ||
	    take_text(at, json, "reason", false, &event->reason) < 0)
		return -1;
	take_rest(json, event);
	if (take_chain(at, json, "served-chain", event->served, &event->n_served) < 0)
		return -1;
	return take_chain(at, json, "validated-chain", event->validated, &event->n_validated);
}

struct line {
	char *bytes;
	size_t len, size;
};

/*
 * Takes the next line of IN, with its end. Of LINE_MOST bytes it may go on; one of
 * none is the end. 0, or -1 when memory ran out.
 */
static int read_line(FILE *in, struct line *line)
{
	int c = EOF;

	line->len = 0;
	while (line->len < LINE_MOST && c != '\n' && (c = getc_unlocked(in)) != EOF) {
		if (line->len == line->size) {
			size_t size = line->size ? 2 * line->size : 4096;
			char *bytes = realloc(line->bytes, size);

			if (!bytes)
				return -1;
			line->bytes = bytes;
			line->size = size;
		}
		line->bytes[line->len++] = (char)c;
	}
	return 0;
}

/* Calls EACH, which see below, with the event that LINE is. */
static int take_line(const struct place *at, const struct line *line, struct event_read *event,
		     int (*each)(const struct event_read *event, void *arg), void *arg)
{
	json_error_t error;
	json_t *json = NULL;
	int rv = -1;

	if (line->len < LINE_MOST)
		json = json_loadb(line->bytes, line->len, JSON_REJECT_DUPLICATES, &error);
	if (line->len == LINE_MOST)
		complain("%s:%zu: is longer than an event can be; " INSTEAD, at->file, at->line);
	else if (!json_is_object(json))
		complain("%s:%zu: is not a JSON object%s%s; " INSTEAD, at->file, at->line,
			 json ? "" : ": ", json ? "" : error.text);
	else if (take_event(at, json, event) == 0)
		rv = each(event, arg);
	json_decref(json);
	return rv;
}

int event_read_all(FILE *in, const char *file,
		   int (*each)(const struct event_read *event, void *arg), void *arg)
{
	struct event_read *event = malloc(sizeof(*event));
	struct place at = { file, 0 };
	struct line line = { 0 };
	bool lost = !event;
	int rv = 0;

	while (rv == 0 && !lost) {
		errno = 0;
		lost = read_line(in, &line) < 0;
		if (lost || !line.len)
			break;
		at.line++;
		rv = take_line(&at, &line, event, each, arg);
	}
	if (lost) {
		complain("out of memory");
		rv = -1;
	} else if (rv == 0 && (ferror(in) || !feof(in))) {
		complain("%s: %s", file, strerror(errno));
		rv = -1;
	}
	free(line.bytes);
	free(event);
	return rv;
}

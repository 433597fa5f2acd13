/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes one line of the store of known keys. What is written can be
 * read, and what can be read is what would be written.
 */
#include "pure/known_line.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "pure/policy_keys.h"

#define FORM   "'NAME sha256/BASE64 YYYY-MM-DD PROGRAM'"
#define FIELDS 4

__attribute__((format(printf, 3, 4))) static int wrong(char why[KNOWN_WHY_SIZE], const char *text,
						       const char *format, ...)
{
	char quoted[QUOTE_SIZE];
	va_list args;
	int n;

	keys_quote((struct piece){ text, strlen(text) }, quoted);
	n = snprintf(why, KNOWN_WHY_SIZE, "%s ", quoted);
	va_start(args, format);
	vsnprintf(why + n, (size_t)(KNOWN_WHY_SIZE - n), format, args);
	va_end(args);
	return -1;
}

/* Cuts LINE at its blanks. Whether that gives as many fields as a line has. */
static bool cut(char *line, char *fields[FIELDS])
{
	size_t n = 0;

	for (char *field; (field = strsep(&line, " ")); n++) {
		if (n == FIELDS || !*field)
			return false;
		fields[n] = field;
	}
	return n == FIELDS;
}

static bool is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

static int read_name(const char *text, char why[KNOWN_WHY_SIZE])
{
	char name[NAME_SIZE];
	const char *fault;

	if (name_normalise(text, strlen(text), name, &fault) == NAME_BAD)
		return wrong(why, text, "%s", fault);
	if (strcmp(text, name))
		return wrong(why, text, "is not how the name is compared; write '%s'", name);
	return 0;
}

static int read_key(const char *text, uint8_t key[PIN_LEN], char why[KNOWN_WHY_SIZE])
{
	char canonical[PIN_TEXT_SIZE], fault[256];

	if (pin_parse(text, strlen(text), false, key, fault, sizeof(fault)) < 0)
		return wrong(why, text, "%s", fault);
	if (strcmp(text, pin_format(key, canonical)))
		return wrong(why, text, "is not how the key is written here; write '%s'",
			     canonical);
	return 0;
}

static bool is_day(const char *text)
{
	static const char form[] = "dddd-dd-dd";
	int part[3] = { 0 }, n = 0;

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++) {
		if (form[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
		if (form[i] == '-')
			n++;
		else
			part[n] = 10 * part[n] + text[i] - '0';
	}
	return date_exists(part[0], part[1], part[2]);
}

int known_line_read(char *line, size_t len, struct known_line *out, char why[KNOWN_WHY_SIZE])
{
	char whole[KNOWN_LINE_MOST + 1], *fields[FIELDS];

	if (len > KNOWN_LINE_MOST || strlen(line) != len || !is_printable(line, len))
		return wrong(why, line, "is no line of this file; write " FORM ", or delete it");
	memcpy(whole, line, len + 1);
	if (!cut(line, fields))
		return wrong(why, whole, "is no known key; write " FORM ", or delete the line");
	if (read_name(fields[0], why) < 0 || read_key(fields[1], out->key, why) < 0)
		return -1;
	if (!is_day(fields[2]))
		return wrong(why, fields[2], "is no day of the calendar; write YYYY-MM-DD");
	out->name = fields[0];
	out->since = fields[2];
	out->program = fields[3];
	return 0;
}

size_t known_line_write(const struct known_line *line, char out[KNOWN_LINE_MOST + 2])
{
	char pin[PIN_TEXT_SIZE];
	int n = snprintf(out, KNOWN_LINE_MOST + 2, "%.*s %s %.10s ", NAME_MAX_LEN, line->name,
			 pin_format(line->key, pin), line->since);
	size_t len = (size_t)n;

	for (const char *c = line->program; *c && c < line->program + KNOWN_PROGRAM_MOST; c++)
		out[len++] = *c > ' ' && *c <= '~' ? *c : '?';
	if (len == (size_t)n)
		out[len++] = '-';
	out[len++] = '\n';
	out[len] = '\0';
	return len;
}

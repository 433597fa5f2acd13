/* SPDX-License-Identifier: MIT */
/*
 * The policy format: what each construct becomes, and for everything that is
 * refused the whole message. Nothing may be skipped, cut or defaulted in silence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pure/policy.h"

#define A "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define B "sha256/ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
#define HEX                                                                                       \
	"00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:" \
	"1D:1E:1F"
#define S  "[a.example]\n"
#define P  "pin = " A "\n"
#define SP S P

#define PRINTS "; 'pinshim pin HOST' prints one"
#define TOP_KEYS                                                                              \
	"mode, unlisted, unnamed, exempt, log, log-accepted, deny, after-expiry, ct-logs or " \
	"revoked"
#define SECTION_KEYS                                                                               \
	"pin, pin-cert, pin-ca, deny, match, mode, verify, ca-file, expires, after-expiry, ct or " \
	"tofu"
#define NO_LINE "is not a KEY = VALUE, [NAME] or comment line; write one of these"
#define COLON	"has a ':' before any '='; write KEY = VALUE"
#define TAIL	"has text behind its ']'; write [NAME], or ' ;' before a comment"
#define STAR                                                                                       \
	"has a star that is not a whole first label with a name behind it; write '*.example.com' " \
	"or '**.example.com'"
#define XN	"has other than ASCII letters, digits, '-' and '_'; write the name in its xn-- form"
#define NOTHING "the policy demands nothing; write a [NAME] section with a 'pin'"
#define IDLE	"[a.example] demands nothing; write a 'pin', or 'mode = off' to exempt it"
#define X10	"xxxxxxxxxx"
#define X80	X10 X10 X10 X10 X10 X10 X10 X10

static char error[POLICY_ERROR_SIZE];

static struct policy *parse_bytes(const char *bytes, size_t len, bool host)
{
	/* An exact copy, so that a sanitizer sees every read beyond its end. */
	char *copy = malloc(len ? len : 1);
	struct policy_text file = { "p.ini", copy, len };
	struct policy *p;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	p = policy_parse(&file, 1, "p.ini", host, error);
	free(copy);
	return p;
}

static struct policy *parse(const char *text)
{
	struct policy *p = parse_bytes(text, strlen(text), false);

	if (!p)
		fail_msg("refused: %s", error);
	return p;
}

static void refuses_bytes(const char *bytes, size_t len, const char *message)
{
	struct policy *p = parse_bytes(bytes, len, false);

	if (p)
		fail_msg("accepted, but should say: %s", message);
	assert_string_equal(error, message);
}

static void refuses(const char *text, const char *message)
{
	refuses_bytes(text, strlen(text), message);
}

struct refusal {
	const char *text;
	const char *message; /* without "p.ini:" */
};

static void refuses_all(const struct refusal *table, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char message[1024];

		snprintf(message, sizeof(message), "p.ini:%s", table[i].message);
		refuses(table[i].text, message);
	}
}

#define REFUSES_ALL(table) refuses_all(table, sizeof(table) / sizeof((table)[0]))

static const struct policy_section *only_section(const struct policy *p)
{
	size_t n;
	const struct policy_section *s = policy_sections(p, &n);

	assert_int_equal(n, 1);
	return s;
}

/* --- what is read ------------------------------------------------------------------------- */

static void a_policy_becomes_a_block(void **state)
{
	static const char text[] = "mode = report\n"
				   "unlisted = refuse\n"
				   "unnamed = report\n"
				   "deny = " B "\n"
				   "exempt = /usr/bin/apt\n"
				   "exempt = /usr/lib/*/x?\n"
				   "log = stderr\n"
				   "log = syslog\n"
				   "log = /var/log/pins.jsonl\n"
				   "log-accepted = yes\n"
				   "after-expiry = off\n"
				   "ct-logs = /etc/ct.cnf\n"
				   "revoked = /etc/revoked\n"
				   "\n"
				   "[Api.Example.COM.]\n"
				   "pin = " A "\n"
				   "pin-cert = " HEX "\n"
				   "pin-ca = sha256//ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=\n"
				   "deny = " A "\n"
				   "match = every\n"
				   "mode = enforce\n"
				   "verify = full\n"
				   "ca-file = /etc/ca.pem\n"
				   "expires = 2031-03-01\n"
				   "after-expiry = enforce\n"
				   "ct = require\n"
				   "tofu = yes\n"
				   "[*.example.net]\n"
				   "verify = full\n"
				   "[**.example.net]\n"
				   "mode = off\n"
				   "[2001:DB8::0:7]\n"
				   "pin = " B "\n";
	struct policy *p = parse(text);
	const struct policy_section *s;
	const struct policy_pin *pins;
	const struct policy_value *values;
	char title[POLICY_TITLE_SIZE];
	size_t n;

	(void)state;
	assert_false(p->host);
	assert_string_equal(policy_string(p, p->path), "p.ini");
	assert_int_equal(p->mode, MODE_REPORT);
	assert_int_equal(p->mode_place.line, 1);
	assert_int_equal(p->unlisted, ACTION_REFUSE);
	assert_int_equal(p->unlisted_place.line, 2);
	assert_int_equal(p->unnamed, ACTION_REPORT);
	assert_int_equal(p->unnamed_place.line, 3);
	assert_string_equal(policy_string(p, p->unnamed_place.file), "p.ini");
	assert_int_equal(p->log_accepted, true);
	pins = policy_pins(p, p->deny, &n);
	assert_int_equal(n, 1);
	assert_int_equal(pins[0].kind, PIN_DENY);
	assert_int_equal(pins[0].sha256[0], 0x20);
	assert_int_equal(pins[0].place.line, 4);
	values = policy_values(p, p->exempts, &n);
	assert_int_equal(n, 2);
	assert_string_equal(policy_string(p, values[0].text), "/usr/bin/apt");
	assert_string_equal(policy_string(p, values[1].text), "/usr/lib/*/x?");
	assert_int_equal(values[1].place.line, 6);
	values = policy_values(p, p->logs, &n);
	assert_int_equal(n, 3);
	assert_string_equal(policy_string(p, values[0].text), "stderr");
	assert_string_equal(policy_string(p, values[1].text), "syslog");
	assert_string_equal(policy_string(p, values[2].text), "/var/log/pins.jsonl");
	values = policy_values(p, p->revoked, &n);
	assert_int_equal(n, 1);
	assert_string_equal(policy_string(p, values[0].text), "/etc/revoked");
	assert_int_equal(values[0].place.line, 13);
	assert_string_equal(policy_string(p, p->ct_logs.text), "/etc/ct.cnf");
	assert_int_equal(p->ct_logs.place.line, 12);

	s = policy_sections(p, &n);
	assert_int_equal(n, 4);
	assert_string_equal(policy_title(p, &s[0], title), "api.example.com");
	assert_int_equal(s[0].place.line, 15);
	assert_int_equal(s[0].mode, MODE_ENFORCE);
	assert_int_equal(s[0].match, MATCH_EVERY);
	assert_int_equal(s[0].verify, VERIFY_FULL);
	assert_int_equal(s[0].after_expiry, MODE_ENFORCE);
	assert_int_equal(s[0].ct, true);
	assert_int_equal(s[0].tofu, true);
	assert_int_equal(policy_expires(&s[0]), 1930089600);
	assert_string_equal(policy_string(p, s[0].ca_file.text), "/etc/ca.pem");
	assert_int_equal(s[0].ca_file.place.line, 23);
	pins = policy_pins(p, s[0].pins, &n);
	assert_int_equal(n, 4);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(pins[i].kind, i); /* in the order of the enum, as it happens */
		assert_int_equal(pins[i].place.line, 16 + i);
		assert_int_equal(pins[i].sha256[31], i == PIN_CA ? 0x3f : 0x1f);
	}
	assert_string_equal(policy_title(p, &s[1], title), "*.example.net");
	assert_int_equal(s[1].mode, MODE_REPORT);
	assert_int_equal(s[1].after_expiry, MODE_OFF);
	assert_int_equal(s[1].match, MATCH_ANY);
	assert_true(policy_expires(&s[1]) == INT64_MAX);
	assert_int_equal(s[1].ca_file.text, 0);
	assert_string_equal(policy_title(p, &s[2], title), "**.example.net");
	assert_int_equal(s[2].mode, MODE_OFF);
	assert_int_equal(s[2].verify, VERIFY_PROGRAM);
	assert_string_equal(policy_title(p, &s[3], title), "2001:db8::7");
	free(p);
}

static void defaults_hold(void **state)
{
	struct policy *p = parse(SP);
	const struct policy_section *s = only_section(p);

	(void)state;
	assert_int_equal(p->mode, MODE_ENFORCE);
	assert_int_equal(p->unlisted, ACTION_ALLOW);
	assert_int_equal(p->unnamed, ACTION_ALLOW);
	assert_int_equal(p->mode_place.line, 0);
	assert_int_equal(p->unlisted_place.line, 0);
	assert_int_equal(p->unnamed_place.line, 0);
	assert_string_equal(policy_string(p, p->mode_place.file), "p.ini");
	assert_int_equal(p->log_accepted, false);
	assert_int_equal(p->logs.count, 0);
	assert_int_equal(p->ct_logs.text, 0);
	assert_int_equal(s->mode, MODE_ENFORCE);
	assert_int_equal(s->match, MATCH_ANY);
	assert_int_equal(s->verify, VERIFY_PROGRAM);
	assert_int_equal(s->after_expiry, MODE_REPORT);
	assert_int_equal(s->ct, false);
	assert_int_equal(s->tofu, false);
	free(p);
}

static void the_host_policy_knows_that_it_is(void **state)
{
	struct policy *p = parse_bytes(SP, strlen(SP), true);

	(void)state;
	assert_non_null(p);
	assert_true(p->host);
	free(p);
	assert_null(parse_bytes(S P "tofu = yes\n", strlen(S P "tofu = yes\n"), true));
	assert_string_equal(error, "p.ini:3: 'tofu' stands in the host's policy; "
				   "write the key as a 'pin'");
	assert_null(parse_bytes(S P "tofu = no\n", strlen(S P "tofu = no\n"), true));
}

/* Each is the same policy, written differently. */
static void writing_does_not_matter(void **state)
{
	static const char *const same[] = {
		SP,
		"[a.example]\npin=" A,
		"[a.example]\r\npin = " A "\r\n",
		"[a.example]\r\npin = " A "\r",
		"\xef\xbb\xbf[a.example]\npin = " A "\n",
		"\n\n  \t\n[a.example]\n\n\npin = " A "\n\n",
		"; comment\n# comment\n[a.example] ; tail\npin = " A " ; tail\n",
		"  ; comment\n\t# comment\n[a.example]\t;tail\npin = " A "\t;tail\n",
		"   [a.example]   \n     pin   =   " A "   \n",
		"[a.example]\n\tpin\t=\t" A "\n",
		"[A.EXAMPLE.]\n\v pin = " A "\f\n",
		"; [b.example]\n#[c.example]\n[a.example]\n;pin = x\npin = " A "\n# pin = y\n",
		"[a.example]\npin = " A " ; one ; two " X80 X80 "\n",
		"[a.example] ; " X80 X80 X80 "\npin = " A "\n",
		"; " X80 X80 X80 " = x\n# " X80 X80 X80 " : y\n[a.example]\npin = " A "\n",
		"; a: colon = comment\n[a.example]\npin = " A " ; a: b\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		struct policy *p = parse(same[i]);
		const struct policy_section *s = only_section(p);
		char title[POLICY_TITLE_SIZE];
		size_t n;
		const struct policy_pin *pins = policy_pins(p, s->pins, &n);

		assert_string_equal(policy_title(p, s, title), "a.example");
		assert_int_equal(n, 1);
		assert_int_equal(pins[0].sha256[31], 0x1f);
		free(p);
	}
}

/* inih would join an indented line to the one before. */
static void indented_keys_are_keys(void **state)
{
	struct policy *p = parse("[a.example]\n  pin = " A "\n    pin = " B "\n  mode = report\n");
	const struct policy_section *s = only_section(p);

	(void)state;
	assert_int_equal(s->pins.count, 2);
	assert_int_equal(s->mode, MODE_REPORT);
	free(p);
}

/* inih would cut all three: names at 49 bytes, keys and lines at 199. */
static void long_things_are_whole(void **state)
{
	static const char path[] = "/" X80 X80 X80 "/tail";
	static const char name[] =
		X10 X10 X10 X10 X10 X10 "." X10 X10 X10 X10 X10 X10 "." X10
					"." X10 X10 X10 X10 X10 X10 "." X10 X10 X10 X10 X10;
	char text[2048];
	char title[POLICY_TITLE_SIZE];
	struct policy *p;
	const struct policy_value *values;
	size_t n;

	(void)state;
	snprintf(text, sizeof(text), "log = %s ; tail\nexempt =%s\nct-logs\t= \t%s\t \n[**.%s]\n%s",
		 path, path, path, name, P);
	p = parse(text);
	values = policy_values(p, p->logs, &n);
	assert_string_equal(policy_string(p, values[0].text), path);
	values = policy_values(p, p->exempts, &n);
	assert_string_equal(policy_string(p, values[0].text), path);
	assert_string_equal(policy_string(p, p->ct_logs.text), path);
	assert_string_equal(policy_title(p, only_section(p), title) + 3, name);
	free(p);
}

/* Around the length at which inih would cut, with and without a tail comment. */
static void every_line_length_reads_the_same(void **state)
{
	static const char *const ends[] = { "", " ; tail", ";no tail", "   " };
	static const char *const kept[] = { "", "", ";no tail", "" };

	(void)state;
	for (size_t len = 150; len < 260; len++) {
		for (size_t i = 0; i < 4; i++) {
			char path[512];
			char want[600];
			char text[2048];
			struct policy *p;
			size_t n;

			memset(path, 'p', len);
			path[0] = '/';
			path[len] = '\0';
			snprintf(want, sizeof(want), "%s%s", path, kept[i]);
			snprintf(text, sizeof(text), "log = %s%s\n%s", path, ends[i], SP);
			p = parse(text);
			assert_string_equal(policy_string(p, policy_values(p, p->logs, &n)->text),
					    want);
			free(p);
		}
	}
}

static void lines_may_have_4095_bytes(void **state)
{
	static const struct {
		const char *end;
		size_t len;
		const char *message;
	} cases[] = {
		{ "\n", 4095, NULL },
		{ "\r\n", 4095, NULL },
		{ "", 4095, NULL },
		{ "\n", 4096, "p.ini:1: the line is 4096 bytes long; write at most 4095" },
		{ "\r\n", 4096, "p.ini:1: the line is 4096 bytes long; write at most 4095" },
		{ "", 4096, "p.ini:1: the line is 4096 bytes long; write at most 4095" },
	};
	static const char *const kinds[] = { "revoked = /", ";", "          revoked = /" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t j = 0; j < 3; j++) {
			char text[6000];
			struct policy *p;

			memset(text, 'x', cases[i].len);
			memcpy(text, kinds[j], strlen(kinds[j]));
			strcpy(text + cases[i].len, cases[i].end);
			if (cases[i].end[0] == '\n' || cases[i].end[0] == '\r')
				strcat(text, SP);
			else if (kinds[j][0] == ';')
				continue; /* a comment alone demands nothing */
			if (cases[i].message) {
				refuses(text, cases[i].message);
				continue;
			}
			p = parse(text);
			free(p);
		}
	}
}

static void names_may_have_253_characters(void **state)
{
	char text[1024];
	char label[64];
	char title[POLICY_TITLE_SIZE];
	struct policy *p;

	(void)state;
	memset(label, 'a', 63);
	label[63] = '\0';
	snprintf(text, sizeof(text), "[**.%s.%s.%s.%.61s]\n%s", label, label, label, label, P);
	p = parse(text);
	assert_int_equal(strlen(policy_title(p, only_section(p), title)), 253 + 3);
	free(p);
	snprintf(text, sizeof(text), "[%s.%s.%s.%.62s]\n%s", label, label, label, label, P);
	refuses(text,
		"p.ini:1: name 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"a.aaaaaaaaaaaaaaaaaaaaaa...' is longer than 253 characters; "
		"write a name that DNS can hold");
}

static void dates_are_days_of_the_calendar(void **state)
{
	static const struct {
		const char *date;
		int64_t seconds; /* -1: does not exist */
	} cases[] = {
		{ "1970-01-01", 0 },	      { "1970-12-31", 31449600 },
		{ "1972-02-29", 68169600 },   { "2000-02-29", 951782400 },
		{ "2000-03-01", 951868800 },  { "2024-12-31", 1735603200 },
		{ "2026-11-23", 1795392000 }, { "2038-01-19", 2147472000 },
		{ "2100-03-01", 4107542400 }, { "9999-12-31", 253402214400 },
		{ "2026-02-29", -1 },	      { "2100-02-29", -1 },
		{ "2026-04-31", -1 },	      { "2026-00-10", -1 },
		{ "2026-13-10", -1 },	      { "2026-01-00", -1 },
		{ "2026-01-32", -1 },	      { "2026-12-32", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];
		char message[256];
		struct policy *p;

		snprintf(text, sizeof(text), SP "expires = %s\n", cases[i].date);
		if (cases[i].seconds < 0) {
			snprintf(message, sizeof(message),
				 "p.ini:3: date '%s' does not exist; write a day of the calendar",
				 cases[i].date);
			refuses(text, message);
			continue;
		}
		p = parse(text);
		assert_true(policy_expires(only_section(p)) == cases[i].seconds);
		free(p);
	}
}

static void sections_that_demand_something(void **state)
{
	static const char *const good[] = {
		S "pin-cert = " A "\n",
		S "pin-ca = " A "\n",
		S "deny = " A "\n",
		S "verify = full\n",
		S "tofu = yes\n",
		"ct-logs = /x\n" S "ct = require\n",
		S "mode = off\n",
		S "mode = off\n" P,
		S "mode = off\n" P "expires = 2030-01-01\n",
		S P "match = every\n",
		S "tofu = yes\nmatch = every\n",
		S "pin-ca = " A "\nca-file = /x\n",
		S "verify = full\nca-file = /x\n",
		"ct-logs = /x\n" S "ct = require\nca-file = /x\n",
		S "verify = full\nexpires = 2030-01-01\nafter-expiry = off\n",
		S P "pin-cert = " A "\n", /* the same bytes, another kind */
		S P "deny = " A "\n",
		"deny = " A "\n" SP "deny = " A "\n",
		SP "[b.example]\n" P,
		"deny = " A "\n",
		"revoked = /x\n",
		"unlisted = report\n",
		"unlisted = refuse\n",
		"unnamed = report\n",
		"unnamed = refuse\n",
		"mode = off\n" SP,
		"log = none\n" SP,
		"[a.example]\n" P "[*.a.example]\n" P "[**.a.example]\n" P,
		"[192.0.2.7]\n" P,
		"[com]\n" P "[*.com]\n" P,
		"[-_odd_-.example]\n" P,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		free(parse(good[i]));
}

/* --- what is refused ---------------------------------------------------------------------- */

static void lines_that_are_none(void **state)
{
	static const struct refusal table[] = {
		{ SP "nonsense\n", "3: 'nonsense' " NO_LINE },
		{ SP "  nonsense  \n", "3: 'nonsense' " NO_LINE },
		{ SP "pin ; = " A "\n", "3: 'pin ; = " A "' " NO_LINE },
		{ "caf\xc3\xa9\t'\n" SP, "1: 'caf\\xc3\\xa9\\x09'' " NO_LINE },
		{ SP X80 X80 X80 "\n", "3: '" X80 "xxxxxx...' " NO_LINE },
		{ SP X80 X80 X80 " = x\n", "3: '" X80 "xxxxxx...' " NO_LINE },
		/* The first mistake counts, also where inih goes on behind it. */
		{ S "pin sha\n[b.example]\n" P, "2: 'pin sha' " NO_LINE },
		{ "nonsense\nfoo = bar\n", "1: 'nonsense' " NO_LINE },
		{ "foo = bar\nnonsense\n", "1: unknown key 'foo'; write " TOP_KEYS },
		{ "nonsense\na : b\n", "1: 'nonsense' " NO_LINE },
		{ SP "nonsense", "3: 'nonsense' " NO_LINE },
		{ S "nonsense", "2: 'nonsense' " NO_LINE },
		{ "pin : " A "\n", "1: 'pin : " A "' " COLON },
		{ SP "mode: off\n", "3: 'mode: off' " COLON },
		{ SP "mode: off = x\n", "3: 'mode: off = x' " COLON },
		{ "::1\n", "1: '::1' " COLON },
		{ "a\rb = c\n", "1: the line holds a carriage return; end lines with LF or CRLF" },
		{ "; c\rmode = off\n" SP,
		  "1: the line holds a carriage return; end lines with LF or CRLF" },
		{ SP "\r\r\n", "3: the line holds a carriage return; end lines with LF or CRLF" },
		{ "\xef\xbb\xbf\xef\xbb\xbfmode = off\n" SP,
		  "1: unknown key '\\xef\\xbb\\xbfmode'; write " TOP_KEYS },
		{ "\n\xef\xbb\xbfmode = off\n" SP,
		  "2: unknown key '\\xef\\xbb\\xbfmode'; write " TOP_KEYS },
	};

	(void)state;
	REFUSES_ALL(table);
	refuses_bytes("[a.example]\n\0pin = x\n", 21,
		      "p.ini:2: the line holds a NUL byte; write text alone");
	refuses_bytes("; comment\0\n" SP, 11 + strlen(SP),
		      "p.ini:1: the line holds a NUL byte; write text alone");
	refuses_bytes(SP "\0", strlen(SP) + 1,
		      "p.ini:3: the line holds a NUL byte; write text alone");
}

static void section_names(void **state)
{
	static const struct refusal table[] = {
		{ "[a.example\n", "1: '[a.example' has no ']'; write [NAME]" },
		{ "[\n", "1: '[' has no ']'; write [NAME]" },
		{ "[a.example] x\n", "1: '[a.example] x' " TAIL },
		{ "[a.example]x\n", "1: '[a.example]x' " TAIL },
		{ "[a.example] # x\n", "1: '[a.example] # x' " TAIL },
		{ "[a.example];x\n", "1: '[a.example];x' " TAIL },
		{ "[a.example] pin = " A "\n", "1: '[a.example] pin = " A "' " TAIL },
		{ "[]\n", "1: name '' is empty; write a host name or an address" },
		{ "[ a.example ]\n", "1: name ' a.example ' " XN },
		{ "[caf\xc3\xa9.example]\n", "1: name 'caf\\xc3\\xa9.example' " XN },
		{ "[a..example]\n",
		  "1: name 'a..example' has an empty label; write one dot between two labels" },
		{ "[a.example:443]\n",
		  "1: name 'a.example:443' has a port; write the name or address alone" },
		{ "[https://a.example/]\n",
		  "1: name 'https://a.example/' is a URL; write the host name alone" },
		{ "[[::1]]\n", "1: name '[::1' has brackets; write the address bare, as in "
			       "2001:db8::7" },
		{ "[fe80::1%eth0]\n",
		  "1: name 'fe80::1%eth0' has a zone; write the address without it" },
		{ "[192.0.2]\n",
		  "1: name '192.0.2' ends in a number and is not an IPv4 address; write four "
		  "numbers from 0 to 255 without leading zeros" },
		{ "[192.0.2.007]\n",
		  "1: name '192.0.2.007' ends in a number and is not an IPv4 address; write four "
		  "numbers from 0 to 255 without leading zeros" },
		{ "[*]\n", "1: name '*' " STAR },
		{ "[**]\n", "1: name '**' " STAR },
		{ "[*.]\n", "1: name '*.' " STAR },
		{ "[**.]\n", "1: name '**.' " STAR },
		{ "[***.a.example]\n", "1: name '***.a.example' " STAR },
		{ "[*com]\n", "1: name '*com' " STAR },
		{ "[**com]\n", "1: name '**com' " STAR },
		{ "[a*.example]\n", "1: name 'a*.example' " STAR },
		{ "[a.*.b]\n", "1: name 'a.*.b' " STAR },
		{ "[a.*]\n", "1: name 'a.*' " STAR },
		{ "[*.*.b]\n", "1: name '*.*.b' " STAR },
		{ "[*.**.b]\n", "1: name '*.**.b' " STAR },
		{ "[*..b]\n",
		  "1: name '*..b' has an empty label; write one dot between two labels" },
		{ "[*.192.0.2.7]\n", "1: name '*.192.0.2.7' has a star before an address; write "
				     "the address alone" },
		{ "[**.::1]\n",
		  "1: name '**.::1' has a star before an address; write the address alone" },
		{ SP "\n[A.example.]\n" P,
		  "4: [a.example] stands twice, first at p.ini:1; remove one" },
		{ "[*.b]\n" P "[*.B]\n", "3: [*.b] stands twice, first at p.ini:1; remove one" },
		{ "[**.b]\n" P "[**.b]\n", "3: [**.b] stands twice, first at p.ini:1; remove one" },
		{ "[::ffff:192.0.2.7]\n" P "[192.0.2.7]\n",
		  "3: [192.0.2.7] stands twice, first at p.ini:1; remove one" },
	};

	(void)state;
	REFUSES_ALL(table);
}

static void keys_and_places(void **state)
{
	static const struct refusal table[] = {
		{ "foo = bar\n", "1: unknown key 'foo'; write " TOP_KEYS },
		{ S "foo = bar\n", "2: unknown key 'foo'; write " SECTION_KEYS },
		{ S "= bar\n", "2: unknown key ''; write " SECTION_KEYS },
		{ S "pin sha256 = x\n", "2: unknown key 'pin sha256'; write " SECTION_KEYS },
		{ S "pins = x\n", "2: unknown key 'pins'; write " SECTION_KEYS },
		{ S "Pin = x\n", "2: unknown key 'Pin'; write 'pin', in small letters" },
		{ S "AFTER-EXPIRY = x\n",
		  "2: unknown key 'AFTER-EXPIRY'; write 'after-expiry', in small letters" },
		{ S "AFTER-EXPIRYX = x\n", "2: unknown key 'AFTER-EXPIRYX'; write " SECTION_KEYS },
		{ S "AFTER-EXPIRYXX = x\n",
		  "2: unknown key 'AFTER-EXPIRYXX'; write " SECTION_KEYS },
		{ "Unlisted = x\n",
		  "1: unknown key 'Unlisted'; write 'unlisted', in small letters" },
		{ P, "1: 'pin' stands above the first section; write it below the [NAME] line it "
		     "is for" },
		{ "verify = full\n", "1: 'verify' stands above the first section; write it below "
				     "the [NAME] line it is for" },
		{ SP "unlisted = allow\n",
		  "3: 'unlisted' stands in a section; write it above the first section of a "
		  "file" },
		{ SP "log = stderr\n",
		  "3: 'log' stands in a section; write it above the first section of a file" },
		{ "mode = off\nmode = off\n",
		  "2: 'mode' stands twice, first at p.ini:1; remove one" },
		{ "ct-logs = /x\nct-logs = /y\n",
		  "2: 'ct-logs' stands twice, first at p.ini:1; remove one" },
		{ "mode = off\n" S "mode = off\nmode = report\n",
		  "4: 'mode' stands twice, first at p.ini:3; remove one" },
		{ SP "expires = 2030-01-01\nexpires = 2031-01-01\n",
		  "4: 'expires' stands twice, first at p.ini:3; remove one" },
		{ S P P, "3: pin '" A "' stands twice, first at p.ini:2; remove one" },
		{ S "pin = " B "\n" P
		    "pin = sha256//ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=\n",
		  "4: pin 'sha256//ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=' stands twice, "
		  "first at p.ini:2; remove one" },
		{ "deny = " A "\ndeny = " A "\n",
		  "2: deny '" A "' stands twice, first at p.ini:1; remove one" },
	};

	(void)state;
	REFUSES_ALL(table);
}

static void values(void **state)
{
	static const struct refusal table[] = {
		{ "mode =\n", "1: 'mode' has no value; write 'mode = VALUE'" },
		{ "mode = ; enforce\n", "1: 'mode' has no value; write 'mode = VALUE'" },
		{ S "pin =\n", "2: 'pin' has no value; write 'pin = VALUE'" },
		{ "mode = enforced\n",
		  "1: 'enforced' is no value of 'mode'; write enforce, report or off" },
		{ "mode = Enforce\n",
		  "1: 'Enforce' is no value of 'mode'; write enforce, report or off" },
		{ "mode = enforce # x\n",
		  "1: 'enforce # x' is no value of 'mode'; write enforce, report or off" },
		{ "mode = enforce;x\n",
		  "1: 'enforce;x' is no value of 'mode'; write enforce, report or off" },
		{ "mode = \"off\"\n",
		  "1: '\"off\"' is no value of 'mode'; write enforce, report or off" },
		{ "unlisted = deny\n",
		  "1: 'deny' is no value of 'unlisted'; write refuse, report or allow" },
		{ "unnamed = off\n",
		  "1: 'off' is no value of 'unnamed'; write refuse, report or allow" },
		{ "log-accepted = true\n",
		  "1: 'true' is no value of 'log-accepted'; write no or yes" },
		{ "after-expiry = allow\n",
		  "1: 'allow' is no value of 'after-expiry'; write enforce, report or off" },
		{ S "match = all\n", "2: 'all' is no value of 'match'; write every or any" },
		{ S "verify = yes\n", "2: 'yes' is no value of 'verify'; write full or program" },
		{ S "ct = yes\n", "2: 'yes' is no value of 'ct'; write require" },
		{ S "tofu = 1\n", "2: '1' is no value of 'tofu'; write no or yes" },
		{ S "mode = allow\n",
		  "2: 'allow' is no value of 'mode'; write enforce, report or off" },
		{ "exempt = apt\n", "1: 'apt' is not an absolute path; write 'exempt = /PATH'" },
		{ "exempt = ~/apt\n",
		  "1: '~/apt' is not an absolute path; write 'exempt = /PATH'" },
		{ "ct-logs = x\n", "1: 'x' is not an absolute path; write 'ct-logs = /PATH'" },
		{ "revoked = x\n", "1: 'x' is not an absolute path; write 'revoked = /PATH'" },
		{ S "ca-file = x\n", "2: 'x' is not an absolute path; write 'ca-file = /PATH'" },
		{ "log = file\n",
		  "1: 'file' is no value of 'log'; write stderr, syslog, none or an "
		  "absolute path" },
		{ "log = stderr\nlog = none\n", "2: 'log = none' stands beside another 'log', at "
						"p.ini:1; remove one of them" },
		{ "log = none\nlog = /x\n", "2: 'log = none' stands beside another 'log', at "
					    "p.ini:1; remove one of them" },
		{ "log = none\nlog = none\n", "2: 'log = none' stands beside another 'log', at "
					      "p.ini:1; remove one of them" },
		{ S "pin = sha256/Zm9v\n", "2: pin 'sha256/Zm9v' is 3 bytes, not 32" PRINTS },
		{ S "pin-ca = x\n", "2: pin-ca 'x' does not begin with 'sha256/'" PRINTS },
		{ S "pin-cert = AA:BB\n", "2: pin-cert 'AA:BB' is 2 bytes, not 32" PRINTS },
		{ S "pin = AA:BB\n",
		  "2: pin 'AA:BB' is the hex form, which only pin-cert takes" PRINTS },
		{ S "pin-ca = AA:BB\n",
		  "2: pin-ca 'AA:BB' is the hex form, which only pin-cert takes" PRINTS },
		{ S "deny = AA:BB\n",
		  "2: deny 'AA:BB' is the hex form, which only pin-cert takes" PRINTS },
		{ "deny = AA:BB\n",
		  "1: deny 'AA:BB' is the hex form, which only pin-cert takes" PRINTS },
		{ S "pin = " A " # x\n", "2: pin '" A " # x' is not base64" PRINTS },
		{ S "pin = " A ", " B "\n",
		  "2: pin '" A ", sha256/ICEiIyQlJicoKSorLC0uLzAxMj...' is not base64" PRINTS },
		{ S "expires = 2030-1-1\n", "2: '2030-1-1' is not a date; write YYYY-MM-DD" },
		{ S "expires = 2030-01-01T00:00\n",
		  "2: '2030-01-01T00:00' is not a date; write YYYY-MM-DD" },
		{ S "expires = 2030/01/01\n", "2: '2030/01/01' is not a date; write YYYY-MM-DD" },
		{ S "expires = 2030-01/01\n", "2: '2030-01/01' is not a date; write YYYY-MM-DD" },
		{ S "expires = 203x-01-01\n", "2: '203x-01-01' is not a date; write YYYY-MM-DD" },
		{ S "expires = 2030-+1-01\n", "2: '2030-+1-01' is not a date; write YYYY-MM-DD" },
		{ S "expires = 2030-01- 1\n", "2: '2030-01- 1' is not a date; write YYYY-MM-DD" },
		{ S "expires = never\n", "2: 'never' is not a date; write YYYY-MM-DD" },
		{ S "expires = 1969-12-31\n",
		  "2: date '1969-12-31' is before 1970; write a later one" },
	};

	(void)state;
	REFUSES_ALL(table);
}

static void demands(void **state)
{
	static const struct refusal table[] = {
		{ "", "1: " NOTHING },
		{ "\n; nothing\n", "1: " NOTHING },
		{ "mode = enforce\nlog = stderr\nunlisted = allow\nunnamed = allow\n",
		  "1: " NOTHING },
		{ S, "1: " IDLE },
		{ "\n" S "[b.example]\n" P, "2: " IDLE },
		{ "[b.example]\n" P S, "3: " IDLE },
		{ S "mode = enforce\n", "1: " IDLE },
		{ S "mode = report\n", "1: " IDLE },
		{ "mode = off\n" S, "2: " IDLE },
		{ S "match = any\n", "1: " IDLE },
		{ S "verify = program\n", "1: " IDLE },
		{ S "tofu = no\n", "1: " IDLE },
		{ S "expires = 2030-01-01\nafter-expiry = off\n", "1: " IDLE },
		{ S "ca-file = /x\n", "1: " IDLE },
		{ "[**.b]\n",
		  "1: [**.b] demands nothing; write a 'pin', or 'mode = off' to exempt it" },
		{ S "mode = off\nexpires = 2030-01-01\n",
		  "3: 'expires' stands in a section that demands nothing; write a 'pin' or remove "
		  "it" },
		{ SP "after-expiry = off\n",
		  "3: 'after-expiry' stands in a section without "
		  "'expires'; write 'expires = YYYY-MM-DD' or remove it" },
		{ S "mode = off\nmatch = every\n",
		  "3: 'match = every' stands in a section without a pin; write a 'pin' or remove "
		  "it" },
		{ S "deny = " A "\nmatch = every\n",
		  "3: 'match = every' stands in a section without a pin; write a 'pin' or remove "
		  "it" },
		{ SP "ca-file = /x\n",
		  "3: 'ca-file' stands in a section that does not use it; write "
		  "'verify = full' or remove it" },
		{ S "mode = off\nca-file = /x\n", "3: 'ca-file' stands in a section that does not "
						  "use it; write 'verify = full' or remove it" },
		{ SP "ct = require\n[b.example]\nct = require\n",
		  "3: 'ct = require' needs a log list; write 'ct-logs = /PATH' above the first "
		  "section" },
	};

	(void)state;
	REFUSES_ALL(table);
}

/* --- several files ------------------------------------------------------------------------ */

static struct policy *parse_two(const char *first, const char *second)
{
	struct policy_text files[] = {
		{ "d/1.ini", first, strlen(first) },
		{ "d/2.ini", second, strlen(second) },
	};

	return policy_parse(files, 2, "d", false, error);
}

static void files_are_one_policy(void **state)
{
	struct policy *p =
		parse_two("deny = " A "\n" SP, "\xef\xbb\xbfmode = report\nunlisted = refuse\n"
					       "after-expiry = enforce\nct-logs = /x\n"
					       "deny = " B "\n[b.example]\n" P "ct = require\n");
	const struct policy_section *s;
	const struct policy_pin *pins;
	size_t n;

	(void)state;
	assert_non_null(p);
	assert_string_equal(policy_string(p, p->path), "d");
	assert_string_equal(policy_string(p, p->unlisted_place.file), "d/2.ini");
	assert_int_equal(p->unlisted_place.line, 2);
	s = policy_sections(p, &n);
	assert_int_equal(n, 2);
	/* What stands in the second file holds for the first one's sections too. */
	assert_int_equal(s[0].mode, MODE_REPORT);
	assert_int_equal(s[0].after_expiry, MODE_ENFORCE);
	assert_string_equal(policy_string(p, s[0].place.file), "d/1.ini");
	assert_string_equal(policy_string(p, s[1].place.file), "d/2.ini");
	assert_int_equal(s[1].place.line, 6);
	pins = policy_pins(p, p->deny, &n);
	assert_int_equal(n, 2);
	assert_string_equal(policy_string(p, pins[1].place.file), "d/2.ini");
	free(p);
}

static void files_are_checked_together(void **state)
{
	static const struct {
		const char *first, *second, *message;
	} cases[] = {
		{ SP, SP, "d/2.ini:1: [a.example] stands twice, first at d/1.ini:1; remove one" },
		{ "mode = off\n" SP, "\nmode = off\n",
		  "d/2.ini:2: 'mode' stands twice, first at d/1.ini:1; remove one" },
		{ "deny = " A "\n" SP, "deny = " A "\n",
		  "d/2.ini:1: deny '" A "' stands twice, first at d/1.ini:1; remove one" },
		{ "log = none\n" SP, "log = stderr\n",
		  "d/2.ini:1: 'log = none' stands beside another 'log', at d/1.ini:1; remove one "
		  "of "
		  "them" },
		/* A section ends with its file. */
		{ S, P, "d/1.ini:1: " IDLE },
		{ SP, P,
		  "d/2.ini:1: 'pin' stands above the first section; write it below the [NAME] "
		  "line it is for" },
		{ SP "ct = require\n", "; no logs\n",
		  "d/1.ini:3: 'ct = require' needs a log list; write 'ct-logs = /PATH' above the "
		  "first section" },
		{ "", "", "d/1.ini:1: " NOTHING },
		{ "nonsense\n", "foo = bar\n", "d/1.ini:1: 'nonsense' " NO_LINE },
		{ SP, "\nnonsense\n", "d/2.ini:2: 'nonsense' " NO_LINE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy *p = parse_two(cases[i].first, cases[i].second);

		if (p)
			fail_msg("accepted, but should say: %s", cases[i].message);
		assert_string_equal(error, cases[i].message);
	}
}

static void no_file_demands_nothing(void **state)
{
	(void)state;
	assert_null(policy_parse(NULL, 0, "empty.d", false, error));
	assert_string_equal(error, "empty.d:1: " NOTHING);
}

/* --- size --------------------------------------------------------------------------------- */

static void too_much_is_refused(void **state)
{
	/* Only lengths that can be refused before a byte is read. */
	struct policy_text files[] = {
		{ "1.ini", SP, SIZE_MAX / 4 },
		{ "2.ini", SP, SIZE_MAX / 4 },
	};
	const size_t len = (size_t)100 << 20;
	char *text;

	(void)state;
	assert_null(policy_parse(files, 1, "1.ini", false, error));
	assert_string_equal(error, "1.ini:1: the policy is too large; write less");
	files[0].len = (size_t)1 << 30;
	files[1].len = (size_t)1 << 30;
	assert_null(policy_parse(files, 2, "d", false, error));
	assert_string_equal(error, "d:1: the policy is too large; write less");

	/* Fewer bytes, but each two of them would be a section. */
	text = malloc(len);
	assert_non_null(text);
	for (size_t i = 0; i < len; i += 2) {
		text[i] = '[';
		text[i + 1] = '\n';
	}
	files[0] = (struct policy_text){ "1.ini", text, len };
	assert_null(policy_parse(files, 1, "1.ini", false, error));
	assert_string_equal(error, "1.ini:1: the policy is too large; write less");
	free(text);
}

static void many_sections_and_pins(void **state)
{
	const unsigned n = 20000;
	const size_t room = (size_t)n * 200;
	char *text = malloc(room);
	const struct policy_section *s;
	struct policy *p;
	size_t len = 0;
	size_t count;
	char pin[PIN_TEXT_SIZE];

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < n; i++) {
		uint8_t key[PIN_LEN] = { (uint8_t)i, (uint8_t)(i >> 8) };

		len += (size_t)snprintf(text + len, room - len, "[h%u.example]\npin = %s\n", i,
					pin_format(key, pin));
	}
	/* And one section with many pins, the last of which stands twice. */
	len += (size_t)snprintf(text + len, room - len, "[many.example]\n");
	for (unsigned i = 0; i < n; i++) {
		uint8_t key[PIN_LEN] = { (uint8_t)i, (uint8_t)(i >> 8) };

		len += (size_t)snprintf(text + len, room - len, "pin = %s\n", pin_format(key, pin));
	}
	p = parse_bytes(text, len, false);
	assert_non_null(p);
	for (unsigned i = 0; i < n; i++) {
		char name[32];

		snprintf(name, sizeof(name), "h%u.example", i);
		assert_true(policy_find(p, name, NAME_HOST, &s));
		assert_non_null(s);
		assert_string_equal(policy_name(p, s), name);
		assert_int_equal(policy_pins(p, s->pins, &count)->sha256[0], i & 0xff);
		assert_int_equal(count, 1);
	}
	assert_true(policy_find(p, "many.example", NAME_HOST, &s));
	assert_int_equal(s->pins.count, n);
	free(p);

	len += (size_t)snprintf(text + len, room - len, "pin = %s\n", pin);
	assert_null(parse_bytes(text, len, false));
	assert_non_null(strstr(error, "stands twice, first at p.ini:60001; remove one"));
	free(text);
}

/* The block moves while it grows; nothing that was read may be lost over that. */
static void texts_in_sections_are_kept(void **state)
{
	const unsigned n = 300;
	static char text[300 * 200];
	const struct policy_section *s;
	struct policy *p;
	size_t len = 0;
	size_t count;

	(void)state;
	for (unsigned i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"[h%u.example]\nverify = full\nca-file = /%u/%s\n", i, i,
					X80);
	p = parse(text);
	s = policy_sections(p, &count);
	assert_int_equal(count, n);
	for (unsigned i = 0; i < n; i++) {
		char path[128];

		snprintf(path, sizeof(path), "/%u/%s", i, X80);
		assert_string_equal(policy_string(p, s[i].ca_file.text), path);
		assert_int_equal(s[i].ca_file.place.line, 3 * i + 3);
	}
	free(p);
}

/* --- the example -------------------------------------------------------------------------- */

static void the_example_is_good_as_the_hosts(void **state)
{
	static char text[65536];
	struct policy_text example = { "policy.ini", text, 0 };
	FILE *file = fopen(SOURCE_DIR "/conf/policy.ini", "r");
	struct policy *p;

	(void)state;
	assert_non_null(file);
	example.len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	p = policy_parse(&example, 1, "policy.ini", true, error);
	if (!p)
		fail_msg("refused: %s", error);
	free(p);

	/* Every key is there, if only in a comment. */
	for (const char *keys = TOP_KEYS ", " SECTION_KEYS; keys;) {
		size_t len = strcspn(keys, ", ");
		char line[32];

		snprintf(line, sizeof(line), "%.*s = ", (int)len, keys);
		if (strncmp(keys, "or ", 3) != 0 && !strstr(text, line))
			fail_msg("the example does not explain '%s'", line);
		keys = strchr(keys, ' ');
		if (keys)
			keys++;
	}
}

/* --- progress ------------------------------------------------------------------------------ */

static size_t reports, last_done, last_total;

static void note_progress(size_t done, size_t total)
{
	assert_true(done > last_done && done <= total);
	assert_true(reports == 0 || total == last_total);
	last_done = done;
	last_total = total;
	reports++;
}

/* Two files, of which each has its lines counted from 1. */
static void progress_is_told(void **state)
{
	static const struct policy_maker maker = { .progress = note_progress };
	const size_t lines = 150000, len = lines * 2;
	char *text = malloc(len);
	struct policy_text files[2];
	struct policy *p;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = i % 2 ? '\n' : '#';
	memcpy(text + len - 16, "unlisted=refuse\n", 16);
	files[0] = (struct policy_text){ "1.ini", text, len };
	files[1] = (struct policy_text){ "2.ini", text, len - 16 };
	p = policy_parse_by(&maker, files, 2, "d", false, error);
	free(text);
	assert_non_null(p);
	free(p);
	assert_int_equal(reports, 4);
	assert_int_equal(last_total, 2 * len - 16);
	assert_int_equal(last_done, len + 2 * 131072);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_becomes_a_block),
		cmocka_unit_test(defaults_hold),
		cmocka_unit_test(the_host_policy_knows_that_it_is),
		cmocka_unit_test(writing_does_not_matter),
		cmocka_unit_test(indented_keys_are_keys),
		cmocka_unit_test(long_things_are_whole),
		cmocka_unit_test(every_line_length_reads_the_same),
		cmocka_unit_test(lines_may_have_4095_bytes),
		cmocka_unit_test(names_may_have_253_characters),
		cmocka_unit_test(dates_are_days_of_the_calendar),
		cmocka_unit_test(sections_that_demand_something),
		cmocka_unit_test(lines_that_are_none),
		cmocka_unit_test(section_names),
		cmocka_unit_test(keys_and_places),
		cmocka_unit_test(values),
		cmocka_unit_test(demands),
		cmocka_unit_test(files_are_one_policy),
		cmocka_unit_test(files_are_checked_together),
		cmocka_unit_test(no_file_demands_nothing),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(many_sections_and_pins),
		cmocka_unit_test(texts_in_sections_are_kept),
		cmocka_unit_test(the_example_is_good_as_the_hosts),
		cmocka_unit_test(progress_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * The tables of the policy's keys and the rules for their values. Strict: a value
 * that is not wholly understood, stands in the wrong place or would have no
 * effect is an error; nothing is skipped, cut or defaulted in silence.
 */
#include "pure/policy_keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pure/date.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LIST_SIZE    256

enum value_type {
	VALUE_WORD,  /* one of `words' */
	VALUE_PIN,   /* of `kind' */
	VALUE_PATH,  /* absolute */
	VALUE_PATHS, /* one of several */
	VALUE_CA_FILE,
	VALUE_LOG,
	VALUE_DATE,
};

struct key {
	const char *word;
	enum value_type type;
	bool repeatable;
	enum pin_kind kind;
	size_t field; /* offset in struct build, or in struct draft */
	const char *const *words;
	size_t n_words;
};

/* Each at the place that its enum gives it. */
static const char *const mode_words[] = { "enforce", "report", "off" };
static const char *const action_words[] = { "refuse", "report", "allow" };
static const char *const match_words[] = { "every", "any" };
static const char *const verify_words[] = { "full", "program" };
static const char *const switch_words[] = { "no", "yes" };
static const char *const ct_words[] = { NULL, "require" };

#define TOP(field)     offsetof(struct build, field)
#define SECTION(field) offsetof(struct draft, field)
#define WORDS(list)    .words = (list), .n_words = COUNT(list)

static const struct key top_keys[TOP_KEYS] = {
	[TOP_MODE] = { "mode", VALUE_WORD, .field = TOP(head.mode), WORDS(mode_words) },
	[TOP_UNLISTED] = { "unlisted", VALUE_WORD, .field = TOP(head.unlisted),
			   WORDS(action_words) },
	[TOP_UNNAMED] = { "unnamed", VALUE_WORD, .field = TOP(head.unnamed), WORDS(action_words) },
	[TOP_EXEMPT] = { "exempt", VALUE_PATHS, .repeatable = true, .field = TOP(exempts) },
	[TOP_LOG] = { "log", VALUE_LOG, .repeatable = true, .field = TOP(logs) },
	[TOP_LOG_ACCEPTED] = { "log-accepted", VALUE_WORD, .field = TOP(head.log_accepted),
			       WORDS(switch_words) },
	[TOP_DENY] = { "deny", VALUE_PIN, .repeatable = true, .kind = PIN_DENY },
	[TOP_AFTER_EXPIRY] = { "after-expiry", VALUE_WORD, .field = TOP(after_expiry),
			       WORDS(mode_words) },
	[TOP_CT_LOGS] = { "ct-logs", VALUE_PATH, .field = TOP(head.ct_logs) },
	[TOP_REVOKED] = { "revoked", VALUE_PATHS, .repeatable = true, .field = TOP(revoked) },
};

static const struct key section_keys[SECTION_KEYS] = {
	[SECTION_PIN] = { "pin", VALUE_PIN, .repeatable = true, .kind = PIN_KEY },
	[SECTION_PIN_CERT] = { "pin-cert", VALUE_PIN, .repeatable = true, .kind = PIN_CERT },
	[SECTION_PIN_CA] = { "pin-ca", VALUE_PIN, .repeatable = true, .kind = PIN_CA },
	[SECTION_DENY] = { "deny", VALUE_PIN, .repeatable = true, .kind = PIN_DENY },
	[SECTION_MATCH] = { "match", VALUE_WORD, .field = SECTION(match), WORDS(match_words) },
	[SECTION_MODE] = { "mode", VALUE_WORD, .field = SECTION(mode), WORDS(mode_words) },
	[SECTION_VERIFY] = { "verify", VALUE_WORD, .field = SECTION(verify), WORDS(verify_words) },
	[SECTION_CA_FILE] = { "ca-file", VALUE_CA_FILE, .field = SECTION(ca_file) },
	[SECTION_EXPIRES] = { "expires", VALUE_DATE, .field = SECTION(expires_day) },
	[SECTION_AFTER_EXPIRY] = { "after-expiry", VALUE_WORD, .field = SECTION(after_expiry),
				   WORDS(mode_words) },
	[SECTION_CT] = { "ct", VALUE_WORD, .field = SECTION(ct), WORDS(ct_words) },
	[SECTION_TOFU] = { "tofu", VALUE_WORD, .field = SECTION(tofu), WORDS(switch_words) },
};

char *keys_quote(struct piece text, char out[QUOTE_SIZE])
{
	const size_t room = QUOTE_SIZE - sizeof("\\xNN...'");
	size_t n = 0;
	size_t i;

	out[n++] = '\'';
	for (i = 0; i < text.len && n < room; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c >= ' ' && c <= '~')
			out[n++] = (char)c;
		else
			n += (size_t)sprintf(out + n, "\\x%02x", c);
	}
	strcpy(out + n, i < text.len ? "...'" : "'");
	return out;
}

int keys_error(struct keys *k, struct policy_place at, const char *format, ...)
{
	const char *file = build_text_at(&k->build, at.file);
	int n = snprintf(k->error, POLICY_ERROR_SIZE, at.line ? "%s:%u: " : "%s: ", file, at.line);
	va_list args;

	va_start(args, format);
	if (n < POLICY_ERROR_SIZE)
		vsnprintf(k->error + n, (size_t)(POLICY_ERROR_SIZE - n), format, args);
	va_end(args);
	return -1;
}

int keys_no_memory(struct keys *k)
{
	strcpy(k->error, "out of memory while the policy was read");
	return -1;
}

static int error_twice(struct keys *k, const char *what, const struct policy_place *first)
{
	return keys_error(k, k->here, "%s stands twice, first at %s:%u; remove one", what,
			  build_text_at(&k->build, first->file), first->line);
}

/* Appends WORD to the enumeration "a, b or c" of which it is number I of N. */
static void enumerate(char list[LIST_SIZE], const char *word, size_t i, size_t n)
{
	size_t len = strlen(list);
	const char *glue = i == 0 ? "" : i + 1 < n ? ", " : " or ";

	snprintf(list + len, LIST_SIZE - len, "%s%s", glue, word);
}

static const struct key *find_key(const struct key *keys, size_t n, struct piece word)
{
	for (size_t i = 0; i < n; i++) {
		if (piece_is(word, keys[i].word))
			return &keys[i];
	}
	return NULL;
}

static const struct key *find_any_key(struct piece word)
{
	const struct key *key = find_key(section_keys, SECTION_KEYS, word);

	return key ? key : find_key(top_keys, TOP_KEYS, word);
}

static int error_unknown_key(struct keys *k, bool in_section, struct piece word)
{
	const struct key *keys = in_section ? section_keys : top_keys;
	size_t n = in_section ? SECTION_KEYS : TOP_KEYS;
	char quoted[QUOTE_SIZE];
	char small[sizeof("after-expiry")];
	char list[LIST_SIZE] = "";
	size_t len = 0;

	keys_quote(word, quoted);
	if (find_any_key(word))
		return keys_error(k, k->here,
				  in_section ? "%s stands in a section; write it above the first "
					       "section of a file"
					     : "%s stands above the first section; write it below "
					       "the [NAME] line it is for",
				  quoted);
	for (; len < word.len && len < sizeof(small); len++) {
		char c = word.at[len];

		small[len] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	if (len == word.len && find_any_key((struct piece){ small, len }))
		return keys_error(k, k->here, "unknown key %s; write '%.*s', in small letters",
				  quoted, (int)len, small);
	for (size_t i = 0; i < n; i++)
		enumerate(list, keys[i].word, i, n);
	return keys_error(k, k->here, "unknown key %s; write %s", quoted, list);
}

static int read_word(struct keys *k, const struct key *key, struct piece value, uint32_t *out)
{
	size_t first = key->words[0] ? 0 : 1;
	char quoted[QUOTE_SIZE];
	char list[LIST_SIZE] = "";

	for (size_t i = first; i < key->n_words; i++) {
		if (piece_is(value, key->words[i])) {
			*out = (uint32_t)i;
			return 0;
		}
		enumerate(list, key->words[i], i - first, key->n_words - first);
	}
	return keys_error(k, k->here, "%s is no value of '%s'; write %s", keys_quote(value, quoted),
			  key->word, list);
}

static int read_pin(struct keys *k, const struct key *key, struct piece value, bool in_section)
{
	struct policy_pin pin = { .kind = key->kind, .place = k->here };
	struct policy_place twin;
	char quoted[QUOTE_SIZE];
	char why[QUOTE_SIZE];
	char what[2 * QUOTE_SIZE];
	int added;

	if (pin_parse(value.at, value.len, key->kind == PIN_CERT, pin.sha256, why, sizeof(why)) < 0)
		return keys_error(k, k->here, "%s %s %s", key->word, keys_quote(value, quoted),
				  why);
	added = build_pin(&k->build, in_section, &pin, &twin);
	if (added <= 0)
		return added < 0 ? keys_no_memory(k) : 0;
	snprintf(what, sizeof(what), "%s %s", key->word, keys_quote(value, quoted));
	return error_twice(k, what, &twin);
}

static int check_path(struct keys *k, const struct key *key, struct piece value)
{
	char quoted[QUOTE_SIZE];

	if (value.at[0] == '/')
		return 0;
	return keys_error(k, k->here, "%s is not an absolute path; write '%s = /PATH'",
			  keys_quote(value, quoted), key->word);
}

static int read_path(struct keys *k, const struct key *key, struct piece value,
		     struct policy_value *out)
{
	if (check_path(k, key, value) < 0)
		return -1;
	out->place = k->here;
	return build_text(&k->build, value.at, value.len, &out->text) < 0 ? keys_no_memory(k) : 0;
}

static int read_paths(struct keys *k, const struct key *key, struct piece value,
		      struct array *values)
{
	struct policy_value path;

	if (read_path(k, key, value, &path) < 0)
		return -1;
	return build_value(values, &path) < 0 ? keys_no_memory(k) : 0;
}

static int read_ca_file(struct keys *k, const struct key *key, struct piece value,
			struct policy_value *out)
{
	if (check_path(k, key, value) < 0)
		return -1;
	out->place = k->here;
	return build_ca_file(&k->build, value.at, value.len, out) < 0 ? keys_no_memory(k) : 0;
}

static int read_log(struct keys *k, struct piece value, struct array *logs)
{
	const struct policy_value *first = (const struct policy_value *)logs->bytes;
	struct policy_value log = { .place = k->here };
	bool none = piece_is(value, "none");
	char quoted[QUOTE_SIZE];

	if (!none && !piece_is(value, "stderr") && !piece_is(value, "syslog") && value.at[0] != '/')
		return keys_error(
			k, k->here,
			"%s is no value of 'log'; write stderr, syslog, none or an absolute path",
			keys_quote(value, quoted));
	if (first && (none || strcmp(build_text_at(&k->build, first->text), "none") == 0))
		return keys_error(
			k, k->here,
			"'log = none' stands beside another 'log', at %s:%u; remove one of them",
			build_text_at(&k->build, first->place.file), first->place.line);
	if (build_text(&k->build, value.at, value.len, &log.text) < 0 ||
	    build_value(logs, &log) < 0)
		return keys_no_memory(k);
	return 0;
}

/* LEN digits, or -1. */
static int read_number(const char *text, size_t len)
{
	int number = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

static int read_date(struct keys *k, struct piece value, uint32_t *out)
{
	const char *text = value.at;
	char quoted[QUOTE_SIZE];
	int year, month, day;

	keys_quote(value, quoted);
	if (value.len != 10 || text[4] != '-' || text[7] != '-' || read_number(text, 4) < 0 ||
	    read_number(text + 5, 2) < 0 || read_number(text + 8, 2) < 0)
		return keys_error(k, k->here, "%s is not a date; write YYYY-MM-DD", quoted);
	year = read_number(text, 4);
	month = read_number(text + 5, 2);
	day = read_number(text + 8, 2);
	if (year < 1970)
		return keys_error(k, k->here, "date %s is before 1970; write a later one", quoted);
	if (!date_exists(year, month, day))
		return keys_error(k, k->here, "date %s does not exist; write a day of the calendar",
				  quoted);
	*out = (uint32_t)(date_seconds(year, month, day) / DATE_DAY_S);
	return 0;
}

static int read_value(struct keys *k, const struct key *key, struct piece value, bool in_section)
{
	void *field = (in_section ? (char *)&k->build.section : (char *)&k->build) + key->field;

	switch (key->type) {
	case VALUE_WORD:
		return read_word(k, key, value, field);
	case VALUE_PIN:
		return read_pin(k, key, value, in_section);
	case VALUE_PATH:
		return read_path(k, key, value, field);
	case VALUE_PATHS:
		return read_paths(k, key, value, field);
	case VALUE_CA_FILE:
		return read_ca_file(k, key, value, field);
	case VALUE_LOG:
		return read_log(k, value, field);
	case VALUE_DATE:
		return read_date(k, value, field);
	}
	return -1;
}

int keys_pair(struct keys *k, bool in_section, struct piece word, struct piece value)
{
	const struct key *keys = in_section ? section_keys : top_keys;
	const struct key *key = find_key(keys, in_section ? SECTION_KEYS : TOP_KEYS, word);
	struct policy_place *seen = in_section ? k->section_seen : k->top_seen;
	char quoted[QUOTE_SIZE];

	if (!key)
		return error_unknown_key(k, in_section, word);
	if (value.len == 0)
		return keys_error(k, k->here, "'%s' has no value; write '%s = VALUE'", key->word,
				  key->word);
	if (k->host && key == &section_keys[SECTION_TOFU])
		return keys_error(k, k->here,
				  "'tofu' stands in the host's policy; write the key as a 'pin'");
	seen += key - keys;
	if (seen->line && !key->repeatable)
		return error_twice(k, keys_quote(word, quoted), seen);
	if (!seen->line)
		*seen = k->here;
	if (key == &section_keys[SECTION_CT] && !k->first_ct.line)
		k->first_ct = k->here;
	return read_value(k, key, value, in_section);
}

int keys_init(struct keys *k, const struct policy_maker *maker, const char *path, bool host,
	      size_t sections, size_t text, char error[POLICY_ERROR_SIZE])
{
	struct policy *head = &k->build.head;

	memset(k, 0, sizeof(*k));
	k->error = error;
	k->host = host;
	if (build_init(&k->build, maker, sections, text) < 0 ||
	    build_text(&k->build, path, strlen(path), &k->start.file) < 0)
		return keys_no_memory(k);
	k->here = k->start;
	head->path = k->start.file;
	head->host = host;
	head->mode = MODE_ENFORCE;
	head->unlisted = ACTION_ALLOW;
	head->unnamed = ACTION_ALLOW;
	k->build.after_expiry = MODE_REPORT;
	return 0;
}

int keys_file(struct keys *k, const char *path)
{
	k->here.line = 0;
	if (build_text(&k->build, path, strlen(path), &k->here.file) < 0)
		return keys_no_memory(k);
	if (k->start.line == 0)
		k->start = (struct policy_place){ .file = k->here.file, .line = 1 };
	return 0;
}

/* Takes the star and its dot off NAME. */
static enum policy_wildcard split_wildcard(struct piece *name)
{
	size_t stars = 0;

	while (stars < name->len && stars < 2 && name->at[stars] == '*')
		stars++;
	if (stars == 0 || stars == name->len || name->at[stars] != '.')
		return WILDCARD_NONE;
	name->at += stars + 1;
	name->len -= stars + 1;
	return stars == 1 ? WILDCARD_LABEL : WILDCARD_SUBTREE;
}

static int error_name(struct keys *k, struct piece name, const char *why)
{
	char quoted[QUOTE_SIZE];

	return keys_error(k, k->here, "name %s %s", keys_quote(name, quoted), why);
}

/* Makes DRAFT the one of the title NAME, whose normal form is NORMAL, and which says nothing yet.
 */
static int read_title(struct keys *k, struct piece name, struct draft *draft,
		      char normal[NAME_SIZE])
{
	struct piece rest = name;
	const char *why = "";
	enum name_kind kind;

	*draft = (struct draft){
		.place = k->here,
		.wildcard = split_wildcard(&rest),
		.mode = DRAFT_UNSET,
		.match = MATCH_ANY,
		.verify = VERIFY_PROGRAM,
		.after_expiry = DRAFT_UNSET,
		.expires_day = UINT32_MAX,
	};
	if (memchr(rest.at, '*', rest.len) || (rest.len == 0 && draft->wildcard != WILDCARD_NONE))
		return error_name(k, name,
				  "has a star that is not a whole first label with a name behind "
				  "it; write '*.example.com' or '**.example.com'");
	kind = name_normalise(rest.at, rest.len, normal, &why);
	if (kind == NAME_BAD)
		return error_name(k, name, why);
	if (kind == NAME_ADDRESS && draft->wildcard != WILDCARD_NONE)
		return error_name(k, name, "has a star before an address; write the address alone");
	return 0;
}

int keys_section(struct keys *k, struct piece name)
{
	struct policy_place twin;
	struct draft draft;
	char normal[NAME_SIZE];
	char title[POLICY_TITLE_SIZE];
	char what[POLICY_TITLE_SIZE + 2];
	int added;

	if (read_title(k, name, &draft, normal) < 0)
		return -1;
	memset(k->section_seen, 0, sizeof(k->section_seen));
	added = build_section(&k->build, &draft, normal, &twin);
	if (added <= 0)
		return added < 0 ? keys_no_memory(k) : 0;
	snprintf(what, sizeof(what), "[%s]", build_title(&k->build, title));
	return error_twice(k, what, &twin);
}

int keys_refused(struct keys *k, struct piece name)
{
	struct policy_place twin;
	struct draft draft;
	char normal[NAME_SIZE];
	int added;

	if (read_title(k, name, &draft, normal) < 0)
		return -1;
	draft.simulated = 1;
	added = build_section(&k->build, &draft, normal, &twin);
	if (added == 0)
		build_section_end(&k->build);
	return added < 0 ? keys_no_memory(k) : 0;
}

/* The pin kinds that stand in the last section, as bits. */
static unsigned kinds_seen(const struct keys *k)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < SECTION_KEYS; i++) {
		if (section_keys[i].type == VALUE_PIN && k->section_seen[i].line)
			kinds |= 1u << section_keys[i].kind;
	}
	return kinds;
}

int keys_section_end(struct keys *k)
{
	const struct draft *s = &k->build.section;
	const struct policy_place *seen = k->section_seen;
	unsigned kinds = kinds_seen(k);
	bool pinned = (kinds & ~(1u << PIN_DENY)) != 0 || s->tofu;
	bool demands = kinds != 0 || s->tofu || s->ct || s->verify == VERIFY_FULL;
	char title[POLICY_TITLE_SIZE];

	if (!demands && s->mode != MODE_OFF)
		return keys_error(
			k, s->place,
			"[%s] demands nothing; write a 'pin', or 'mode = off' to exempt it",
			build_title(&k->build, title));
	if (!demands && seen[SECTION_EXPIRES].line)
		return keys_error(k, seen[SECTION_EXPIRES],
				  "'expires' stands in a section that demands nothing; "
				  "write a 'pin' or remove it");
	if (seen[SECTION_AFTER_EXPIRY].line && !seen[SECTION_EXPIRES].line)
		return keys_error(k, seen[SECTION_AFTER_EXPIRY],
				  "'after-expiry' stands in a section without 'expires'; "
				  "write 'expires = YYYY-MM-DD' or remove it");
	if (s->match == MATCH_EVERY && !pinned)
		return keys_error(k, seen[SECTION_MATCH],
				  "'match = every' stands in a section without a pin; "
				  "write a 'pin' or remove it");
	if (seen[SECTION_CA_FILE].line && s->verify != VERIFY_FULL && !s->ct &&
	    !(kinds & 1u << PIN_CA))
		return keys_error(k, seen[SECTION_CA_FILE],
				  "'ca-file' stands in a section that does not use it; "
				  "write 'verify = full' or remove it");
	build_section_end(&k->build);
	return 0;
}

static struct policy_place place_or_default(const struct keys *k, enum top_key key)
{
	struct policy_place none = { .file = k->build.head.path };

	return k->top_seen[key].line ? k->top_seen[key] : none;
}

struct policy *keys_end(struct keys *k)
{
	struct policy *head = &k->build.head;
	struct policy *p;

	if (k->first_ct.line && !k->top_seen[TOP_CT_LOGS].line) {
		keys_error(k, k->first_ct,
			   "'ct = require' needs a log list; write 'ct-logs = /PATH' above the "
			   "first section");
		return NULL;
	}
	if (head->sections.count == 0 && !k->top_seen[TOP_DENY].line &&
	    !k->top_seen[TOP_REVOKED].line && head->unlisted == ACTION_ALLOW &&
	    head->unnamed == ACTION_ALLOW) {
		keys_error(k, (struct policy_place){ .file = k->start.file, .line = 1 },
			   "the policy demands nothing; write a [NAME] section with a 'pin'");
		return NULL;
	}
	head->mode_place = place_or_default(k, TOP_MODE);
	head->unlisted_place = place_or_default(k, TOP_UNLISTED);
	head->unnamed_place = place_or_default(k, TOP_UNNAMED);
	p = build_seal(&k->build);
	if (!p)
		keys_no_memory(k);
	return p;
}

void keys_free(struct keys *k)
{
	build_free(&k->build);
}

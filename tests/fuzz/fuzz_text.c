/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes before the small readers and writers that all others
 * are made of, beside naive ones of the same: lines, base64, JSON strings,
 * patterns, lists of names, HOST:PORT, what is shown of a bad name, calendar days.
 */
#include <jansson.h>
#include <openssl/evp.h>

#include "cmd/cmd.h"
#include "cmd/server.h"
#include "fuzz.h"
#include "process/resolver.h"
#include "process/text.h"
#include "pure/base64.h"
#include "pure/date.h"
#include "pure/lines.h"
#include "pure/policy.h"

static void check_lines(const char *bytes, size_t len)
{
	struct piece rest = lines_of(bytes, len);
	const char *next = rest.at;

	must(rest.at == bytes || (rest.at == bytes + 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)));
	must(rest.at + rest.len == bytes + len);
	while (rest.len) {
		struct piece line = lines_take(&rest), stripped = piece_strip(line);
		const char *end = line.at + line.len;

		must(line.at == next && !memchr(line.at, '\n', line.len));
		next = rest.at;
		must(next == end || (next == end + 1 && (*end == '\n' || *end == '\r')) ||
		     (next == end + 2 && !memcmp(end, "\r\n", 2)));
		must(rest.at + rest.len == bytes + len);
		must(stripped.at >= line.at && stripped.at + stripped.len <= end);
		for (const char *c = line.at; c < end; c++)
			must((c >= stripped.at && c < stripped.at + stripped.len) ||
			     piece_is_space(*c));
		must(!stripped.len || (!piece_is_space(stripped.at[0]) &&
				       !piece_is_space(stripped.at[stripped.len - 1])));
	}
}

/* What is read is what OpenSSL writes of it, to the character. */
static void check_base64(const char *text, size_t len)
{
	uint8_t *out = malloc(len + 1), few[3] = { 7, 7, 7 };
	long n = base64_decode(text, len, out, len);
	unsigned char *written;

	must(out && n <= (long)(len / 4 * 3));
	must(base64_decode(text, len, few, 2) == n && few[2] == 7);
	if (n >= 0) {
		written = malloc(len + 1);
		must(written && EVP_EncodeBlock(written, out, (int)n) == (int)len);
		must(!memcmp(written, text, len));
		must(n < 2 || !memcmp(few, out, 2));
		free(written);
	}
	free(out);
	/* ... and what it writes is read. */
	written = malloc(4 * len / 3 + 5);
	out = malloc(len + 1);
	must(written && out);
	n = EVP_EncodeBlock(written, (const unsigned char *)text, (int)len);
	must(!len || base64_decode((char *)written, (size_t)n, out, len) == (long)len);
	must(!memcmp(out, text, len));
	free(written);
	free(out);
}

static void check_json(const char *text)
{
	json_t *plain = json_string(text), *read;
	struct text t = { 0 };

	text_add_json(&t, text);
	must(text_ok(&t) && t.len == strlen(t.bytes));
	must(t.bytes[0] == '"');
	for (const char *c = t.bytes; *c; c++)
		must((unsigned char)*c >= ' ' && *c != 0x7f);
	read = json_loads(t.bytes, JSON_DECODE_ANY, NULL);
	must(json_is_string(read));
	/* Only what is no UTF-8 becomes something else. */
	must(!plain || json_equal(plain, read));
	must(plain || strstr(t.bytes, "\\ufffd"));
	json_decref(plain);
	json_decref(read);
	free(t.bytes);
}

static void check_visible(const char *text)
{
	char *shown = strdup(text), name[NAME_SIZE], normal[NAME_SIZE];

	must(shown && visible(shown) == shown && strlen(shown) == strlen(text));
	for (size_t i = 0; shown[i]; i++) {
		must((unsigned char)shown[i] >= ' ' && shown[i] != 0x7f);
		must((unsigned char)shown[i] != 0xc2 || (unsigned char)shown[i + 1] < 0x80 ||
		     (unsigned char)shown[i + 1] > 0x9f);
		must(shown[i] == text[i] || shown[i] == '?');
	}
	free(shown);
	if (name_normalise(text, strlen(text), name, NULL) != NAME_BAD)
		return;
	name_printable(text, name);
	must(strlen(name) < NAME_SIZE);
	for (const char *c = name; *c; c++)
		must(*c >= ' ' && *c <= '~');
	must(name_normalise(name, strlen(name), normal, NULL) == NAME_BAD);
}

static bool matches(const char *pattern, const char *path, unsigned *left)
{
	if (!*left || !--*left)
		return false;
	if (*pattern == '*')
		return matches(pattern + 1, path, left) ||
		       (*path && *path != '/' && matches(pattern, path + 1, left));
	if (!*pattern || !*path)
		return *pattern == *path;
	return (*pattern == *path || (*pattern == '?' && *path != '/')) &&
	       matches(pattern + 1, path + 1, left);
}

/* The first line is the pattern. */
static void check_glob(const char *text)
{
	char *pattern = strndup(text, strcspn(text, "\n"));
	const char *path = text + strlen(pattern);
	unsigned left = 100000;
	bool expected;

	path += *path == '\n';
	expected = matches(pattern, path, &left);
	must(!left || policy_glob(pattern, path) == expected);
	must(policy_glob(path, path) || strchr(path, '*') || strchr(path, '?'));
	free(pattern);
}

static void check_refusing(const char *text)
{
	static char error[POLICY_ERROR_SIZE];
	struct policy *p = policy_refusing(NULL, text, "PINSHIM_REFUSE", error);
	size_t n;

	if (!p) {
		fuzz_must_explain(error, "PINSHIM_REFUSE: ");
		return;
	}
	for (const struct policy_section *s = policy_sections(p, &n); n--; s++) {
		char title[POLICY_TITLE_SIZE];

		must(s->simulated && s->mode == MODE_ENFORCE);
		must(policy_title(p, s, title) == title && *title);
	}
	for (const char *name = text; *name; name += strcspn(name, ","), name += *name == ',') {
		const struct policy_section *found;
		char normal[NAME_SIZE];
		enum name_kind kind = name_normalise(name, strcspn(name, ","), normal, NULL);

		if (kind != NAME_BAD)
			must(policy_find(p, normal, kind, &found) && found && found->simulated);
	}
	free(p);
}

static void check_date(const char *text, size_t len)
{
	char out[DATE_SIZE], day[DATE_DAY_SIZE];
	int64_t seconds = 0, back;
	int y, mo, d, h, mi, s;

	memcpy(&seconds, text, len < sizeof(seconds) ? len : sizeof(seconds));
	/* Mostly years that exist. */
	if (len % 2)
		seconds %= INT64_C(400000000000);
	if (!date_format(seconds, out)) {
		must(!*out && !date_format_day(seconds, day) && !*day);
		must(seconds < INT64_C(-62167219200) || seconds > INT64_C(253402300799));
		return;
	}
	must(strlen(out) == DATE_SIZE - 1 && date_format_day(seconds, day));
	must(!memcmp(day, out, DATE_DAY_SIZE - 1) && strlen(day) == DATE_DAY_SIZE - 1);
	must(sscanf(out, "%4d-%2d-%2dT%2d:%2d:%2dZ", &y, &mo, &d, &h, &mi, &s) == 6);
	must(date_exists(y, mo, d));
	back = date_seconds(y, mo, d) + h * 3600 + mi * 60 + s;
	must(back == seconds);
}

static void check_server(const char *text)
{
	char normal[NAME_SIZE];
	struct fuzz_said err;
	struct server to;
	int rv;

	fuzz_listen(&err, &stderr);
	rv = server_parse(text, &to);
	fuzz_listened(&err);
	if (rv < 0) {
		fuzz_must_complain(&err);
	} else {
		must(!err.len && server_is_port(to.port) && strlen(to.port) < sizeof(to.port));
		must(to.kind != NAME_BAD &&
		     name_normalise(to.name, strlen(to.name), normal, NULL) == to.kind);
		must(!strcmp(to.name, normal));
	}
	free(err.text);
}

/* What a program asked the resolver for: a name in the form in which it is judged, or none. */
static void check_asked(const char *text)
{
	char name[NAME_SIZE], again[NAME_SIZE];

	if (!resolver_name(text, name))
		return;
	must(*name && resolver_name(name, again) && !strcmp(name, again));
	must(name_normalise(name, strlen(name), again, NULL) != NAME_ADDRESS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	check_lines(text, size);
	check_base64(text, size);
	check_json(text);
	check_visible(text);
	check_glob(text);
	check_refusing(text);
	check_server(text);
	check_asked(text);
	check_date(text, size);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * What is told of a handshake: the message people read, word for word, the JSON
 * line scripts read, where they go, and the causes that programs show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "child.h"
#include "process/event.h"

#define NAME  "api.example.com"
#define PIN_A "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define PIN_B "sha256/ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="

static char folder[64], log_file[96], err_file[96];

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/pinshim-event.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(log_file, sizeof(log_file), "%s/log", folder);
	snprintf(err_file, sizeof(err_file), "%s/err", folder);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

/* A policy in force, from its text; LOG stands for $PINSHIM_LOG. */
static struct store_policy in_force(const char *text, const char *log)
{
	struct source *s = calloc(1, sizeof(*s));
	struct policy_text file = { "/etc/x/pins.ini", text, strlen(text) };
	static char error[POLICY_ERROR_SIZE];

	CHECK(s);
	s->path = strdup(file.path);
	s->policy = policy_parse(&file, 1, file.path, false, error);
	if (!s->policy)
		s->error = error;
	return (struct store_policy){ .source = s, .newest = s, .serial = 1, .log = log };
}

static void fill(uint8_t pin[PIN_LEN], uint8_t first)
{
	for (int i = 0; i < PIN_LEN; i++)
		pin[i] = (uint8_t)(first + i);
}

static const struct event_cert chain[2] = {
	{ .subject = "CN=api.example.com,O=Example",
	  .issuer = "CN=Example R3",
	  .common_name = "CN=api.example.com",
	  .issuer_name = "CN=Example R3",
	  .not_before = 1700000000,
	  .not_after = 1800000000 },
	{ .subject = "CN=Example R3",
	  .issuer = "CN=Example Root",
	  .common_name = "CN=Example R3",
	  .issuer_name = "CN=Example Root" },
};

/* The judgement of POLICY on a server with the key that begins with KEY. */
static struct event judged(const struct store_policy *policy, const char *name, uint8_t key)
{
	struct event e = { .policy = policy, .name = name, .source = NAME_FROM_SNI };
	struct evidence evidence = { .certificate = true };
	static uint8_t served[1][PIN_LEN];
	struct demand d;

	fill(evidence.key, key);
	fill(served[0], key);
	evidence.chain = (const uint8_t(*)[PIN_LEN])served;
	evidence.chain_len = 1;
	verdict_demand(policy->source->policy, name, name ? NAME_HOST : NAME_BAD, time(NULL), &d);
	verdict_judge(&d, &evidence, &e.judgement);
	e.served = chain;
	e.n_served = 2;
	e.tls_version = "TLSv1.3";
	e.library = "/usr/lib/libssl.so.3";
	return e;
}

static char *contents(const char *path)
{
	static char text[65536];
	FILE *file = fopen(path, "r");
	size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (file)
		fclose(file);
	text[n] = '\0';
	return text;
}

/* What goes to descriptor 2 while this holds; CHECK still reaches the terminal after expect_err().
 */
static int terminal;

static void catch_err(void)
{
	int fd = open(err_file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

	terminal = dup(2);
	CHECK(fd >= 0 && dup2(fd, 2) == 2);
	close(fd);
}

static void expect_err(const char *expected)
{
	const char *got = contents(err_file);

	dup2(terminal, 2);
	close(terminal);
	if (strcmp(got, expected))
		dprintf(2, "--- got\n%s--- expected\n%s", got, expected);
	CHECK(!strcmp(got, expected));
}

static const char *me(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "pinshim: test_event[%d]: ", (int)getpid());
	return text;
}

#define SECTION "; a comment\n\n\n\n\n\n[api.example.com]\npin = " PIN_A "\n"

static void check_refusal(const void *arg)
{
	struct store_policy policy = in_force(SECTION, NULL);
	struct event e = judged(&policy, NAME, 0x20);
	struct event_cert served[2] = { chain[0], chain[1] };
	char expected[4096];

	(void)arg;
	fill(served[0].key, 0x20);
	fill(served[1].key, 0x00);
	e.served = served;
	e.likely = LIKELY_KEY_ROTATED;
	catch_err();
	event_tell(&e);
	snprintf(expected, sizeof(expected),
		 "%srefused api.example.com: no pin matched (pins.ini:7 [api.example.com], name "
		 "from SNI)\n"
		 "pinshim:   served " PIN_B " CN=api.example.com, issued by CN=Example R3\n"
		 "pinshim:   served " PIN_A " CN=Example R3\n"
		 "pinshim:   pinned " PIN_A " (pins.ini:8, pin)\n"
		 "pinshim:   likely: the key was rotated: the certificate is valid for this name "
		 "and its issuer is one that `pin-ca' names; confirm the new key by another "
		 "channel\n",
		 me());
	expect_err(expected);
}

static void check_other_words(const void *arg)
{
	struct store_policy policy = in_force("mode = report\n" SECTION, NULL);
	struct store_policy denying = in_force("deny = " PIN_B "\n" SECTION, NULL);
	struct store_policy strict =
		in_force("unlisted = refuse\nunnamed = refuse\n" SECTION, NULL);
	struct event e = judged(&policy, NAME, 0x20);
	char expected[4096];

	(void)arg;
	e.n_served = 0;
	catch_err();
	event_tell(&e);
	e = judged(&denying, NAME, 0x20);
	e.n_served = 0;
	event_tell(&e);
	e = judged(&strict, "other.example.com", 0x20);
	e.n_served = 0;
	e.source = NAME_FROM_VERIFY;
	event_tell(&e);
	e = judged(&strict, NULL, 0x20);
	e.n_served = 0;
	e.source = NAME_FROM_NONE;
	event_tell(&e);
	e.judgement = (struct judgement){ 0 };
	e.failure = "out of memory";
	event_tell(&e);
	snprintf(expected, sizeof(expected),
		 "%swould refuse api.example.com: no pin matched (pins.ini:8 [api.example.com], "
		 "name from SNI)\n"
		 "pinshim:   pinned " PIN_A " (pins.ini:9, pin)\n"
		 "pinshim: test_event[%d]: refused api.example.com: a denied key is in its chain "
		 "(pins.ini:1 [api.example.com], name from SNI)\n"
		 "pinshim:   denied " PIN_B " (pins.ini:1, deny)\n"
		 "pinshim: test_event[%d]: refused other.example.com: no section names it and the "
		 "policy says so of `unlisted' names (pins.ini:1, name that the program verifies)\n"
		 "pinshim: test_event[%d]: refused a server without a name: no name can be found "
		 "and the policy says so of `unnamed' handshakes (pins.ini:2, no name)\n"
		 "pinshim: test_event[%d]: refused a server without a name: it cannot be judged: "
		 "out of memory (/etc/x/pins.ini, no name)\n",
		 me(), (int)getpid(), (int)getpid(), (int)getpid(), (int)getpid());
	expect_err(expected);
}

static void check_bad_policies(const void *arg)
{
	struct store_policy bad = in_force("nonsense\n", NULL), good = in_force(SECTION, NULL);
	struct event e = { .policy = &bad, .name = NAME };
	char expected[4096];

	(void)arg;
	e.judgement.reason = REASON_BAD_POLICY;
	catch_err();
	event_tell(&e);
	event_bad_policy(&good, "/etc/x/pins.ini:3: is wrong; mend it");
	snprintf(expected, sizeof(expected),
		 "%srefused api.example.com: bad policy: %s\n"
		 "pinshim: test_event[%d]: the policy in force stays, its new text is bad: "
		 "/etc/x/pins.ini:3: is wrong; mend it\n",
		 me(), bad.source->error, (int)getpid());
	expect_err(expected);
}

/* A chain and a section longer than anybody wants to read, and than a pipe takes at once. */
static void check_length(const void *arg)
{
	struct event_cert many[100];
	static char text[100 * 60 + 100];
	size_t len = (size_t)snprintf(text, sizeof(text), "[api.example.com]\n");
	struct store_policy policy;
	struct event e;
	char *got;

	(void)arg;
	for (int i = 0; i < 100; i++) {
		uint8_t pin[PIN_LEN];
		char buffer[PIN_TEXT_SIZE];

		fill(pin, (uint8_t)i);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "pin = %s\n",
					pin_format(pin, buffer));
		many[i] = chain[0];
		memset(many[i].common_name, 'x', EVENT_TEXT_SIZE - 1);
		memset(many[i].issuer_name, 'y', EVENT_TEXT_SIZE - 1);
	}
	policy = in_force(text, NULL);
	e = judged(&policy, NAME, 200);
	e.served = many;
	e.n_served = 100;
	e.likely = LIKELY_KEY_ROTATED;
	catch_err();
	event_tell(&e);
	dup2(terminal, 2);
	got = contents(err_file);
	CHECK(strlen(got) > 1000 && strlen(got) <= 4096);
	CHECK(strstr(got, "more pins") && strstr(got, "more certificates"));
	CHECK(strstr(got, "likely: "));
}

/* --- JSON lines */

/* What jq(1) says of FILTER over the lines of the log. */
static void expect_json(const char *filter)
{
	char command[4096];

	snprintf(command, sizeof(command), "/usr/bin/jq -es '%s' '%s' >/dev/null", filter,
		 log_file);
	if (system(command) != 0)
		dprintf(2, "not so: %s\nin: %s", filter, contents(log_file));
	CHECK(system(command) == 0);
}

#define FIELDS                                                                             \
	"[\"date-time\",\"hostname\",\"port\",\"effective-expiration-date\","              \
	"\"noted-hostname\",\"known-pins\",\"verdict\",\"reason\",\"likely-cause\","       \
	"\"name-source\",\"mode\",\"policy\",\"line\",\"matched\",\"served-chain\","       \
	"\"validated-chain\",\"resumed\",\"tls-version\",\"library\",\"program\",\"pid\"," \
	"\"uid\",\"suppressed\"]"

static void check_json(const void *arg)
{
	struct store_policy policy = in_force("log-accepted = yes\n[*.example.com]\npin = " PIN_A
					      "\npin = " PIN_B "\nexpires = 2099-12-31\n",
					      log_file);
	struct event e = judged(&policy, NAME, 0x40);
	struct event_cert hostile = { .raw_key = false };
	char filter[512];

	(void)arg;
	/* one refused */
	e.port = 8443;
	e.likely = LIKELY_OTHER_HOST;
	event_tell(&e);
	expect_json("length == 1 and all(.[]; " FIELDS " - keys == [])");
	expect_json(".[0] | .hostname == \"api.example.com\" and .port == 8443 and "
		    ".\"noted-hostname\" == \"*.example.com\" and .verdict == \"refused\" and "
		    ".reason == \"no-pin-match\" and .\"likely-cause\" == \"another-host\" and "
		    ".\"name-source\" == \"sni\" and .mode == \"enforce\" and .matched == null");
	expect_json(".[0] | .policy == \"/etc/x/pins.ini\" and .line == 2 and "
		    ".\"effective-expiration-date\" == \"2099-12-31T00:00:00Z\" and "
		    ".\"known-pins\" == [\"" PIN_A "\",\"" PIN_B "\"] and .suppressed == 0");
	expect_json(".[0] | .\"served-chain\" | length == 2 and .[0].subject == "
		    "\"CN=api.example.com,O=Example\" and .[0].issuer == \"CN=Example R3\" and "
		    ".[0].\"not-before\" == \"2023-11-14T22:13:20Z\" and .[0].\"not-after\" == "
		    "\"2027-01-15T08:00:00Z\" and (.[0].pin | startswith(\"sha256/\")) and "
		    "(.[0].cert | startswith(\"sha256/\"))");
	snprintf(filter, sizeof(filter),
		 ".[0] | .pid == %d and .uid == %u and .resumed == false and .\"tls-version\" == "
		 "\"TLSv1.3\" and .library == \"/usr/lib/libssl.so.3\" and (.program | "
		 "endswith(\"test_event\")) and .\"validated-chain\" == null",
		 (int)getpid(), (unsigned)getuid());
	expect_json(filter);
	expect_json(".[0].\"date-time\" | fromdateiso8601 - now | fabs < 5");

	/* accepted by the backup pin */
	CHECK(unlink(log_file) == 0);
	e = judged(&policy, NAME, 0x20);
	e.validated = chain;
	e.n_validated = 2;
	event_tell(&e);
	expect_json("length == 1 and (.[0] | " FIELDS " - keys == [] and .verdict == \"accepted\" "
		    "and .reason == \"pin-match\" and .matched.pin == \"" PIN_B
		    "\" and .matched.backup == true and (.\"validated-chain\" | length) == 2 and "
		    ".\"likely-cause\" == null)");

	/* nothing is known, and what is known is hostile */
	CHECK(unlink(log_file) == 0);
	e = (struct event){ .policy = &policy, .served = &hostile, .n_served = 1 };
	strcpy(hostile.subject, "CN=\"\\00\x01\xff\xc3\xa9\n");
	event_tell(&e);
	hostile.raw_key = true;
	event_tell(&e);
	expect_json(
		"length == 2 and all(.[]; " FIELDS " - keys == [] and .reason == "
		"\"internal-error\" and .hostname == null and .port == null and .line == null)");
	expect_json(
		".[1].\"served-chain\"[0] | .cert == null and .subject == null and .\"not-after\" "
		"== null and (.pin | startswith(\"sha256/\"))");

	/* a bad policy, and a change to one */
	CHECK(unlink(log_file) == 0);
	event_bad_policy(&policy, "x.ini:1: is \"wrong\"; mend it");
	policy = in_force("nonsense\n", log_file);
	e = (struct event){ .policy = &policy, .name = NAME };
	e.judgement.reason = REASON_BAD_POLICY;
	event_tell(&e);
	expect_json("length == 2 and all(.[]; " FIELDS
		    " - keys == [] and .reason == \"bad-policy\") "
		    "and .[0].verdict == \"policy-error\" and .[1].verdict == \"refused\" and "
		    ".[1].mode == null and .[1].\"known-pins\" == null");
	expect_json(".[0].error == \"x.ini:1: is \\\"wrong\\\"; mend it\"");
}

/* --- repeats */

/* Tells E as a handshake does; returns the count that came with it, or -1 when it was folded. */
static int64_t tell_due(struct event e)
{
	if (!event_due(&e))
		return -1;
	event_tell(&e);
	return (int64_t)e.suppressed;
}

static void check_folding(const void *arg)
{
	struct store_policy policy = in_force(SECTION, log_file), other = policy;
	struct event_cert served[2] = { chain[0], chain[1] };
	struct event e = judged(&policy, NAME, 0x20), second;
	char expected[4096];

	(void)arg;
	CHECK(tell_due(e) == 0 && tell_due(e) == 0 && tell_due(e) == -1 && tell_due(e) == 1);
	/* What differs is told at once: the policy, the name, the reason, the verdict, the key. */
	other.serial = 2;
	second = judged(&other, NAME, 0x20);
	CHECK(tell_due(second) == 0);
	second = e;
	second.name = "api2.example.com";
	CHECK(tell_due(second) == 0);
	second = e;
	second.judgement.verdict = VERDICT_WOULD_REFUSE;
	CHECK(tell_due(second) == 0);
	second = e;
	second.judgement.reason = REASON_DENIED_KEY;
	CHECK(tell_due(second) == 0);
	second = e;
	second.failure = "out of memory";
	CHECK(tell_due(second) == 0);
	second = e;
	served[0].key[31] ^= 1;
	second.served = served;
	CHECK(tell_due(second) == 0);
	/* Accepted ones are not folded: who asks for them wants them all. */
	second = judged(&policy, NAME, 0x00);
	for (int i = 0; i < 5; i++)
		CHECK(event_due(&second) && !second.suppressed);
	expect_json("length == 9 and .[2].suppressed == 1 and ([.[].suppressed] | add) == 1");

	/* In words; what is folded in a message that is lost is lost with it. */
	policy.log = "stderr";
	e.n_served = 0;
	e.suppressed = 3;
	policy.log = "/nonexistent/log";
	event_tell(&e);
	policy.log = "stderr";
	catch_err();
	event_tell(&e);
	snprintf(expected, sizeof(expected),
		 "%srefused api.example.com: no pin matched (pins.ini:7 [api.example.com], name "
		 "from SNI)\n"
		 "pinshim:   pinned " PIN_A " (pins.ini:8, pin)\n"
		 "pinshim:   and 3 more like this since it was last told\n"
		 "pinshim:   4 earlier messages could not be written\n",
		 me());
	expect_err(expected);
}

/* A child starts anew, and its parent does not count what it does. */
static void fold_in_child(const void *arg)
{
	struct event e = *(const struct event *)arg;

	CHECK(event_due(&e) && event_due(&e) && !event_due(&e));
}

static void check_folding_across_fork(const void *arg)
{
	struct store_policy policy = in_force(SECTION, log_file);
	struct event e = judged(&policy, NAME, 0x20);

	(void)arg;
	CHECK(event_due(&e) && event_due(&e) && !event_due(&e));
	CHECK(in_child(fold_in_child, &e) == 0);
	CHECK(event_due(&e) && e.suppressed == 1);
}

/* --- where it goes */

static void check_logs(const void *arg)
{
	char text[512];
	struct store_policy policy;
	struct event e;

	(void)arg;
	snprintf(text, sizeof(text), "log = stderr\nlog = %s\n" SECTION, log_file);
	policy = in_force(text, NULL);
	e = judged(&policy, NAME, 0x20);
	catch_err();
	event_tell(&e);
	dup2(terminal, 2);
	CHECK(strstr(contents(err_file), "refused api.example.com"));
	expect_json("length == 1");

	/* $PINSHIM_LOG stands in place of all that the policy says. */
	policy.log = "none";
	CHECK(unlink(log_file) == 0);
	catch_err();
	event_tell(&e);
	event_bad_policy(&policy, "x");
	expect_err("");
	CHECK(access(log_file, F_OK) < 0);
	policy.log = log_file;
	catch_err();
	event_tell(&e);
	expect_err("");
	expect_json("length == 1");
}

/* Who wants to be told. */
static void check_wanted(const void *arg)
{
	struct store_policy quiet = in_force("unlisted = report\n" SECTION, NULL);
	struct store_policy talking = in_force("log-accepted = yes\n" SECTION, NULL);
	struct store_policy expired = in_force(SECTION "expires = 2020-01-01\n", NULL);
	struct event e;

	(void)arg;
	e = judged(&quiet, NAME, 0x00);
	CHECK(e.judgement.verdict == VERDICT_ACCEPTED && !event_wanted(&e));
	e = judged(&talking, NAME, 0x00);
	CHECK(e.judgement.verdict == VERDICT_ACCEPTED && event_wanted(&e));
	e = judged(&talking, "other.example.com", 0x00);
	CHECK(e.judgement.verdict == VERDICT_UNJUDGED && !event_wanted(&e));
	e = judged(&quiet, "other.example.com", 0x00);
	CHECK(e.judgement.verdict == VERDICT_WOULD_REFUSE && event_wanted(&e));
	e = judged(&quiet, NAME, 0x20);
	CHECK(e.judgement.verdict == VERDICT_REFUSED && event_wanted(&e));
	e = judged(&expired, NAME, 0x00); /* every use is logged */
	CHECK(e.judgement.reason == REASON_EXPIRED_POLICY && event_wanted(&e));
	e = judged(&quiet, NAME, 0x00);
	catch_err();
	event_tell(&e);
	expect_err("");
}

static void check_lost(const void *arg)
{
	struct store_policy policy = in_force(SECTION, "/nonexistent/log");
	struct event e = judged(&policy, NAME, 0x20);
	char expected[4096];

	(void)arg;
	for (int i = 0; i < 3; i++)
		event_tell(&e);
	policy.log = log_file;
	event_tell(&e);
	event_tell(&e);
	expect_json("map(.lost) == [3, 0]");
	policy.log = "/nonexistent/log";
	event_tell(&e);
	event_tell(&e);
	policy.log = "stderr";
	e.n_served = 0;
	catch_err();
	event_tell(&e);
	snprintf(expected, sizeof(expected),
		 "%srefused api.example.com: no pin matched (pins.ini:7 [api.example.com], name "
		 "from SNI)\n"
		 "pinshim:   pinned " PIN_A " (pins.ini:8, pin)\n"
		 "pinshim:   2 earlier messages could not be written\n",
		 me());
	expect_err(expected);
}

/* --- causes */

static void check_causes(const void *arg)
{
	static const struct {
		enum reason reason;
		const char *text;
	} cases[] = {
		{ REASON_NO_PIN_MATCH, "pin mismatch for api.example.com (pins.ini:7)" },
		{ REASON_DENIED_KEY, "denied key for api.example.com (pins.ini:7)" },
		{ REASON_NO_CERTIFICATE, "no certificate from api.example.com (pins.ini:7)" },
		{ REASON_CHAIN_NOT_VERIFIED, "unverified chain of api.example.com (pins.ini:7)" },
		{ REASON_NAME_MISMATCH, "certificate not valid for api.example.com (pins.ini:7)" },
		{ REASON_UNLISTED, "no pin section for api.example.com (pins.ini:7)" },
		{ REASON_UNNAMED, "no server name for api.example.com (pins.ini:7)" },
		{ REASON_SIMULATED, "simulated pin mismatch for api.example.com (pins.ini:7)" },
		{ REASON_INTERNAL_ERROR, "pinshim failed for api.example.com (pins.ini:7)" },
	};
	struct store_policy policy = in_force(SECTION, NULL), bad = in_force("nonsense\n", NULL);
	struct event e = judged(&policy, NAME, 0x20);
	const char *kept[sizeof(cases) / sizeof(cases[0])];
	char expected[4096];

	(void)arg;
	CHECK(!event_last_cause());
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e.judgement.reason = cases[i].reason;
		event_set_cause(&e);
		kept[i] = event_last_cause();
		CHECK(!strcmp(kept[i], cases[i].text));
	}
	/* Programs hold on to them: they stay, each text once. */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK(!strcmp(kept[i], cases[i].text));
		e.judgement.reason = cases[i].reason;
		event_set_cause(&e);
		CHECK(event_last_cause() == kept[i]);
	}
	e = (struct event){ .policy = &bad, .name = NAME };
	e.judgement.reason = REASON_BAD_POLICY;
	event_set_cause(&e);
	snprintf(expected, sizeof(expected), "bad pin policy: %s", bad.source->error);
	CHECK(!strcmp(event_last_cause(), expected));
	/* Nobody who makes up names without end gets memory without end. */
	e = judged(&policy, NAME, 0x20);
	for (int i = 0; i < 6000; i++) {
		char name[64];

		snprintf(name, sizeof(name), "n%d.example.com", i);
		e.name = name;
		event_set_cause(&e);
		CHECK(strstr(event_last_cause(), i < 4000 ? name : "pinshim") ||
		      strstr(event_last_cause(), name));
	}
	CHECK(!strcmp(event_last_cause(), "refused by pinshim"));
}

static void *refused_elsewhere(void *arg)
{
	struct event *e = arg;

	CHECK(event_last_cause()); /* the process's */
	e->name = "other.example.com";
	event_set_cause(e);
	CHECK(strstr(event_last_cause(), "other.example.com"));
	return NULL;
}

static void *ask_elsewhere(void *arg)
{
	CHECK(strstr(event_last_cause(), arg));
	return NULL;
}

static void check_threads_causes(const void *arg)
{
	struct store_policy policy = in_force(SECTION, NULL);
	struct event e = judged(&policy, NAME, 0x20);
	pthread_t thread;

	(void)arg;
	event_set_cause(&e);
	CHECK(pthread_create(&thread, NULL, refused_elsewhere, &e) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	/* This thread's own stays; who has none is told the process's last. */
	CHECK(strstr(event_last_cause(), NAME));
	CHECK(pthread_create(&thread, NULL, ask_elsewhere, (void *)(uintptr_t) "other.example") ==
	      0);
	CHECK(pthread_join(thread, NULL) == 0);
}

static void *many_causes(void *arg)
{
	struct store_policy *policy = arg;
	struct event e = judged(policy, NAME, 0x20);

	for (int i = 0; i < 500; i++) {
		char name[64];

		snprintf(name, sizeof(name), "n%d.example.com", i % 50);
		e.name = name;
		event_set_cause(&e);
		CHECK(strstr(event_last_cause(), name));
	}
	return NULL;
}

static void check_many_threads(const void *arg)
{
	struct store_policy policy = in_force(SECTION, NULL);
	pthread_t threads[8];

	(void)arg;
	for (int i = 0; i < 8; i++)
		CHECK(pthread_create(&threads[i], NULL, many_causes, &policy) == 0);
	for (int i = 0; i < 8; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

static void words(void **state)
{
	static const char *const likely[] = {
		NULL,
		"key-rotated",
		"certificate-renewed",
		"another-public-ca",
		"local-root",
		"another-host",
		"clock",
		"chain-too-short",
	};
	static const char *const sources[] = { "none", "sni", "verify-name", "resolver",
					       "address" };

	(void)state;
	assert_null(likely_word(LIKELY_UNKNOWN));
	for (int i = 1; i < 8; i++)
		assert_string_equal(likely_word((enum likely)i), likely[i]);
	for (int i = 0; i < 5; i++)
		assert_string_equal(name_source_word((enum name_source)i), sources[i]);
}

#define CHILD_TEST(name, f)                             \
	static void name(void **state)                  \
	{                                               \
		(void)state;                            \
		assert_int_equal(in_child(f, NULL), 0); \
	}

CHILD_TEST(a_refusal_word_for_word, check_refusal)
CHILD_TEST(other_verdicts, check_other_words)
CHILD_TEST(bad_policies, check_bad_policies)
CHILD_TEST(no_message_is_too_long, check_length)
CHILD_TEST(json_lines, check_json)
CHILD_TEST(repeats_are_folded, check_folding)
CHILD_TEST(each_process_folds_its_own, check_folding_across_fork)
CHILD_TEST(logs, check_logs)
CHILD_TEST(who_is_told, check_wanted)
CHILD_TEST(what_is_lost_is_counted, check_lost)
CHILD_TEST(causes, check_causes)
CHILD_TEST(causes_of_threads, check_threads_causes)
CHILD_TEST(causes_of_many_threads, check_many_threads)

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_refusal_word_for_word),
		TEST(other_verdicts),
		TEST(bad_policies),
		TEST(no_message_is_too_long),
		TEST(json_lines),
		TEST(repeats_are_folded),
		TEST(each_process_folds_its_own),
		TEST(logs),
		TEST(who_is_told),
		TEST(what_is_lost_is_counted),
		TEST(causes),
		TEST(causes_of_threads),
		TEST(causes_of_many_threads),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

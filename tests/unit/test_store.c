/* SPDX-License-Identifier: MIT */
/*
 * Policies in force: what the environment and the host's files make of them,
 * their exchange while handshakes run, and across fork(2). Each test is a fresh
 * process, since a store is for life.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>

#include "child.h"
#include "process/last_good.h"
#include "process/store.h"
#include "snapshots.h"

#define P      "pin = sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define GOOD   "[one.example.com]\n" P
#define GOOD_2 "[two.example.com]\n" P
#define BAD    "nonsense\n"
#define HOST   SOURCE_HOST_DIR "/policy.ini"

static char folder[64], policy[96], second[96], log_file[96];

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/pinshim-store.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(policy, sizeof(policy), "%s/p.ini", folder);
	snprintf(second, sizeof(second), "%s/q.ini", folder);
	snprintf(log_file, sizeof(log_file), "%s/log", folder);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void set(const char *name, const char *value)
{
	CHECK((value ? setenv(name, value, 1) : unsetenv(name)) == 0);
}

/* Only $PINSHIM_POLICY counts: the machine's own host policy is out of sight where that can be. */
static void alone(const char *list)
{
	if (geteuid() == 0) {
		own_mounts();
		hide("/etc");
		CHECK(mkdir(SOURCE_HOST_DIR, 0755) == 0);
		hide("/var/lib");
		CHECK(mkdir(SNAPSHOT_HOME, 0755) == 0);
	}
	set("PINSHIM_POLICY", list);
	set("PINSHIM_MODE", NULL);
	set("PINSHIM_REFUSE", NULL);
	set("PINSHIM_EVENTS", NULL);
	set("PINSHIM_LOG", log_file);
}

/* How many lines the log has that hold TEXT. */
static int said(const char *text)
{
	return lines_with(log_file, text);
}

static const struct store_policy *only(const struct store_set *now)
{
	CHECK(now && now->n == 1);
	return &now->policies[0];
}

static bool decides_for(const struct store_policy *p, const char *name)
{
	const struct policy_section *found;

	assert_true(policy_find(p->source->policy, name, NAME_HOST, &found));
	return found != NULL;
}

static void check_nothing(const void *arg)
{
	(void)arg;
	alone(NULL);
	CHECK(!store_active());
	store_refresh();
	CHECK(store_enter()->n == 0);
	store_leave();
	/* It is for life: what comes later is not looked for. */
	set("PINSHIM_POLICY", policy);
	write_file(policy, GOOD);
	if (geteuid() == 0)
		write_file(HOST, GOOD);
	store_refresh();
	CHECK(!store_active());
	CHECK(said("") == 0);
}

static void check_several(const void *arg)
{
	char list[256];
	const struct store_set *now;

	(void)arg;
	write_file(policy, GOOD);
	write_file(second, BAD);
	snprintf(list, sizeof(list), "%s:%s:/nonexistent.ini:", policy, second);
	alone(list);
	CHECK(store_active());
	now = store_enter();
	CHECK(now->n == 4);
	CHECK(now->policies[0].source->policy && !now->policies[0].source->error);
	CHECK(!strcmp(now->policies[0].source->path, policy));
	for (int i = 1; i < 4; i++)
		CHECK(!now->policies[i].source->policy && now->policies[i].source->error);
	CHECK(strstr(now->policies[2].source->error, "/nonexistent.ini"));
	CHECK(strstr(now->policies[3].source->error, "PINSHIM_POLICY"));
	for (int i = 0; i < 4; i++) {
		CHECK(!now->policies[i].exempt && now->policies[i].cap == MODE_ENFORCE);
		CHECK(!now->policies[i].source->host);
		for (int j = 0; j < i; j++)
			CHECK(now->policies[i].serial != now->policies[j].serial);
	}
	store_leave();
}

/* Of $PINSHIM_REFUSE: never capped, and with $PINSHIM_LOG's log. */
static void check_refused(const void *arg)
{
	const struct store_set *now;

	(void)arg;
	alone(NULL);
	set("PINSHIM_REFUSE", "one.example.com,*.example.org");
	set("PINSHIM_MODE", "off");
	CHECK(store_active() && store_has_policy() && !store_events());
	now = store_enter();
	CHECK(only(now)->source->policy && only(now)->cap == MODE_ENFORCE);
	CHECK(!strcmp(only(now)->source->path, "PINSHIM_REFUSE"));
	CHECK(!strcmp(only(now)->log, log_file) && !only(now)->exempt);
	CHECK(decides_for(only(now), "one.example.com") && decides_for(only(now), "a.example.org"));
	CHECK(!decides_for(only(now), "two.example.com"));
	store_leave();
	store_refresh();
}

static void check_refused_besides(const void *arg)
{
	const struct store_set *now;

	(void)arg;
	write_file(policy, GOOD);
	alone(policy);
	set("PINSHIM_REFUSE", "two.example.com");
	set("PINSHIM_MODE", "report");
	CHECK(store_active());
	now = store_enter();
	CHECK(now->n == 2 && now->policies[0].cap == MODE_REPORT);
	CHECK(now->policies[1].cap == MODE_ENFORCE);
	store_leave();
}

/* Something to do, and no policy. */
static void check_events(const void *arg)
{
	const char *to = arg;

	alone(NULL);
	set("PINSHIM_EVENTS", to);
	CHECK(store_active() && !store_is_empty() && !store_has_policy());
	set("PINSHIM_EVENTS", "/elsewhere");
	CHECK(!strcmp(store_events(), to));
	CHECK(store_enter()->n == 0);
	store_leave();
	store_refresh();
}

static void check_bad_events(const void *arg)
{
	const struct store_set *now;

	(void)arg;
	alone(NULL);
	set("PINSHIM_EVENTS", "events.jsonl");
	CHECK(store_active() && store_has_policy() && !store_events());
	now = store_enter();
	CHECK(!only(now)->source->policy);
	CHECK(!strcmp(only(now)->source->error, "PINSHIM_EVENTS: 'events.jsonl' is not understood; "
						"write an absolute path or -, or unset it"));
	store_leave();
}

static void check_bad_refused(const void *arg)
{
	const struct store_set *now;

	(void)arg;
	alone(NULL);
	set("PINSHIM_REFUSE", "a b");
	CHECK(store_active());
	now = store_enter();
	CHECK(!only(now)->source->policy);
	CHECK(!strncmp(only(now)->source->error, "PINSHIM_REFUSE: name 'a b' has ", 30));
	store_leave();
}

static void check_host(const void *arg)
{
	const struct store_set *now;

	(void)arg;
	alone(NULL);
	write_file(HOST, GOOD);
	set("PINSHIM_MODE", "off"); /* not for the host's */
	CHECK(store_active());
	now = store_enter();
	CHECK(only(now)->source->host && only(now)->source->policy);
	CHECK(only(now)->cap == MODE_ENFORCE);
	store_leave();
}

static void check_host_goes_first(const void *arg)
{
	const struct store_set *now;

	(void)arg;
	alone(policy);
	write_file(HOST, BAD);
	write_file(policy, GOOD);
	set("PINSHIM_MODE", "report");
	CHECK(store_active());
	now = store_enter();
	CHECK(now->n == 2);
	CHECK(now->policies[0].source->host && !now->policies[0].source->policy);
	CHECK(strstr(now->policies[0].source->error, HOST ":1: "));
	CHECK(now->policies[0].cap == MODE_ENFORCE);
	CHECK(!now->policies[1].source->host && now->policies[1].cap == MODE_REPORT);
	store_leave();
}

static void check_modes(const void *arg)
{
	static const struct {
		const char *value;
		enum policy_mode cap;
	} cases[] = {
		{ NULL, MODE_ENFORCE },
		{ "enforce", MODE_ENFORCE },
		{ "report", MODE_REPORT },
		{ "off", MODE_OFF },
	};
	const struct store_set *now;
	size_t i = (size_t)arg;

	alone(policy);
	write_file(policy, GOOD);
	set("PINSHIM_MODE", cases[i].value);
	CHECK(store_active());
	now = store_enter();
	CHECK(only(now)->cap == cases[i].cap && only(now)->source->policy);
	store_leave();
}

static void expect_bad_variable(const char *name, const char *value)
{
	const struct store_set *now;
	char part[128];

	alone(policy);
	write_file(policy, GOOD);
	set(name, value);
	CHECK(store_active());
	now = store_enter();
	CHECK(now->n == 2); /* the policy itself is in force besides */
	CHECK(!now->policies[0].source->policy && now->policies[0].cap == MODE_ENFORCE);
	snprintf(part, sizeof(part), "%s: '%s' is not understood; write ", name, value);
	CHECK(!strncmp(now->policies[0].source->error, part, strlen(part)));
	CHECK(now->policies[1].source->policy);
	store_leave();
	store_refresh();
}

static void check_bad_mode(const void *arg)
{
	expect_bad_variable("PINSHIM_MODE", arg);
}

static void check_bad_log(const void *arg)
{
	expect_bad_variable("PINSHIM_LOG", arg);
}

static void check_good_log(const void *arg)
{
	const struct store_set *now;

	alone(policy);
	write_file(policy, GOOD);
	set("PINSHIM_LOG", arg);
	CHECK(store_active());
	now = store_enter();
	CHECK(only(now)->source->policy);
	store_leave();
}

static void check_exempt(const void *arg)
{
	char text[8192], name[4096];
	const struct store_set *now;
	ssize_t len = readlink("/proc/self/exe", name, sizeof(name) - 1);
	bool exempt = arg != NULL;

	CHECK(len > 0);
	name[len] = '\0';
	CHECK(!strcmp(store_program(), name));
	CHECK(store_program() == store_program());
	if (!exempt)
		strcat(name, "x");
	alone(policy);
	snprintf(text, sizeof(text), "exempt = /bin/none\nexempt = %s\n" GOOD, name);
	write_file(policy, text);
	CHECK(store_active());
	now = store_enter();
	CHECK(only(now)->exempt == exempt);
	store_leave();
	/* A new version may change that. */
	replace_file(policy, GOOD);
	store_refresh();
	now = store_enter();
	CHECK(!only(now)->exempt);
	store_leave();
}

static void check_life(const void *arg)
{
	const struct store_set *now;
	uint64_t serial, newer;

	(void)arg;
	alone(policy);
	write_file(policy, GOOD);
	CHECK(store_active());
	now = store_enter();
	serial = only(now)->serial;
	CHECK(decides_for(only(now), "one.example.com"));
	store_leave();
	store_refresh(); /* nothing changed: the very same */
	CHECK(store_enter() == now);
	CHECK(only(now)->serial == serial);
	store_leave();

	/* A bad one does not take its place, and that is said once. */
	replace_file(policy, BAD);
	for (int i = 0; i < 3; i++)
		store_refresh();
	now = store_enter();
	CHECK(only(now)->source->policy && decides_for(only(now), "one.example.com"));
	CHECK(only(now)->serial == serial);
	CHECK(only(now)->newest != only(now)->source && only(now)->newest->error);
	store_leave();
	CHECK(said("\"policy-error\"") == 1 && said("\"bad-policy\"") == 1);
	CHECK(said("p.ini:1: ") == 1);

	/* Bad in another way: said once more. */
	replace_file(policy, "[x.example.com]\npin = sha256/Zm9v\n");
	for (int i = 0; i < 3; i++)
		store_refresh();
	CHECK(said("\"policy-error\"") == 2 && said("p.ini:2: ") == 1);

	/* Gone: the last one stays, said once. */
	CHECK(unlink(policy) == 0);
	for (int i = 0; i < 3; i++)
		store_refresh();
	now = store_enter();
	CHECK(only(now)->source->policy && only(now)->serial == serial);
	store_leave();
	CHECK(said("\"policy-error\"") == 3);

	/* A good one is taken at once, in silence, under another number. */
	replace_file(policy, GOOD_2);
	store_refresh();
	now = store_enter();
	CHECK(decides_for(only(now), "two.example.com"));
	CHECK(!decides_for(only(now), "one.example.com"));
	CHECK(only(now)->newest == only(now)->source);
	newer = only(now)->serial;
	CHECK(newer != serial);
	store_leave();

	/* The first one again: it is no longer the one that sessions were accepted under. */
	replace_file(policy, GOOD);
	store_refresh();
	now = store_enter();
	CHECK(decides_for(only(now), "one.example.com"));
	CHECK(only(now)->serial != serial && only(now)->serial != newer);
	store_leave();
	CHECK(said("") == 3);
}

static void check_bad_from_the_start(const void *arg)
{
	const struct store_set *now;

	(void)arg;
	alone(policy);
	write_file(policy, BAD);
	CHECK(store_active());
	now = store_enter();
	CHECK(!only(now)->source->policy);
	store_leave();
	/* Still bad, in another way: the new cause counts. */
	replace_file(policy, "[x.example.com]\npin = sha256/Zm9v\n");
	store_refresh();
	now = store_enter();
	CHECK(!only(now)->source->policy && strstr(only(now)->source->error, "p.ini:2: "));
	store_leave();
	replace_file(policy, GOOD);
	store_refresh();
	now = store_enter();
	CHECK(decides_for(only(now), "one.example.com"));
	store_leave();
	CHECK(said("policy-error") == 0);
}

static void check_removed_host(const void *arg)
{
	const struct store_set *now;

	(void)arg;
	alone(NULL);
	write_file(HOST, "log = none\n" GOOD);
	CHECK(store_active());
	CHECK(unlink(HOST) == 0);
	store_refresh();
	now = store_enter();
	CHECK(decides_for(only(now), "one.example.com"));
	store_leave();
	CHECK(store_active());
}

static void check_last_good(const void *arg)
{
	struct source *kept;
	const struct store_set *now;
	char good[256];

	(void)arg;
	alone(NULL);
	snprintf(good, sizeof(good), "log = %s\n" GOOD, log_file);
	write_file(HOST, good);
	kept = source_read(SOURCE_HOST_DIR, true, false);
	CHECK(kept && kept->policy);
	write_snapshot(kept, false, SNAPSHOT_OF_HOST);
	source_free(kept);
	write_file(HOST, BAD);
	CHECK(store_active() && store_active());
	now = store_enter();
	CHECK(last_good_is(only(now)->source) && decides_for(only(now), "one.example.com"));
	CHECK(only(now)->newest->host && strstr(only(now)->newest->error, HOST ":1: "));
	store_leave();
	CHECK(said("; the last good policy of 20") == 1 && said("") == 1);

	/* What takes its place is of no concern while it is in force. */
	replace_file(SNAPSHOT_OF_HOST, BAD);
	replace_file(HOST, "[x.example.com]\npin = sha256/Zm9v\n");
	for (int i = 0; i < 3; i++)
		CHECK(store_refresh() == 0);
	now = store_enter();
	CHECK(decides_for(only(now), "one.example.com"));
	store_leave();
	CHECK(said("; the last good policy of 20") == 2 && said("") == 2);

	replace_file(HOST, GOOD_2);
	CHECK(store_refresh() == 0);
	now = store_enter();
	CHECK(decides_for(only(now), "two.example.com") && !last_good_is(only(now)->source));
	CHECK(only(now)->newest == only(now)->source);
	store_leave();
	CHECK(said("") == 2);
}

static void check_sandbox(const void *arg)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };
	const struct store_set *now;

	(void)arg;
	alone(policy);
	write_file(policy, GOOD);
	CHECK(store_active());
	CHECK(!store_sandboxed());
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
	CHECK(store_sandboxed());
	replace_file(policy, GOOD_2);
	store_refresh();
	now = store_enter();
	CHECK(decides_for(only(now), "one.example.com")); /* no file is opened any more */
	store_leave();
	CHECK(said("") == 0);
}

/* --- threads */

static atomic_bool stop;
static atomic_long looks;

/* A handshake, as far as the store sees one. */
static void *handshakes(void *arg)
{
	(void)arg;
	while (!stop) {
		const struct store_set *now;
		const struct store_policy *p;
		uint64_t serial;

		store_refresh();
		now = store_enter();
		p = only(now);
		serial = p->serial;
		CHECK(p->source->policy);
		/* One version, whole; and nested calls are fine. */
		CHECK(decides_for(p, "one.example.com") + decides_for(p, "two.example.com") +
			      decides_for(p, "three.example.com") ==
		      1);
		store_enter();
		store_leave();
		CHECK(p->serial == serial && serial > 0);
		store_leave();
		looks++;
	}
	return NULL;
}

static void check_threads(const void *arg)
{
	pthread_t threads[8];
	const struct store_set *now;

	(void)arg;
	alone(policy);
	write_file(policy, GOOD);
	CHECK(store_active());
	for (int i = 0; i < 8; i++)
		CHECK(pthread_create(&threads[i], NULL, handshakes, NULL) == 0);
	for (int i = 0; i < 1000; i++) {
		replace_file(policy, i % 10 == 5 ? BAD : i % 2 ? GOOD : GOOD_2);
		/* What never rests is never taken over. */
		usleep(i % 100 == 98 ? 100000 : 500);
	}
	replace_file(policy, GOOD_2);
	age();
	stop = true;
	for (int i = 0; i < 8; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	store_refresh();
	now = store_enter();
	CHECK(decides_for(only(now), "two.example.com"));
	CHECK(only(now)->serial > 2); /* they did change while it went on */
	store_leave();
	CHECK(looks > 1000);
}

/* The first look, by many at once. */
static void *first_look(void *arg)
{
	const struct store_set **seen = arg;

	CHECK(store_active());
	*seen = store_enter();
	CHECK(only(*seen)->source->policy);
	store_leave();
	return NULL;
}

static void check_first_looks(const void *arg)
{
	const struct store_set *seen[8];
	pthread_t threads[8];

	(void)arg;
	alone(policy);
	write_file(policy, GOOD);
	age();
	for (int i = 0; i < 8; i++)
		CHECK(pthread_create(&threads[i], NULL, first_look, &seen[i]) == 0);
	for (int i = 0; i < 8; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	for (int i = 1; i < 8; i++)
		CHECK(seen[i] == seen[0]);
}

/* A child, whatever the parent's threads were doing: it must see the next version. */
static void check_child_of_fork(const void *arg)
{
	const struct store_set *now;
	char own[128];

	snprintf(own, sizeof(own), "%s", (const char *)arg);
	replace_file(own, GOOD);
	age();
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "one.example.com" : "three.example.com";

		replace_file(own, i ? GOOD : "[three.example.com]\n" P);
		store_refresh();
		now = store_enter();
		CHECK(only(now)->source->policy && decides_for(only(now), name));
		store_leave();
	}
}

static void *keep_changing(void *arg)
{
	(void)arg;
	for (unsigned i = 0; !stop; i++) {
		store_refresh();
		usleep(100);
	}
	return NULL;
}

static void check_forks(const void *arg)
{
	pthread_t threads[3];

	(void)arg;
	alone(policy);
	write_file(policy, GOOD);
	CHECK(store_active());
	for (int i = 0; i < 3; i++)
		CHECK(pthread_create(&threads[i], NULL, i ? handshakes : keep_changing, NULL) == 0);
	/* The children's rewriting is what keeps the parent's threads exchanging. */
	for (int i = 0; i < 20; i++) {
		replace_file(policy, i % 2 ? GOOD : GOOD_2);
		usleep((unsigned)(i * 1700));
		stop = false;
		CHECK(in_child(check_child_of_fork, policy) == 0);
		replace_file(policy, GOOD);
	}
	stop = true;
	for (int i = 0; i < 3; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

#define CHILD_TEST(name, f, arg)                                       \
	static void name(void **state)                                 \
	{                                                              \
		(void)state;                                           \
		assert_int_equal(in_child(f, (const void *)(arg)), 0); \
	}

#define ROOT_TEST(name, f)                              \
	static void name(void **state)                  \
	{                                               \
		(void)state;                            \
		if (!may_mount())                       \
			skip();                         \
		assert_int_equal(in_child(f, NULL), 0); \
	}

CHILD_TEST(no_policy_no_work, check_nothing, NULL)
CHILD_TEST(each_of_the_list_is_a_policy, check_several, NULL)
CHILD_TEST(mode_unset, check_modes, 0)
CHILD_TEST(mode_enforce, check_modes, 1)
CHILD_TEST(mode_report, check_modes, 2)
CHILD_TEST(mode_off, check_modes, 3)
CHILD_TEST(mode_empty, check_bad_mode, "")
CHILD_TEST(mode_upper_case, check_bad_mode, "OFF")
CHILD_TEST(log_empty, check_bad_log, "")
CHILD_TEST(log_relative, check_bad_log, "log.json")
CHILD_TEST(log_of_two, check_bad_log, "stderr,syslog")
CHILD_TEST(log_none, check_good_log, "none")
CHILD_TEST(log_stderr, check_good_log, "stderr")
CHILD_TEST(log_syslog, check_good_log, "syslog")
CHILD_TEST(log_path, check_good_log, "/dev/null")
CHILD_TEST(names_that_are_refused, check_refused, NULL)
CHILD_TEST(names_that_are_refused_besides, check_refused_besides, NULL)
CHILD_TEST(names_that_are_no_names, check_bad_refused, NULL)
CHILD_TEST(events_to_a_file, check_events, "/tmp/pinshim-events")
CHILD_TEST(events_to_standard_error, check_events, "-")
CHILD_TEST(events_to_a_relative_path, check_bad_events, NULL)
CHILD_TEST(an_exempt_program, check_exempt, "")
CHILD_TEST(a_program_not_exempt, check_exempt, NULL)
CHILD_TEST(the_life_of_a_policy, check_life, NULL)
CHILD_TEST(a_policy_bad_from_the_start, check_bad_from_the_start, NULL)
CHILD_TEST(a_sandbox_keeps_what_was_read, check_sandbox, NULL)
CHILD_TEST(readers_and_a_thousand_changes, check_threads, NULL)
CHILD_TEST(many_first_looks, check_first_looks, NULL)
CHILD_TEST(children_forked_in_the_middle, check_forks, NULL)
ROOT_TEST(the_hosts_policy, check_host)
ROOT_TEST(the_hosts_policy_goes_first, check_host_goes_first)
ROOT_TEST(a_removed_host_policy_stays_in_force, check_removed_host)
ROOT_TEST(the_last_good_policy_stands_in, check_last_good)

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_policy_no_work),
		TEST(each_of_the_list_is_a_policy),
		TEST(mode_unset),
		TEST(mode_report),
		TEST(mode_off),
		TEST(mode_enforce),
		TEST(mode_empty),
		TEST(mode_upper_case),
		TEST(log_empty),
		TEST(log_relative),
		TEST(log_of_two),
		TEST(log_none),
		TEST(log_stderr),
		TEST(log_syslog),
		TEST(log_path),
		TEST(names_that_are_refused),
		TEST(names_that_are_refused_besides),
		TEST(names_that_are_no_names),
		TEST(events_to_a_file),
		TEST(events_to_standard_error),
		TEST(events_to_a_relative_path),
		TEST(an_exempt_program),
		TEST(a_program_not_exempt),
		TEST(the_life_of_a_policy),
		TEST(a_policy_bad_from_the_start),
		TEST(a_sandbox_keeps_what_was_read),
		TEST(readers_and_a_thousand_changes),
		TEST(many_first_looks),
		TEST(children_forked_in_the_middle),
		TEST(the_hosts_policy),
		TEST(the_hosts_policy_goes_first),
		TEST(a_removed_host_policy_stays_in_force),
		TEST(the_last_good_policy_stands_in),
	};

	umask(0022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

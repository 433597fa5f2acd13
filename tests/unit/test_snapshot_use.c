/* SPDX-License-Identifier: MIT */
/*
 * Policies that are taken from their snapshots, or from their texts when the
 * snapshot does not do: what comes of it must be the same, to the last byte of
 * the policy or the message. Loaded once, and in force in a process for long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "child.h"
#include "folder.h"
#include "process/last_good.h"
#include "process/store.h"
#include "snapshots.h"

#define KEY    "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define P      "pin = " KEY "\n"
#define GOOD   "[one.example.com]\n" P
#define GOOD_2 "[two.example.com]\n" P
#define BAD    "nonsense\n"
#define PEM    "-----BEGIN CERTIFICATE-----\nx\n"
#define LOGS   "enabled_logs = a\n[a]\ndescription = A\nkey = MAYBAgMEBQY=\n"
#define HOST   SOURCE_HOST_DIR "/policy.ini"

static void compile(const char *path, bool host)
{
	struct source *s = source_read(path, host, false);
	char *to = snapshot_file_path(path, host);

	CHECK(s && s->policy && to);
	write_snapshot(s, false, to);
	free(to);
	source_free(s);
}

static void shell(const char *command)
{
	char whole[1024];

	snprintf(whole, sizeof(whole), "cd '%s' && { %s; }", folder, command);
	CHECK(system(whole) == 0);
}

/* --- loaded once */

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void check_same_files(const struct source *a, const struct source *b)
{
	CHECK(a->n_files == b->n_files && a->n_ct_logs == b->n_ct_logs);
	for (size_t i = 0; i < a->n_files; i++) {
		CHECK(!strcmp(a->files[i].path, b->files[i].path));
		CHECK(a->files[i].len == b->files[i].len);
		CHECK(!memcmp(a->files[i].bytes, b->files[i].bytes, a->files[i].len));
	}
}

static void check_same_stamps(const struct source *a, const struct source *b)
{
	CHECK(a->n_stamps == b->n_stamps);
	for (size_t i = 0; i < a->n_stamps; i++) {
		const struct stat *x = &a->stamps[i].was, *y = &b->stamps[i].was;

		CHECK(!strcmp(a->stamps[i].path, b->stamps[i].path));
		CHECK(x->st_dev == y->st_dev && x->st_ino == y->st_ino);
		CHECK(x->st_size == y->st_size);
		CHECK(!memcmp(&x->st_mtim, &y->st_mtim, sizeof(x->st_mtim)));
		CHECK(!memcmp(&x->st_ctim, &y->st_ctim, sizeof(x->st_ctim)));
	}
}

/*
 * Loading PATH comes to what reading its texts does. Returns whether it was taken
 * from the snapshot; *TOLD is whether something is wrong with that.
 */
static bool same_as_text(const char *path, bool host, bool *told)
{
	struct source *a = source_load(path, host), *b = source_read(path, host, false);
	bool taken;

	CHECK(a && b);
	if (!same_text(a->error, b->error))
		dprintf(2, "%s\n%s\n", a->error, b->error);
	CHECK(same_text(a->error, b->error) && !a->policy == !b->policy);
	CHECK(a->absent == b->absent && a->empty == b->empty && a->shortage == b->shortage);
	if (a->policy) {
		CHECK(a->policy->size == b->policy->size);
		CHECK(!memcmp(a->policy, b->policy, a->policy->size));
		check_same_files(a, b);
	}
	check_same_stamps(a, b);
	CHECK(!source_changed(a) == !source_changed(b));
	CHECK(!b->map.bytes && !b->snapshot_error);
	taken = a->map.bytes != NULL;
	*told = a->snapshot_error != NULL;
	CHECK(!taken || (a->policy && !*told));
	source_free(a);
	source_free(b);
	return taken;
}

/* A folder of policies, and all that one can name; its snapshot is d.snapshot. */
static void make_everything(void)
{
	char text[1024];

	shell("rm -rf d d.snapshot ca.pem logs list");
	CHECK(mkdir(in("d"), 0755) == 0);
	write_file(in("ca.pem"), PEM);
	write_file(in("logs"), LOGS);
	write_file(in("list"), KEY "\n");
	snprintf(text, sizeof(text),
		 "ct-logs = %s\nrevoked = %s\nunlisted = report\n[x.example.com]\n" P
		 "verify = full\nca-file = %s\nct = require\n",
		 in("logs"), in("list"), in("ca.pem"));
	write_file(in("d/a.ini"), text);
	write_file(in("d/b.ini"), GOOD);
	write_file(in("q.ini"), GOOD_2);
	age();
	compile(in("d"), false);
}

/* What may have become of the snapshot: whether it is one to tell of, or as if none were there. */
static const struct {
	const char *command;
	bool told;
} snapshots[] = {
	{ ":", false }, /* the only one that is taken */
	{ "rm d.snapshot", false },
	{ "rm d.snapshot && ln -s nowhere d.snapshot", false },
	{ "cp q.ini.snapshot d.snapshot", false },
	{ ": >d.snapshot", true },
	{ "echo nonsense >d.snapshot", true },
	{ "truncate -s -1 d.snapshot", true },
	{ "truncate -s +1 d.snapshot", true },
	{ "truncate -s 4096 d.snapshot", true },
	{ "printf x | dd of=d.snapshot bs=1 seek=3 conv=notrunc status=none", true },
	{ "printf x | dd of=d.snapshot bs=1 seek=12 conv=notrunc status=none", true },
	{ "printf x | dd of=d.snapshot bs=1 seek=150 conv=notrunc status=none", true },
	{ "dd if=/dev/zero of=d.snapshot bs=4096 count=1 conv=notrunc status=none", true },
	{ "chmod 0664 d.snapshot", true },
	{ "chmod 0646 d.snapshot", true },
	{ "rm d.snapshot && mkfifo d.snapshot", true },
	{ "rm d.snapshot && mkdir d.snapshot", true },
};

/* And of the texts, first of all nothing. */
static const char *const texts[] = {
	":",
	"printf '[three.example.com]\nmode = off\n' >d/b.ini",
	"echo nonsense >>d/b.ini",
	"chmod 0646 d/b.ini",
	"chmod 0777 d",
	"rm d/b.ini",
	"cp d/b.ini d/c.ini",
	"mkfifo d/c.ini",
	"rm -r d",
	": >ca.pem",
	"echo nonsense >ca.pem",
	"rm ca.pem",
	"chmod 0666 list",
	"echo nonsense >>list",
	"rm logs",
};

static void whatever_became_of_both(void **state)
{
	const size_t n = sizeof(snapshots) / sizeof(*snapshots), m = sizeof(texts) / sizeof(*texts);

	(void)state;
	write_file(in("q.ini"), GOOD_2);
	compile(in("q.ini"), false);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < m; j++) {
			bool taken, told;

			/* Once through all of each is enough of those that nothing came of. */
			if (i > 3 && j > 2)
				continue;
			make_everything();
			shell(snapshots[i].command);
			shell(texts[j]);
			taken = same_as_text(in("d"), false, &told);
			if (taken != (i == 0 && j == 0) || told != snapshots[i].told)
				fail_msg("%s; %s: taken %d, told %d", snapshots[i].command,
					 texts[j], taken, told);
			if (i > 3)
				shell("rm -rf d.snapshot");
		}
}

/* A record can say so, though the text would be refused: its stamps are as good as any. */
static void a_record_of_texts_that_anybody_may_write(void **state)
{
	static const char *const names[] = { "d/b.ini", "list", "ca.pem", "logs", "d" };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct source *s;
		bool told;

		make_everything();
		s = source_read(in("d"), false, false);
		assert_int_equal(chmod(in(names[i]), i == 4 ? 0777 : 0666), 0);
		for (size_t j = 0; j < s->n_stamps; j++)
			CHECK(stat(s->stamps[j].path, &s->stamps[j].was) == 0);
		write_snapshot(s, false, in("d.snapshot"));
		source_free(s);
		assert_false(same_as_text(in("d"), false, &told));
		assert_false(told);
		s = source_load(in("d"), false);
		assert_non_null(strstr(s->error, "is world-writable"));
		source_free(s);
	}
}

static void what_is_taken_is_sealed(const void *arg)
{
	struct source *s = source_load(arg, false);

	CHECK(s->policy && s->map.bytes);
	((struct policy *)(uintptr_t)s->policy)->mode = MODE_OFF;
}

static void nobody_writes_to_what_was_taken(void **state)
{
	(void)state;
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	assert_int_not_equal(in_child(what_is_taken_is_sealed, in("p.ini")), 0);
}

static void nothing_is_left_behind(void **state)
{
	int before = count_descriptors();
	bool told;

	(void)state;
	make_everything();
	assert_true(same_as_text(in("d"), false, &told));
	assert_int_equal(count_maps("d.snapshot"), 0);
	shell("truncate -s 4096 d.snapshot");
	assert_false(same_as_text(in("d"), false, &told));
	assert_int_equal(count_maps("d.snapshot"), 0);
	assert_int_equal(count_descriptors(), before);
}

static void *finish(void *arg)
{
	(void)arg;
	usleep(50000);
	write_file(in("p.ini"), GOOD_2);
	age();
	compile(in("p.ini"), false);
	return NULL;
}

static void announce(const char *path, bool host)
{
	struct source *s = source_read(path, host, false);
	char *to = snapshot_file_path(path, host);

	CHECK(s && s->policy && to);
	write_snapshot(s, true, to);
	free(to);
	source_free(s);
}

static void one_that_is_announced_is_waited_for(void **state)
{
	pthread_t thread;
	struct source *s;

	(void)state;
	write_file(in("p.ini"), GOOD);
	announce(in("p.ini"), false);
	assert_int_equal(pthread_create(&thread, NULL, finish, NULL), 0);
	s = source_load(in("p.ini"), false);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_non_null(s->policy);
	assert_non_null(s->map.bytes);
	assert_int_equal(s->map.snapshot.head->pending, 0);
	assert_null(s->snapshot_error);
	source_free(s);
}

/* Who announced it may have died. */
static void and_not_until_it_is_old(void **state)
{
	struct source *s;

	(void)state;
	write_file(in("p.ini"), GOOD);
	announce(in("p.ini"), false);
	s = source_load(in("p.ini"), false);
	assert_non_null(s->policy);
	assert_null(s->map.bytes);
	assert_null(s->snapshot_error);
	source_free(s);
}

static atomic_bool stop;

/* It never gets old, for longer than anybody may wait. */
static void *announce_again(void *arg)
{
	for (int i = 0; i < 200 && !stop; i++) {
		CHECK(chmod(in("p.ini.snapshot"), i % 2 ? 0644 : 0600) == 0);
		usleep(100000);
	}
	return stop ? arg : NULL;
}

static void and_not_for_ever(void **state)
{
	pthread_t thread;
	struct source *s;
	void *was_stopped;

	(void)state;
	stop = false;
	write_file(in("p.ini"), GOOD);
	announce(in("p.ini"), false);
	assert_int_equal(pthread_create(&thread, NULL, announce_again, folder), 0);
	s = source_load(in("p.ini"), false);
	stop = true;
	assert_int_equal(pthread_join(thread, &was_stopped), 0);
	assert_non_null(was_stopped);
	assert_non_null(s->policy);
	assert_null(s->map.bytes);
	source_free(s);
}

/* Whether a write by way of memory shows in the times of FD, once what was there is on the disk. */
static bool shows(int fd, char *bytes)
{
	struct stat before, after;

	bytes[1] = 'x';
	CHECK(fsync(fd) == 0 && fstat(fd, &before) == 0);
	age();
	bytes[1] = 'o';
	CHECK(fstat(fd, &after) == 0);
	return memcmp(&before.st_ctim, &after.st_ctim, sizeof(before.st_ctim)) != 0;
}

static void written_by_way_of_memory(void **state)
{
	struct source *s;
	char *bytes;
	bool told;
	int fd;

	(void)state;
	write_file(in("p.ini"), GOOD);
	fd = open(in("p.ini"), O_RDWR | O_CLOEXEC);
	bytes = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(fd >= 0 && bytes != MAP_FAILED);
	if (shows(fd, bytes)) { /* tmpfs has no disk */
		s = source_read(in("p.ini"), false, true);
		CHECK(s && s->policy);
		write_snapshot(s, false, in("p.ini.snapshot"));
		source_free(s);
		age();
		assert_true(same_as_text(in("p.ini"), false, &told));
		bytes[1] = 'a';
		assert_false(same_as_text(in("p.ini"), false, &told));
	}
	munmap(bytes, 64);
	close(fd);
}

/* Which is no policy, though something beside it could be taken for one. */
static void an_empty_name(void **state)
{
	struct source *s;

	(void)state;
	shell("echo nonsense >.snapshot");
	assert_int_equal(chdir(folder), 0);
	s = source_load("", false);
	assert_int_equal(chdir("/"), 0);
	assert_null(s->policy);
	assert_non_null(strstr(s->error, "has an empty element"));
	assert_null(s->snapshot_error);
	source_free(s);
}

static void hide_host(void)
{
	own_mounts();
	hide("/etc");
	hide("/var/lib");
	CHECK(mkdir(SOURCE_HOST_DIR, 0755) == 0 && mkdir(SNAPSHOT_HOME, 0755) == 0);
}

static void check_host(const void *arg)
{
	struct source *s;
	bool told;

	(void)arg;
	hide_host();
	write_file(HOST, GOOD);
	compile(SOURCE_HOST_DIR, true);
	CHECK(same_as_text(SOURCE_HOST_DIR, true, &told));

	/* All that makes the texts bad counts. */
	CHECK(chmod(SOURCE_HOST_DIR, 0777) == 0);
	CHECK(!same_as_text(SOURCE_HOST_DIR, true, &told) && !told);
	CHECK(chmod(SOURCE_HOST_DIR, 0755) == 0);
	CHECK(chown("/etc", 1000, 0) == 0);
	CHECK(!same_as_text(SOURCE_HOST_DIR, true, &told) && !told);
	CHECK(chown("/etc", 0, 0) == 0);
	CHECK(same_as_text(SOURCE_HOST_DIR, true, &told));
	CHECK(mkdir(SOURCE_HOST_DIR "/policy.d", 0755) == 0);
	CHECK(!same_as_text(SOURCE_HOST_DIR, true, &told) && !told);
	write_file(SOURCE_HOST_DIR "/policy.d/x.ini", BAD);
	CHECK(!same_as_text(SOURCE_HOST_DIR, true, &told) && !told);
	CHECK(unlink(SOURCE_HOST_DIR "/policy.d/x.ini") == 0);
	CHECK(rmdir(SOURCE_HOST_DIR "/policy.d") == 0);
	CHECK(symlink("policy.d", SOURCE_HOST_DIR "/policy.d") == 0);
	CHECK(!same_as_text(SOURCE_HOST_DIR, true, &told) && !told);
	CHECK(unlink(SOURCE_HOST_DIR "/policy.d") == 0);
	CHECK(same_as_text(SOURCE_HOST_DIR, true, &told));

	CHECK(chmod(SNAPSHOT_HOME, 0777) == 0);
	CHECK(!same_as_text(SOURCE_HOST_DIR, true, &told) && told);
	s = source_load_last_good();
	CHECK(!s->policy && !s->absent && strstr(s->error, SNAPSHOT_HOME ": can be written"));
	source_free(s);
	CHECK(chmod(SNAPSHOT_HOME, 0755) == 0);
	CHECK(unlink(HOST) == 0);
	CHECK(!same_as_text(SOURCE_HOST_DIR, true, &told) && !told);
	/* Only as the last good policy it is used then. */
	s = source_load_last_good();
	CHECK(s->policy && s->last_good && s->map.bytes && !source_changed(s));
	source_free(s);
	CHECK(unlink(SNAPSHOT_OF_HOST) == 0);
	s = source_load_last_good();
	CHECK(!s->policy && s->absent && strstr(s->error, "'pinshim apply' makes it"));
	source_free(s);
}

/* Where it costs a program in a sandbox its life. */
static void check_nothing_is_opened(const void *arg)
{
	static const struct rlimit none = { 0, 0 };
	struct source *s;

	(void)arg;
	hide_host();
	CHECK(rmdir(SOURCE_HOST_DIR) == 0 && setrlimit(RLIMIT_NOFILE, &none) == 0);
	s = source_load(SOURCE_HOST_DIR, true);
	CHECK(s && s->absent && !s->snapshot_error);
	source_free(s);
	s = source_load(in("p.ini"), false);
	CHECK(s && s->absent && !s->snapshot_error);
	source_free(s);
}

static void without_a_policy(void **state)
{
	(void)state;
	if (!may_mount())
		skip();
	assert_int_equal(in_child(check_nothing_is_opened, NULL), 0);
}

static void the_hosts(void **state)
{
	(void)state;
	if (!may_mount())
		skip();
	assert_int_equal(in_child(check_host, NULL), 0);
}

/* --- in force in a process */

static void set(const char *name, const char *value)
{
	CHECK((value ? setenv(name, value, 1) : unsetenv(name)) == 0);
}

/* The policy p.ini, or the host's, and nothing else. */
static void alone(bool host)
{
	if (geteuid() == 0)
		hide_host();
	set("PINSHIM_POLICY", host ? NULL : in("p.ini"));
	set("PINSHIM_MODE", NULL);
	set("PINSHIM_REFUSE", NULL);
	set("PINSHIM_EVENTS", NULL);
	set("PINSHIM_LOG", in("log"));
}

static int said(const char *text)
{
	return lines_with(in("log"), text);
}

/* What is in force after a look: WHO is decided for, and WHETHER it lies in a snapshot. */
static void expect(const char *who, bool mapped)
{
	const struct store_set *now;
	const struct policy_section *found = NULL;

	CHECK(store_active() && store_refresh() == 0);
	now = store_enter();
	CHECK(now->n == 1 && now->policies[0].source->policy);
	CHECK(policy_find(now->policies[0].source->policy, who, NAME_HOST, &found) && found);
	if (!now->policies[0].source->map.bytes != !mapped)
		dprintf(2, "mapped: %d\n", !mapped);
	CHECK(!now->policies[0].source->map.bytes == !mapped);
	store_leave();
	CHECK(count_maps(".snapshot") == mapped);
	CHECK(!store_refresh());
}

#define ONE "one.example.com"
#define TWO "two.example.com"

static uint64_t serial(void)
{
	uint64_t number = store_enter()->policies[0].serial;

	store_leave();
	return number;
}

static void check_changes(const void *arg)
{
	uint64_t before;

	(void)arg;
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	alone(false);
	expect(ONE, true);
	before = serial();
	replace_file(in("p.ini"), GOOD_2);
	expect(TWO, false);
	CHECK(serial() == before + 1);
	/* That a snapshot comes is no change. */
	compile(in("p.ini"), false);
	expect(TWO, false);
	CHECK(serial() == before + 1);
	replace_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	expect(ONE, true);
	/* Nor that one goes. */
	CHECK(unlink(in("p.ini.snapshot")) == 0);
	expect(ONE, true);
	CHECK(serial() == before + 2);
	replace_file(in("p.ini"), BAD);
	expect(ONE, true);
	replace_file(in("p.ini"), GOOD_2);
	expect(TWO, false);
	CHECK(said("") == 1 && said("p.ini:1: ") == 1);
}

/* Each way to harm the very file that is in use. */
static const struct {
	const char *command;
	bool told;
	bool mapped;
} harms[] = {
	{ "truncate -s 0 p.ini.snapshot", true, false },
	{ "truncate -s 4096 p.ini.snapshot", true, false },
	{ "truncate -s 5000 p.ini.snapshot", true, false },
	{ "cat p.ini >p.ini.snapshot", true, false },
	{ "dd if=/dev/zero of=p.ini.snapshot bs=4096 conv=notrunc count=1 status=none", true,
	  false },
	{ "chmod 0666 p.ini.snapshot", true, false },
	{ "touch p.ini.snapshot", false, true },
};

static void check_harm(const void *arg)
{
	const size_t i = (size_t)arg;

	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	alone(false);
	expect(ONE, true);
	age();
	shell(harms[i].command);
	expect(ONE, harms[i].mapped);
	expect(ONE, harms[i].mapped);
	CHECK(said("") == harms[i].told && said("p.ini.snapshot: ") == harms[i].told);
	CHECK(said("policy-error") == said(""));
	if (!harms[i].told)
		return;
	/* It is not looked for again, until there is a reason. */
	shell("rm p.ini.snapshot");
	compile(in("p.ini"), false);
	expect(ONE, false);
	replace_file(in("p.ini"), GOOD_2);
	expect(TWO, false);
	replace_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	expect(ONE, true);
	CHECK(said("") == 1);
}

static void harm_to_what_is_in_use(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(harms) / sizeof(*harms); i++) {
		shell("rm -f log p.ini.snapshot");
		if (in_child(check_harm, (void *)i) != 0)
			fail_msg("%s", harms[i].command);
	}
}

static void check_text_and_snapshot_harmed(const void *arg)
{
	const struct store_set *now;

	(void)arg;
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	alone(false);
	expect(ONE, true);
	age();
	/* What was in force can be relied upon no more, and nothing else is there. */
	shell("truncate -s 0 p.ini.snapshot && echo nonsense >p.ini");
	CHECK(store_refresh() == 0);
	now = store_enter();
	CHECK(!now->policies[0].source->policy &&
	      strstr(now->policies[0].source->error, "p.ini:1"));
	store_leave();
	CHECK(count_maps(".snapshot") == 0);
	replace_file(in("p.ini"), GOOD_2);
	expect(TWO, false);
}

static void distrust(void)
{
	const struct store_set *now = store_enter();

	store_distrust(&now->policies[0]);
	store_leave();
}

static void check_distrust(const void *arg)
{
	uint64_t before;

	(void)arg;
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	alone(false);
	expect(ONE, true);
	before = serial();
	for (int i = 0; i < 3; i++)
		distrust();
	expect(ONE, false);
	expect(ONE, false);
	CHECK(serial() == before + 1);
	CHECK(said("") == 1 && said("p.ini.snapshot: is damaged; ") == 1);
	/* The next one is another. */
	replace_file(in("p.ini"), GOOD_2);
	compile(in("p.ini"), false);
	expect(TWO, true);
	CHECK(said("") == 1);
}

/* The text is bad by then: there is nothing to go by. */
static void check_distrust_under_bad_text(const void *arg)
{
	const struct store_set *now;

	(void)arg;
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	alone(false);
	expect(ONE, true);
	replace_file(in("p.ini"), BAD);
	expect(ONE, true);
	CHECK(said("p.ini:1: ") == 1);
	distrust();
	CHECK(store_refresh() == 0);
	now = store_enter();
	CHECK(!now->policies[0].source->policy && now->policies[0].source->error);
	CHECK(now->policies[0].newest == now->policies[0].source);
	store_leave();
	CHECK(count_maps(".snapshot") == 0);
	replace_file(in("p.ini"), GOOD_2);
	expect(TWO, false);
}

/* A program that has left the files behind goes on, until it can rely upon nothing any more. */
static void check_root_changed(const void *arg)
{
	const struct store_set *now;

	(void)arg;
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	alone(false);
	set("PINSHIM_LOG", "none");
	expect(ONE, true);
	CHECK(mkdir(in("empty"), 0755) == 0 && chroot(in("empty")) == 0 && chdir("/") == 0);
	for (int i = 0; i < 3; i++) {
		CHECK(store_refresh() == 0);
		now = store_enter();
		CHECK(now->policies[0].source->policy && now->policies[0].source->map.bytes);
		store_leave();
	}
	distrust();
	CHECK(store_refresh() == 0);
	now = store_enter();
	CHECK(!now->policies[0].source->policy);
	CHECK(strstr(now->policies[0].source->error, "p.ini: cannot be read: No such file"));
	store_leave();
}

static void check_host_changes(const void *arg)
{
	(void)arg;
	alone(true);
	write_file(HOST, GOOD);
	compile(SOURCE_HOST_DIR, true);
	expect(ONE, true);
	replace_file(HOST, GOOD_2);
	compile(SOURCE_HOST_DIR, true);
	expect(TWO, true);
	replace_file(HOST, BAD);
	expect(TWO, true);
	CHECK(unlink(HOST) == 0);
	expect(TWO, true);
	age();
	CHECK(truncate(SNAPSHOT_OF_HOST, 0) == 0);
	write_file(HOST, GOOD);
	expect(ONE, false);
}

/* The last good policy is in force, from the start, and what it lies in turns out to be damaged. */
static void check_last_good(const void *arg)
{
	const bool cut = arg != NULL;
	const struct store_set *now;

	alone(true);
	write_file(HOST, "log = stderr\n" GOOD);
	compile(SOURCE_HOST_DIR, true);
	write_file(HOST, BAD);
	expect(ONE, true);
	age();
	if (cut)
		CHECK(truncate(SNAPSHOT_OF_HOST, 0) == 0);
	else
		distrust();
	CHECK(store_refresh() == 0);
	now = store_enter();
	CHECK(now->n == 1 && !now->policies[0].source->policy);
	CHECK(strstr(now->policies[0].source->error, HOST ":1: "));
	store_leave();
	CHECK(count_maps(".snapshot") == 0);
	replace_file(HOST, GOOD_2);
	expect(TWO, false);
}

/* It is what it was, but for a link: no process is to be without the policy for that. */
static void check_last_good_touched(const void *arg)
{
	const bool from_the_start = arg != NULL;

	alone(true);
	write_file(HOST, GOOD);
	compile(SOURCE_HOST_DIR, true);
	if (from_the_start)
		write_file(HOST, BAD);
	expect(ONE, true);
	write_file(HOST, BAD);
	expect(ONE, true);
	age();
	CHECK(link(SNAPSHOT_OF_HOST, SNAPSHOT_HOME "/backup") == 0);
	expect(ONE, true);
	CHECK(unlink(HOST) == 0);
	expect(ONE, true);
	age();
	CHECK(unlink(SNAPSHOT_HOME "/backup") == 0);
	expect(ONE, true);
	replace_file(HOST, GOOD_2);
	expect(TWO, false);
}

static void check_many_reloads(const void *arg)
{
	int descriptors;

	(void)arg;
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	alone(false);
	expect(ONE, true);
	descriptors = count_descriptors();
	for (int i = 0; i < 200; i++) {
		const char *who = i % 2 ? ONE : TWO;

		replace_file(in("p.ini"), i % 2 ? GOOD : GOOD_2);
		if (i % 5 == 4) {
			expect(who, false);
			continue;
		}
		compile(in("p.ini"), false);
		expect(who, true);
		if (i % 5 == 3) {
			distrust();
			expect(who, false);
		}
	}
	CHECK(count_descriptors() == descriptors);
}

static atomic_long looks;

/* Handshakes, as far as the store sees them, some of which find damage. */
static void *handshakes(void *arg)
{
	(void)arg;
	while (!stop) {
		const struct store_set *now;
		const struct policy_section *one, *two;
		const struct policy *p;

		CHECK(store_refresh() == 0);
		now = store_enter();
		p = now->policies[0].source->policy;
		CHECK(p && policy_find(p, ONE, NAME_HOST, &one) &&
		      policy_find(p, TWO, NAME_HOST, &two));
		CHECK(!one == !!two); /* one version, whole */
		if (looks++ % 4096 == 4095)
			store_distrust(&now->policies[0]);
		store_leave();
	}
	return NULL;
}

static void check_threads(const void *arg)
{
	pthread_t threads[8];

	(void)arg;
	stop = false;
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	alone(false);
	CHECK(store_active());
	for (int i = 0; i < 8; i++)
		CHECK(pthread_create(&threads[i], NULL, handshakes, NULL) == 0);
	for (int i = 0; i < 100; i++) {
		replace_file(in("p.ini"), i % 2 ? GOOD : GOOD_2);
		if (i % 3)
			compile(in("p.ini"), false);
		else
			usleep(1000);
	}
	replace_file(in("p.ini"), GOOD_2);
	compile(in("p.ini"), false);
	stop = true;
	for (int i = 0; i < 8; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK(looks > 1000);
	CHECK(store_refresh() == 0);
	CHECK(count_maps(".snapshot") <= 1);
	replace_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	expect(ONE, true);
}

static void run(void (*f)(const void *), const void *arg, bool host)
{
	if (host && !may_mount())
		skip();
	assert_int_equal(in_child(f, arg), 0);
}

#define RUNS(name, f, arg, host)       \
	static void name(void **state) \
	{                              \
		(void)state;           \
		run(f, arg, host);     \
	}

RUNS(changes_of_both, check_changes, NULL, false)
RUNS(a_bad_text_and_a_harmed_snapshot, check_text_and_snapshot_harmed, NULL, false)
RUNS(damage_found_at_a_look_up, check_distrust, NULL, false)
RUNS(damage_found_under_a_bad_text, check_distrust_under_bad_text, NULL, false)
RUNS(another_root, check_root_changed, NULL, true)
RUNS(changes_of_the_hosts, check_host_changes, NULL, true)
RUNS(damage_of_the_last_good_policy, check_last_good, NULL, true)
RUNS(the_last_good_policy_cut, check_last_good, "", true)
RUNS(the_last_good_policy_linked, check_last_good_touched, NULL, true)
RUNS(the_last_good_policy_linked_from_the_start, check_last_good_touched, "", true)
RUNS(old_maps_go_away, check_many_reloads, NULL, false)
RUNS(many_threads, check_threads, NULL, false)

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whatever_became_of_both),
		TEST(a_record_of_texts_that_anybody_may_write),
		TEST(nobody_writes_to_what_was_taken),
		TEST(nothing_is_left_behind),
		TEST(one_that_is_announced_is_waited_for),
		TEST(and_not_until_it_is_old),
		TEST(and_not_for_ever),
		TEST(an_empty_name),
		TEST(written_by_way_of_memory),
		TEST(the_hosts),
		TEST(without_a_policy),
		TEST(changes_of_both),
		TEST(harm_to_what_is_in_use),
		TEST(a_bad_text_and_a_harmed_snapshot),
		TEST(damage_found_at_a_look_up),
		TEST(damage_found_under_a_bad_text),
		TEST(another_root),
		TEST(changes_of_the_hosts),
		TEST(damage_of_the_last_good_policy),
		TEST(the_last_good_policy_cut),
		TEST(the_last_good_policy_linked),
		TEST(the_last_good_policy_linked_from_the_start),
		TEST(old_maps_go_away),
		TEST(many_threads),
	};

	umask(0022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * The store of known keys as a process uses it: what is looked up and learned,
 * what others do to the file meanwhile, and what is left when something fails.
 * Each test is a fresh process, since a store is for life. Key N is 32 times N.
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
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "child.h"
#include "process/known.h"
#include "process/known_file.h"
#include "process/store.h"

#define B64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static char folder[64], state_dir[96], file[128];

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/pinshim-known.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(state_dir, sizeof(state_dir), "%s/state", folder);
	snprintf(file, sizeof(file), "%s/known", state_dir);
	return setenv("PINSHIM_STATE", state_dir, 1);
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static char *content(void)
{
	static char text[65536];
	FILE *f = fopen(file, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = '\0';
	return text;
}

static unsigned lines(void)
{
	unsigned n = 0;

	for (const char *c = content(); *c; c++)
		n += *c == '\n';
	return n;
}

/* The line of the store for NAME and key N. */
static char *line(const char *name, uint8_t n)
{
	static char text[4][KNOWN_LINE_MOST + 2];
	static unsigned next;
	struct known_line known = { name, "2026-11-25", "test", { 0 } };
	char *out = text[next++ % 4];

	memset(known.key, n, PIN_LEN);
	known_line_write(&known, out);
	return out;
}

static void put(const char *text)
{
	mkdir(state_dir, 0700);
	age();
	replace_file(file, text);
	CHECK(chmod(file, 0600) == 0);
	age();
}

/* What is known of NAME is STATE, with key N; of a failure the message holds that. */
static void expect(const char *name, enum tofu_state state, uint8_t n, const char *message)
{
	struct tofu t = { .name = name };
	char *error = NULL;

	known_look_up(&t, 1, &error);
	if (t.state != state || (state >= TOFU_KNOWN && t.key[0] != n) || !error != !message ||
	    (message && !strstr(error, message))) {
		dprintf(2, "%s: %d, key %d, %s\n", name, t.state, t.key[0], error);
		CHECK(!"what was expected");
	}
	free(error);
}

static enum tofu_state learn(const char *name, uint8_t n, struct tofu *t, char **error)
{
	uint8_t key[PIN_LEN];

	*t = (struct tofu){ .name = name, .state = TOFU_UNKNOWN, .due = true };
	memset(key, n, sizeof(key));
	*error = NULL;
	known_learn(t, 1, key, error);
	return t->state;
}

static void expect_failure(const char *name, const char *message)
{
	struct tofu t;
	char *error;

	CHECK(learn(name, 1, &t, &error) == TOFU_FAILED);
	if (!error || !strstr(error, message)) {
		dprintf(2, "said: %s\n", error);
		CHECK(!"the message");
	}
	free(error);
}

static void expect_learned(const char *name, uint8_t n)
{
	struct tofu t;
	char *error;

	CHECK(learn(name, n, &t, &error) == TOFU_LEARNED && !error);
	CHECK(t.key[0] == n && t.key[PIN_LEN - 1] == n);
	CHECK(t.line == lines() && strlen(t.since) == 10);
	expect(name, TOFU_KNOWN, n, NULL);
}

static void check_learning(const void *arg)
{
	int before = count_descriptors();
	struct stat st;
	struct tofu t;
	char *error;

	(void)arg;
	known_prepare();
	expect("a.test", TOFU_UNKNOWN, 0, NULL);
	CHECK(access(state_dir, F_OK) < 0); /* looking makes nothing */
	expect_learned("a.test", 1);
	expect_learned("b.test", 2);
	expect("c.test", TOFU_UNKNOWN, 0, NULL);
	CHECK(learn("a.test", 1, &t, &error) == TOFU_KNOWN && t.key[0] == 1 && t.line == 1);
	CHECK(learn("a.test", 3, &t, &error) == TOFU_KNOWN && t.key[0] == 1);
	CHECK(lines() == 2);
	CHECK(stat(state_dir, &st) == 0 && (st.st_mode & 07777) == 0700);
	CHECK(stat(file, &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK(known_forget("a.test", &error) == 0);
	expect("a.test", TOFU_UNKNOWN, 0, NULL);
	expect("b.test", TOFU_KNOWN, 2, NULL);
	CHECK(known_forget("a.test", &error) == 1);
	expect_learned("a.test", 3);
	CHECK(count_descriptors() == before);
}

static void check_several_names(const void *arg)
{
	struct tofu t[4] = {
		{ .name = "a.test", .state = TOFU_UNKNOWN, .due = true },
		{ .name = "b.test", .state = TOFU_UNKNOWN, .due = true },
		{ .name = "c.test", .state = TOFU_UNKNOWN },
		{ .name = "d.test", .state = TOFU_UNKNOWN, .due = true },
	};
	uint8_t key[PIN_LEN];
	char *error = NULL;

	(void)arg;
	put(line("b.test", 2));
	memset(key, 1, sizeof(key));
	known_learn(t, 4, key, &error);
	/* Of one another key was known: then nothing is kept. */
	CHECK(!error && t[0].state == TOFU_UNKNOWN && t[1].state == TOFU_KNOWN && lines() == 1);
	memset(key, 2, sizeof(key));
	known_learn(t, 4, key, &error);
	CHECK(!error && t[0].state == TOFU_LEARNED && t[1].state == TOFU_KNOWN);
	CHECK(t[2].state == TOFU_UNKNOWN && t[3].state == TOFU_LEARNED);
	CHECK(t[0].line == 2 && t[3].line == 3 && lines() == 3);
	expect("c.test", TOFU_UNKNOWN, 0, NULL);
	expect("d.test", TOFU_KNOWN, 2, NULL);
}

static void check_changes(const void *arg)
{
	char both[4096];

	(void)arg;
	put(line("a.test", 1));
	known_prepare();
	expect("a.test", TOFU_KNOWN, 1, NULL);
	put(line("a.test", 2));
	expect("a.test", TOFU_KNOWN, 2, NULL);
	put("nonsense\n");
	expect("a.test", TOFU_FAILED, 0, "/known:1: 'nonsense'");
	expect_failure("b.test", "/known:1: 'nonsense'");
	/* Two changes within one tick of the clock, of one size. */
	snprintf(both, sizeof(both), "%s%s", line("a.test", 3), line("b.test", 3));
	put(both);
	expect("b.test", TOFU_KNOWN, 3, NULL);
	for (uint8_t n = 4; n < 40; n++) {
		write_file(file, line("a.test", n));
		expect("a.test", TOFU_KNOWN, n, NULL);
	}
}

/* Unmounted, or out of reach behind a chroot(2): that is no empty store. */
static void check_gone(const void *arg)
{
	char aside[128];

	(void)arg;
	snprintf(aside, sizeof(aside), "%s/aside", folder);
	put(line("a.test", 1));
	known_prepare();
	CHECK(rename(state_dir, aside) == 0);
	expect("a.test", TOFU_KNOWN, 1, NULL);
	expect("b.test", TOFU_UNKNOWN, 0, NULL);
	expect_failure("b.test", "/known: has gone; put it back");
	rmdir(state_dir);
	put(line("b.test", 2));
	expect("a.test", TOFU_UNKNOWN, 0, NULL);
	expect("b.test", TOFU_KNOWN, 2, NULL);
	put("nonsense\n");
	expect("a.test", TOFU_FAILED, 0, "nonsense");
	CHECK(unlink(file) == 0);
	expect("a.test", TOFU_FAILED, 0, "/known: has gone; put it back");
}

/* What a crash or a full disk left of a line. */
static void check_torn(const void *arg)
{
	char text[4096];
	size_t whole =
		(size_t)snprintf(text, sizeof(text), "%s%s", line("a.test", 1), line("b.test", 2));
	size_t first = strlen(line("a.test", 1));

	(void)arg;
	for (size_t len = first; len < whole; len++) {
		char part[4096];

		snprintf(part, sizeof(part), "%.*s", (int)len, text);
		put(part);
		expect("b.test", TOFU_UNKNOWN, 0, NULL);
		expect("a.test", TOFU_KNOWN, 1, NULL);
		if (len % 16)
			continue;
		expect_learned("b.test", 3);
		CHECK(!strncmp(content(), part, first) &&
		      !strncmp(content() + first, "b.test ", 7));
	}
}

static atomic_bool cannot_reserve;

/* Stands in for libc's: some file systems cannot tell beforehand whether there is room. */
__attribute__((visibility("default"))) int fallocate(int fd, int mode, off_t at, off_t len)
{
	(void)fd, (void)mode, (void)at, (void)len;
	if (!cannot_reserve)
		return 0;
	errno = EOPNOTSUPP;
	return -1;
}

/* No signal, and nothing of a line that has no room. */
static void check_no_room(const void *arg)
{
	struct rlimit limit = { 0, RLIM_INFINITY };

	(void)arg;
	put(line("a.test", 1));
	for (rlim_t room = 0; room < 2; room++) {
		limit.rlim_cur = strlen(line("a.test", 1)) + 20 * room;
		CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
		expect_failure("b.test", "cannot be written: File too large");
		CHECK(!strcmp(content(), line("a.test", 1)));
		expect("a.test", TOFU_KNOWN, 1, NULL);
	}
	limit.rlim_cur = RLIM_INFINITY;
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	expect_learned("b.test", 2);
}

/* A disk with room for a part of the line, which is found out only then. */
static void check_half_the_room(const void *arg)
{
	char text[8192];
	int n = snprintf(text, sizeof(text), "%s#", line("a.test", 1));

	(void)arg;
	own_mounts();
	CHECK(mkdir(state_dir, 0700) == 0);
	CHECK(mount("tmpfs", state_dir, "tmpfs", 0, "size=4k,mode=700") == 0);
	memset(text + n, '#', sizeof(text) - (size_t)n);
	strcpy(text + 4049, "\n");
	write_file(file, text);
	CHECK(chmod(file, 0600) == 0);
	cannot_reserve = true;
	expect_failure("b.test", "cannot be written: No space left");
	CHECK(!strcmp(content(), text));
	expect("a.test", TOFU_KNOWN, 1, NULL);
}

static void check_no_room_to_forget(const void *arg)
{
	struct rlimit limit = { 20, RLIM_INFINITY };
	char both[4096], *error = NULL;

	(void)arg;
	snprintf(both, sizeof(both), "%s%s", line("a.test", 1), line("b.test", 2));
	put(both);
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	CHECK(known_forget("a.test", &error) < 0 && strstr(error, "cannot be written"));
	CHECK(!strcmp(content(), both));
	free(error);
}

static void forbid_files(void)
{
	/* Whatever opens or examines a file by its path ends the process. */
	static const long forbidden[] = {
#ifdef __NR_open
		__NR_open,
#endif
#ifdef __NR_stat
		__NR_stat,
#endif
#ifdef __NR_stat64
		__NR_stat64,
#endif
#ifdef __NR_newfstatat
		__NR_newfstatat,
#endif
#ifdef __NR_fstatat64
		__NR_fstatat64,
#endif
#ifdef __NR_statx
		__NR_statx,
#endif
		__NR_openat,	 __NR_flock,
	};
	const unsigned n = sizeof(forbidden) / sizeof(forbidden[0]);
	struct sock_filter filter[32];
	struct sock_fprog program = { 0, filter };

	filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
	for (unsigned i = 0; i < n; i++) {
		filter[program.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
								     (unsigned)forbidden[i], 0, 1);
		filter[program.len++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	}
	filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void check_sandbox(const void *arg)
{
	(void)arg;
	put(line("a.test", 1));
	known_prepare();
	forbid_files();
	expect("a.test", TOFU_KNOWN, 1, NULL);
	expect("b.test", TOFU_UNKNOWN, 0, NULL);
	expect_failure("b.test", "/known: a seccomp filter is in force, so nothing can be learned");
}

/* Read with the policies, before anybody asks. */
static void check_sandbox_after_the_policies(const void *arg)
{
	char policy[96];

	(void)arg;
	put(line("a.test", 1));
	snprintf(policy, sizeof(policy), "%s/p.ini", folder);
	write_file(policy, "[b.test]\ndeny = sha256/" B64 "\n[a.test]\ntofu = yes\n");
	CHECK(setenv("PINSHIM_POLICY", policy, 1) == 0);
	CHECK(store_active());
	forbid_files();
	expect("a.test", TOFU_KNOWN, 1, NULL);
}

static void check_late_sandbox(const void *arg)
{
	(void)arg;
	forbid_files();
	expect("a.test", TOFU_FAILED, 0, "were not read before a seccomp filter came");
}

static void check_lock_is_held(const void *arg)
{
	char lock[160];
	int fd;

	(void)arg;
	put(line("a.test", 1));
	snprintf(lock, sizeof(lock), "%s.lock", file);
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && flock(fd, LOCK_EX) == 0);
	expect_failure("b.test", "/known.lock: another process has had it for ");
	expect("a.test", TOFU_KNOWN, 1, NULL);
	close(fd);
	expect_learned("b.test", 2);
}

/* A child that was made while the file was locked does not keep the lock. */
static void check_fork_under_lock(const void *arg)
{
	struct known_edit edit;
	char *error = NULL;
	pid_t child;

	(void)arg;
	CHECK(known_file_begin(&edit, &error) == 0);
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
	}
	known_file_end(&edit);
	expect_learned("a.test", 1);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void check_default_folder(const void *arg)
{
	char expected[160];
	struct stat st;

	(void)arg;
	if (geteuid() == 0)
		CHECK(chown(folder, 65534, 65534) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
	CHECK(unsetenv("PINSHIM_STATE") == 0 && unsetenv("XDG_STATE_HOME") == 0);
	CHECK(setenv("HOME", folder, 1) == 0);
	snprintf(file, sizeof(file), "%s/.local/state/pinshim/known", folder);
	expect_learned("a.test", 1);
	CHECK(!strcmp(known_file_path(), file));
	snprintf(expected, sizeof(expected), "%s/.local/state/pinshim", folder);
	CHECK(stat(expected, &st) == 0 && (st.st_mode & 07777) == 0700);
	snprintf(expected, sizeof(expected), "%s/.local", folder);
	CHECK(stat(expected, &st) == 0 && (st.st_mode & 07777) == 0700);
	/* Found out once: a program may change its environment. */
	CHECK(setenv("HOME", "/nonexistent", 1) == 0);
	expect_learned("b.test", 2);
}

/* In which every user has to find the last good policy, but nobody what root knows. */
static void check_folder_of_root(const void *arg)
{
	struct stat st;

	(void)arg;
	own_mounts();
	hide("/var");
	umask(022);
	CHECK(unsetenv("PINSHIM_STATE") == 0 && setenv("XDG_STATE_HOME", folder, 1) == 0);
	strcpy(file, "/var/lib/pinshim/known");
	expect_learned("a.test", 1);
	CHECK(stat("/var/lib/pinshim", &st) == 0 && (st.st_mode & 07777) == 0755);
	CHECK(stat(file, &st) == 0 && (st.st_mode & 07777) == 0600);
}

static atomic_int good, n_learned;
static atomic_bool stop;

static void *learn_many(void *arg)
{
	char names[2][32];
	struct tofu t;
	char *error;

	for (int i = 0; i < 20; i++) {
		snprintf(names[0], sizeof(names[0]), "t%ld-%d.test", (long)arg, i);
		snprintf(names[1], sizeof(names[1]), "all-%d.test", i);
		good += learn(names[0], 1, &t, &error) == TOFU_LEARNED;
		free(error);
		n_learned += learn(names[1], (uint8_t)(long)arg, &t, &error) == TOFU_LEARNED;
		good += t.state >= TOFU_KNOWN;
		free(error);
	}
	return NULL;
}

static void *look_up_often(void *arg)
{
	(void)arg;
	while (!stop)
		expect("old.test", TOFU_KNOWN, 9, NULL);
	return NULL;
}

static void check_threads(const void *arg)
{
	pthread_t threads[8], readers[2];

	(void)arg;
	put(line("old.test", 9));
	for (long i = 0; i < 2; i++)
		CHECK(pthread_create(&readers[i], NULL, look_up_often, NULL) == 0);
	for (long i = 0; i < 8; i++)
		CHECK(pthread_create(&threads[i], NULL, learn_many, (void *)(i + 1)) == 0);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(readers[i], NULL);
	CHECK(good == 2 * 8 * 20 && n_learned == 20);
	CHECK(lines() == 1 + 8 * 20 + 20);
	expect("t8-19.test", TOFU_KNOWN, 1, NULL);
}

/* Processes that learn one name, each with another key, while others forget. */
static void check_processes(const void *arg)
{
	enum { N = 24 };
	pid_t child[N];
	int status, learned = 0;
	struct tofu t;
	char *error;

	(void)arg;
	put(line("old.test", 9));
	for (int i = 0; i < N; i++) {
		child[i] = fork();
		if (child[i])
			continue;
		if (i % 12 == 11) {
			char name[16];

			snprintf(name, sizeof(name), "x%d.test", i);
			CHECK(learn(name, 1, &t, &error) == TOFU_LEARNED);
			CHECK(known_forget(name, &error) == 0);
			_exit(0);
		}
		CHECK(learn("a.test", (uint8_t)(i + 1), &t, &error) >= TOFU_KNOWN);
		/* What each is told is what the store has. */
		expect("a.test", TOFU_KNOWN, t.key[0], NULL);
		CHECK((t.state == TOFU_LEARNED) == (t.key[0] == i + 1));
		_exit(t.state == TOFU_LEARNED ? 10 : 0);
	}
	for (int i = 0; i < N; i++) {
		CHECK(waitpid(child[i], &status, 0) == child[i] && WIFEXITED(status));
		CHECK(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 10);
		learned += WEXITSTATUS(status) == 10;
	}
	CHECK(learned == 1 && lines() == 2);
	expect("old.test", TOFU_KNOWN, 9, NULL);
}

#define CHILD_TEST(name, f)                             \
	static void name(void **state)                  \
	{                                               \
		(void)state;                            \
		assert_int_equal(in_child(f, NULL), 0); \
	}

CHILD_TEST(what_is_learned_is_known, check_learning)
CHILD_TEST(several_names_at_once, check_several_names)
CHILD_TEST(changes_are_seen, check_changes)
CHILD_TEST(a_store_that_goes_is_not_empty, check_gone)
CHILD_TEST(part_of_a_line_is_no_key, check_torn)
CHILD_TEST(no_room_for_a_line, check_no_room)
static void the_folder_of_root(void **state)
{
	(void)state;
	if (!may_mount())
		skip();
	assert_int_equal(in_child(check_folder_of_root, NULL), 0);
}

static void half_the_room(void **state)
{
	(void)state;
	if (!may_mount())
		skip();
	assert_int_equal(in_child(check_half_the_room, NULL), 0);
}

CHILD_TEST(no_room_to_forget, check_no_room_to_forget)
CHILD_TEST(a_sandbox_keeps_what_was_read, check_sandbox)
CHILD_TEST(the_policies_bring_it_along, check_sandbox_after_the_policies)
CHILD_TEST(a_sandbox_from_the_start, check_late_sandbox)
CHILD_TEST(a_lock_that_is_held_is_not_waited_for_for_ever, check_lock_is_held)
CHILD_TEST(a_child_does_not_keep_the_lock, check_fork_under_lock)
CHILD_TEST(the_default_folder, check_default_folder)
CHILD_TEST(many_threads, check_threads)
CHILD_TEST(many_processes, check_processes)

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(what_is_learned_is_known),
		IN_FOLDER(several_names_at_once),
		IN_FOLDER(changes_are_seen),
		IN_FOLDER(a_store_that_goes_is_not_empty),
		IN_FOLDER(part_of_a_line_is_no_key),
		IN_FOLDER(no_room_for_a_line),
		IN_FOLDER(half_the_room),
		IN_FOLDER(the_folder_of_root),
		IN_FOLDER(no_room_to_forget),
		IN_FOLDER(a_sandbox_keeps_what_was_read),
		IN_FOLDER(the_policies_bring_it_along),
		IN_FOLDER(a_sandbox_from_the_start),
		IN_FOLDER(a_lock_that_is_held_is_not_waited_for_for_ever),
		IN_FOLDER(a_child_does_not_keep_the_lock),
		IN_FOLDER(the_default_folder),
		IN_FOLDER(many_threads),
		IN_FOLDER(many_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

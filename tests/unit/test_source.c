/* SPDX-License-Identifier: MIT */
/*
 * Loading the files of a policy: what makes one bad, who may write it, that a
 * change is never missed and never read in half.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <utime.h>

#include "child.h"
#include "folder.h"
#include "process/source.h"
#include "process/stamp.h"

#define KEY	"sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define P	"pin = " KEY "\n"
#define GOOD	"[api.example.com]\n" P
#define GOOD_2	"[two.example.com]\n" P /* of the same length */
#define PEM_TOP "-----BEGIN CERTIFICATE-----\n"

static void expect_good(const char *path, size_t sections)
{
	struct source *s = source_load(path, false);
	size_t n;

	CHECK(s);
	if (s->error)
		dprintf(2, "%s\n", s->error);
	CHECK(s->policy && !s->error && !s->absent);
	policy_sections(s->policy, &n);
	CHECK(n == sections);
	CHECK(!source_changed(s));
	source_free(s);
}

/* The policy at PATH is bad, and its message begins and goes on like this. */
static void expect_bad(const char *path, const char *begin, const char *part)
{
	struct source *s = source_load(path, false);

	CHECK(s && !s->policy && s->error);
	if (strncmp(s->error, begin, strlen(begin)) || !strstr(s->error, part))
		dprintf(2, "said: %s\nnot: %s ... %s\n", s->error, begin, part);
	CHECK(!strncmp(s->error, begin, strlen(begin)));
	CHECK(strstr(s->error, part));
	CHECK(strstr(s->error, "; ")); /* what to do about it */
	CHECK(!strchr(s->error, '\n'));
	source_free(s);
}

static void a_file(void **state)
{
	(void)state;
	write_file(in("p.ini"), GOOD);
	expect_good(in("p.ini"), 1);
	assert_int_equal(symlink("p.ini", in("link")), 0);
	expect_good(in("link"), 1);
}

static void a_folder(void **state)
{
	(void)state;
	assert_int_equal(mkdir(in("d"), 0755), 0);
	expect_bad(in("d"), in("d"), "holds no *.ini file");
	write_file(in("d/.hidden.ini"), "nonsense");
	write_file(in("d/.ini"), "nonsense");
	write_file(in("d/b.ini~"), "nonsense");
	write_file(in("d/README"), "nonsense");
	expect_bad(in("d"), in("d"), "holds no *.ini file");
	write_file(in("d/b.ini"), GOOD);
	write_file(in("d/a.ini"), GOOD_2);
	expect_good(in("d"), 2);
	/* One bad file makes the whole policy bad. */
	write_file(in("d/c.ini"), "[x.example.com]\npin = sha256/Zm9v\n");
	expect_bad(in("d"), in("d/c.ini:2: "), "3 bytes, not 32");
}

static void what_cannot_be_read(void **state)
{
	char begin[256];

	(void)state;
	expect_bad(in("missing.ini"), in("missing.ini: "), "No such file");
	expect_bad("", "PINSHIM_POLICY: ", "empty element");
	write_file(in("file"), GOOD);
	expect_bad(in("file/below.ini"), in("file/below.ini: "), "Not a directory");
	assert_int_equal(mkfifo(in("fifo.ini"), 0644), 0);
	snprintf(begin, sizeof(begin), "%s: ", in("fifo.ini"));
	expect_bad(in("fifo.ini"), begin, "not a regular file");
	expect_bad("/dev/zero", "/dev/zero: ", "not a regular file");
	assert_int_equal(mkdir(in("d"), 0755), 0);
	assert_int_equal(mkdir(in("d/x.ini"), 0755), 0);
	expect_bad(in("d"), in("d/x.ini: "), "not a regular file");
	assert_int_equal(symlink("nowhere", in("dangling.ini")), 0);
	expect_bad(in("dangling.ini"), in("dangling.ini: "), "No such file");
}

static void absence_is_told_from_badness(void **state)
{
	struct source *s = source_load(in("missing.ini"), false);

	(void)state;
	assert_true(s->absent);
	source_free(s);
	write_file(in("bad.ini"), "nonsense\n");
	s = source_load(in("bad.ini"), false);
	assert_false(s->absent);
	source_free(s);
}

static void as_nobody(const void *arg)
{
	const char *path = arg;
	struct source *s;

	if (geteuid() == 0)
		CHECK(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
	expect_bad(path, path, "Permission denied");
	s = source_load(path, false);
	CHECK(!s->absent); /* who knows what is there */
	source_free(s);
}

static void unreadable(void **state)
{
	(void)state;
	write_file(in("p.ini"), GOOD);
	assert_int_equal(chmod(in("p.ini"), 0000), 0);
	assert_int_equal(in_child(as_nobody, in("p.ini")), 0);
	assert_int_equal(mkdir(in("d"), 0755), 0);
	write_file(in("d/p.ini"), GOOD);
	assert_int_equal(chmod(in("d"), 0111), 0);
	assert_int_equal(in_child(as_nobody, in("d")), 0);
	assert_int_equal(chmod(in("d"), 0000), 0);
	assert_int_equal(in_child(as_nobody, in("d/p.ini")), 0);
	assert_int_equal(chmod(in("d"), 0755), 0);
}

static void world_writable(void **state)
{
	(void)state;
	write_file(in("p.ini"), GOOD);
	assert_int_equal(chmod(in("p.ini"), 0646), 0);
	expect_bad(in("p.ini"), in("p.ini: "), "world-writable (mode 0646)");
	assert_int_equal(chmod(in("p.ini"), 0664), 0); /* the group is the user's own affair */
	expect_good(in("p.ini"), 1);
	assert_int_equal(mkdir(in("d"), 0755), 0);
	write_file(in("d/p.ini"), GOOD);
	assert_int_equal(chmod(in("d"), 01777), 0);
	expect_bad(in("d"), in("d: "), "world-writable (mode 1777)");
}

static void ca_files(void **state)
{
	char text[1024], begin[512];
	struct source *s;

	(void)state;
	snprintf(text, sizeof(text), "[api.example.com]\nverify = full\nca-file = %s\n",
		 in("ca.pem"));
	write_file(in("p.ini"), text);
	snprintf(begin, sizeof(begin), "%s:3: ca-file '%s': ", in("p.ini"), in("ca.pem"));
	expect_bad(in("p.ini"), begin, "No such file");
	write_file(in("ca.pem"), "no certificate\n");
	expect_bad(in("p.ini"), begin, "holds no PEM certificate");
	write_file(in("ca.pem"), "");
	expect_bad(in("p.ini"), begin, "is empty");
	write_file(in("ca.pem"), PEM_TOP "x\n");
	expect_good(in("p.ini"), 1);
	s = source_load(in("p.ini"), false);
	assert_int_equal(s->n_files, 1);
	assert_non_null(source_file(s, in("ca.pem")));
	assert_int_equal(source_file(s, in("ca.pem"))->len, strlen(PEM_TOP "x\n"));
	assert_memory_equal(source_file(s, in("ca.pem"))->bytes, PEM_TOP "x\n",
			    strlen(PEM_TOP "x\n"));
	assert_null(source_file(s, in("p.ini"))); /* the INI texts are gone */
	assert_false(source_changed(s));
	write_file(in("ca.pem"), PEM_TOP "y\n");
	assert_true(source_changed(s));
	source_free(s);
	assert_int_equal(chmod(in("ca.pem"), 0666), 0);
	expect_bad(in("p.ini"), in("ca.pem: "), "world-writable");
	assert_int_equal(unlink(in("ca.pem")), 0);
	assert_int_equal(mkfifo(in("ca.pem"), 0644), 0);
	expect_bad(in("p.ini"), begin, "not a regular file");
}

static void two_sections_share_a_ca_file(void **state)
{
	char text[1024];
	struct source *s;

	(void)state;
	write_file(in("ca.pem"), PEM_TOP);
	snprintf(text, sizeof(text),
		 "[a.example.com]\nverify = full\nca-file = %s\n"
		 "[b.example.com]\nverify = full\nca-file = %s\n",
		 in("ca.pem"), in("ca.pem"));
	write_file(in("p.ini"), text);
	s = source_load(in("p.ini"), false);
	assert_non_null(s->policy);
	assert_int_equal(s->n_files, 1);
	source_free(s);
}

static void revoked_lists(void **state)
{
	char text[1024], begin[512];
	struct source *s;

	(void)state;
	snprintf(text, sizeof(text), "log = none\nrevoked = %s\nrevoked = %s\nrevoked = %s\n" GOOD,
		 in("r.txt"), in("s.txt"), in("r.txt"));
	write_file(in("p.ini"), text);
	write_file(in("s.txt"), "# none yet\n");
	snprintf(begin, sizeof(begin), "%s:2: revoked '%s': ", in("p.ini"), in("r.txt"));
	expect_bad(in("p.ini"), begin, "No such file");
	write_file(in("r.txt"), "");
	expect_bad(in("p.ini"), begin, "is empty");
	write_file(in("r.txt"), "# one\nsha256/Zm9v\n");
	snprintf(begin, sizeof(begin), "%s:2: 'sha256/Zm9v' is 3 bytes", in("r.txt"));
	expect_bad(in("p.ini"), begin, "not 32");
	write_file(in("r.txt"), KEY "\n");
	expect_good(in("p.ini"), 1);
	s = source_load(in("p.ini"), false);
	assert_int_equal(s->policy->revoked_keys.count, 1);
	assert_int_equal(s->n_files, 0); /* it is all in the block */
	assert_false(source_changed(s));
	write_file(in("s.txt"), KEY "\n");
	assert_true(source_changed(s));
	source_free(s);
	assert_int_equal(chmod(in("s.txt"), 0666), 0);
	expect_bad(in("p.ini"), in("s.txt: "), "world-writable");
}

#define LOG_KEY "MAYBAgMEBQY="

static void ct_logs(void **state)
{
	char text[1024], begin[512];
	struct source *s;

	(void)state;
	snprintf(text, sizeof(text), "ct-logs = %s\n" GOOD "ct = require\n", in("logs"));
	write_file(in("p.ini"), text);
	snprintf(begin, sizeof(begin), "%s:1: ct-logs '%s': ", in("p.ini"), in("logs"));
	expect_bad(in("p.ini"), begin, "No such file");
	write_file(in("logs"), "enabled_logs = a\n");
	snprintf(begin, sizeof(begin), "%s:1: 'a' is enabled", in("logs"));
	expect_bad(in("p.ini"), begin, "has no section");
	write_file(in("logs"), "enabled_logs = a\n[a]\ndescription = A\nkey = " LOG_KEY "\n");
	expect_good(in("p.ini"), 1);
	s = source_load(in("p.ini"), false);
	assert_int_equal(s->n_ct_logs, 1);
	assert_non_null(source_file(s, in("logs")));
	write_file(in("logs"), "enabled_logs = b\n");
	assert_true(source_changed(s));
	source_free(s);
	assert_int_equal(chmod(in("logs"), 0666), 0);
	expect_bad(in("p.ini"), in("logs: "), "world-writable");
}

static unsigned dropped;

static void count_drop(struct source_kept *kept)
{
	(void)kept;
	dropped++;
}

static void what_is_kept_is_dropped_with_the_policy(void **state)
{
	struct source_kept one = { .owner = &one, .drop = count_drop };
	struct source_kept two = { .owner = &two, .drop = count_drop };
	struct source *s;

	(void)state;
	write_file(in("p.ini"), GOOD);
	s = source_load(in("p.ini"), false);
	assert_null(source_kept(s, &one));
	source_keep(s, &one);
	source_keep(s, &two);
	assert_ptr_equal(source_kept(s, &one), &one);
	assert_ptr_equal(source_kept(s, &two), &two);
	assert_null(source_kept(s, NULL));
	assert_int_equal(dropped, 0);
	source_free(s);
	assert_int_equal(dropped, 2);
}

/* What is done to a policy, and whether it is one that has changed. */
static void by_rename(void)
{
	replace_file(in("p.ini"), GOOD_2);
}

static void in_place(void)
{
	struct utimbuf then = { 0, 0 };
	struct stat st;

	/* The same size and modification time: only the inode's own time tells. */
	CHECK(stat(in("p.ini"), &st) == 0);
	write_file(in("p.ini"), GOOD_2);
	then.actime = then.modtime = st.st_mtim.tv_sec;
	CHECK(utime(in("p.ini"), &then) == 0);
}

static void by_deleting(void)
{
	CHECK(unlink(in("p.ini")) == 0);
}

static void by_mode(void)
{
	CHECK(chmod(in("p.ini"), 0666) == 0);
}

static void each_change_of_a_file_is_seen(void **state)
{
	static void (*const changes[])(void) = { by_rename, in_place, by_deleting, by_mode };

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct source *s;

		replace_file(in("p.ini"), GOOD);
		s = source_load(in("p.ini"), false);
		assert_non_null(s->policy);
		assert_false(source_changed(s));
		changes[i]();
		if (!source_changed(s))
			fail_msg("change %zu was not seen", i);
		source_free(s);
	}
}

/* Immediately after loading, within one tick of the clock, and of the same size. */
static void no_change_hides_in_the_grain_of_the_clock(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++) {
		struct source *s;

		write_file(in("p.ini"), GOOD);
		s = source_load(in("p.ini"), false);
		write_file(in("p.ini"), GOOD_2);
		if (!source_changed(s))
			fail_msg("round %d: a change was not seen", i);
		source_free(s);
	}
}

static void changes_of_a_folder_are_seen(void **state)
{
	struct source *s;

	(void)state;
	assert_int_equal(mkdir(in("d"), 0755), 0);
	write_file(in("d/a.ini"), GOOD);
	s = source_load(in("d"), false);
	write_file(in("d/b.ini"), GOOD_2);
	assert_true(source_changed(s));
	source_free(s);
	s = source_load(in("d"), false);
	assert_int_equal(unlink(in("d/a.ini")), 0);
	assert_true(source_changed(s));
	source_free(s);
	s = source_load(in("d"), false);
	write_file(in("d/b.ini"), GOOD);
	assert_true(source_changed(s));
	source_free(s);
}

/* A mounted ConfigMap: p.ini -> ..data/p.ini, ..data -> a folder, and one rename swaps it. */
static void a_swapped_link_is_seen(void **state)
{
	struct source *s;

	(void)state;
	assert_int_equal(mkdir(in("v1"), 0755) | mkdir(in("v2"), 0755), 0);
	write_file(in("v1/p.ini"), GOOD);
	write_file(in("v2/p.ini"), GOOD_2);
	assert_int_equal(symlink("v1", in("..data")), 0);
	assert_int_equal(symlink("..data/p.ini", in("p.ini")), 0);
	s = source_load(in("p.ini"), false);
	assert_non_null(s->policy);
	assert_false(source_changed(s));
	assert_int_equal(symlink("v2", in("..new")), 0);
	assert_int_equal(rename(in("..new"), in("..data")), 0);
	assert_true(source_changed(s));
	source_free(s);
}

/* However a policy is bad, mending it has to be seen. */
static void make_missing(void)
{
	unlink(in("p.ini"));
}

static void make_nonsense(void)
{
	replace_file(in("p.ini"), "nonsense\n");
}

static void make_writable(void)
{
	replace_file(in("p.ini"), GOOD);
	CHECK(chmod(in("p.ini"), 0666) == 0);
}

static void make_fifo(void)
{
	unlink(in("p.ini"));
	CHECK(mkfifo(in("p.ini"), 0644) == 0);
}

static void make_empty_folder(void)
{
	unlink(in("p.ini"));
	CHECK(mkdir(in("p.ini"), 0755) == 0);
}

static void make_folder_of_folder(void)
{
	make_empty_folder();
	CHECK(mkdir(in("p.ini/x.ini"), 0755) == 0);
}

static void make_without_ca_file(void)
{
	char text[512];

	snprintf(text, sizeof(text), GOOD "verify = full\nca-file = %s\n", in("ca.pem"));
	replace_file(in("p.ini"), text);
}

static void make_fifo_for_ca_file(void)
{
	CHECK(mkfifo(in("ca.pem"), 0644) == 0);
	make_without_ca_file();
}

static void make_without_list(void)
{
	char text[512];

	snprintf(text, sizeof(text), "revoked = %s\n", in("ca.pem"));
	replace_file(in("p.ini"), text);
}

static void mending_is_seen(void **state)
{
	static void (*const breaks[])(void) = {
		make_missing,	      make_nonsense,
		make_writable,	      make_fifo,
		make_empty_folder,    make_folder_of_folder,
		make_without_ca_file, make_fifo_for_ca_file,
		make_without_list,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		char command[256];
		struct source *s;

		breaks[i]();
		s = source_load(in("p.ini"), false);
		assert_null(s->policy);
		snprintf(command, sizeof(command), "rm -rf '%s' '%s'", in("p.ini"), in("ca.pem"));
		assert_int_equal(system(command), 0);
		write_file(in("ca.pem"), PEM_TOP);
		write_file(in("p.ini"), GOOD);
		if (!source_changed(s))
			fail_msg("what break %zu did was mended, and that was not seen", i);
		source_free(s);
		assert_int_equal(unlink(in("ca.pem")), 0);
	}
}

/* --- a policy that changes while it is read */

static atomic_bool stop;
/* On a busy machine the writer may sleep in the middle of its work: then nothing is proved. */
static atomic_bool slept_in_a_write, slept_between_writes, at_work;

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Two versions, each with a hundred sections; a mixture is no policy, or has both names. */
static char *version(char letter)
{
	size_t size = 100 * 100, len = 0;
	char *text = malloc(size);

	CHECK(text);
	for (int i = 0; i < 100; i++)
		len += (size_t)snprintf(text + len, size - len, "[%c%d.example.com]\n" P, letter,
					i);
	return text;
}

/* In place, over what is there, in two writes. */
static void write_in_halves(const char *text)
{
	int fd = open(in("p.ini"), O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text), half = len / 2;

	CHECK(fd >= 0);
	CHECK(write(fd, text, half) == (ssize_t)half);
	CHECK(write(fd, text + half, len - half) == (ssize_t)(len - half));
	CHECK(close(fd) == 0);
}

static void *rewrite(void *arg)
{
	char *texts[] = { version('a'), version('b') };
	const struct timespec pause = { 0, *(const long *)arg };
	long long begin, end;

	for (unsigned i = 0; !stop; i++) {
		begin = now_ns();
		write_in_halves(texts[i % 2]);
		end = now_ns();
		if (end - begin > 10000000)
			slept_in_a_write = true;
		at_work = true;
		nanosleep(&pause, NULL);
		/* Also in the last pause, in which `stop' may have come. */
		if (now_ns() - end > 10000000)
			slept_between_writes = true;
	}
	free(texts[0]);
	free(texts[1]);
	return NULL;
}

static pthread_t start_rewriting(const long *pause_ns)
{
	pthread_t writer;

	stop = at_work = slept_in_a_write = slept_between_writes = false;
	if (access(in("p.ini"), F_OK) < 0) {
		char *text = version('a');

		replace_file(in("p.ini"), text);
		free(text);
	}
	assert_int_equal(pthread_create(&writer, NULL, rewrite, (void *)(uintptr_t)pause_ns), 0);
	while (!at_work)
		sched_yield();
	return writer;
}

static void stop_rewriting(pthread_t writer)
{
	stop = true;
	assert_int_equal(pthread_join(writer, NULL), 0);
}

static void a_policy_is_read_whole_or_not_at_all(void **state)
{
	static const long now_and_then = 70000000;

	(void)state;
	for (int i = 0; i < 20; i++) {
		pthread_t writer = start_rewriting(&now_and_then);
		const struct policy_section *sections;
		struct source *s;
		size_t n, a = 0;

		usleep((unsigned)i * 5000);
		s = source_load(in("p.ini"), false);
		stop_rewriting(writer);
		if (!slept_in_a_write) {
			if (!s->policy)
				fail_msg("round %d: %s", i, s->error);
			sections = policy_sections(s->policy, &n);
			assert_int_equal(n, 100);
			for (size_t j = 0; j < n; j++)
				a += *policy_name(s->policy, &sections[j]) == 'a';
			assert_true(a == 0 || a == n);
		}
		source_free(s);
	}
}

static void a_policy_that_never_rests_is_bad_until_it_does(void **state)
{
	static const long at_once = 1000000;

	(void)state;
	for (int i = 0; i < 2; i++) {
		pthread_t writer = start_rewriting(&at_once);
		struct source *s = source_load(in("p.ini"), false);

		stop_rewriting(writer);
		if (!slept_in_a_write && !slept_between_writes) {
			/* Half a file is never judged to be a bad one. */
			assert_null(s->policy);
			assert_non_null(strstr(s->error, "keeps changing while it is read"));
			assert_true(source_changed(s));
		}
		source_free(s);
	}
	expect_good(in("p.ini"), 100);
}

static void *truncate_and_write(void *arg)
{
	(void)arg;
	for (int i = 0; i < 60 && !stop; i++) {
		int fd = open(in("d/a.ini"), O_WRONLY | O_TRUNC | O_CLOEXEC);

		CHECK(fd >= 0);
		CHECK(write(fd, GOOD, strlen(GOOD)) == (ssize_t)strlen(GOOD));
		CHECK(close(fd) == 0);
		age();
	}
	stop = true;
	return NULL;
}

/*
 * ext4 shows a truncated file's size at once, and its time only when the blocks
 * have been freed. A section must not be missing in between.
 */
static void a_file_that_is_being_truncated_is_not_an_empty_one(void **state)
{
	pthread_t writer;
	size_t n = 0;

	(void)state;
	stop = false;
	assert_int_equal(mkdir(in("d"), 0755), 0);
	write_file(in("d/a.ini"), GOOD);
	write_file(in("d/b.ini"), GOOD_2);
	age();
	assert_int_equal(pthread_create(&writer, NULL, truncate_and_write, NULL), 0);
	while (!stop) {
		struct source *s = source_load(in("d"), false);

		n = 2;
		if (s->policy)
			policy_sections(s->policy, &n);
		else /* a busy machine may never see it rest */
			assert_true(strstr(s->error, "keeps changing") ||
				    strstr(s->error, "is empty"));
		if (n != 2)
			stop = true;
		source_free(s);
	}
	assert_int_equal(pthread_join(writer, NULL), 0);
	assert_int_equal(n, 2);
}

#define BIG (4 << 20)

/* Now its first, now its last section changes, without the file growing. */
static atomic_bool was_read;

static void *change_both_ends(void *arg)
{
	int fd = open(in("p.ini"), O_WRONLY | O_CLOEXEC);

	(void)arg;
	CHECK(fd >= 0);
	for (int i = 0; i < 80 && !stop; i++) {
		const char *both = i % 2 ? "a" : "b";

		age();
		CHECK(pwrite(fd, both, 1, 1) == 1);
		CHECK(pwrite(fd, both, 1, BIG + (off_t)strlen(GOOD) + 2) == 1);
	}
	/* Where reading is slow it may not have come to an end between two changes. */
	for (int i = 0; i < 500 && !was_read && !stop; i++)
		age();
	stop = true;
	CHECK(close(fd) == 0);
	return NULL;
}

/* What changes between the look at the file and the end of reading it has an old stamp. */
static void a_file_that_changes_after_the_look_at_it_is_read_again(void **state)
{
	char *text = malloc(BIG + 512);
	pthread_t writer;
	char first = 0, last = 0;
	size_t n = 0;

	(void)state;
	stop = was_read = false;
	memset(text, '#', BIG + 512);
	memcpy(text, "[a0.example.com]\n" P, strlen("[a0.example.com]\n" P));
	for (size_t i = 1000; i < BIG; i += 1000)
		text[i] = '\n';
	strcpy(text + BIG + strlen(GOOD), "\n[a1.example.com]\n" P);
	text[strlen("[a0.example.com]\n" P)] = '\n';
	replace_file(in("p.ini"), text);
	free(text);
	expect_good(in("p.ini"), 2);
	assert_int_equal(pthread_create(&writer, NULL, change_both_ends, NULL), 0);
	while (!stop) {
		struct source *s = source_load(in("p.ini"), false);
		const struct policy_section *sections;

		if (s->policy) {
			sections = policy_sections(s->policy, &n);
			first = *policy_name(s->policy, &sections[0]);
			last = *policy_name(s->policy, &sections[n - 1]);
			was_read = true;
			if (n != 2 || first != last)
				stop = true;
		}
		source_free(s);
	}
	assert_int_equal(pthread_join(writer, NULL), 0);
	assert_int_equal(n, 2);
	assert_int_equal(first, last);
}

static void a_young_file_is_read_again(void **state)
{
	struct timespec now;
	struct source *s;
	struct stat st;

	(void)state;
	write_file(in("p.ini"), GOOD);
	assert_int_equal(stat(in("p.ini"), &st), 0);
	s = source_load(in("p.ini"), false);
	clock_gettime(CLOCK_REALTIME, &now);
	assert_int_equal(stamp_youth_ns(&st, &now), 0);
	source_free(s);
}

static void the_policy_is_sealed(const void *arg)
{
	struct source *s = source_load(arg, false);

	CHECK(s->policy);
	((struct policy *)(uintptr_t)s->policy)->mode = MODE_OFF;
}

static void nobody_writes_to_a_loaded_policy(void **state)
{
	(void)state;
	write_file(in("p.ini"), GOOD);
	assert_int_not_equal(in_child(the_policy_is_sealed, in("p.ini")), 0);
}

static void no_descriptor_is_left(void **state)
{
	int before = count_descriptors();

	(void)state;
	write_file(in("p.ini"), GOOD);
	expect_good(in("p.ini"), 1);
	expect_bad(in("missing.ini"), in("missing.ini"), "");
	mkfifo(in("f.ini"), 0644);
	expect_bad(in("f.ini"), in("f.ini"), "");
	expect_bad(folder, in("f.ini"), "");
	assert_int_equal(count_descriptors(), before);
}

static void lists(void **state)
{
	static const struct {
		const char *list;
		const char *out[6];
	} cases[] = {
		{ "/a/b.ini", { "/a/b.ini" } },
		{ "/a:/b", { "/a", "/b" } },
		{ "x.ini:/b:d", { "/usr/x.ini", "/b", "/usr/d" } },
		{ "", { "" } },
		{ "/a:", { "/a", "" } },
		{ ":/a", { "", "/a" } },
		{ "/a::b", { "/a", "", "/usr/b" } },
		{ "./x", { "/usr/x" } },
		{ "/a//b/./c/:d/:/a/./:.:/../e/.f",
		  { "/a/b/c", "/usr/d", "/a", "/usr", "/../e/.f" } },
		{ "/://:/.", { "/", "/", "/" } },
	};
	char before[4096];

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir("/usr"), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char **out = source_list(cases[i].list);
		size_t n = 0;

		assert_non_null(out);
		for (; cases[i].out[n] && out[n]; n++)
			assert_string_equal(out[n], cases[i].out[n]);
		assert_null(out[n]);
		assert_null(cases[i].out[n]);
		free(out);
	}
	assert_int_equal(chdir(before), 0);
}

/* --- the host's policy: who could change it? */

static void expect_host(const char *begin, const char *part)
{
	struct source *s = source_load(SOURCE_HOST_DIR, true);

	CHECK(s);
	if (!begin) {
		if (s->error)
			dprintf(2, "said: %s\n", s->error);
		CHECK(s->policy && !s->error);
	} else {
		if (!s->error || strncmp(s->error, begin, strlen(begin)) || !strstr(s->error, part))
			dprintf(2, "said: %s\nnot: %s ... %s\n", s->error, begin, part);
		CHECK(!s->policy && s->error);
		CHECK(!strncmp(s->error, begin, strlen(begin)) && strstr(s->error, part));
		CHECK(strstr(s->error, "; "));
	}
	source_free(s);
}

static struct source *host(void)
{
	struct source *s = source_load(SOURCE_HOST_DIR, true);

	CHECK(s);
	return s;
}

#define D SOURCE_HOST_DIR

static void check_host(const void *arg)
{
	struct source *s;

	(void)arg;
	own_mounts();
	hide("/etc");
	/* Absent: neither bad nor there, however much of it is missing. */
	s = host();
	CHECK(s->absent && !s->policy);
	CHECK(mkdir(D, 0755) == 0);
	s = host();
	CHECK(s->absent && !s->policy);
	CHECK(mkdir(D "/policy.d", 0755) == 0);
	s = host();
	CHECK(s->absent);

	write_file(D "/policy.ini", GOOD);
	CHECK(source_changed(s));
	expect_host(NULL, NULL);
	write_file(D "/policy.d/x.ini", GOOD_2);
	expect_host(NULL, NULL);
	CHECK(unlink(D "/policy.ini") == 0);
	expect_host(NULL, NULL);
	write_file(D "/policy.ini", GOOD);

	CHECK(chmod(D "/policy.ini", 0664) == 0);
	expect_host(D "/policy.ini: ", "mode 0664");
	CHECK(chmod(D "/policy.ini", 0646) == 0);
	expect_host(D "/policy.ini: ", "mode 0646");
	s = host();
	CHECK(chmod(D "/policy.ini", 0644) == 0);
	CHECK(source_changed(s));
	CHECK(chown(D "/policy.ini", 1000, 0) == 0);
	expect_host(D "/policy.ini: ", "owned by uid 1000");
	CHECK(chown(D "/policy.ini", 0, 1000) == 0);
	expect_host(NULL, NULL);

	CHECK(chmod(D "/policy.d/x.ini", 0666) == 0);
	expect_host(D "/policy.d/x.ini: ", "mode 0666");
	CHECK(chmod(D "/policy.d/x.ini", 0644) == 0);
	CHECK(chmod(D "/policy.d", 0775) == 0);
	expect_host(D "/policy.d: ", "mode 0775");
	CHECK(chmod(D "/policy.d", 0755) == 0);
	CHECK(chmod(D, 0777) == 0);
	expect_host(D ": ", "mode 0777");
	s = host();
	CHECK(chmod(D, 0755) == 0);
	CHECK(source_changed(s)); /* a folder further up, too, is watched once it was the fault */
	CHECK(chmod("/etc", 01777) == 0);
	expect_host("/etc: ", "mode 1777");
	CHECK(chmod("/etc", 0755) == 0);
	CHECK(chown("/etc", 1000, 0) == 0);
	expect_host("/etc: ", "owned by uid 1000");
	CHECK(chown("/etc", 0, 0) == 0);
	expect_host(NULL, NULL);

	/* A link counts for what it leads to. */
	CHECK(mkdir("/etc/elsewhere", 0755) == 0);
	write_file("/etc/elsewhere/p.ini", GOOD);
	CHECK(unlink(D "/policy.ini") == 0);
	CHECK(symlink("/etc/elsewhere/p.ini", D "/policy.ini") == 0);
	expect_host(NULL, NULL);
	CHECK(chmod("/etc/elsewhere", 0777) == 0);
	expect_host("/etc/elsewhere: ", "mode 0777");
	CHECK(chmod("/etc/elsewhere", 0755) == 0);

	/* Files that it refers to are part of it. */
	write_file("/etc/elsewhere/ca.pem", PEM_TOP);
	write_file("/etc/elsewhere/p.ini",
		   "[api.example.com]\nverify = full\nca-file = /etc/elsewhere/ca.pem\n");
	expect_host(NULL, NULL);
	CHECK(chmod("/etc/elsewhere/ca.pem", 0666) == 0);
	expect_host("/etc/elsewhere/ca.pem: ", "mode 0666");
	CHECK(chmod("/etc/elsewhere/ca.pem", 0644) == 0);

	write_file("/etc/elsewhere/list", KEY "\n");
	write_file("/etc/elsewhere/p.ini", "revoked = /etc/elsewhere/list\n");
	expect_host(NULL, NULL);
	CHECK(chmod("/etc/elsewhere/list", 0664) == 0);
	expect_host("/etc/elsewhere/list: ", "mode 0664");
	write_file("/etc/elsewhere/list", "enabled_logs = a\n[a]\ndescription = A\nkey = " LOG_KEY);
	write_file("/etc/elsewhere/p.ini", "ct-logs = /etc/elsewhere/list\n" GOOD "ct = require\n");
	expect_host("/etc/elsewhere/list: ", "mode 0664");
	CHECK(chmod("/etc/elsewhere/list", 0644) == 0);
	expect_host(NULL, NULL);

	/* The two halves are one policy: a section stands once. */
	write_file("/etc/elsewhere/p.ini", GOOD_2);
	expect_host(D "/policy.d/x.ini:1: ", "two.example.com");
	write_file("/etc/elsewhere/p.ini", GOOD "tofu = yes\n");
	expect_host(D "/policy.ini:3: ", "tofu");
	write_file("/etc/elsewhere/p.ini", GOOD);
	expect_host(NULL, NULL);

	/* What is there and cannot be read is not absent. */
	CHECK(chmod(D "/policy.d", 0700) == 0);
	CHECK(chmod("/etc/elsewhere/p.ini", 0600) == 0);
	CHECK(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
	expect_host(D "/policy.ini: ", "Permission denied");
	s = host();
	CHECK(!s->absent);
}

static void check_hidden_host(const void *arg)
{
	struct source *s;

	(void)arg;
	own_mounts();
	hide("/etc");
	CHECK(mkdir(D, 0700) == 0);
	write_file(D "/policy.ini", GOOD);
	age();
	CHECK(setegid(65534) == 0 && seteuid(65534) == 0);
	expect_host(D "/policy.ini: ", "Permission denied");
	s = host();
	CHECK(!s->absent && !source_changed(s));
	CHECK(seteuid(0) == 0);
	CHECK(chmod(D, 0755) == 0);
	CHECK(seteuid(65534) == 0);
	CHECK(source_changed(s)); /* mended */
	expect_host(NULL, NULL);
}

static void check_top(const void *arg)
{
	(void)arg;
	own_mounts();
	hide("/mnt");
	CHECK(mkdir("/mnt/etc", 0755) == 0 && mkdir("/mnt" D, 0755) == 0);
	CHECK(chroot("/mnt") == 0 && chdir("/") == 0);
	write_file(D "/policy.ini", GOOD);
	expect_host(NULL, NULL);
	CHECK(chmod("/", 0777) == 0);
	expect_host("/: ", "mode 0777");
	CHECK(chmod("/", 0755) == 0 && chown("/", 1000, 0) == 0);
	expect_host("/: ", "owned by uid 1000");
}

static void the_topmost_folder_counts_too(void **state)
{
	(void)state;
	if (!may_mount())
		skip();
	assert_int_equal(in_child(check_top, NULL), 0);
}

static void only_root_may_write_the_hosts_policy(void **state)
{
	(void)state;
	if (!may_mount())
		skip();
	assert_int_equal(in_child(check_host, NULL), 0);
}

static void a_host_policy_out_of_reach_is_bad(void **state)
{
	(void)state;
	if (!may_mount())
		skip();
	assert_int_equal(in_child(check_hidden_host, NULL), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file),
		TEST(a_folder),
		TEST(what_cannot_be_read),
		TEST(absence_is_told_from_badness),
		TEST(unreadable),
		TEST(world_writable),
		TEST(ca_files),
		TEST(two_sections_share_a_ca_file),
		TEST(revoked_lists),
		TEST(ct_logs),
		TEST(what_is_kept_is_dropped_with_the_policy),
		TEST(each_change_of_a_file_is_seen),
		TEST(no_change_hides_in_the_grain_of_the_clock),
		TEST(changes_of_a_folder_are_seen),
		TEST(a_swapped_link_is_seen),
		TEST(mending_is_seen),
		TEST(a_policy_is_read_whole_or_not_at_all),
		TEST(a_policy_that_never_rests_is_bad_until_it_does),
		TEST(a_file_that_is_being_truncated_is_not_an_empty_one),
		TEST(a_file_that_changes_after_the_look_at_it_is_read_again),
		TEST(a_young_file_is_read_again),
		TEST(nobody_writes_to_a_loaded_policy),
		TEST(no_descriptor_is_left),
		TEST(lists),
		TEST(the_topmost_folder_counts_too),
		TEST(only_root_may_write_the_hosts_policy),
		TEST(a_host_policy_out_of_reach_is_bad),
	};

	umask(0022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

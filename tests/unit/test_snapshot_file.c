/* SPDX-License-Identifier: MIT */
/*
 * Snapshots as files: which are mapped, who may have written them, and what
 * makes one stale. Every file here is real; nothing that is refused may hang.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "child.h"
#include "folder.h"
#include "process/snapshot_file.h"
#include "snapshots.h"

#define KEY	"sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define P	"pin = " KEY "\n"
#define GOOD	"[one.example.com]\n" P
#define GOOD_2	"[two.example.com]\n" P /* of the same length */
#define PEM	"-----BEGIN CERTIFICATE-----\nx\n"
#define LOGS	"enabled_logs = a\n[a]\ndescription = A\nkey = MAYBAgMEBQY=\n"
#define SOMEONE 1000

static struct source *read_policy(const char *path, bool host)
{
	struct source *s = source_read(path, host, false);

	if (s && s->error)
		dprintf(2, "%s\n", s->error);
	CHECK(s && s->policy);
	return s;
}

/* The snapshot of the policy PATH, where it belongs. */
static void compile(const char *path, bool host)
{
	struct source *s = read_policy(path, host);
	char *to = snapshot_file_path(path, host);

	CHECK(to);
	write_snapshot(s, false, to);
	free(to);
	source_free(s);
}

static enum snapshot_found found(const char *path, bool host)
{
	struct snapshot_map map;
	char *error;
	enum snapshot_found rv = snapshot_file_map(path, host, &map, &error);

	if (rv == SNAPSHOT_MAPPED)
		snapshot_file_unmap(&map);
	CHECK(!map.bytes && !map.path);
	if (error)
		dprintf(2, "%s\n", error);
	CHECK(!error == (rv != SNAPSHOT_UNUSABLE));
	free(error);
	return rv;
}

/* It is there and of no use, and the message says which, what of it, and what to do. */
static void expect_unusable(const char *path, bool host, const char *what)
{
	struct snapshot_map map;
	char *error, *at = snapshot_file_path(path, host);

	CHECK(at && snapshot_file_map(path, host, &map, &error) == SNAPSHOT_UNUSABLE);
	CHECK(!map.bytes && !map.path && error);
	if (!strstr(error, what))
		dprintf(2, "said: %s\nnot: %s\n", error, what);
	CHECK(strstr(error, what));
	if (!host)
		CHECK(!strncmp(error, at, strlen(at)));
	CHECK(strstr(error, ": ") && strstr(error, "; ") && !strchr(error, '\n'));
	free(error);
	free(at);
}

static void expect_path(const char *path, bool host, const char *expected)
{
	char *got = snapshot_file_path(path, host);

	assert_string_equal(got, expected);
	free(got);
}

static void where_it_belongs(void **state)
{
	(void)state;
	expect_path("/etc/pinshim", true, "/var/lib/pinshim/policy.snapshot");
	expect_path("/etc/p.ini", false, "/etc/p.ini.snapshot");
	expect_path("/etc/d", false, "/etc/d.snapshot");
	expect_path("/etc/d//", false, "/etc/d.snapshot");
	expect_path("/", false, "/.snapshot");
}

static void absent(void **state)
{
	(void)state;
	write_file(in("p.ini"), GOOD);
	assert_int_equal(found(in("p.ini"), false), SNAPSHOT_ABSENT);
	assert_int_equal(found(in("p.ini/x"), false), SNAPSHOT_ABSENT);
	assert_int_equal(found(in("none/x"), false), SNAPSHOT_ABSENT);
	assert_int_equal(symlink("nowhere", in("p.ini.snapshot")), 0);
	assert_int_equal(found(in("p.ini"), false), SNAPSHOT_ABSENT);
}

/* No name can be as long as its would be. */
static void of_a_long_name(void **state)
{
	char name[250] = "";

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	write_file(in(name), GOOD);
	assert_int_equal(found(in(name), false), SNAPSHOT_ABSENT);
}

static void mapped(void **state)
{
	struct snapshot_map map;
	char *error;
	int before = count_descriptors();

	(void)state;
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	assert_int_equal(snapshot_file_map(in("p.ini"), false, &map, &error), SNAPSHOT_MAPPED);
	assert_null(error);
	assert_string_equal(map.path, in("p.ini.snapshot"));
	assert_string_equal(policy_string(map.snapshot.policy, map.snapshot.policy->path),
			    in("p.ini"));
	assert_int_equal(count_descriptors(), before);
	assert_int_equal(count_maps(map.path), 1);
	snapshot_file_unmap(&map);
	assert_null(map.bytes);
	assert_int_equal(count_maps(in("p.ini.snapshot")), 0);
	snapshot_file_unmap(&map); /* nothing is */
	/* A link counts for what it leads to. */
	assert_int_equal(rename(in("p.ini.snapshot"), in("elsewhere")), 0);
	assert_int_equal(symlink("elsewhere", in("p.ini.snapshot")), 0);
	assert_int_equal(found(in("p.ini"), false), SNAPSHOT_MAPPED);
}

static void something_else(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int before = count_descriptors(), fd;

	(void)state;
	write_file(in("p.ini"), GOOD);
	assert_int_equal(mkfifo(in("p.ini.snapshot"), 0644), 0);
	expect_unusable(in("p.ini"), false, "is not a regular file; remove it, or run 'pinshim ");
	assert_int_equal(unlink(in("p.ini.snapshot")), 0);
	assert_int_equal(mkdir(in("p.ini.snapshot"), 0755), 0);
	expect_unusable(in("p.ini"), false, "is not a regular file");
	assert_int_equal(rmdir(in("p.ini.snapshot")), 0);
	assert_int_equal(symlink("/dev/zero", in("p.ini.snapshot")), 0);
	expect_unusable(in("p.ini"), false, "is not a regular file");
	assert_int_equal(unlink(in("p.ini.snapshot")), 0);
	assert_int_equal(symlink("p.ini.snapshot", in("p.ini.snapshot")), 0);
	expect_unusable(in("p.ini"), false, "cannot be read: ");
	assert_int_equal(unlink(in("p.ini.snapshot")), 0);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strcpy(address.sun_path, in("p.ini.snapshot"));
	assert_int_equal(bind(fd, (void *)&address, sizeof(address)), 0);
	expect_unusable(in("p.ini"), false, "cannot be read: ");
	close(fd);
	assert_int_equal(count_descriptors(), before);
}

static void what_is_no_snapshot(void **state)
{
	struct stat st;

	(void)state;
	write_file(in("p.ini"), GOOD);
	write_file(in("p.ini.snapshot"), "");
	expect_unusable(in("p.ini"), false, "is cut short; run 'pinshim compile'");
	write_file(in("p.ini.snapshot"), "x");
	expect_unusable(in("p.ini"), false, "is cut short");
	replace_file(in("p.ini.snapshot"), GOOD GOOD_2);
	expect_unusable(in("p.ini"), false, "is no snapshot; run 'pinshim compile'");
	compile(in("p.ini"), false);
	assert_int_equal(stat(in("p.ini.snapshot"), &st), 0);
	assert_int_equal(truncate(in("p.ini.snapshot"), st.st_size - 1), 0);
	expect_unusable(in("p.ini"), false, "is cut short");
	assert_int_equal(truncate(in("p.ini.snapshot"), st.st_size), 0);
	assert_int_equal(truncate(in("p.ini.snapshot"), st.st_size + 1), 0);
	expect_unusable(in("p.ini"), false, "has grown");
}

static void others_may_write_it(void **state)
{
	static const mode_t bad[] = { 0664, 0646, 0666, 0622 };
	static const mode_t good[] = { 0644, 0600, 0444, 0755 };

	(void)state;
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	for (int i = 0; i < 4; i++) {
		char what[128];

		snprintf(what, sizeof(what),
			 "can be written by others than its owner (mode %04o); chmod go-w it",
			 bad[i]);
		assert_int_equal(chmod(in("p.ini.snapshot"), bad[i]), 0);
		expect_unusable(in("p.ini"), false, what);
		assert_int_equal(chmod(in("p.ini.snapshot"), good[i]), 0);
		assert_int_equal(found(in("p.ini"), false), SNAPSHOT_MAPPED);
	}
}

static void as_nobody(const void *arg)
{
	CHECK(geteuid() != 0 ||
	      (setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0));
	expect_unusable(arg, false, "cannot be read: Permission denied; run 'pinshim compile'");
}

static void it_cannot_be_read(void **state)
{
	(void)state;
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	assert_int_equal(chmod(in("p.ini.snapshot"), 0), 0);
	assert_int_equal(in_child(as_nobody, in("p.ini")), 0);
}

/* Somebody who can write the policy anyway may write its snapshot as well. */
static void owners(void **state)
{
	char what[64];

	(void)state;
	if (!may_mount())
		skip();
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	snprintf(what, sizeof(what), "is owned by uid %d, who is neither root nor", SOMEONE);
	assert_int_equal(chown(in("p.ini.snapshot"), SOMEONE, 0), 0);
	expect_unusable(in("p.ini"), false, what);
	assert_int_equal(chown(in("p.ini"), SOMEONE + 1, 0), 0);
	expect_unusable(in("p.ini"), false, what);
	assert_int_equal(chown(in("p.ini"), SOMEONE, 0), 0);
	assert_int_equal(found(in("p.ini"), false), SNAPSHOT_MAPPED);
	assert_int_equal(chown(in("p.ini.snapshot"), 0, 0), 0);
	assert_int_equal(found(in("p.ini"), false), SNAPSHOT_MAPPED);
	assert_int_equal(chown(in("p.ini.snapshot"), SOMEONE, 0), 0);
	assert_int_equal(unlink(in("p.ini")), 0);
	expect_unusable(in("p.ini"), false, what);
}

/* In a user namespace two users may look like one. */
static void check_unknown_owner(const void *arg)
{
	static const char *const maps[] = { "         0       1000          1\n", "",
					    "         0          0 4294967295\n         1 " };

	CHECK(chown(in("p.ini"), 65534, 0) == 0 && chown(in("p.ini.snapshot"), 65534, 0) == 0);
	CHECK(found(arg, false) == SNAPSHOT_MAPPED);
	own_mounts();
	hide("/proc");
	expect_unusable(arg, false, "is owned by uid 65534, who may be anybody in a user");
	CHECK(mkdir("/proc/self", 0755) == 0);
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		write_file("/proc/self/uid_map", maps[i]);
		expect_unusable(arg, false, "is owned by uid 65534, who may be anybody");
	}
	CHECK(chown(in("p.ini.snapshot"), 0, 0) == 0 && found(arg, false) == SNAPSHOT_MAPPED);
	CHECK(chown(in("p.ini.snapshot"), SOMEONE, 0) == 0 && chown(arg, SOMEONE, 0) == 0);
	CHECK(found(arg, false) == SNAPSHOT_MAPPED);
}

static void owners_without_a_number(void **state)
{
	(void)state;
	if (!may_mount())
		skip();
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	assert_int_equal(in_child(check_unknown_owner, in("p.ini")), 0);
}

#define HOST_REMEDY "run 'pinshim apply /etc/pinshim'"

static void check_host(const void *arg)
{
	(void)arg;
	own_mounts();
	hide("/etc");
	hide("/var");
	CHECK(mkdir(SOURCE_HOST_DIR, 0755) == 0 && mkdir("/var/lib", 0755) == 0);
	CHECK(found(SOURCE_HOST_DIR, true) == SNAPSHOT_ABSENT);
	CHECK(mkdir(SNAPSHOT_HOME, 0755) == 0);
	CHECK(found(SOURCE_HOST_DIR, true) == SNAPSHOT_ABSENT);
	write_file(SOURCE_HOST_DIR "/policy.ini", GOOD);
	compile(SOURCE_HOST_DIR, true);
	CHECK(found(SOURCE_HOST_DIR, true) == SNAPSHOT_MAPPED);

	CHECK(chmod(SNAPSHOT_OF_HOST, 0664) == 0);
	expect_unusable(SOURCE_HOST_DIR, true, SNAPSHOT_OF_HOST ": can be written by others");
	CHECK(chmod(SNAPSHOT_OF_HOST, 0646) == 0);
	expect_unusable(SOURCE_HOST_DIR, true, SNAPSHOT_OF_HOST ": can be written by others");
	CHECK(chmod(SNAPSHOT_OF_HOST, 0644) == 0 && chown(SNAPSHOT_OF_HOST, SOMEONE, 0) == 0);
	expect_unusable(SOURCE_HOST_DIR, true, SNAPSHOT_OF_HOST ": is owned by uid 1000");
	/* Nor does it help that the policy has the same owner. */
	CHECK(chown(SOURCE_HOST_DIR, SOMEONE, 0) == 0);
	expect_unusable(SOURCE_HOST_DIR, true, SNAPSHOT_OF_HOST ": is owned by uid 1000");
	CHECK(chown(SNAPSHOT_OF_HOST, 0, 0) == 0 && chown(SOURCE_HOST_DIR, 0, 0) == 0);

	CHECK(chmod(SNAPSHOT_HOME, 0775) == 0);
	expect_unusable(SOURCE_HOST_DIR, true, SNAPSHOT_HOME ": can be written by others");
	CHECK(chmod(SNAPSHOT_HOME, 01777) == 0);
	expect_unusable(SOURCE_HOST_DIR, true, SNAPSHOT_HOME ": can be written by others");
	CHECK(chmod(SNAPSHOT_HOME, 0755) == 0 && chown(SNAPSHOT_HOME, SOMEONE, 0) == 0);
	expect_unusable(SOURCE_HOST_DIR, true, SNAPSHOT_HOME ": is owned by uid 1000");
	CHECK(chown(SNAPSHOT_HOME, 0, 0) == 0 && chmod("/var", 0777) == 0);
	expect_unusable(SOURCE_HOST_DIR, true, "/var: can be written by others");
	CHECK(chmod("/var", 0755) == 0);
	CHECK(found(SOURCE_HOST_DIR, true) == SNAPSHOT_MAPPED);

	/* What a link leads to counts. */
	CHECK(mkdir("/var/tmp", 01777) == 0 && chmod("/var/tmp", 01777) == 0);
	CHECK(rename(SNAPSHOT_OF_HOST, "/var/tmp/x") == 0);
	CHECK(symlink("/var/tmp/x", SNAPSHOT_OF_HOST) == 0);
	expect_unusable(SOURCE_HOST_DIR, true, "/var/tmp: can be written by others");
	CHECK(rename("/var/tmp/x", SNAPSHOT_OF_HOST) == 0);
	CHECK(found(SOURCE_HOST_DIR, true) == SNAPSHOT_MAPPED);

	CHECK(truncate(SNAPSHOT_OF_HOST, 4096) == 0);
	expect_unusable(SOURCE_HOST_DIR, true, "is cut short; " HOST_REMEDY);
	/* More than there are addresses for. */
	CHECK(truncate(SNAPSHOT_OF_HOST, 1LL << 50) == 0);
	expect_unusable(SOURCE_HOST_DIR, true, sizeof(void *) > 4 ? "cannot be mapped" : "large");
	CHECK(unlink(SNAPSHOT_OF_HOST) == 0 && mkfifo(SNAPSHOT_OF_HOST, 0644) == 0);
	expect_unusable(SOURCE_HOST_DIR, true, "is not a regular file; remove it, or " HOST_REMEDY);
}

static void nobody_but_root_may_have_written_the_hosts(void **state)
{
	(void)state;
	if (!may_mount())
		skip();
	assert_int_equal(in_child(check_host, NULL), 0);
}

/* --- whether it is of the files that are there */

/* The age of PATH's snapshot; what is said of it when it is stale has PART in it. */
static enum snapshot_age age_of(const char *path, bool host, const char *part)
{
	struct snapshot_map map;
	char *error, *why = NULL;
	enum snapshot_age rv;

	CHECK(snapshot_file_map(path, host, &map, &error) == SNAPSHOT_MAPPED);
	rv = snapshot_file_age(&map, path, host, &why);
	CHECK(snapshot_file_age(&map, path, host, NULL) == rv);
	if (why && !strstr(why, part))
		dprintf(2, "said: %s\nnot: %s\n", why, part);
	CHECK(rv == SNAPSHOT_STALE ? why && strstr(why, part) : !why);
	free(why);
	snapshot_file_unmap(&map);
	return rv;
}

#define IS_CURRENT(path)     assert_int_equal(age_of(path, false, ""), SNAPSHOT_CURRENT)
#define IS_STALE(path, part) assert_int_equal(age_of(path, false, part), SNAPSHOT_STALE)

static void it_is_current(void **state)
{
	(void)state;
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	IS_CURRENT(in("p.ini"));
	/* Nobody's change. */
	assert_int_equal(chmod(in("p.ini.snapshot"), 0600), 0);
	replace_file(in("q.ini"), GOOD_2);
	IS_CURRENT(in("p.ini"));
}

/* Each thing that was recorded, wrong by one. */
static void a_stamp_that_differs(void **state)
{
	struct source *s;
	struct stat *was, right;

	(void)state;
	write_file(in("p.ini"), GOOD);
	s = read_policy(in("p.ini"), false);
	was = &s->stamps[0].was;
	right = *was;
#define DIFFERS(field)                                          \
	do {                                                    \
		field;                                          \
		write_snapshot(s, false, in("p.ini.snapshot")); \
		IS_STALE(in("p.ini"), "/p.ini has changed");    \
		*was = right;                                   \
	} while (0)
	DIFFERS(was->st_dev++);
	DIFFERS(was->st_ino++);
	DIFFERS(was->st_ino += (ino_t)1 << 32);
	DIFFERS(was->st_size++);
	DIFFERS(was->st_size += (off_t)1 << 32);
	DIFFERS(was->st_mtim.tv_sec--);
	DIFFERS(was->st_mtim.tv_nsec ^= 1);
	DIFFERS(was->st_ctim.tv_sec++);
	DIFFERS(was->st_ctim.tv_nsec ^= 1);
	write_snapshot(s, false, in("p.ini.snapshot"));
	IS_CURRENT(in("p.ini"));
	source_free(s);
}

/* What is written within one second cannot be told apart there. */
static void times_of_whole_seconds(void **state)
{
	struct source *s;

	(void)state;
	write_file(in("p.ini"), GOOD);
	s = read_policy(in("p.ini"), false);
	s->stamps[0].was.st_ctim.tv_nsec = 0;
	write_snapshot(s, false, in("p.ini.snapshot"));
	IS_STALE(in("p.ini"), "/p.ini is where times have whole seconds");
	source_free(s);
}

/* --- a folder of policies, and all that one can name */

static void make_everything(void)
{
	char text[1024];

	CHECK(mkdir(in("d"), 0755) == 0);
	write_file(in("ca.pem"), PEM);
	write_file(in("logs"), LOGS);
	write_file(in("list"), KEY "\n");
	snprintf(text, sizeof(text),
		 "ct-logs = %s\nrevoked = %s\n[x.example.com]\n" P
		 "verify = full\nca-file = %s\nct = require\n",
		 in("logs"), in("list"), in("ca.pem"));
	write_file(in("d/a.ini"), text);
	write_file(in("d/b.ini"), GOOD);
	age();
}

static const char *const everything[] = { "d/a.ini", "d/b.ini", "ca.pem", "logs", "list", "d" };

static void keep_times(const char *path, const struct stat *of)
{
	const struct timespec times[] = { of->st_atim, of->st_mtim };

	CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
}

static void grow(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	CHECK(fd >= 0 && write(fd, "\n", 1) == 1 && close(fd) == 0);
}

/* One byte, and the times of before. */
static void write_over(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0 && fstat(fd, &st) == 0 && pwrite(fd, "#", 1, 0) == 1 && close(fd) == 0);
	keep_times(path, &st);
}

static void touch(const char *path)
{
	CHECK(utimensat(AT_FDCWD, path, NULL, 0) == 0);
}

static void change_mode(const char *path)
{
	struct stat st;

	CHECK(stat(path, &st) == 0 && chmod(path, st.st_mode ^ 0010) == 0);
}

/* The same bytes and times, and another file. */
static void replace(const char *path)
{
	char command[1200];

	snprintf(command, sizeof(command), "cp -a '%s' '%s.new' && mv '%s.new' '%s'", path, path,
		 path, path);
	CHECK(system(command) == 0);
}

static void take_away(const char *path)
{
	CHECK(unlink(path) == 0);
}

static void each_file_counts(void **state)
{
	static void (*const changes[])(const char *) = { grow,	      write_over, touch,
							 change_mode, replace,	  take_away };

	(void)state;
	make_everything();
	for (size_t file = 0; file < 5; file++)
		for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
			char command[512], part[128];

			snprintf(command, sizeof(command), "cp -a '%s' '%s'", in(everything[file]),
				 in("was"));
			compile(in("d"), false);
			IS_CURRENT(in("d"));
			assert_int_equal(system(command), 0);
			changes[i](in(everything[file]));
			snprintf(part, sizeof(part), "/%s %s", everything[file],
				 changes[i] == take_away ? "is gone" : "has ");
			if (file < 2 && (changes[i] == replace || changes[i] == take_away))
				strcpy(part, "/d has changed"); /* is looked at before */
			IS_STALE(in("d"), part);
			assert_int_equal(rename(in("was"), in(everything[file])), 0);
			age();
		}
}

static void a_folder_counts(void **state)
{
	(void)state;
	make_everything();
	compile(in("d"), false);
	write_file(in("d/c.ini"), GOOD_2);
	IS_STALE(in("d"), "/d has changed");
	compile(in("d"), false);
	IS_CURRENT(in("d"));
	assert_int_equal(chmod(in("d"), 0700), 0);
	IS_STALE(in("d"), "/d has changed");
	compile(in("d"), false);
	assert_int_equal(rename(in("d"), in("e")), 0);
	IS_STALE(in("d"), "/d is gone");
}

static void check_absent_part(const void *arg)
{
	static const char name[] = SOURCE_HOST_DIR "/policy.d";

	(void)arg;
	own_mounts();
	hide("/etc");
	hide("/var/lib");
	CHECK(mkdir(SOURCE_HOST_DIR, 0755) == 0 && mkdir(SNAPSHOT_HOME, 0755) == 0);
	write_file(SOURCE_HOST_DIR "/policy.ini", GOOD);
	compile(SOURCE_HOST_DIR, true);
	CHECK(age_of(SOURCE_HOST_DIR, true, "") == SNAPSHOT_CURRENT);
	CHECK(mkdir(name, 0755) == 0);
	CHECK(age_of(SOURCE_HOST_DIR, true, "/policy.d is there now") == SNAPSHOT_STALE);
	CHECK(rmdir(name) == 0);
	CHECK(age_of(SOURCE_HOST_DIR, true, "") == SNAPSHOT_CURRENT);
	CHECK(symlink("nowhere", name) == 0); /* as for who reads it */
	CHECK(age_of(SOURCE_HOST_DIR, true, "") == SNAPSHOT_CURRENT);
	CHECK(unlink(name) == 0 && symlink("policy.d", name) == 0); /* likewise */
	CHECK(age_of(SOURCE_HOST_DIR, true, "/policy.d cannot be read: ") == SNAPSHOT_STALE);
	CHECK(unlink(name) == 0 && mkfifo(name, 0644) == 0);
	CHECK(age_of(SOURCE_HOST_DIR, true, "/policy.d is there now") == SNAPSHOT_STALE);
	CHECK(unlink(name) == 0);

	/* The host's is no other policy's, though the files are the same. */
	CHECK(system("cp -a " SNAPSHOT_OF_HOST " " SOURCE_HOST_DIR ".snapshot") == 0);
	CHECK(age_of(SOURCE_HOST_DIR, false, "it is of the policy ") == SNAPSHOT_STALE);
	compile(SOURCE_HOST_DIR "/policy.ini", false);
	CHECK(age_of(SOURCE_HOST_DIR "/policy.ini", false, "") == SNAPSHOT_CURRENT);
	CHECK(system("mv " SOURCE_HOST_DIR "/policy.ini.snapshot " SNAPSHOT_OF_HOST) == 0);
	CHECK(age_of(SOURCE_HOST_DIR, true, "it is of the policy ") == SNAPSHOT_STALE);
}

static void what_was_absent_counts(void **state)
{
	(void)state;
	if (!may_mount())
		skip();
	assert_int_equal(in_child(check_absent_part, NULL), 0);
}

static void stale_for_nobody(const void *arg)
{
	CHECK(geteuid() != 0 ||
	      (setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0));
	CHECK(age_of(arg, false, "cannot be read: Permission denied") == SNAPSHOT_STALE);
}

/* Who may not read the text learns nothing of it here. */
static void a_text_that_cannot_be_read(void **state)
{
	(void)state;
	make_everything();
	for (size_t file = 0; file < 6; file++) {
		assert_int_equal(chmod(in(everything[file]), file == 5 ? 0711 : 0600), 0);
		age();
		compile(in("d"), false);
		assert_int_equal(in_child(stale_for_nobody, in("d")), 0);
		assert_int_equal(chmod(in(everything[file]), file == 5 ? 0755 : 0644), 0);
		age();
	}
}

static void anothers(void **state)
{
	char command[512];

	(void)state;
	write_file(in("p.ini"), GOOD);
	write_file(in("q.ini"), GOOD_2);
	compile(in("q.ini"), false);
	snprintf(command, sizeof(command), "cp -a '%s' '%s'", in("q.ini.snapshot"),
		 in("p.ini.snapshot"));
	assert_int_equal(system(command), 0);
	IS_STALE(in("p.ini"), "/q.ini");
	IS_CURRENT(in("q.ini"));
	/* The very file under two names is two policies. */
	assert_int_equal(unlink(in("p.ini")), 0);
	assert_int_equal(symlink("q.ini", in("p.ini")), 0);
	IS_STALE(in("p.ini"), "it is of the policy ");
	compile(in("p.ini"), false);
	IS_CURRENT(in("p.ini"));
}

static void without_a_record(void **state)
{
	struct source *s;
	size_t n;

	(void)state;
	write_file(in("p.ini"), GOOD);
	s = read_policy(in("p.ini"), false);
	n = s->n_stamps;
	s->n_stamps = 0;
	write_snapshot(s, false, in("p.ini.snapshot"));
	s->n_stamps = n;
	source_free(s);
	IS_STALE(in("p.ini"), "it has no record of any file");
}

static enum snapshot_age pending_for(struct snapshot_map *map, time_t seconds)
{
	char *why;
	enum snapshot_age age;

	map->was.st_ctim.tv_sec = time(NULL) - seconds;
	age = snapshot_file_age(map, in("p.ini"), false, &why);
	assert_int_equal(!why, age != SNAPSHOT_STALE);
	if (why)
		assert_string_equal(why, "'pinshim apply' was interrupted");
	free(why);
	return age;
}

/* Whatever its record says, which is not made yet. */
static void pending(void **state)
{
	struct source *s;
	struct snapshot_map map;
	char *error;

	(void)state;
	write_file(in("p.ini"), GOOD);
	s = read_policy(in("p.ini"), false);
	write_snapshot(s, true, in("p.ini.snapshot"));
	source_free(s);
	assert_int_equal(age_of(in("p.ini"), false, ""), SNAPSHOT_PENDING);
	assert_int_equal(snapshot_file_map(in("p.ini"), false, &map, &error), SNAPSHOT_MAPPED);
	assert_int_equal(pending_for(&map, 0), SNAPSHOT_PENDING);
	assert_int_equal(pending_for(&map, 1), SNAPSHOT_PENDING);
	assert_int_equal(pending_for(&map, 4), SNAPSHOT_STALE);
	assert_int_equal(pending_for(&map, 100000), SNAPSHOT_STALE);
	assert_int_equal(pending_for(&map, -100), SNAPSHOT_STALE); /* the clock was set */
	snapshot_file_unmap(&map);
}

/* --- the very file that is mapped */

static void changed_while_mapped(void **state)
{
	static void (*const changes[])(const char *) = { grow, write_over, touch, change_mode };
	struct snapshot_map map = { .bytes = NULL };
	char *error;

	(void)state;
	assert_false(snapshot_file_changed(&map));
	write_file(in("p.ini"), GOOD);
	for (size_t i = 0; i < 5; i++) {
		compile(in("p.ini"), false);
		assert_int_equal(snapshot_file_map(in("p.ini"), false, &map, &error),
				 SNAPSHOT_MAPPED);
		age();
		assert_false(snapshot_file_changed(&map));
		if (i < 4)
			changes[i](map.path);
		else
			assert_int_equal(truncate(map.path, 0), 0);
		assert_true(snapshot_file_changed(&map));
		snapshot_file_unmap(&map);
	}
}

static void maps_its_own(const void *arg)
{
	struct snapshot_map map;
	char *error;

	CHECK(setresuid(SOMEONE, SOMEONE, SOMEONE) == 0);
	CHECK(snapshot_file_map(arg, false, &map, &error) == SNAPSHOT_MAPPED);
	CHECK(!map.copied && count_maps(map.path) == 1);
}

/* In place, by another user who may write it: that must not reach us, nor end us. */
static void anothers_is_copied(void **state)
{
	const struct policy_section *found;
	struct snapshot_map map;
	char *error;
	int before = count_descriptors();

	(void)state;
	if (!may_mount())
		skip();
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	assert_int_equal(chown(in("p.ini"), SOMEONE, 0), 0);
	assert_int_equal(chown(in("p.ini.snapshot"), SOMEONE, 0), 0);
	assert_int_equal(snapshot_file_map(in("p.ini"), false, &map, &error), SNAPSHOT_MAPPED);
	assert_int_equal(count_maps(in("p.ini.snapshot")), 0);
	assert_int_equal(truncate(map.path, 0), 0);
	assert_false(snapshot_file_changed(&map));
	assert_true(policy_find(map.snapshot.policy, "one.example.com", NAME_HOST, &found));
	assert_non_null(found);
	snapshot_file_unmap(&map);
	assert_int_equal(count_descriptors(), before);
	compile(in("p.ini"), false);
	assert_int_equal(chown(in("p.ini.snapshot"), SOMEONE, 0), 0);
	assert_int_equal(in_child(maps_its_own, in("p.ini")), 0);
}

static void replaced_while_mapped(void **state)
{
	struct snapshot_map map;
	char *error;

	(void)state;
	write_file(in("p.ini"), GOOD);
	compile(in("p.ini"), false);
	assert_int_equal(snapshot_file_map(in("p.ini"), false, &map, &error), SNAPSHOT_MAPPED);
	replace_file(map.path, "nonsense");
	assert_false(snapshot_file_changed(&map));
	assert_int_equal(unlink(map.path), 0);
	assert_false(snapshot_file_changed(&map));
	assert_true(map.snapshot.head->size == map.size); /* it is still there */
	snapshot_file_unmap(&map);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(where_it_belongs),
		TEST(absent),
		TEST(of_a_long_name),
		TEST(mapped),
		TEST(something_else),
		TEST(what_is_no_snapshot),
		TEST(others_may_write_it),
		TEST(it_cannot_be_read),
		TEST(owners),
		TEST(owners_without_a_number),
		TEST(nobody_but_root_may_have_written_the_hosts),
		TEST(it_is_current),
		TEST(a_stamp_that_differs),
		TEST(times_of_whole_seconds),
		TEST(each_file_counts),
		TEST(a_folder_counts),
		TEST(what_was_absent_counts),
		TEST(a_text_that_cannot_be_read),
		TEST(anothers),
		TEST(without_a_record),
		TEST(pending),
		TEST(changed_while_mapped),
		TEST(anothers_is_copied),
		TEST(replaced_while_mapped),
	};

	umask(0022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

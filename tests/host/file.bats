# SPDX-License-Identifier: MIT
#
# What `pinshim host' makes of every odd ld.so.preload, below root folders.
# shellcheck disable=SC2154 # set by the rig

load common

# Enabling makes a text of the first, disabling the third of that.
there_and_back() { # BEFORE ENABLED [DISABLED]
	file "$1"
	enable
	holds "$2"
	local identity
	identity=$(stat -c '%i %Z' "$R$PRELOAD")
	enable
	assert_said 'has the library already; nothing was changed'
	[ "$(stat -c '%i %Z' "$R$PRELOAD")" = "$identity" ] || fail "it was written again"
	holds "$2"
	disable
	holds "${3-$1}"
	disable
	assert_said 'does not have the library; nothing was changed'
	holds "${3-$1}"
}

@test "no file: it is made, and taken away again" {
	make_root
	enable
	holds "$INSTALLED\n"
	[ "$(stat -c '%a %u %g' "$R$PRELOAD")" = '644 0 0' ] || fail "$(stat "$R$PRELOAD")"
	assert_said "put in $INSTALLED"
	disable
	[ ! -e "$R$PRELOAD" ] || fail "it is still there"
	assert_said "took out $INSTALLED"
	disable
	assert_said 'nothing was changed'
	[ ! -e "$R$PRELOAD" ] || fail "it is there again"
	[ "$(ls -A "$R/etc")" = '' ] || fail "left behind: $(ls -A "$R/etc")"
}

@test "a new file is readable for all, whatever the umask" {
	make_root
	umask 077
	enable
	[ "$(stat -c %a "$R$PRELOAD")" = 644 ] || fail "$(stat "$R$PRELOAD")"
}

@test "an empty file" {
	make_root
	file ''
	enable
	holds "$INSTALLED\n"
	file ''
	disable
	[ -e "$R$PRELOAD" ] || fail "disable took away what was not its own"
}

@test "other entries and comments stay, in their order" {
	make_root
	there_and_back "/lib/a.so\n" "/lib/a.so\n$INSTALLED\n"
	there_and_back "# comment\n\n  /lib/b.so:/lib/a.so \t# why\n" \
		"# comment\n\n  /lib/b.so:/lib/a.so \t# why\n$INSTALLED\n"
	assert_err "warning: .*ld\.so\.preload: the loader takes '#' in a comment for an entry"
	there_and_back "\n\n" "\n\n$INSTALLED\n"
}

@test "no last newline" {
	make_root
	there_and_back "/lib/a.so" "/lib/a.so\n$INSTALLED\n" "/lib/a.so\n"
	there_and_back "# a comment" "# a comment\n$INSTALLED\n" "# a comment\n"
	file "/lib/a.so\n$INSTALLED"
	enable
	assert_said 'nothing was changed'
	disable
	holds "/lib/a.so\n"
}

@test "our entry twice: one is left, and disable takes all" {
	make_root
	file "$INSTALLED\n/lib/a.so\n$INSTALLED\n"
	enable
	holds "$INSTALLED\n/lib/a.so\n"
	file "$INSTALLED\n/lib/a.so\n$INSTALLED $INSTALLED"
	disable
	holds "/lib/a.so\n"
}

@test "another copy of the library is replaced where it stands, and that is said" {
	make_root
	file "/lib/a.so\n/usr/lib/libpinshim.so # ours\n/lib/b.so\n"
	enable
	holds "/lib/a.so\n$INSTALLED # ours\n/lib/b.so\n"
	assert_said 'took out /usr/lib/libpinshim\.so$'
	assert_said "put in $INSTALLED"
	file "/opt/x/libpinshim.so:$INSTALLED\n"
	enable
	holds "$INSTALLED\n"
	assert_said 'took out /opt/x/libpinshim\.so$'
}

@test "disable takes out every copy, installed or not" {
	make_root
	rm "$R$INSTALLED"
	file "/lib/a.so /usr/lib/libpinshim.so\nlibpinshim.so\n/opt/libpinshim.so:/lib/b.so\n"
	disable
	holds "/lib/a.so\n/lib/b.so\n"
	[ "$(wc -l <"$T/out")" = 3 ] || fail "not three copies are told"
}

@test "names that only look like ours stay" {
	make_root
	there_and_back "/lib/mylibpinshim.so\n/lib/libpinshim.so.1\n/libpinshim.so/x.so\n" \
		"/lib/mylibpinshim.so\n/lib/libpinshim.so.1\n/libpinshim.so/x.so\n$INSTALLED\n"
}

@test "our entry on a line with others" {
	make_root
	file "/lib/a.so $INSTALLED /lib/b.so\n"
	enable
	assert_said 'nothing was changed'
	disable
	holds "/lib/a.so /lib/b.so\n"
	file "/lib/a.so: $INSTALLED\n"
	disable
	holds "/lib/a.so\n"
	file "\t$INSTALLED:/lib/a.so # both\n"
	disable
	holds "\t/lib/a.so # both\n"
	file "$INSTALLED#ours\n/lib/a.so\n"
	disable
	holds "#ours\n/lib/a.so\n"
}

@test "an entry that is commented out is none" {
	make_root
	there_and_back "# $INSTALLED\n" "# $INSTALLED\n$INSTALLED\n"
	there_and_back "/lib/a.so#$INSTALLED\n" "/lib/a.so#$INSTALLED\n$INSTALLED\n"
}

@test "what the loader itself takes for an entry, behind several comments" {
	make_root
	# It overlooks the last of these comments, so its words are entries.
	file "# one\n# two\n# three\n# $INSTALLED\n"
	enable
	assert_said 'nothing was changed'
	disable
	! grep -q pinshim "$R$PRELOAD" || fail "it is still there"
}

@test "taking our entry out brings no comment to life" {
	make_root
	# Without its line, the loader would blank half of the last comment, and find b.so.
	file "$INSTALLED\n# one\n/lib/a.so\n# /lib/b.so\n"
	cp "$R$PRELOAD" "$T/before"
	loaded <"$T/before" | grep -vxF "$INSTALLED" >"$T/expected" || true
	disable
	! grep -q pinshim "$R$PRELOAD" || fail "it is still there"
	loaded <"$R$PRELOAD" >"$T/entries"
	diff "$T/expected" "$T/entries" || fail "$(cat "$R$PRELOAD")"
}

@test "putting our entry in brings no comment to life" {
	make_root
	# With a line more, the loader would blank no more than the sign of the last comment.
	file "# one\n/lib/a.so # two and more of \n\n#/lib/b.so\n"
	enable
	loaded <"$R$PRELOAD" | sort -u >"$T/entries"
	printf '%s\n' /lib/a.so "$INSTALLED" | diff - "$T/entries" || fail "$(cat "$R$PRELOAD")"
	disable
	! grep -q pinshim "$R$PRELOAD" || fail "it is still there"
}

# What this machine's loader finds in a file: every entry is missing there, and it says so.
loaded() {
	mkdir -p "$T/loader" "$T/loader-etc"
	cat >"$T/loader/ld.so.preload"
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -m bash -euc '
		mount -t tmpfs -o mode=755 none "$1"
		cp -a /etc/. "$2/." "$1"
		mount --bind "$1" /etc
		env -i /bin/true' - "$T/loader-etc" "$T/loader" 2>&1 |
		sed -n "s/^ERROR: ld.so: object '\(.*\)' from .*/\1/p"
}

@test "mode, owner and attributes of the file stay" {
	make_root
	file "/lib/a.so\n"
	chmod 444 "$R$PRELOAD"
	chgrp 65534 "$R$PRELOAD"
	setfattr -n trusted.note -v kept "$R$PRELOAD"
	enable
	holds "/lib/a.so\n$INSTALLED\n"
	[ "$(stat -c '%a %u %g' "$R$PRELOAD")" = '444 0 65534' ] || fail "$(stat "$R$PRELOAD")"
	[ "$(getfattr --absolute-names --only-values -n trusted.note "$R$PRELOAD")" = kept ] ||
		fail "the attribute is lost"
}

@test "a symbolic link stays one" {
	make_root
	mkdir "$R/conf"
	ln -s /conf/preload "$R$PRELOAD"
	enable
	[ -L "$R$PRELOAD" ] || fail "it is no link any more"
	[ "$(<"$R/conf/preload")" = "$INSTALLED" ] || fail "$(cat "$R/conf/preload")"
	[ ! -e /conf ] || fail "it was followed out of the root folder"
	disable
	[ -L "$R$PRELOAD" ] || fail "it is no link any more"
	[ -e "$R/conf/preload" ] && [ ! -s "$R/conf/preload" ] || fail "it leads nowhere"
	rm "$R$PRELOAD"
	ln -s ../conf/preload "$R$PRELOAD"
	enable
	[ "$(<"$R/conf/preload")" = "$INSTALLED" ] || fail "$(cat "$R/conf/preload")"
}

@test "a symbolic link that leads nowhere" {
	make_root
	local target
	for target in /missing/preload ld.so.preload; do
		ln -s "$target" "$R$PRELOAD"
		for word in enable disable status; do
			on_root $word
			assert_rc 1
			assert_err "ld\.so\.preload' leads nowhere: "
		done
		rm "$R$PRELOAD"
	done
	[ "$(ls "$R")" = "etc
usr" ] || fail "something was made there"
}

@test "disable works on files that enable would not touch" {
	make_root
	mkdir -m 777 "$R/open"
	printf '%s\n' /lib/a.so "$INSTALLED" >"$R/open/preload"
	chmod 666 "$R/open/preload"
	ln -s /open/preload "$R$PRELOAD"
	disable
	[ "$(<"$R/open/preload")" = /lib/a.so ] || fail "$(cat "$R/open/preload")"
	[ -L "$R$PRELOAD" ] || fail "it is no link any more"
	[ "$(stat -c %a "$R/open/preload")" = 666 ] || fail "another mode"
	rm "$R$PRELOAD"
	file "/lib/a.so\n$INSTALLED\n"
	chown 65534 "$R$PRELOAD" "$R/etc"
	disable
	holds "/lib/a.so\n"
}

refuses() { # PATTERN: enable says so, and the file is as it was
	cp -a "$R$PRELOAD" "$T/before"
	local identity
	identity=$(stat -c '%i %Z' "$R$PRELOAD")
	on_root enable
	assert_rc 1
	assert_err "^pinshim: $1"
	cmp "$T/before" "$R$PRELOAD" || fail "the file was changed"
	[ "$(stat -c '%i %Z' "$R$PRELOAD")" = "$identity" ] || fail "the file was replaced"
}

@test "a file that others could change, or not everybody read, is not used" {
	make_root
	file "/lib/a.so\n"
	chmod 666 "$R$PRELOAD"
	refuses ".*ld\.so\.preload' can be written by others than root \(mode 0666\)"
	chmod 600 "$R$PRELOAD"
	refuses ".*ld\.so\.preload' is not open to every user"
	chmod 644 "$R$PRELOAD"
	chown 65534 "$R$PRELOAD"
	refuses ".*ld\.so\.preload' is owned by uid 65534"
	chown 0 "$R$PRELOAD"
	chmod 777 "$R/etc"
	refuses ".*/etc' can be written by others"
	chmod 755 "$R/etc"
	enable
}

@test "files that are none" {
	make_root
	mkdir "$R$PRELOAD"
	on_root enable
	assert_rc 1
	assert_err "ld\.so\.preload' is not a file of a few lines"
	rmdir "$R$PRELOAD"
	mkfifo "$R$PRELOAD"
	on_root disable
	assert_rc 1
	assert_err "ld\.so\.preload' is not a file of a few lines"
	rm "$R$PRELOAD"
	file "/lib/a.so\n\0$INSTALLED\n"
	on_root disable
	assert_rc 1
	assert_err 'holds a NUL byte'
}

@test "a folder that is no root folder" {
	make_root
	R=$T/nothing
	on_root enable
	assert_rc 1
	assert_err "^pinshim: --root '$R': No such file or directory$"
	mkdir "$R"
	for word in enable disable status; do
		on_root $word
		assert_rc 1
		assert_err "^pinshim: '$R/etc' is not there; is that the root folder of a system\?$"
	done
	[ "$(ls -A "$R")" = '' ] || fail "something was made there"
	R=$LIB
	on_root enable
	assert_rc 1
	assert_err ': Not a directory$'
}

@test "a root folder without the library: it is put in, with a warning" {
	make_root
	rm "$R$INSTALLED"
	enable
	assert_err "^pinshim: warning: .*libpinshim\.so' is not there; put it there before"
	grep -q '/libpinshim\.so$' "$R$PRELOAD" || fail "$(cat "$R$PRELOAD")"
}

@test "a root folder of an ordinary user, by that user" {
	make_root
	chown -R 65534:65534 "$R"
	# shellcheck disable=SC2016 # expanded by the inner shell
	try unshare -m bash -euc '
		mount -t tmpfs -o mode=755 none /mnt
		mkdir /mnt/root
		cp -a "$1/." /mnt/root
		cp "$2" /mnt/pinshim
		shift 2
		exec "$@"' - "$R" "$BUILD/pinshim" "${BARE[@]}" setpriv --reuid 65534 --regid 65534 --clear-groups \
		sh -c '/mnt/pinshim host enable --root /mnt/root && cat /mnt/root/etc/ld.so.preload &&
			/mnt/pinshim host disable --root /mnt/root && ls /mnt/root/etc'
	assert_rc 0
	assert_said "^$INSTALLED$"
	[ "$(tail -n 1 "$T/out")" = "/mnt/root/etc/ld.so.preload: took out $INSTALLED" ] || fail "something is left"
	assert_err 'warning: no mount namespace can be had'
}

@test "command lines that are wrong" {
	local line
	while read -r line; do
		# shellcheck disable=SC2086 # words on purpose
		run_bare "$BUILD/pinshim" host $line
		assert_rc 2
		assert_err '^usage: pinshim host enable\|disable\|status '
	done <<-END

		remove
		enable now
		status --root
		enable --json
		disable --frobnicate
	END
	run_bare "$BUILD/pinshim" host enable --root ''
	assert_rc 2
}

@test "a root folder in odd places" {
	make_root
	R="$T/a:b c#d"
	mv "$T/root" "$R"
	enable
	holds "$INSTALLED\n"
	disable
}

@test "the library of the root folder is the one that is tried" {
	make_root
	echo 'int nothing;' | gcc -shared -fPIC -x c -o "$R$INSTALLED" -
	file "/lib/a.so"
	refuses ".*root$INSTALLED' does not refuse a wrong pin"
}

@test "the policy of the root folder is the one that must be good" {
	make_root
	file "/lib/a.so"
	mkdir "$R/etc/pinshim"
	echo nonsense >"$R/etc/pinshim/policy.ini"
	refuses "the host's policy is bad"
	assert_err '^/etc/pinshim/policy\.ini:1: '
	printf '[a.example]\npin = %s\n' "$(pin api)" >"$R/etc/pinshim/policy.ini"
	enable
	assert_quiet
}

@test "read-only file systems" {
	make_root
	file "/lib/a.so\n$INSTALLED\n"
	# shellcheck disable=SC2016 # expanded by the inner shell
	try unshare -m bash -euc 'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; shift; exec "$@"' - \
		"$R" "${BARE[@]}" "$BUILD/pinshim" host disable --root "$R"
	assert_rc 1
	assert_err "ld\.so\.preload': Read-only file system$"
	holds "/lib/a.so\n$INSTALLED\n"
}

# A library that ends the process in one call.
killer() { # CALL DECLARATION
	printf '#include <signal.h>\n#include <unistd.h>\n#include <sys/types.h>\n%s { kill(getpid(), SIGKILL); return -1; }\n' \
		"$2" | gcc -shared -fPIC -x c -o "$T/$1.so" -
}

@test "a crash in the middle leaves the old file or the new one" {
	make_root
	local call
	killer fchmod 'int fchmod(int fd, mode_t mode)'
	killer fsync 'int fsync(int fd)'
	killer renameat 'int renameat(int from, const char *a, int to, const char *b)'
	for call in fchmod fsync renameat; do
		file "/lib/a.so\n$INSTALLED\n"
		try "${BARE[@]}" "LD_PRELOAD=$T/$call.so" "$BUILD/pinshim" host disable --root "$R"
		assert_rc 137
		holds "/lib/a.so\n$INSTALLED\n"
		disable
		holds "/lib/a.so\n"
		[ "$(ls -A "$R/etc")" = ld.so.preload ] || fail "left behind: $(ls -A "$R/etc")"
	done
	# Taking the file away: only the folder is yet to be written.
	file "$INSTALLED\n"
	try "${BARE[@]}" "LD_PRELOAD=$T/fsync.so" "$BUILD/pinshim" host disable --root "$R"
	assert_rc 137
	[ ! -e "$R$PRELOAD" ] || fail "it is still there"
}

@test "a full disk leaves the old file" {
	make_root
	# shellcheck disable=SC2016 # expanded by the inner shell
	try unshare -m bash -euc '
		mount -t tmpfs -o mode=755,size=8k none "$1/etc"
		printf "/lib/a.so\n%s\n" "$2" >"$1$3"
		head -c 4096 /dev/zero >"$1/etc/filler"
		rc=0
		"${@:4}" || rc=$?
		cat "$1$3"
		ls -A "$1/etc"
		exit $rc' - "$R" "$INSTALLED" "$PRELOAD" "${BARE[@]}" "$BUILD/pinshim" host disable --root "$R"
	assert_rc 1
	assert_err 'No space left on device$'
	assert_out "/lib/a.so
$INSTALLED
filler
ld.so.preload"
}

@test "changes of others in the meantime are not undone" {
	make_root
	# They come while programs are tried: the file is read again afterwards.
	file "/lib/a.so\n"
	gcc -shared -fPIC -x c -o "$T/meanwhile.so" - <<-END
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <stdlib.h>
		#include <unistd.h>
		pid_t fork(void)
		{
			if (getenv("MEANWHILE") && system(getenv("MEANWHILE")) != 0)
				abort();
			unsetenv("MEANWHILE");
			return ((pid_t(*)(void))dlsym(RTLD_NEXT, "fork"))();
		}
	END
	try "${BARE[@]}" "LD_PRELOAD=$T/meanwhile.so" "MEANWHILE=echo /lib/b.so >>'$R$PRELOAD'" \
		"$BUILD/pinshim" host enable --root "$R"
	assert_rc 0
	holds "/lib/a.so\n/lib/b.so\n$INSTALLED\n"
}

@test "a change of somebody else between reading and replacing is not undone" {
	make_root
	file "/lib/a.so\n$INSTALLED\n"
	gcc -shared -fPIC -x c -o "$T/change.so" - <<-END
		#define _GNU_SOURCE
		#include <fcntl.h>
		#include <string.h>
		#include <sys/stat.h>
		#include <unistd.h>
		static void change(const char *path)
		{
			int fd = strstr(path, "/ld.so.preload") ? open(path, O_WRONLY | O_APPEND) : -1;
			if (fd >= 0)
				close(write(fd, "/lib/b.so\\n", 10) == 10 ? fd : -1);
		}
		int stat(const char *path, struct stat *st)
		{
			change(path);
			return fstatat(AT_FDCWD, path, st, 0);
		}
		int stat64(const char *path, struct stat64 *st)
		{
			change(path);
			return fstatat64(AT_FDCWD, path, st, 0);
		}
	END
	try "${BARE[@]}" "LD_PRELOAD=$T/change.so" "$BUILD/pinshim" host disable --root "$R"
	assert_rc 1
	assert_err 'was changed by somebody else in the meantime; try again$'
	holds "/lib/a.so\n$INSTALLED\n/lib/b.so\n"
}

@test "two at once: both are done" {
	make_root
	file "/lib/a.so\n"
	local pids=() pid i
	for i in 1 2 3 4; do
		"${BARE[@]}" "$BUILD/pinshim" host enable --root "$R" >"$T/out.$i" 2>"$T/err.$i" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "$(cat "$T"/err.*)"
	done
	holds "/lib/a.so\n$INSTALLED\n"
	[ "$(cat "$T"/out.* | grep -c 'put in')" = 1 ] || fail "$(cat "$T"/out.*)"
}

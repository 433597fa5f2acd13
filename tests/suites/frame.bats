# SPDX-License-Identifier: MIT
#
# scripts/suites.sh itself, given a small suite (small/): it finds nothing to say about the library, and
# notices each object that changes something (disturb.c).

bats_require_minimum_version 1.5.0

setup() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export SUITES_FOLDER=$BATS_TEST_DIRNAME/small
}

suites() { # [DISTURBANCE]
	local disturbance=
	[ $# = 0 ] || {
		disturbance=$BATS_TEST_TMPDIR/disturb.so
		cc -shared -fPIC -D_GNU_SOURCE "-D$1" -o "$disturbance" "$BATS_TEST_DIRNAME/disturb.c" -Wl,--no-as-needed -lssl -lcrypto
	}
	PRELOAD_FIRST=$disturbance run --separate-stderr "$ROOT/scripts/suites.sh" small
	printf '%s\n' "$output" "$stderr"
}

noticed() { # LINE: is said about each state
	[ "$status" = 1 ]
	[ "${lines[1]}" = "not ok 1 - small: no test can tell that the library is there" ]
	[ "$(grep -cE "^# (none|other|report): $1\$" <<<"$output")" = 3 ]
}

@test "nothing" {
	suites
	[ "$status" = 0 ]
	[ "${lines[1]}" = "ok 1 - small: no test can tell that the library is there" ]
	grep -qE '^# small +[^ ]+ +3 +3 +0 +0 +0 0 0 +[0-9.]+ [0-9.]+ [0-9.]+ +2$' <<<"$output"
}

@test "a handshake that blocks" {
	suites WAIT
	noticed 'does_not_wait: passed 5x; under the library failed 4x'
}

@test "an alert that is swallowed" {
	suites DEAF
	noticed 'hears_the_alert: passed 5x; under the library failed 4x'
}

@test "a handshake that takes its time" {
	suites LATE
	noticed 'took [0-9.]+ times as long'
}

@test "a suite that there is none of" {
	run "$ROOT/scripts/suites.sh" smaller
	[ "$status" = 2 ]
	[ "$output" = "suites.sh: 'smaller' is no suite; write one of: small" ]
}

@test "a machine that has something in ld.so.preload" {
	local script
	for script in suites.sh clients.sh bench.sh; do
		# shellcheck disable=SC2016 # expanded by the inner shell
		run unshare -m bash -euc '
			mount -t tmpfs none "$1"
			mkdir "$1/upper" "$1/work"
			echo "# nothing" >"$1/upper/ld.so.preload"
			mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" /etc
			exec "$2"' - "$BATS_TEST_TMPDIR" "$ROOT/scripts/$script"
		[ "$status" = 1 ]
		[[ $output == "$script: there is a /etc/ld.so.preload: runs without "*" need a machine without it" ]]
	done
}

@test "a machine that allows no namespaces" {
	local script
	for script in suites.sh clients.sh; do
		run setpriv --bounding-set=-sys_admin "$ROOT/scripts/$script"
		[ "$status" = 1 ]
		[[ $output == "$script: 'unshare -"*"' is not allowed here; it takes root, or namespaces for users" ]]
	done
}

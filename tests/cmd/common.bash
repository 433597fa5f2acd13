# SPDX-License-Identifier: MIT
#
# What the tests of the command share. Every program starts from an empty
# environment, every server listens on loopback and is ended by its own pid.
# shellcheck shell=bash disable=SC2034,SC2154 # used and set by bats and the tests

bats_require_minimum_version 1.5.0

BUILD=$(realpath "${BUILD:-$BATS_TEST_DIRNAME/../../build}")
PINSHIM=$BUILD/pinshim
LIBRARY=$BUILD/libpinshim.so
PIN_A='sha256/C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M='
PIN_B='sha256/lrzsBiZJdvN0YHeazyjFp8/oo8Cq4RqP/O4FwL3fCMY='

# A folder that other users can enter, to work in.
setup() {
	umask 022
	DIR=$(mktemp -d)
	chmod 755 "$DIR"
	cd "$DIR" || return 1
	SERVERS=()
}

teardown() {
	for pid in "${SERVERS[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	cd / && rm -rf "$DIR"
}

clean() {
	env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C "$@"
}

# Runs the command with both outputs caught apart: $output and $stderr.
pinshim() {
	run --separate-stderr clean "$PINSHIM" "$@"
}

# must STATUS: what the last run exited with.
must() {
	[ "$status" -eq "$1" ] && return
	printf 'exit code %s, not %s\nstdout: %s\nstderr: %s\n' "$status" "$1" "$output" "$stderr"
	return 1
}

# says TEXT: a line of standard error holds TEXT.
says() {
	[[ $stderr == *"$1"* ]] && return
	printf 'not said: %s\nstderr: %s\n' "$1" "$stderr"
	return 1
}

# prints TEXT: standard output holds TEXT.
prints() {
	[[ $output == *"$1"* ]] && return
	printf 'not printed: %s\nstdout: %s\n' "$1" "$output"
	return 1
}

# one_line: standard error is one line.
one_line() {
	[ "${#stderr_lines[@]}" -eq 1 ] && return
	printf 'not one line: %s\n' "$stderr"
	return 1
}

# What this machine cannot do is skipped, but never in CI.
cannot() {
	[ "${CI:-}" != true ] || {
		echo "needs $1"
		return 1
	}
	skip "needs $1"
}

need_root() {
	[ "$(id -u)" -eq 0 ] || cannot root
}

as_nobody() {
	run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups \
		env -i PATH=/usr/bin:/bin LC_ALL=C "$@"
}

# Runs a shell script in a mount namespace of its own, where it is root.
in_namespace() {
	local flags=-m

	[ "$(id -u)" -eq 0 ] || flags=-rm
	unshare $flags true || cannot "mount namespaces" || return
	run --separate-stderr clean PINSHIM="$PINSHIM" DIR="$DIR" unshare $flags sh -ec "$1"
}

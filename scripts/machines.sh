#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Builds for other machines than this one, and passes the core tests there: machines.sh MACHINE...
# (i386, arm64). Links against what Debian ships for them (roots.sh), and needs deps.sh's group abi.
# amd64 runs what is i386's; arm64's machine is qemu's. Speaks TAP. It must never ask for more than
# a loader and libraries of the machine: there is no system of it here.
# shellcheck disable=SC2086 # an emulator is several words, or none
set -uo pipefail

cd "${BASH_SOURCE[0]%/*}/.." || exit 1
unset "${!PINSHIM_@}" LD_PRELOAD MAKEFLAGS MAKELEVEL

# Tests that need what the emulator does not have: filters of system calls.
LACKING='a_sandbox_from_the_start
a_sandbox_has_the_logs_or_none
a_sandbox_keeps_what_was_read
a_sandbox_opens_no_file
syslog_gets_one_datagram
the_policies_bring_it_along'

describe() { # MACHINE: sets tools, how they begin, and emulator
	case $1 in
	i386) tools=i686-linux-gnu emulator= ;;
	arm64) tools=aarch64-linux-gnu emulator=qemu-aarch64 ;;
	*)
		echo "machines.sh: '$1' is not one that is tested; write i386 or arm64" >&2
		return 2
		;;
	esac
}

tap() { # NAME COMMAND...: one test; what it prints is shown when it fails
	local said
	echo 1..1
	if said=$("${@:2}" 2>&1); then
		echo "ok 1 - $1"
	else
		echo "not ok 1 - $1"
		sed 's/^/# /' <<<"$said"
		return 1
	fi
}

build() {
	make -s -j2 "BUILD=$build" "SYSROOT=build/roots/$machine" "CC=$tools-gcc" \
		CFLAGS='-O2 -g -Werror' tests
}

# Passes where nothing fails but what the emulator lacks. cmocka exits with how many failed.
unit() { # PROGRAM
	local said rc=0 failed
	said=$(CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 5 1100 $emulator "$1" 2>&1) || rc=$?
	[ $rc != 0 ] || return 0
	failed=$(sed -n 's/^not ok [0-9][0-9]* - //p' <<<"$said")
	[ -n "$emulator" ] && [ $rc = "$(wc -l <<<"$failed")" ] &&
		! grep -qvxF "$LACKING" <<<"$failed" && return 0
	printf '%s\n' "$said" "exited with $rc"
	return 1
}

# The library in a program that never comes to need it.
untouched() {
	local program=$build/tests/test_siphash preload=LD_PRELOAD=$PWD/$build/libpinshim.so bare with
	bare=$($emulator "$program" 2>&1) &&
		with=$(${emulator:-env} ${emulator:+-E} "$preload" "$program" 2>&1) &&
		diff <(echo "$bare") <(echo "$with")
}

facts() {
	BUILD=$build OBJDUMP=$tools-objdump bats --tap --filter-tags '!native' \
		tests/build/{library,dlsym}.bats |
		sed -u -E "s/^((not )?ok [0-9]+) /\1 - $machine: /"
}

matrix() {
	local pki=$PWD/$build/pki
	rm -rf "$pki"
	tests/lib/pki.sh "$pki" >&2 || return
	tests/matrix/run.py --library "$PWD/$build/libpinshim.so" --pki "$pki" --timeout 120 \
		--emulator "$emulator" "$machine=$PWD/$build/tests/matrix/matrix"
}

core() { # MACHINE
	local machine=$1 build=build/lines/$1 tools emulator source rc=0
	describe "$machine" || return
	type "$tools-gcc" ${emulator:-true} >/dev/null 2>&1 && scripts/roots.sh "$machine" >&2 || {
		printf '1..1\nok 1 - %s # skip %s\n' "$machine" "its compiler or libraries cannot be had"
		return 0
	}
	tap "$machine: builds without a warning" build || return
	for source in tests/unit/test_*.c; do
		source=${source##*/}
		tap "$machine: unit ${source//@(test_|.c)/}" unit "$build/tests/${source%.c}" || rc=1
	done
	tap "$machine: a program without TLS is not affected" untouched || rc=1
	facts || rc=1
	matrix || rc=1
	return $rc
}

all() { # MACHINE...
	local machine rc=0
	for machine; do
		core "$machine" || rc=1
	done
	return $rc
}

shopt -s extglob
[ $# -gt 0 ] || set -- i386 arm64
# Every part announces and counts its own tests; here they become one list.
all "$@" | {
	n=0 planned=0
	while IFS= read -r line; do
		case $line in
		1..*) planned=$((planned + ${line#1..})) ;;
		'ok '* | 'not ok '*) echo "${line%%ok *}ok $((++n)) ${line#*ok * }" ;;
		*) printf '%s\n' "$line" ;;
		esac
	done
	echo "1..$planned"
}

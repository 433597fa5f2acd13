# SPDX-License-Identifier: MIT
#
# Running the stress programs under the library, in a clean environment.
# shellcheck shell=bash disable=SC2034 # what bats files read

ROOT=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
BUILD=${PINSHIM_BUILD:-$ROOT/build}
LIB=$BUILD/libpinshim.so

setup() {
	T=$BATS_TEST_TMPDIR
	POLICY=$T/pins.ini
	LOG=none
}

shimmed() { # PROGRAM [ARG...]
	# shellcheck disable=SC2086 # a sanitizer's options are several words
	timeout -k 5 600 env -i PATH=/usr/bin:/bin "HOME=$T" ${TEST_ENVIRONMENT:-} \
		"LD_PRELOAD=${PRELOAD_FIRST:+$PRELOAD_FIRST:}$LIB" \
		"PINSHIM_POLICY=$POLICY" "PINSHIM_LOG=$LOG" "$@" 3>&-
}

# SPDX-License-Identifier: MIT
#
# Whoever says that nothing differs must be able to say that something does: compare.py, given runs
# that are made up; and the whole frame, given a small suite and objects that disturb it (disturb.c).
# shellcheck disable=SC2154 # set by bats

setup() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	COMPARE=$ROOT/tests/suites/compare.py
	RUNS=$BATS_TEST_TMPDIR/runs
	for run in bare.1 bare.2 none.1 other.1 report.1; do
		seen $run 10 "passed a" "passed b" "skipped c"
	done
}

seen() { # STATE.NUMBER SECONDS LINE...: a run, with one handshake, that printed nothing
	mkdir -p "$RUNS/$1"
	echo "$2" >"$RUNS/$1/seconds"
	: >"$RUNS/$1/output"
	echo '{}' >"$RUNS/$1/events"
	printf '%s\n' "${@:3}" >"$RUNS/$1/outcomes"
}

# Twice more, both sides.
seen_again() { # STATE SECONDS LINE...
	seen "$1.3" "${@:2}"
	seen "$1.4" "${@:2}"
}

all_again() {
	local state
	for state in bare none other report; do
		seen_again $state 10 "passed a" "passed b" "skipped c"
	done
}

is_settled() {
	"$COMPARE" settled suite "$RUNS"
}

# More runs are asked for.
is_open() {
	! is_settled
}

faults() { # [OPTION...]
	"$COMPARE" verdict "$@" suite "$RUNS" >"$RUNS/verdict"
	jq -r '.faults[]' "$RUNS/verdict"
	"$COMPARE" table "$RUNS" >"$RUNS/table" || :
	if [ "$(jq '.faults | length' "$RUNS/verdict")" = 0 ]; then
		grep -q '^ok 1 - ' "$RUNS/table"
	else
		grep -q '^not ok 1 - ' "$RUNS/table"
	fi
}

found() { # LINE: this is all that is wrong
	run faults "${@:2}"
	[ "$status" = 0 ]
	[ "$output" = "$1" ] || {
		printf 'found:\n%s\n' "$output"
		return 1
	}
}

@test "runs that are alike" {
	is_settled
	found ""
	grep -qE '^# suite +3 +2 +1 +0 +0 0 0 +1\.00 1\.00 1\.00 +1$' <(sed 's/  */ /g' "$RUNS/table")
}

@test "another outcome under the library" {
	seen other.1 10 "passed a" "failed b" "skipped c"
	is_open
	found "other: b: passed 2x; under the library failed 1x"
}

@test "... also when it is seen only once in many runs" {
	all_again
	seen other.1 10 "passed a" "failed b" "skipped c"
	found "other: b: passed 4x; under the library passed 2x, failed 1x"
}

@test "a test that did not run under the library" {
	seen none.1 10 "passed a" "skipped c"
	is_open
	found "none: b: passed 2x; under the library absent 1x"
}

@test "a test that ran under the library only" {
	seen report.1 10 "passed a" "passed b" "skipped c" "passed d"
	found "report: d: absent 2x; under the library passed 1x"
}

@test "two tests of one name are two tests, in whatever order" {
	for run in bare.1 none.1; do
		seen $run 10 "passed a" "failed a"
	done
	for run in bare.2 report.1; do
		seen $run 10 "failed a" "passed a"
	done
	seen other.1 10 "failed a" "failed a"
	found "other: a (2): passed 2x; under the library failed 1x"
}

@test "a test that is flaky by itself is counted, and is no difference" {
	seen bare.2 10 "passed a" "failed b" "skipped c"
	is_open
	found "1 tests are flaky without the library, at most 0 may be"
	found "" --flaky 1
	grep -q '^# flaky without the library: b: passed 1x, failed 1x$' "$RUNS/table"
}

@test "... but must pass as it does without the library, too" {
	all_again
	seen bare.2 10 "passed a" "failed b" "skipped c"
	for run in other.1 other.3 other.4; do
		seen $run 10 "passed a" "failed b" "skipped c"
	done
	found "other: b: passed 3x, failed 1x; under the library failed 3x" --flaky 1
}

@test "a suite that takes longer than 1.5 times the slower run without the library" {
	seen bare.2 12 "passed a" "passed b" "skipped c"
	seen other.1 17.9 "passed a" "passed b" "skipped c"
	is_settled
	seen other.1 18.1 "passed a" "passed b" "skipped c"
	is_open
	found "other: took 1.65 times as long"
}

@test "... is run again, and then what is usual counts" {
	all_again
	seen other.1 40 "passed a" "passed b" "skipped c"
	found ""
	seen other.3 40 "passed a" "passed b" "skipped c"
	found "other: took 4.00 times as long"
}

@test "too few tests that pass" {
	found "2 tests passed without the library, at least 3 should" --minimum 3
}

@test "a library that saw nothing" {
	rm "$RUNS/other.1/events"
	found "other: 0 handshakes were seen, not 1"
}

@test "a library that was not loaded, and one that talks" {
	echo "ERROR: ld.so: object 'libpinshim.so' from LD_PRELOAD cannot be preloaded" >"$RUNS/none.1/output"
	echo "pinshim: python3[7]: something" >"$RUNS/other.1/output"
	found "none: it said: ERROR: ld.so: object 'libpinshim.so' from LD_PRELOAD cannot be preloaded
other: it said: pinshim: python3[7]: something"
}

@test "runs that are missing, and a suite that came to no verdict" {
	rm -r "$RUNS/bare.2"
	run "$COMPARE" verdict suite "$RUNS"
	[ "$status" = 1 ]
	run "$COMPARE" table "$RUNS"
	[ "$status" = 1 ]
	[ "${lines[1]}" = "not ok 1 - runs: no test can tell that the library is there" ]
	[ "${lines[2]}" = "# it did not come to a verdict" ]
}

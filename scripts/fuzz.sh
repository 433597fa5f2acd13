#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs the fuzz targets that are named, or all, for SECONDS (60) each, two side by side, from
# their corpora in tests/fuzz/corpus. New inputs go to build/fuzz/TARGET, what a target said to
# build/fuzz/TARGET.log; what makes it fail is left as build/fuzz/TARGET-crash-... and named.
# Ends with a table. Fails on a finding, and on a target that did not run.
#
# With -m it runs none, but takes from build/fuzz/TARGET into the corpora what reaches more code.
set -u

cd "${BASH_SOURCE[0]%/*}/.." || exit 1
# Not in SECONDS: to bash that is a clock.
time=$(printenv SECONDS) || time=60
OUT=build/fuzz
# To a fuzzer 0 is for ever.
[[ $time =~ ^[1-9][0-9]*$ ]] || {
	echo "fuzz.sh: SECONDS is '$time'; write a number from 1 on" >&2
	exit 2
}

merge=no
[ "${1-}" != -m ] || {
	merge=yes
	shift
}
[ $# -gt 0 ] || for source in tests/fuzz/fuzz_*.c; do
	name=${source##*/fuzz_}
	set -- "$@" "${name%.c}"
done
for name; do
	[ -e "tests/fuzz/fuzz_$name.c" ] || {
		echo "fuzz.sh: '$name' is no target; write one of:" \
			"$(cd tests/fuzz && echo fuzz_*.c | sed 's/fuzz_//g; s/\.c//g')" >&2
		exit 2
	}
done

make -s -j2 BUILD=$OUT CC=clang CFLAGS='-O1 -g' SANITIZE=fuzzer-no-link,address,undefined \
	"${@/#/$OUT/tests/fuzz_}" || exit 1

run() { # TARGET
	local rc=0 options=()

	[ ! -e "tests/fuzz/$1.dict" ] || options=("-dict=tests/fuzz/$1.dict")
	mkdir -p "$OUT/$1"
	"$OUT/tests/fuzz_$1" "-max_total_time=$time" -timeout=10 -rss_limit_mb=1024 \
		"-artifact_prefix=$OUT/$1-" "${options[@]}" "$OUT/$1" "tests/fuzz/corpus/$1" \
		>"$OUT/$1.log" 2>&1 || rc=$?
	row "$1" $rc
	return $rc
}

# The last line of progress is "#1234 DONE cov: 56 ft: ..."; a finding has none, but those before.
row() { # TARGET EXIT-CODE
	awk -v target="$1" -v rc="$2" '
		/^#[0-9]+\t/ { runs = substr($1, 2) }
		/^#[0-9]+\t.* cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") covered = $(i + 1) }
		/^Done [0-9]+ runs in/ { runs = $2; seconds = $5 }
		/ERROR: |runtime error: |Test unit written to/ { found = found "\n  " $0 }
		END {
			printf "%-10s %12d %8s %9d %9d%s\n", target, runs, seconds, covered, rc != 0, found
		}' "$OUT/$1.log"
}

# From what was found to the corpus, but only what reaches code that the corpus does not.
merge() { # TARGET
	local before after

	before=$(find "tests/fuzz/corpus/$1" -type f | wc -l)
	"$OUT/tests/fuzz_$1" -merge=1 -use_counters=0 -timeout=10 "tests/fuzz/corpus/$1" "$OUT/$1" \
		>"$OUT/$1.merge.log" 2>&1 || return
	after=$(find "tests/fuzz/corpus/$1" -type f | wc -l)
	echo "$1: $before inputs, now $after"
}

failed=0
if [ $merge = yes ]; then
	for name; do
		merge "$name" || failed=1
	done
	exit $failed
fi

# Targets have process groups of their own, so that none outlives an interrupted run.
set -m
trap 'jobs -p | sed s/^/-/ | xargs -r kill -- 2>/dev/null' EXIT
trap 'exit 130' INT TERM HUP

printf '%-10s %12s %8s %9s %9s\n' target executions seconds coverage findings
for name; do
	[ "$(jobs -rp | wc -l)" -lt 2 ] || wait -n || failed=1
	run "$name" &
done
while [ -n "$(jobs -p)" ]; do
	wait -n || failed=1
done
exit $failed

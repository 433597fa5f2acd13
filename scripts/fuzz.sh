#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs every fuzz target for SECONDS (60), from its corpus in tests/fuzz/corpus. New inputs go to
# build/fuzz/TARGET; what makes a target fail is left as build/fuzz/TARGET-crash-... and named.
# Fails on a finding, and on a target that did not run.
set -u

cd "${BASH_SOURCE[0]%/*}/.." || exit 1
# Not in SECONDS: to bash that is a clock.
time=$(printenv SECONDS) || time=60
failed=0

make -s -j2 BUILD=build/fuzz CC=clang CFLAGS='-O1 -g' SANITIZE=fuzzer-no-link,address,undefined \
	build/fuzz/libpinshim.a || exit 1
for source in tests/fuzz/fuzz_*.c; do
	name=${source##*/fuzz_}
	name=${name%.c}
	options=()
	[ ! -e "tests/fuzz/$name.dict" ] || options=("-dict=tests/fuzz/$name.dict")
	clang -std=gnu11 -O1 -g -Ishim -D_GNU_SOURCE "-DSOURCE_DIR=\"$PWD\"" \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o "build/fuzz/$name.target" \
		"$source" build/fuzz/libpinshim.a -l:libinih.a || exit 1
	mkdir -p "build/fuzz/$name"
	echo "$name: $time seconds"
	if "build/fuzz/$name.target" -max_total_time="$time" -timeout=10 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/$name-" "${options[@]}" \
		"build/fuzz/$name" "tests/fuzz/corpus/$name" >"build/fuzz/$name.log" 2>&1; then
		grep -E 'number_of_executed_units|new_units_added' "build/fuzz/$name.log"
	else
		failed=1
		grep -E 'ERROR|runtime error|SUMMARY|Test unit written|^    #' "build/fuzz/$name.log" |
			head -n 30
		echo "$name: failed; all it said is in build/fuzz/$name.log"
	fi
done
exit $failed

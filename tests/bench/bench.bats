# SPDX-License-Identifier: MIT
#
# That every part of the benchmark runs and sees what costs something, with a few repetitions of each.
# No time is judged; what is counted may be, where it must be the same to the instruction.

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

setup_file() {
	export OUT=$BATS_FILE_TMPDIR/bench
	BUILD=${PINSHIM_BUILD:-$ROOT/build} TINY=yes ROUNDS=1 "$ROOT/scripts/bench.sh" \
		>"$BATS_FILE_TMPDIR/said" 2>"$BATS_FILE_TMPDIR/errors" 3>&- || {
		cat "$BATS_FILE_TMPDIR/said" "$BATS_FILE_TMPDIR/errors"
		return 1
	}
}

result() { # GROUP MEASURE VARIANT: the median
	awk -F'\t' -v key="$1 $2 $3" '$1 " " $2 " " $3 == key { print $6 }' "$OUT/results.tsv"
}

@test "each group prints its tables, and says nothing else" {
	[ ! -s "$BATS_FILE_TMPDIR/errors" ] || {
		cat "$BATS_FILE_TMPDIR/errors"
		return 1
	}
	cmp "$BATS_FILE_TMPDIR/said" "$OUT/table.txt"
	for group in handshakes curl proxies start memory growth reload compile; do
		grep -q "^$group	" "$OUT/results.tsv"
	done
	[ -s "$OUT/growth.svg" ]
	[ "$(head -c 4 "$OUT/growth.png" | tail -c 3)" = PNG ]
}

@test "reads and writes under a pin take as many instructions as without the library" {
	for measure in read write; do
		bare=$(result proxies $measure bare)
		[ "$bare" -gt 1000000 ]
		[ "$(result proxies $measure pin)" = "$bare" ]
		[ "$(result proxies $measure control)" -gt "$bare" ]
	done
}

@test "what a snapshot saves is seen, and what it does not cost" {
	# Instructions of the first handshake, for which 1,000 sections are read.
	text=$(result growth first-instructions 1000)
	one=$(result growth first-instructions snapshot-1)
	many=$(result growth first-instructions snapshot-1000)
	[ "$text" -gt $((many + 1000000)) ]
	[ "$many" -lt $((one + 20000)) ]
	text=$(result curl instructions 1000)
	many=$(result curl instructions snapshot-1000)
	[ "$text" -gt $((many + 1000000)) ]
	text=$(result reload next-instructions 100)
	many=$(result reload next-instructions snapshot-100)
	[ "$text" -gt $((many + 100000)) ]
	# KiB. To the kernel all pages of a file in memory (tmpfs) are written to, so private ones do not tell.
	[ "$(result memory anonymous 1000)" -gt $(($(result memory anonymous snapshot-1000) + 64)) ]
	[ "$(result memory snapshot 1000)" -eq 0 ]
	[ "$(result memory snapshot snapshot-1000)" -gt 0 ]
	[ "$(result memory together-snapshot snapshot-1000)" -gt 0 ]
}

@test "rows for README" {
	for variant in 'snapshot, 1 section' 'snapshot, 1,000 sections' 'inih alone' 'pinshim check'; do
		grep -q "^| $variant | [0-9]" "$OUT/readme.md"
	done
}

@test "a snapshot that is not used stops each group that claims one" {
	build=$BATS_TEST_TMPDIR/build
	mkdir "$build"
	ln -s "${PINSHIM_BUILD:-$ROOT/build}/libpinshim.so" "$build/libpinshim.so"
	# What it compiles is damaged.
	cat >"$build/pinshim" <<-END
		#!/bin/sh
		"${PINSHIM_BUILD:-$ROOT/build}/pinshim" "\$@" || exit
		[ "\$1" = --version ] || printf broken >"\$2.snapshot"
	END
	chmod +x "$build/pinshim"
	for group in memory growth curl reload; do
		rc=0
		said=$(BUILD=$build OUT=$BATS_TEST_TMPDIR/out TINY=yes ROUNDS=1 "$ROOT/scripts/bench.sh" "$group" \
			2>&1 3>&-) || rc=$?
		[ $rc -ne 0 ]
		[[ $said == *"bench: 'snapshot-1' has no snapshot mapped"* ]]
	done
}

@test "one group alone, and what is none" {
	BUILD=${PINSHIM_BUILD:-$ROOT/build} OUT=$BATS_TEST_TMPDIR/out TINY=yes ROUNDS=1 \
		"$ROOT/scripts/bench.sh" start 3>&-
	[ "$(cut -f 1 "$BATS_TEST_TMPDIR/out/results.tsv" | sort -u)" = "$(printf '#group\nstart')" ]
	rc=0
	said=$("$ROOT/scripts/bench.sh" nonsense 2>&1) || rc=$?
	[ $rc -eq 2 ]
	[[ $said == "bench.sh: 'nonsense' is no group; write handshakes curl proxies start memory growth reload compile" ]]
}

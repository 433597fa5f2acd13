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

@test "one group alone, and what is none" {
	BUILD=${PINSHIM_BUILD:-$ROOT/build} OUT=$BATS_TEST_TMPDIR/out TINY=yes ROUNDS=1 \
		"$ROOT/scripts/bench.sh" start 3>&-
	[ "$(cut -f 1 "$BATS_TEST_TMPDIR/out/results.tsv" | sort -u)" = "$(printf '#group\nstart')" ]
	rc=0
	said=$("$ROOT/scripts/bench.sh" nonsense 2>&1) || rc=$?
	[ $rc -eq 2 ]
	[[ $said == "bench.sh: 'nonsense' is no group; write handshakes curl proxies start memory growth reload compile" ]]
}

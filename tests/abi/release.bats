# SPDX-License-Identifier: MIT
#
# The released object, as the loaders of every Debian from 11 on see it. Needs what `scripts/abi.sh
# prepare' makes.

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
LIB=$ROOT/build/release/libpinshim.so
OLDEST=2.31

setup() {
	[ -e "$ROOT/build/roots/4.0/complete" ] || skip "Debian's packages cannot be had"
}

@test "no glibc newer than 2.31 is asked for" {
	local newest
	newest=$(nm -D --undefined-only "$LIB" | sed -n 's/.*@GLIBC_//p' | sort -uV | tail -n 1)
	echo "# newest: GLIBC_$newest" >&3
	[ "$(printf '%s\n' "$newest" "$OLDEST" | sort -V | tail -n 1)" = "$OLDEST" ]
}

@test "nothing but libc is needed" {
	[ "$(readelf -dW "$LIB" | grep NEEDED | grep -v ld-linux)" = \
		"$(readelf -dW "$LIB" | grep 'NEEDED.*\[libc.so.6\]')" ]
}

@test "every glibc loads it, and finds all that it asks for" {
	local line lib
	for line in 1.1.1 3.0 3.5 3.6 4.0; do
		lib=$ROOT/build/roots/$line/usr/lib/x86_64-linux-gnu
		# Bound at once, so that nothing is left for later.
		env -i LD_BIND_NOW=1 "LD_PRELOAD=$LIB" "$lib/ld-linux-x86-64.so.2" --library-path "$lib" \
			"$ROOT/build/lines/$line/tests/matrix/matrix" --list >"$BATS_TEST_TMPDIR/out" \
			2>"$BATS_TEST_TMPDIR/err"
		[ -s "$BATS_TEST_TMPDIR/out" ]
		[ ! -s "$BATS_TEST_TMPDIR/err" ]
	done
}

# SPDX-License-Identifier: MIT
#
# What the library looks like from outside, to the dynamic loader and to every process of a host
# that preloads it. Reads the file; judges nothing about pins.

bats_require_minimum_version 1.5.0

setup() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	BUILD=$(realpath "${BUILD:-$ROOT/build}")
	LIB=$BUILD/libpinshim.so
	# The newest glibc that a build on Debian 12 (2.36) may ask for; the first without libdl.
	NEWEST=2.34
}

same() { # EXPECTED ACTUAL
	diff -u --label expected --label actual <(printf '%s\n' "$1") <(printf '%s\n' "$2")
}

dynamic() { # TAG: its values
	readelf -dW "$LIB" | sed -nE "s/.*\\(($1)\\) *//p"
}

undefined() { # BINDING (U or w): symbols with their versions
	nm -D --undefined-only "$LIB" | awk -v kind="$1" '$1 == kind { print $2 }'
}

hooks() { # FILE...: the symbols listed there
	sed -n 's/^HOOK(\(.*\))$/\1/p' "${@/#/$ROOT/shim/entry/}" | sort
}

exported() { # LIBRARY
	nm -D --defined-only "$1" | awk '{ print $3 }' | sort
}

@test "exactly the symbols of hooks.def and hooks_dl.def are exported" {
	same "$(hooks hooks.def hooks_dl.def)" "$(exported "$LIB")"
}

@test "no exported symbol has a version" {
	run ! grep -q . <(nm -D --defined-only "$LIB" | grep @)
}

@test "every symbol that is asked for is glibc's" {
	undefined U >"$BATS_TEST_TMPDIR/undefined"
	[ -s "$BATS_TEST_TMPDIR/undefined" ]
	run ! grep -v '@GLIBC_[0-9]' "$BATS_TEST_TMPDIR/undefined"
	run ! grep -v -x -E '_ITM_.*|__gmon_start__|__cxa_finalize(@.*)?' <(undefined w)
}

@test "no glibc newer than 2.34 is asked for" {
	newest=$(nm -D --undefined-only "$LIB" | sed -n 's/.*@GLIBC_//p' | sort -uV | tail -n 1)
	echo "# newest: GLIBC_$newest" >&3
	same "$NEWEST" "$(printf '%s\n' "$newest" "$NEWEST" | sort -V | tail -n 1)"
}

@test "nothing but libc is needed" {
	same 'Shared library: [libc.so.6]' "$(dynamic NEEDED | grep -v 'ld-linux')"
}

@test "no OpenSSL is linked in" {
	run ! grep -q -a 'OpenSSL [0-9]' "$LIB"
}

@test "nothing runs when it is loaded or unloaded" {
	same '' "$(dynamic 'INIT|FINI|INIT_ARRAY|FINI_ARRAY|PREINIT_ARRAY')"
	run ! grep -q -E '\.(init|fini|init_array|fini_array|ctors|dtors) ' <(readelf -SW "$LIB")
}

@test "functions are bound when they are first called" {
	same '' "$(dynamic BIND_NOW)"
	run ! grep -q -E 'BIND_NOW|NOW' <(dynamic 'FLAGS(_1)?')
}

@test "the stack is not executable, and the code is not written to" {
	readelf -lW "$LIB" | grep -E 'GNU_STACK .* RW +0x'
	same '' "$(dynamic TEXTREL)"
	run ! grep -q TEXTREL <(dynamic FLAGS)
	run ! grep -q -E 'LOAD .* RWE ' <(readelf -lW "$LIB")
	readelf -lW "$LIB" | grep GNU_RELRO
}

@test "its name says where it is found, and no path is built in" {
	same 'Library soname: [libpinshim.so]' "$(dynamic SONAME)"
	same '' "$(dynamic 'RPATH|RUNPATH')"
}

@test "few addresses must be found at load time" {
	# Each costs every process of a host some 700 instructions; fgets is inih's, and so is the
	# guard of its stack.
	same fgets "$(readelf -rW "$LIB" |
		awk '$3 ~ /^R_/ && $3 !~ /JUMP_SLO/ && NF > 4 { print $5 }' | sed 's/@.*//' |
		grep -v -E '^_ITM_|^__gmon_start__|^__cxa_finalize|^__stack_chk_guard')"
}

@test "files of any size and number are found" {
	# Without 64 bits for them, stat(2) and open(2) fail on some that the program can read.
	undefined U | sed 's/@.*//' >"$BATS_TEST_TMPDIR/undefined"
	for function in fopen fstat mmap open scandir stat; do
		run ! grep -qx "$function" "$BATS_TEST_TMPDIR/undefined"
	done
	grep -qxE '(__x)?stat64' "$BATS_TEST_TMPDIR/undefined"
}

silent() { # EXIT-CODE OUTPUT: of the last run, with nothing on standard error
	same "$1:$2:" "$status:$output:$stderr"
}

# bats test_tags=native
@test "a program without TLS is not affected, whatever the policy" {
	shimmed=(env -i "LD_PRELOAD=$LIB" PINSHIM_POLICY=/nonexistent)
	run --separate-stderr "${shimmed[@]}" /bin/true
	silent 0 ''
	run --separate-stderr "${shimmed[@]}" /bin/false
	silent 1 ''
	run --separate-stderr "${shimmed[@]}" /bin/cat <<<text
	silent 0 text
}

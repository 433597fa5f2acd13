# SPDX-License-Identifier: MIT
#
# The machine code of what stands in for the dynamic loader's functions, in every way in which it
# may be compiled, and the build without it.

bats_require_minimum_version 1.5.0

setup() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	BUILD=$(realpath "${BUILD:-$ROOT/build}")
	NAMES=$(sed -n 's/^HOOK(\(.*\))$/\1/p' "$ROOT/shim/entry/hooks_dl.def")
}

# Each of the functions jumps to where a register points, once, and has no way back.
only_jumps() { # OBJECT
	"${OBJDUMP:-objdump}" -d --no-show-raw-insn "$1" >"$BATS_TEST_TMPDIR/code"
	local name
	for name in $NAMES; do
		awk -v name="<$name>:" '
			$2 == name { inside = found = 1; next }
			/^$/ { inside = 0 }
			!inside { next }
			/[ \t]jmp +\*%/ || /[ \t]br\t/ { jumps++ }
			/[ \t]ret/ { returns++ }
			END {
				if (!found || jumps != 1 || returns) {
					print name, jumps + 0, "jumps,", returns + 0, "returns"
					exit 1
				}
			}' "$BATS_TEST_TMPDIR/code" || return 1
	done
}

compile() { # COMPILER SOURCE FLAG...
	"$1" -std=gnu11 -fPIC -fvisibility=hidden "-I$ROOT/shim" -D_GNU_SOURCE "${@:3}" -c \
		-o "$BATS_TEST_TMPDIR/hooks.o" "$2"
}

@test "the library jumps to the loader's functions" {
	only_jumps "$BUILD/libpinshim.so"
}

# bats test_tags=native
@test "so it does with every compiler, optimised or not, whatever is watched or counted" {
	local compiler optimised flag
	for compiler in gcc clang; do
		for optimised in -O0 -O1 -O2 -Os; do
			for flag in -g -fstack-protector-all --coverage -fno-omit-frame-pointer \
				-fsanitize=address -fsanitize=thread -fsanitize=undefined; do
				echo "$compiler $optimised $flag"
				compile "$compiler" "$ROOT/shim/entry/hooks_dl.c" "$optimised" "$flag"
				only_jumps "$BATS_TEST_TMPDIR/hooks.o"
			done
		done
	done
}

# bats test_tags=native
@test "a call that comes back would be seen" {
	sed 's/^JUMPS //' "$ROOT/shim/entry/hooks_dl.c" >"$BATS_TEST_TMPDIR/hooks.c"
	compile gcc "$BATS_TEST_TMPDIR/hooks.c" -O0
	run ! only_jumps "$BATS_TEST_TMPDIR/hooks.o"
}

# bats test_tags=native
@test "make DLSYM=no leaves it out" {
	env -i PATH=/usr/bin:/bin make -s -C "$ROOT" DLSYM=no "BUILD=$BATS_TEST_TMPDIR/build" \
		"$BATS_TEST_TMPDIR/build/libpinshim.so"
	diff <(sed -n 's/^HOOK(\(.*\))$/\1/p' "$ROOT/shim/entry/hooks.def" | sort) \
		<(nm -D --defined-only "$BATS_TEST_TMPDIR/build/libpinshim.so" | awk '{ print $3 }' | sort)
	env -i "LD_PRELOAD=$BATS_TEST_TMPDIR/build/libpinshim.so" /bin/true
}

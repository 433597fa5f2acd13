# SPDX-License-Identifier: MIT
#
# What `pinshim compile' and `pinshim check' take for a large policy, beside what inih alone takes to read
# the same text. Sourced by scripts/bench.sh.
# shellcheck shell=bash disable=SC2154 # what common.bash and scripts/bench.sh set

reads_policy() { # VARIANT: the command
	case $1 in
	inih) printf '%s\n' ./inih "policies/$size.ini" ;;
	check) printf '%s\n' "$BUILD/pinshim" check "$OUT/policies/$size.ini" ;;
	compile) printf '%s\n' "$BUILD/pinshim" compile "$OUT/policies/compiled.ini" ;;
	esac
}

compile_once() {
	rm -f policies/compiled.ini.snapshot
	take_turns compile 1 reads_policy inih check compile
	[ -s policies/compiled.ini.snapshot ]
}

group_compile() {
	local size=1000000
	[ -z "$TINY" ] || size=1000
	need_sizes "$size"
	cp "policies/$size.ini" policies/compiled.ini
	in_variant check "$BUILD/pinshim" check "$OUT/policies/$size.ini" >check.log
	grep -q "$size sections, $((2 * size)) pins" check.log
	each_round compile_once
	rm policies/compiled.ini*

	summarise compile inih
	printf '\nReading %s sections of two pins each, %s MB\n' "$(thousands "$size")" \
		"$(($(stat -c %s "policies/$size.ini") / 1000000))"
	table compile inih 'each:ms:time' 'cpu:ms of a processor:time' -- inih check compile
	rows compile each:value:ms each:ratio:'' cpu:value:'ms of a processor' cpu:ratio:'' -- inih check compile
}

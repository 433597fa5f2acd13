#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Looks at the sources without building them: lint.sh [CHECK...], all checks when none is named.
# A check is a function below; it prints what it finds, and fails when it finds something.
# shellcheck disable=SC2016,SC2317 # a script for sh -c; functions that are called by name
set -u

cd "${BASH_SOURCE[0]%/*}/.." || exit 1

sources() { # GLOB...: the project's files whose names match, not what was built
	local glob match=()
	for glob; do
		match+=(-o -name "$glob")
	done
	find . \( -path ./build -o -path ./.git \) -prune -o -type f \( "${match[@]:1}" \) -print | sort
}

nothing() { # MESSAGE: fails when standard input has lines, and prints them
	! awk -v message="$1" '{ print $0 ": " message } END { exit NR == 0 }'
}

check_format() {
	sources '*.c' '*.h' | xargs clang-format --dry-run -Werror
}

check_licence() {
	{ sources '*.c' '*.h' '*.def' '*.sh' '*.bash' '*.bats' '*.py' '*.[158]' Makefile '.clang-*' &&
		echo .ci/run; } | xargs grep -L 'SPDX-License-Identifier: MIT' |
		nothing 'has no SPDX-License-Identifier line'
}

fence() { # ROOM... MAY: which rooms its sources may include from
	local may=${*: -1} room
	for room in "${@:1:$#-1}"; do
		grep -nE '^#include "' shim/"$room"/*.[ch] | grep -vE "\"($may)/" |
			nothing "shim/$room may include from $may"
	done
}

check_fences() {
	local failed=0
	fence entry 'entry|gate' || failed=1
	fence gate 'gate|loader|process|pure' || failed=1
	fence loader 'loader' || failed=1
	fence process 'process|pure' || failed=1
	fence pure 'pure' || failed=1
	fence cmd 'cmd|process|pure' || failed=1
	grep -n '<openssl/' shim/process/*.[ch] shim/pure/*.[ch] |
		nothing 'OpenSSL has no business here' || failed=1
	grep -nE '<(sys/|unistd|fcntl|errno|time|signal|poll|dirent)' shim/pure/*.[ch] |
		nothing 'this room makes no system calls' || failed=1
	# cmd reads other programs' headers with link.h; the entry defines what it jumps through.
	grep -nE '\<dl[a-z_]+\(|<dlfcn.h>|<link.h>' shim/{entry,gate,process,pure,cmd}/*.[ch] |
		grep -vE '^shim/cmd/.*<link.h>|^shim/entry/hooks_dl.c:[0-9]+:JUMPS |: \*|/\*' |
		nothing 'only shim/loader speaks with the dynamic loader' || failed=1
	return $failed
}

check_manuals() {
	sources '*.[158]' | xargs mandoc -Tlint -W warning
}

check_shell() {
	local failed=0
	{ sources '*.sh' '*.bash' '*.bash-completion' && echo .ci/run; } | xargs shellcheck -S warning || failed=1
	# Variables come from bats and from what it loads, and each test is a subshell.
	sources '*.bats' | xargs shellcheck -s bats -S warning -e SC2030,SC2031,SC2034,SC2154 ||
		failed=1
	return $failed
}

check_tidy() {
	# Each file alone: the analyzer carries what it believes of one into the next.
	sources '*.c' | grep '^./shim/' | xargs -n 1 -P 2 sh -c 'clang-tidy --quiet "$1" -- -std=gnu11 \
		-Ishim -D_GNU_SOURCE -DPINSHIM_VERSION=\"\" -DPINSHIM_LIBDIR=\"\" 2>/dev/null' -
}

check_cppcheck() {
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --error-exitcode=1 \
		--suppress=missingIncludeSystem -Ishim -D_GNU_SOURCE '-DElfW(x)=Elf64_##x' shim
}

[ $# -gt 0 ] || set -- format licence fences manuals shell tidy cppcheck
failed=0
for name; do
	if "check_$name"; then
		echo "ok      $name"
	else
		echo "not ok  $name"
		failed=1
	fi
done
exit $failed

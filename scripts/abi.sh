#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Holds the one released object to every line of OpenSSL that Debian ships, each with the glibc that
# it came with: abi.sh matrix|gates|e2e LINE|prepare speaks TAP;
# abi.sh tables shows the tables of the first two to people. What it needs is unpacked in build/roots,
# and nothing is installed. Where Debian's packages cannot be had, its tests are skipped.
set -euo pipefail

cd "${BASH_SOURCE[0]%/*}/.."
LINES_OF_OPENSSL=(1.1.1 3.0 3.5 3.6 4.0)
# The line with the most paths.
NEWEST=${LINES_OF_OPENSSL[-1]}
RELEASE=build/release
PKI=build/abi/pki

make_quiet() { # ARGUMENT...
	env -u MAKEFLAGS -u MAKELEVEL make -s -j2 "$@" >&2
}

matrix_of() { # LINE
	echo "build/lines/$1/tests/matrix/matrix"
}

prepare() {
	local line
	mkdir -p build/abi
	exec 9>build/abi/lock
	flock 9
	scripts/roots.sh release "${LINES_OF_OPENSSL[@]}" >&2 || {
		printf '1..1\nok 1 - the lines of OpenSSL # skip Debian'"'"'s packages cannot be had\n'
		exit 0
	}
	make_quiet "BUILD=$RELEASE" SYSROOT=build/roots/release "$RELEASE/libpinshim.so"
	for line in "${LINES_OF_OPENSSL[@]}"; do
		make_quiet "BUILD=build/lines/$line" "SYSROOT=build/roots/$line" "$(matrix_of "$line")" clients
		ln -sf "$PWD/$RELEASE/libpinshim.so" "build/lines/$line"
	done
	# The certificates live for some weeks.
	[ -n "$(find "$PKI/complete" -mtime -7 2>/dev/null)" ] || {
		rm -rf "$PKI"
		tests/lib/pki.sh "$PKI"
		touch "$PKI/complete"
	}
	exec 9>&-
}

matrix() {
	local line programs=()
	for line in "${LINES_OF_OPENSSL[@]}"; do
		programs+=("$line=$(matrix_of "$line")")
	done
	tests/matrix/run.py --library "$PWD/$RELEASE/libpinshim.so" --pki "$PWD/$PKI" "${programs[@]}"
}

gates() {
	tests/matrix/gates.py --source . --build "$RELEASE" --make "SYSROOT=$PWD/build/roots/release" \
		--pki "$PWD/$PKI" "$NEWEST=$PWD/$(matrix_of "$NEWEST")"
}

# The end-to-end tests whose clients and servers are our own.
e2e() { # LINE
	BUILD=build/lines/$1 bats --tap tests/e2e/{async,attacks,ct,handshake,names,own,resumption,trace,untouched}.bats
}

tables() {
	local rc=0
	matrix | sed '/^ok/d; /^1\.\./d; s/^# //' || rc=1
	echo
	gates | sed '/^ok/d; /^1\.\./d; s/^# //' || rc=1
	return $rc
}

case ${1:-} in
matrix | gates | prepare | tables) ;;
e2e)
	[[ " ${LINES_OF_OPENSSL[*]} " = *" ${2:-} "* ]] || {
		echo "abi.sh: '${2:-}' is no line of OpenSSL; write one of: ${LINES_OF_OPENSSL[*]}" >&2
		exit 2
	}
	;;
*)
	echo "abi.sh: '${1:-}' is nothing to do; write matrix, gates, e2e, tables or prepare" >&2
	exit 2
	;;
esac
prepare
[ "$1" = prepare ] || "$@"

# SPDX-License-Identifier: MIT
#
# Once for all tests of snapshots that run once: the certificates and the programs. Fails at once when
# something is missing, so that no test can be passed over in silence.
# shellcheck shell=bash

# shellcheck source=tests/lib/suite.bash
. "${BASH_SOURCE[0]%/*}/../lib/suite.bash"

setup_suite() {
	local here=${BASH_SOURCE[0]%/*}
	need "the tests of snapshots" cc curl openssl jq /usr/bin/python3 || return 1
	export BIN=$BATS_SUITE_TMPDIR/bin
	export BUILD=${BUILD:-$here/../../build}
	mkdir -p "$BIN"
	build() { # ARGUMENT...
		env -i PATH=/usr/bin:/bin "${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wshadow \
			-Werror -g -O1 "$@"
	}
	build -I"$here/../../shim" -o "$BIN/forge" "$here/forge.c" "$BUILD/libpinshim.a" -l:libinih.a || return 1
	build -rdynamic -o "$BIN/sandbox" "$here/../faults/sandbox.c" -lssl -lcrypto || return 1
	make_certificates
}

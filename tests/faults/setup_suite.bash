# SPDX-License-Identifier: MIT
#
# Once for all tests of failures: the certificates and the programs. Fails at once when something is
# missing, so that no test can be passed over in silence.
# shellcheck shell=bash

# shellcheck source=tests/lib/suite.bash
. "${BASH_SOURCE[0]%/*}/../lib/suite.bash"

setup_suite() {
	local here=${BASH_SOURCE[0]%/*} program source
	need "the tests of failures" cc openssl jq unshare prlimit /usr/bin/python3 || return 1
	export BIN=$BATS_SUITE_TMPDIR/bin
	mkdir -p "$BIN"
	for source in "$here"/*.c; do
		program=${source##*/}
		env -i PATH=/usr/bin:/bin "${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Werror \
			-g -O1 -rdynamic -o "$BIN/${program%.c}" "$source" -lssl -lcrypto -pthread -ldl || return 1
	done
	make_certificates
}

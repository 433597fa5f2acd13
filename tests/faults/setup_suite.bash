# SPDX-License-Identifier: MIT
#
# Once for all tests of failures: the certificates and the programs. Fails at once when something is
# missing, so that no test can be passed over in silence.
# shellcheck shell=bash

setup_suite() {
	local here=${BASH_SOURCE[0]%/*} program source
	for program in cc openssl jq unshare prlimit /usr/bin/python3; do
		PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$program" >/dev/null || {
			echo "the tests of failures need $program"
			return 1
		}
	done
	export PKI=$BATS_SUITE_TMPDIR/pki BIN=$BATS_SUITE_TMPDIR/bin
	mkdir -p "$BIN"
	for source in "$here"/*.c; do
		program=${source##*/}
		env -i PATH=/usr/bin:/bin "${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Werror \
			-g -O1 -rdynamic -o "$BIN/${program%.c}" "$source" -lssl -lcrypto -pthread -ldl || return 1
	done
	env -i PATH=/usr/bin:/bin "$here/../lib/pki.sh" "$PKI"
}

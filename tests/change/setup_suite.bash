# SPDX-License-Identifier: MIT
#
# Once for all tests of policies that change: the certificates, and what is preloaded besides the
# library.

# shellcheck source=tests/lib/suite.bash
. "${BASH_SOURCE[0]%/*}/../lib/suite.bash"

setup_suite() {
	local program here=${BASH_SOURCE[0]%/*}
	need "the tests of changes" cc jq nsenter openssl setpriv unshare /usr/bin/python3 || return 1
	export OBJECTS=$BATS_SUITE_TMPDIR
	make_certificates
	build() { # ARGUMENT...
		env -i PATH=/usr/bin:/bin "${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror \
			-O1 -I"$here/../../shim" "$@"
	}
	for program in count die meddle; do
		build -shared -fPIC -o "$OBJECTS/$program.so" "$here/$program.c" -ldl
	done
	for program in swarm next; do
		build -o "$OBJECTS/$program" "$here/$program.c" -lssl -lcrypto
	done
}

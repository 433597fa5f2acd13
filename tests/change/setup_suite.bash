# SPDX-License-Identifier: MIT
#
# Once for all tests of policies that change: the certificates, and what is preloaded besides the

setup_suite() {
	local program here=${BASH_SOURCE[0]%/*}
	for program in cc jq nsenter openssl setpriv unshare /usr/bin/python3; do
		PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$program" >/dev/null || {
			echo "the tests of changes need $program"
			return 1
		}
	done
	export PKI=$BATS_SUITE_TMPDIR/pki OBJECTS=$BATS_SUITE_TMPDIR
	env -i PATH=/usr/bin:/bin "$here/../lib/pki.sh" "$PKI"
	build() { # ARGUMENT...
		env -i PATH=/usr/bin:/bin "${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror \
			-O1 -I"$here/../../shim" "$@"
	}
	for program in count die; do
		build -shared -fPIC -o "$OBJECTS/$program.so" "$here/$program.c" -ldl
	done
	for program in swarm next; do
		build -o "$OBJECTS/$program" "$here/$program.c" -lssl -lcrypto
	done
}

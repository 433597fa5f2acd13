# SPDX-License-Identifier: MIT
#
# Once for the tests of `pinshim scan': the certificates. Fails at once when a program is missing, so
# that no test can be passed over in silence.
# shellcheck shell=bash

setup_suite() {
	local program
	for program in curl gcc jq nginx openssl perl php ruby script setcap setpriv socat strip wget \
		/usr/bin/python3; do
		PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$program" >/dev/null || {
			echo "the tests of scan need $program"
			return 1
		}
	done
	export PKI=$BATS_SUITE_TMPDIR/pki
	env -i PATH=/usr/bin:/bin "${BASH_SOURCE[0]%/*}/../lib/pki.sh" "$PKI"
}

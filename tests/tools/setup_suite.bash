# SPDX-License-Identifier: MIT
#
# Once for the tests with curl and openssl: the certificates.

setup_suite() {
	local program
	for program in curl openssl gcc; do
		command -v "$program" >/dev/null || {
			echo "these tests need $program"
			return 1
		}
	done
	export PKI=$BATS_SUITE_TMPDIR/pki
	env -i PATH=/usr/bin:/bin "${BASH_SOURCE[0]%/*}/../lib/pki.sh" "$PKI"
}

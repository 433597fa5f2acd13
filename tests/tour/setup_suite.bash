# SPDX-License-Identifier: MIT
#
# Once for the tour: the certificates. Fails at once when a program is missing, so that no test can
# be passed over in silence.

setup_suite() {
	local program
	for program in curl jq openssl socat unshare /usr/bin/python3; do
		PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$program" >/dev/null || {
			echo "the tour needs $program"
			return 1
		}
	done
	export PKI=$BATS_SUITE_TMPDIR/pki
	env -i PATH=/usr/bin:/bin "${BASH_SOURCE[0]%/*}/../lib/pki.sh" "$PKI"
}

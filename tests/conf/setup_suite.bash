# SPDX-License-Identifier: MIT
#
# Once for the tests of conf/: the certificates of the end-to-end tests, and the real tools.
# shellcheck shell=bash

setup_suite() {
	local program
	for program in apparmor_parser bash curl jq logrotate openssl systemd-analyze unshare /usr/bin/python3; do
		PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$program" >/dev/null || {
			echo "the tests of conf need $program"
			return 1
		}
	done
	export PKI=$BATS_SUITE_TMPDIR/pki
	env -i PATH=/usr/bin:/bin "${BASH_SOURCE[0]%/*}/../lib/pki.sh" "$PKI"
}

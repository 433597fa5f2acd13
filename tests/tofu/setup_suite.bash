# SPDX-License-Identifier: MIT
#
# Once for these tests: the certificates.
# shellcheck shell=bash

setup_suite() {
	export PKI=$BATS_SUITE_TMPDIR/pki
	env -i PATH=/usr/bin:/bin "${BASH_SOURCE[0]%/*}/../lib/pki.sh" "$PKI"
}

# SPDX-License-Identifier: MIT
#
# Once for the tests of conf/: the certificates of the end-to-end tests, and the real tools.
# shellcheck shell=bash

# shellcheck source=tests/lib/suite.bash
. "${BASH_SOURCE[0]%/*}/../lib/suite.bash"

setup_suite() {
	need "the tests of conf" apparmor_parser bash curl jq logrotate openssl systemd-analyze unshare /usr/bin/python3 || return 1
	make_certificates
}

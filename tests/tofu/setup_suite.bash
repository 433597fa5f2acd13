# SPDX-License-Identifier: MIT
#
# Once for these tests: the certificates.
# shellcheck shell=bash

# shellcheck source=tests/lib/suite.bash
. "${BASH_SOURCE[0]%/*}/../lib/suite.bash"

setup_suite() {
	make_certificates
}

# SPDX-License-Identifier: MIT
#
# Once for the tests with curl and openssl: the certificates.

# shellcheck source=tests/lib/suite.bash
. "${BASH_SOURCE[0]%/*}/../lib/suite.bash"

setup_suite() {
	need "these tests" curl openssl gcc || return 1
	make_certificates
}

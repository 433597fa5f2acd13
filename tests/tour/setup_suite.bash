# SPDX-License-Identifier: MIT
#
# Once for the tour: the certificates. Fails at once when a program is missing, so that no test can
# be passed over in silence.

# shellcheck source=tests/lib/suite.bash
. "${BASH_SOURCE[0]%/*}/../lib/suite.bash"

setup_suite() {
	need "those of the tour" curl jq openssl socat unshare /usr/bin/python3 || return 1
	make_certificates
}

# SPDX-License-Identifier: MIT
#
# Once for the tests of `pinshim scan': the certificates. Fails at once when a program is missing, so
# that no test can be passed over in silence.
# shellcheck shell=bash

# shellcheck source=tests/lib/suite.bash
. "${BASH_SOURCE[0]%/*}/../lib/suite.bash"

setup_suite() {
	need "the tests of scan" curl gcc jq nginx openssl perl php ruby script setcap setpriv socat strip wget \
		/usr/bin/python3 || return 1
	make_certificates
}

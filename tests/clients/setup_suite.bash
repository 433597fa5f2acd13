# SPDX-License-Identifier: MIT
#
# Fails at once when a program is missing, so that no test can be passed over in silence.

# shellcheck source=tests/lib/suite.bash
. "${BASH_SOURCE[0]%/*}/../lib/suite.bash"

setup_suite() {
	need "these tests" curl gcc openssl python3 ruby unshare wget
}

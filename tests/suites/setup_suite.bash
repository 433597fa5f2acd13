# SPDX-License-Identifier: MIT
#
# What the tests of scripts/suites.sh need. Other projects' suites need more (scripts/deps.sh suites).

# shellcheck source=tests/lib/suite.bash
. "${BASH_SOURCE[0]%/*}/../lib/suite.bash"

setup_suite() {
	need "the tests of suites" cc ip jq openssl setpriv unshare /usr/bin/python3
}

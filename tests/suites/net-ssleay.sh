# SPDX-License-Identifier: MIT
#
# The tests of Perl's Net::SSLeay, which speaks with OpenSSL's functions one by one.
# shellcheck shell=bash disable=SC2034,SC2154 # see scripts/suites.sh

# shellcheck source=tests/suites/tap.bash
source "$SUITES/tap.bash"

package=libnet-ssleay-perl
minimum=2400
handshakes=50

prepare() {
	source_package libnet-ssleay-perl
}

run() {
	tap_of t/local/*.t
}

outcomes() {
	outcomes_of_tap
}

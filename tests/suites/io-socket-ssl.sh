# SPDX-License-Identifier: MIT
#
# The tests of Perl's IO::Socket::SSL: blocking and not, with sessions, upgrades of plain sockets, and
# every way to check a name.
# shellcheck shell=bash disable=SC2034,SC2154 # see scripts/suites.sh

# shellcheck source=tests/suites/tap.bash
source "$SUITES/tap.bash"

package=libio-socket-ssl-perl
minimum=750
handshakes=120

prepare() {
	source_package libio-socket-ssl-perl
}

run() {
	tap_of t/*.t
}

outcomes() {
	outcomes_of_tap
}

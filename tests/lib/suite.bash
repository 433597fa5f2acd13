# SPDX-License-Identifier: MIT
#
# What the setup_suite of a folder of tests begins with. Fails at once when a program is missing, so
# that no test can be passed over in silence.
# shellcheck shell=bash

need() { # WHO PROGRAM...: WHO need these programs
	local program
	for program in "${@:2}"; do
		PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$program" >/dev/null || {
			echo "$1 need $program"
			return 1
		}
	done
}

make_certificates() {
	export PKI=$BATS_SUITE_TMPDIR/pki
	env -i PATH=/usr/bin:/bin "${BASH_SOURCE[0]%/*}/pki.sh" "$PKI"
}

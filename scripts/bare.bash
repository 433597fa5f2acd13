# SPDX-License-Identifier: MIT
#
# For scripts that compare with runs without the library: they can say nothing true on a machine that
# preloads it, or anything else, into every program, or that has a policy of the host's.
# shellcheck shell=bash

need_bare_machine() {
	local file
	for file in /etc/pinshim/policy.ini /etc/pinshim/policy.d /etc/ld.so.preload; do
		[ ! -s "$file" ] || {
			echo "${0##*/}: there is a $file: runs without the library or without a policy need a" \
				"machine without it" >&2
			exit 1
		}
	done
}

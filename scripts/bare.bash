# SPDX-License-Identifier: MIT
#
# What a machine must be for scripts that compare with runs without the library, and run programs in
# networks of their own.
# shellcheck shell=bash

# Nothing true can be said where the library, or anything else, is preloaded into every program, or
# where there is a policy of the host's.
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

need_namespaces() { # OPTION...: of unshare(1)
	[ "$(id -u)" -eq 0 ] || set -- "$@" -r
	unshare "$@" true 2>/dev/null || {
		echo "${0##*/}: 'unshare $*' is not allowed here; it takes root, or namespaces for users" >&2
		exit 1
	}
}

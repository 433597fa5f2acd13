# SPDX-License-Identifier: MIT
#
# For suites that build test programs of their own from $TREE: what a build prints is shown only when
# it fails.
# shellcheck shell=bash disable=SC2154 # see scripts/suites.sh

quiet() { # COMMAND...
	"$@" >"$TREE.log" 2>&1 || {
		cat "$TREE.log" >&2
		return 1
	}
}

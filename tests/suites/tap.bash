# SPDX-License-Identifier: MIT
#
# For suites of Perl scripts that speak TAP: runs them one after the other, and reads what they said. A
# test is known by its script and its number, for many have no name; how each script ended is a test, too.
# shellcheck shell=bash disable=SC2154 # see scripts/suites.sh

tap_of() { # SCRIPT...
	# shellcheck disable=SC2016 # expanded by the inner shell
	tested sh -c 'for script; do
			echo "# script $script"
			perl "$script"
			echo "# exit $?"
		done' - "$@"
}

outcomes_of_tap() {
	LC_ALL=C awk '
		function outcome(ok) {
			if (tolower($0) ~ /# *skip/)
				return "skipped"
			if (tolower($0) ~ /# *todo/)
				return ok ? "passed-unexpectedly" : "failed-as-expected"
			return ok ? "passed" : "failed"
		}
		/^# script / { script = $3; n = 0; next }
		/^# exit / { print "exit-" $3, script; next }
		/^1\.\.0/ { print "skipped", script, "all" }
		/^ok\>/ { print outcome(1), script, ++n }
		/^not ok\>/ { print outcome(0), script, ++n }'
}

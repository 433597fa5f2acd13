# SPDX-License-Identifier: MIT
#
# For suites of Perl scripts that speak TAP: runs them one after the other, and reads what they said. A
# test is known by its script and what it says of itself without the numbers, which are ports, addresses
# and seconds; its place says nothing, for the two ends of a connection print as they come. How a script
# ended is a test, too.
# shellcheck shell=bash disable=SC2154 # see scripts/suites.sh

tap_of() { # SCRIPT...
	# Hashes always in the same order.
	# shellcheck disable=SC2016 # expanded by the inner shell
	tested PERL_HASH_SEED=0 PERL_PERTURB_KEYS=0 sh -c 'for script; do
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
		function name() {
			sub(/^(not )?ok/, "")
			gsub(/0x[0-9a-f]+|[0-9]+/, "N")
			return script $0
		}
		/^# script / { script = $3; next }
		/^# exit / { print "exit-" $3, script; next }
		/^1\.\.0/ { print "skipped", script, "all" }
		/^ok( |$)/ { what = outcome(1); print what, name() }
		/^not ok( |$)/ { what = outcome(0); print what, name() }'
}

# SPDX-License-Identifier: MIT
#
# The tests of Ruby's openssl, from the sources of Ruby itself, against the Ruby that is installed.
# shellcheck shell=bash disable=SC2034,SC2154 # see scripts/suites.sh

package=libruby3.1
minimum=480
handshakes=100

prepare() {
	source_package ruby3.1
	mkdir "$TREE.kept"
	(cd "$TREE" && cp -a --parents tool/lib test/runner.rb test/lib test/openssl "$TREE.kept")
	rm -rf "$TREE"
	mv "$TREE.kept" "$TREE"
}

run() {
	tested ruby -Itool/lib test/runner.rb --verbose --test-order=sorted test/openssl
}

# A line for each test that was run, and after all of them those that did not pass.
outcomes() {
	awk '
		/^\[ *[0-9]+\/[0-9]+\] .* = [0-9.]+ s$/ {
			sub(/^\[ *[0-9]+\/[0-9]+\] /, "")
			outcome[$1] = "passed"
		}
		/^ +[0-9]+\) (Failure|Error|Skipped):$/ { what = tolower($2); sub(/:/, "", what); next }
		what != "" { outcome[$1] = what; what = "" }
		END { for (name in outcome) print outcome[name], name }' | sed 's/:$//' | LC_ALL=C sort
}

# SPDX-License-Identifier: MIT
#
# The tests of Ruby's openssl, from the sources of Ruby itself, against the Ruby that is installed.
# shellcheck shell=bash disable=SC2034,SC2154 # see scripts/suites.sh

package=libruby3.1
minimum=480
handshakes=200

prepare() {
	source_package ruby3.1
	mkdir "$TREE.kept"
	(cd "$TREE" && cp -a --parents tool/lib tool/test/runner.rb test/runner.rb test/openssl "$TREE.kept")
	rm -rf "$TREE"
	mv "$TREE.kept" "$TREE"
}

run() {
	tested "RECORD=$RUN/record" ruby -Itool/lib "-r$SUITES/ruby.rb" test/runner.rb \
		--verbose --test-order=sorted test/openssl
}

outcomes() {
	cat "$RUN/record"
}

# SPDX-License-Identifier: MIT
#
# Those of the tests of PHP's openssl that open a TLS stream: PHP drives the handshake itself, with a
# timeout, and checks the peer's name and fingerprint when it is over.
# shellcheck shell=bash disable=SC2034,SC2154 # see scripts/suites.sh

package=php8.2-cli
minimum=40
handshakes=50

prepare() {
	source_package php8.2
	rm -rf "$TREE.kept"
	mkdir "$TREE.kept"
	(cd "$TREE" && cp -a --parents run-tests.php ext/openssl/tests "$TREE.kept")
	rm -rf "$TREE"
	mv "$TREE.kept" "$TREE"
}

# Some tests start another PHP, which would load what the machine's configuration asks for: there is none.
# Three at a time, because they wait for each other's ends.
run() {
	# shellcheck disable=SC2046 # names
	tested PHP_INI_SCAN_DIR="$RUN/home" PHPRC="$RUN/home" NO_INTERACTION=1 TEST_PHP_EXECUTABLE=/usr/bin/php8.2 /usr/bin/php8.2 -n -d extension=posix \
		run-tests.php -n -d extension=posix -q -j3 --offline --no-progress --no-color \
		-g PASS,FAIL,SKIP,XFAIL,BORK,LEAK,WARN \
		$(grep -lE 'ssl://|tls://|tlsv1|enable_crypto|ServerClientTestCase|https://' \
			ext/openssl/tests/*.phpt)
}

outcomes() {
	awk '
		/^(PASS|FAIL|SKIP|XFAIL|BORK|LEAK|WARN) .* \[ext\/.*\.phpt\] *(reason:.*)?$/ {
			outcome = $1 == "PASS" ? "passed" : $1 == "SKIP" ? "skipped" : tolower($1)
			sub(/.*\[/, "")
			sub(/\].*/, "")
			print outcome, $0
		}' | sort -u
}

# SPDX-License-Identifier: MIT
#
# A suite of three tests, to try scripts/suites.sh itself with.
# shellcheck shell=bash disable=SC2034,SC2154 # see scripts/suites.sh

package=python3
minimum=3
handshakes=2

prepare() {
	mkdir -p "$TREE"
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$TREE/key" -out "$TREE/cert" 2>/dev/null
}

run() {
	tested /usr/bin/python3 "$SUITES/small.py"
}

outcomes() {
	grep -E '^(passed|failed) '
}

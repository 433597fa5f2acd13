# SPDX-License-Identifier: MIT
#
# CPython's tests of its ssl module and of what is built on it. The tests that ask for the Internet are
# skipped. What runs them is ours (cpython.py), so that each test has one line, whatever its threads say.
# shellcheck shell=bash disable=SC2034,SC2154 # see scripts/suites.sh

package=python3.11
minimum=680
handshakes=300

prepare() {
	cpython_tree
}

# The tests, beside what of their package is installed.
cpython_tree() {
	binary_package libpython3.11-testsuite
	cp -a /usr/lib/python3.11/test/. "$TREE/usr/lib/python3.11/test"
	mv "$TREE/usr/lib/python3.11/test" "$TREE"
	rm -rf "${TREE:?}/usr"
}

run() {
	cpython_modules test_{ssl,httplib,urllib2_localnet,ftplib,poplib,imaplib,smtplib,nntplib}
}

cpython_modules() { # MODULE...
	tested "PYTHONPATH=$PWD" /usr/bin/python3 "$SUITES/cpython.py" "$RUN/record" "${@/#/test.}"
}

outcomes() {
	cat "$RUN/record"
}

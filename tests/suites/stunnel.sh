# SPDX-License-Identifier: MIT
#
# The tests of stunnel, a proxy that is both ends of its handshakes: verification by chain, peer and
# CRL, PSK, resumption in every way, redirection and failover.
# shellcheck shell=bash disable=SC2034,SC2154 # see scripts/suites.sh

package=stunnel4
minimum=45
handshakes=50

prepare() {
	source_package stunnel4
	rm -rf "${TREE:?}"/{doc,src,tools}
	mkdir "$TREE/src"
	ln -s /usr/bin/stunnel4 "$TREE/src/stunnel"
	(cd "$TREE/tests/certs" && env -i PATH=/usr/bin:/bin ./maketestcert.sh)
}

# Debian's patch allows another OpenSSL than stunnel was built with, if this is set.
run() {
	cd tests || return
	tested "AUTOPKGTEST_TMP=$RUN/tmp" /usr/bin/python3 maketest.py --debug=10
}

outcomes() {
	awk '
		/^[0-9]+\. / { name = $0; next }
		/^\.+ [a-z]+$/ { print $2 == "succeeded" ? "passed" : $2, name }'
}

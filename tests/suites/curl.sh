# SPDX-License-Identifier: MIT
#
# Those of curl's tests that need a TLS server: curl itself and programs made with its library, both as
# installed, against servers behind stunnel, nghttpx and gnutls-serv. Only the servers and these programs
# are built. Tests of timeouts are left out: they wait for a server that says nothing, long after the
# handshake.
# shellcheck shell=bash disable=SC2034,SC2154 # see scripts/suites.sh

# shellcheck source=tests/suites/built.bash
source "$SUITES/built.bash"

package=curl
minimum=50
handshakes=40

prepare() {
	source_package curl
	(
		cd "$TREE" || exit
		# They are newer than what Debian's patches touch, so that nobody asks for automake.
		touch aclocal.m4
		find . -name Makefile.in -newermt @0 -exec touch {} +
		touch configure lib/curl_config.h.in
		quiet ./configure --disable-dependency-tracking --disable-shared --disable-ldap \
			--disable-manual --without-{ssl,zlib,libpsl,brotli,zstd,nghttp2,libidn2,librtmp}
		quiet make -j2 -C tests/server
		cd tests || exit
		tests_of_tls >selected
		programs_of_tests
		rm -rf ../{docs,src,projects,packages,plan9,winbuild,debian,.pc} libtest/*.[ch] unit
	)
}

# The numbers of the tests whose <server> section names one that speaks TLS.
tests_of_tls() {
	perl -ne '
		$test = $1 if $ARGV =~ /([0-9]+)$/;
		$tls{$test} = 1 if /<server>/ .. /<\/server>/ and /^(https|ftps|gophers|http\/2|httptls)/;
		$late{$test} = 1 if /<keywords>/ .. /<\/keywords>/ and /^timeout$/;
		END { print "$_\n" for sort { $a <=> $b } grep { !$late{$_} } keys %tls }' data/test[0-9]*
}

# Some tests bring a program.
programs_of_tests() {
	local test
	while read -r test; do
		grep -q "^lib%TESTNUMBER" "data/test$test" || continue
		(cd libtest && quiet gcc -w -DHAVE_CONFIG_H -I. -I../../include -I../../lib -I../../src \
			-o "lib$test" "lib$test.c" first.c testutil.c ../../lib/{warnless,timediff}.c \
			-l:libcurl.so.4)
	done <selected
}

run() {
	cd tests || return
	# shellcheck disable=SC2046 # numbers
	tested USER=root srcdir=. perl -I. ./runtests.pl -L "$SUITES/curl.pl" -a -n \
		-c /usr/bin/curl -vc /usr/bin/curl $(cat selected)
}

# One line opens a test; what closes it says OK, or is missing.
outcomes() {
	awk '
		function close_test() { if (name != "") print outcome, name; name = "" }
		/^test [0-9]+ SKIPPED/ { close_test(); print "skipped", $2 }
		/^test [0-9]+\.\.\./ { close_test(); name = substr($0, 6); outcome = "failed" }
		/^[-a-zA-Z]+ OK \(/ { outcome = "passed" }
		END { close_test() }'
}

# SPDX-License-Identifier: MIT
#
# OpenSSL's own tests of libssl, built from its sources and run against the libssl that is installed:
# every callback and getter, sessions, early data, DTLS, PSK, SRP, DANE, handshakes that pause. Built are
# these programs alone, with an engine that some of them ask for. What the installed libssl was built
# without (compression, SCTP) is left out.
# shellcheck shell=bash disable=SC2034,SC2154 # see scripts/suites.sh

# shellcheck source=tests/suites/built.bash
source "$SUITES/built.bash"

package=libssl3
minimum=1900
handshakes=1900

PAIR='../apps/server.pem ../apps/server.pem'
PASSWORDS=recipes/90-test_sslapi_data/passwd.txt
PARAMETERS=recipes/90-test_sslapi_data/dhparams.pem

# Each as OpenSSL's recipe for it does: the program and its arguments, what it is linked with.
programs() { # COMMAND: COMMAND PROGRAM HELPERS ARGUMENT...
	local program
	"$1" sslapitest "ssltestlib filterprov tls-provider" \
		certs $PASSWORDS scratch default default.cnf $PARAMETERS
	for program in asynciotest dtlstest fatalerrtest recordlentest servername_test sslbuffertest \
		sslcorrupttest tls13ccstest; do
		# shellcheck disable=SC2086 # two words
		"$1" $program ssltestlib $PAIR
	done
	"$1" dtls_mtu_test ssltestlib
	for program in bad_dtls_test cipherbytes_test cipherlist_test ciphername_test dtlsv1listentest \
		ssl_ctx_test; do
		"$1" $program ""
	done
	"$1" clienthellotest "" session.pem
	"$1" danetest "" example.com danetest.pem danetest.in
	"$1" danetest "" server.example certs/cross-root.pem dane-cross.in
	for program in ssl-tests/*.cnf; do
		case $program in
		*-compression.* | *-sctp-*) ;;
		*) "$1" ssl_test "ssl_test_ctx handshake handshake_srp" "$program" none ;;
		esac
	done
}

prepare() {
	source_package openssl
	(
		cd "$TREE" || exit
		quiet ./Configure no-asm
		quiet make build_generated
		cd test || exit
		mkdir engines
		compile -shared -fPIC -o engines/dasync.so ../engines/e_dasync.c -lcrypto
		for file in testutil/*.c ../apps/lib/opt.c; do
			compile -c -o "testutil/${file##*/}.o" "$file"
		done
		ar rcs libtestutil.a testutil/*.o
		programs build
		touch scratch
	)
	rm -rf "$TREE.kept"
	mkdir "$TREE.kept"
	mv "$TREE/test" "$TREE/apps" "$TREE.kept"
	rm -rf "$TREE"
	mv "$TREE.kept" "$TREE"
}

compile() { # ARGUMENT...
	gcc -w -O1 -I. -I.. -I../include -I../apps/include -I../engines "$@"
}

build() { # PROGRAM HELPERS
	local helper sources=()
	[ ! -e "$1" ] || return 0
	for helper in $2; do
		[ ! -e "helpers/$helper.c" ] || helper=helpers/$helper
		sources+=("$helper.c")
	done
	compile -o "$1" "$1.c" "${sources[@]}" libtestutil.a -lssl -lcrypto
}

run() {
	cd test || return
	# shellcheck disable=SC2016 # expanded by the inner shell
	programs line | tested OPENSSL_CONF=/dev/null "OPENSSL_ENGINES=$PWD/engines" \
		TEST_CERTS_DIR=certs CTLOG_FILE=ct/log_list.cnf sh -c '
			while read -r line; do
				echo "# program $line"
				./$line </dev/null
				echo "# exit $?"
			done'
}

line() { # PROGRAM HELPERS ARGUMENT...
	echo "$1" "${@:3}"
}

# TAP within TAP: the inner tests are indented.
outcomes() {
	awk '
		/^# program / { program = $3 " " $4; next }
		/^# exit / { print "exit-" $3, program; next }
		/^ *ok / { print /# *skip/ ? "skipped" : "passed", test() }
		/^ *not ok / { print "failed", test() }
		function test() { sub(/^ *(not )?ok /, ""); return program " " $0 }'
}

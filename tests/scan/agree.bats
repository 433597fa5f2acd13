# SPDX-License-Identifier: MIT
#
# What `pinshim scan' says is true: each program runs under the library and a policy with a wrong pin.
# Where scan says that it is covered, the server sees a handshake that was refused; where it says that
# it is not, the server gets data. `host only' is asked of /etc/ld.so.preload.
# shellcheck disable=SC2154 # set by the rig

load ../lib/rig

HOST=api.example.com
PINSHIM=$BUILD/pinshim
REQUEST=$'GET / HTTP/1.0\r\n\r'

setup_file() {
	local here=$BATS_TEST_DIRNAME/../e2e static=(-l:libssl.a -l:libcrypto.a)
	export BIN=$BATS_FILE_TMPDIR
	build() { # FILE ARGUMENT...
		env -i PATH=/usr/bin:/bin gcc -std=gnu11 -D_GNU_SOURCE -O1 -o "$BIN/$1" "${@:2}"
	}
	build linked "$here/clients/client.c" -lssl -lcrypto
	build inside "$here/clients/client.c" "${static[@]}"
	build static -static "$here/clients/client.c" "${static[@]}" 2>/dev/null
	build talker "$here/dl/talker.c" "$here/dl/talk.c" -Wl,--as-needed
	cp "$BIN/linked" "$BIN/setgid"
	chgrp nogroup "$BIN/setgid"
	chmod g+s "$BIN/setgid"
}

by_curl() {
	"${AS[@]}" curl -ksS --connect-to "$HOST:443:127.0.0.1:$PORT" "https://$HOST/"
}

by_wget() {
	"${AS[@]}" wget -q -O /dev/null --no-check-certificate --tries=1 "https://127.0.0.1:$PORT/"
}

by_s_client() {
	"${AS[@]}" openssl s_client -quiet -servername "$HOST" -connect "127.0.0.1:$PORT" <<<"$REQUEST"
}

by_socat() {
	"${AS[@]}" socat -t60 - "OPENSSL:127.0.0.1:$PORT,verify=0,snihost=$HOST" <<<"$REQUEST"
}

by_python() {
	"${AS[@]}" /usr/bin/python3 -c 'if True:
		import socket, ssl, sys
		plain = socket.create_connection(("127.0.0.1", sys.argv[2]))
		with ssl._create_unverified_context().wrap_socket(plain, server_hostname=sys.argv[1]) as tls:
		    tls.sendall(b"GET / HTTP/1.0\r\n\r\n")' "$HOST" "$PORT"
}

by_perl() {
	"${AS[@]}" perl -MIO::Socket::SSL -e 'my $tls = IO::Socket::SSL->new(
		PeerAddr => "127.0.0.1", PeerPort => $ARGV[1], SSL_hostname => $ARGV[0],
		SSL_verify_mode => 0) or exit 1; print $tls "GET / HTTP/1.0\r\n\r\n"' "$HOST" "$PORT"
}

by_ruby() {
	"${AS[@]}" ruby -rsocket -ropenssl -e '
		tls = OpenSSL::SSL::SSLSocket.new(TCPSocket.new("127.0.0.1", ARGV[1]))
		tls.hostname = ARGV[0]
		tls.connect
		tls.write("GET / HTTP/1.0\r\n\r\n")' "$HOST" "$PORT"
}

by_php() {
	"${AS[@]}" php -r 'file_get_contents("https://127.0.0.1:$argv[2]/", false, stream_context_create(
		["ssl" => ["verify_peer" => false, "peer_name" => $argv[1]]]));' "$HOST" "$PORT"
}

own() { # FILE
	"${AS[@]}" "$BIN/$1" connect "$PORT" "ca=$PKI/ca.pem" "sni=$HOST"
}
by_linked() { own linked; }
by_inside() { own inside; }
by_static() { own static; }
by_setgid() { own setgid; }

by_talker() {
	"${AS[@]}" "$BIN/talker" dlsym libssl.so.3 "$PORT" "$PKI/ca.pem" "$HOST"
}

# says PROGRAM COVERED HOW: scan of PROGRAM.
says() {
	run_bare "$PINSHIM" scan --json "$1"
	jq -e --arg covered "$2" --arg how "$3" '.covered == $covered and (.how | join(",")) == $how' \
		"$T/out" >/dev/null || fail "scan does not say: $2 $3"
}

under_a_wrong_pin() {
	printf '%s\n' 'unnamed = refuse' "[$HOST]" "pin = $(pin nobody)" | policy
	AS=("${SHIMMED[@]}")
}

refused() { # PROTOCOL NAME
	under_a_wrong_pin
	start_server "$1" api
	try "by_$2"
	assert_refused_inside
}

let_through() { # PROTOCOL NAME
	under_a_wrong_pin
	start_server "$1" api
	try "by_$2"
	assert_data 1
}

@test "covered: programs that are linked with libssl, or whose libraries are" {
	says /usr/bin/openssl yes run,host
	refused http s_client
	says /usr/bin/socat yes run,host
	refused http socat
	says "$BIN/linked" yes run,host
	refused line linked
}

@test "covered: interpreters, through their modules" {
	says /usr/bin/python3 yes run,host
	refused http python
	says /usr/bin/perl yes run,host
	refused http perl
	says /usr/bin/ruby yes run,host
	refused http ruby
}

@test "covered: a program that looks libssl up" {
	says "$BIN/talker" yes run,host
	refused line talker
}

@test "covered in part: programs of which other libraries use GnuTLS" {
	says /usr/bin/curl partly run,host
	refused http curl
	says /usr/bin/php partly run,host
	refused http php
}

@test "not covered: GnuTLS" {
	says /usr/bin/wget no ''
	let_through http wget
}

@test "not covered: OpenSSL that is linked in statically" {
	says "$BIN/inside" no ''
	let_through line inside
	says "$BIN/static" no ''
	let_through line static
}

@test "covered by the host's policy only: a program that gains privileges" {
	says "$BIN/setgid" yes host
	let_through line setgid
	mkdir -p "$T/etc/pinshim"
	cp "$POLICY" "$T/etc/pinshim/policy.ini"
	echo "$LIB" >"$T/etc/ld.so.preload"
	AS=(in_host "${BARE[@]}")
	start_server line api
	by_setgid
	assert_refused_inside
}

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# pinshim pin: every form of certificate and key, against what the openssl(1)
# command and sha256sum(1) say, and live servers.

load common

ALGORITHMS='rsa ec ed25519 ed448'

# generate ALGORITHM FILE
generate() {
	case $1 in
	rsa) set -- "$2" -algorithm RSA -pkeyopt rsa_keygen_bits:2048 ;;
	ec) set -- "$2" -algorithm EC -pkeyopt ec_paramgen_curve:P-256 ;;
	*) set -- "$2" -algorithm "$1" ;;
	esac
	clean openssl genpkey "${@:2}" -out "$1" 2>/dev/null
}

# certify KEY FILE SUBJECT [ARG]...: a self-signed certificate.
certify() {
	clean openssl req -x509 -key "$1" -out "$2" -subj "$3" -days 30 "${@:4}"
}

base64_of_sha256() {
	printf 'sha256/'
	sha256sum | cut -c 1-64 | tr -d '\n' | tr a-f A-F | basenc -d --base16 | base64 -w 0
}

# The pin of a private key, made without pinshim.
expected() {
	clean openssl pkey -in "$1" -pubout -outform der | base64_of_sha256
}

# pinned KEY ARG...: pinshim pin ARG... prints the pin of KEY as its only one.
pinned() {
	local pin

	pin=$(expected "$1")
	pinshim pin "${@:2}"
	must 0
	[ -z "$stderr" ]
	[ "$(grep -c '^pin = ' <<<"$output")" -eq 1 ]
	prints "
pin = $pin ; "
}

# serve ARG...: a TLS server; its port is in $PORT.
serve() {
	local log=$DIR/server.${#SERVERS[@]}

	# Not through a function: the pid must be the server's own. -www: reads no input.
	env -i PATH=/usr/bin openssl s_server -www -accept "${ADDRESS:-127.0.0.1}:0" "$@" \
		</dev/null >"$log" 2>&1 3>&- &
	SERVERS+=($!)
	await_port "$log"
}

# serve_python SCRIPT: a server that prints its port.
serve_python() {
	local log=$DIR/server.${#SERVERS[@]}

	env -i /usr/bin/python3 -u -c "$1" >"$log" 2>&1 3>&- &
	SERVERS+=($!)
	await_port "$log"
}

await_port() {
	# The redirection of a background command may come later than this.
	touch "$1"
	for _ in $(seq 100); do
		PORT=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$1")
		[ -z "$PORT" ] || return 0
		sleep 0.1
	done
	cat "$1"
	return 1
}

@test "private keys, PEM and DER" {
	for algorithm in $ALGORITHMS; do
		generate $algorithm key.pem
		pinned key.pem key.pem
		prints '; private key'
		clean openssl pkey -in key.pem -outform der -out key.der
		pinned key.pem key.der
		prints '; private key'
	done
}

@test "private keys in the older forms" {
	for algorithm in rsa ec; do
		generate $algorithm key.pem
		clean openssl pkey -in key.pem -traditional -out old.pem
		grep -q "BEGIN ${algorithm^^} PRIVATE KEY" old.pem
		pinned key.pem old.pem
		clean openssl pkey -in key.pem -traditional -outform der -out old.der
		pinned key.pem old.der
	done
	clean openssl ecparam -name prime256v1 -genkey -out ec.pem
	grep -q 'BEGIN EC PARAMETERS' ec.pem
	pinned ec.pem ec.pem
}

@test "public keys, PEM and DER" {
	for algorithm in $ALGORITHMS; do
		generate $algorithm key.pem
		clean openssl pkey -in key.pem -pubout -out pub.pem
		pinned key.pem pub.pem
		prints '; public key'
		clean openssl pkey -in key.pem -pubout -outform der -out pub.der
		pinned key.pem pub.der
		prints '; public key'
	done
	generate rsa key.pem
	clean openssl rsa -in key.pem -RSAPublicKey_out -out rsa.pem 2>/dev/null
	pinned key.pem rsa.pem
	clean openssl rsa -in key.pem -RSAPublicKey_out -outform der -out rsa.der 2>/dev/null
	pinned key.pem rsa.der
}

@test "certificates, PEM and DER" {
	for algorithm in $ALGORITHMS; do
		generate $algorithm key.pem
		certify key.pem cert.pem /CN=api.example.com
		pinned key.pem cert.pem
		prints "; certificate CN=api.example.com, until $(date -u -d '30 days' +%F)"
		clean openssl x509 -in cert.pem -outform der -out cert.der
		pinned key.pem cert.der
		prints "; pin-cert = $(base64_of_sha256 <cert.der)"
		clean openssl x509 -in cert.pem -trustout -out trusted.pem
		pinned key.pem trusted.pem
	done
}

@test "certificate requests, PEM and DER" {
	for algorithm in $ALGORITHMS; do
		generate $algorithm key.pem
		clean openssl req -new -key key.pem -subj /CN=Someone \
			-addext subjectAltName=DNS:api.example.com -out req.pem
		pinned key.pem req.pem
		prints '[api.example.com]'
		prints '; certificate request CN=Someone'
		clean openssl req -in req.pem -outform der -out req.der
		pinned key.pem req.der
		sed 's/CERTIFICATE REQUEST/NEW CERTIFICATE REQUEST/' req.pem >new.pem
		pinned key.pem new.pem
	done
}

@test "encrypted keys are said to be encrypted, and nothing is asked" {
	generate rsa key.pem
	clean openssl pkcs8 -topk8 -in key.pem -passout pass:x -out sealed.pem
	clean openssl pkcs8 -topk8 -in key.pem -passout pass:x -outform der -out sealed.der
	clean openssl rsa -in key.pem -traditional -aes128 -passout pass:x -out old.pem 2>/dev/null
	grep -q '^Proc-Type: 4,ENCRYPTED' old.pem
	for file in sealed.pem sealed.der old.pem; do
		run --separate-stderr timeout 10 setsid env -i "$PINSHIM" pin $file </dev/null
		must 1
		says "pinshim: '$file' is encrypted; give its certificate, or its public key"
		one_line
		[ -z "$output" ]
	done
	certify key.pem cert.pem /CN=api.example.com
	cat sealed.pem cert.pem >both.pem
	pinned key.pem both.pem
}

@test "standard input" {
	generate ec key.pem
	certify key.pem cert.pem /CN=api.example.com
	pinned key.pem - <cert.pem
	prints '[api.example.com]'
	clean openssl x509 -in cert.pem -outform der -out cert.der
	pinned key.pem - <cert.der
}

@test "a chain: the leaf first, the others as comments" {
	generate rsa ca.pem
	certify ca.pem ca.crt '/O=Example/CN=Example Root'
	generate ec key.pem
	clean openssl req -new -key key.pem -subj /CN=api.example.com -out req.pem
	clean openssl x509 -req -in req.pem -CA ca.crt -CAkey ca.pem -set_serial 7 -days 9 -out leaf.crt 2>/dev/null
	(
		echo 'text between the certificates'
		cat leaf.crt
		echo 'more text'
		cat ca.crt
	) >chain.pem
	pinned key.pem chain.pem
	prints "; pin-ca = $(expected ca.pem) ; CN=Example Root,O=Example, until $(date -u -d '30 days' +%F)"
	cat ca.pem chain.pem >with-a-key.pem
	pinned key.pem with-a-key.pem
}

@test "what is printed is a policy, and the comments in it are too" {
	generate rsa ca.pem
	certify ca.pem ca.crt '/CN=A; "root" \ with = [odd] #signs'
	generate ec key.pem
	clean openssl req -new -key key.pem -subj '/CN=api.example.com' -out req.pem
	clean openssl x509 -req -in req.pem -CA ca.crt -CAkey ca.pem -set_serial 7 -out leaf.crt 2>/dev/null
	cat leaf.crt ca.crt >chain.pem
	clean "$PINSHIM" pin chain.pem >p.ini
	pinshim check p.ini
	must 0
	[ "$output" = 'p.ini: 1 section, 1 pin' ]
	sed 's/^; \(pin-c\)/\1/' p.ini >all.ini
	pinshim check all.ini
	must 0
	[ "$output" = 'all.ini: 1 section, 3 pins' ]
}

@test "a subject cannot put lines into the policy" {
	generate ec key.pem
	certify key.pem cert.pem "/CN=api.example.com/O=x
[evil.test]
mode = off/OU=$(printf '\303\274\033')" -utf8
	clean "$PINSHIM" pin cert.pem >p.ini
	[ "$(grep -c '^.evil' p.ini)" -eq 0 ]
	[ "$(LC_ALL=C grep -c '[^ -~]' p.ini)" -eq 0 ]
	pinshim check p.ini
	must 0
	[ "$output" = 'p.ini: 1 section, 1 pin' ]
}

@test "a very long subject is cut" {
	generate ec key.pem
	long=$(printf '/OU=%060d' $(seq 90))
	certify key.pem cert.pem "/CN=api.example.com$long"
	clean "$PINSHIM" pin cert.pem >p.ini
	[ "$(wc -L <p.ini)" -lt 400 ]
	pinshim check p.ini
	must 0
}

@test "the section is called as the certificate says" {
	generate ec key.pem
	# title EXPECTED SUBJECT [SAN]
	title() {
		certify key.pem cert.pem "$2" ${3:+-addext "subjectAltName=$3"}
		pinshim pin cert.pem
		must 0
		[ "$(grep '^\[' <<<"$output")" = "[$1]" ]
	}
	title api.example.com /CN=Api.Example.COM
	title san.example.com /CN=cn.example.com email:a@b.test,DNS:san.example.com,DNS:other.example.com
	title '*.example.com' /CN=x 'DNS:*.example.com'
	title second.example.com /CN=x 'DNS:w*.example.com,DNS:second.example.com'
	title cn.example.com /CN=cn.example.com 'DNS:*.*.test'
	title second.example.com '/CN=Not a name/CN=second.example.com'
	title 192.0.2.7 /CN=192.0.2.7
	title 'SERVER NAME' '/CN=Example R3'
	title 'SERVER NAME' '/CN=*.192.0.2.7'
	title 'SERVER NAME' /O=cn.example.com
}

@test "without a name the section cannot be used by accident" {
	generate ec key.pem
	clean "$PINSHIM" pin key.pem >p.ini
	grep -q 'write the server' p.ini
	pinshim check p.ini
	must 1
	says 'p.ini:3: '
	sed -i 's/^\[.*/[api.example.com]/' p.ini
	pinshim check p.ini
	must 0
}

@test "files that hold nothing to pin" {
	nothing() {
		pinshim pin "$1"
		must 1
		says "$2"
		one_line
		[ -z "$output" ]
	}
	: >empty
	nothing empty "'empty' holds no certificate, certificate request or key"
	echo hello >text
	nothing text "'text' holds no certificate"
	clean openssl ecparam -name prime256v1 -out params.pem
	nothing params.pem "'params.pem' holds no certificate"
	nothing ./absent "'./absent' cannot be read: No such file or directory"
	nothing / "'/' cannot be read: Is a directory"
	head -c 1048577 /dev/zero >large
	nothing large "'large' is larger than 1 MiB"
}

@test "damaged certificates and keys" {
	generate ec key.pem
	certify key.pem cert.pem /CN=api.example.com
	clean openssl req -new -key key.pem -subj /CN=a.test -out req.pem
	clean openssl pkey -in key.pem -pubout -out pub.pem
	clean openssl x509 -in cert.pem -outform der -out cert.der
	damaged() {
		pinshim pin "$1"
		must 1
		says "$2"
		one_line
	}
	sed '3s/.*/!/' cert.pem >bad.pem
	damaged bad.pem "'bad.pem' is damaged PEM"
	sed '$d' cert.pem >bad.pem
	damaged bad.pem "'bad.pem' is damaged PEM"
	cat cert.pem bad.pem >second.pem
	damaged second.pem "'second.pem' is damaged PEM"
	for label in CERTIFICATE 'CERTIFICATE REQUEST' 'PUBLIC KEY' 'RSA PUBLIC KEY' 'PRIVATE KEY' 'ENCRYPTED PRIVATE KEY'; do
		printf -- '-----BEGIN %s-----\nMAA=\n-----END %s-----\n' "$label" "$label" >bad.pem
		damaged bad.pem "'bad.pem': its $label cannot be read"
	done
	for file in cert req pub key; do
		clean openssl asn1parse -in $file.pem -noout -out form.der
		label=$(sed -n 's/^-----BEGIN \(.*\)-----$/\1/p' $file.pem)
		printf 'x' >>form.der
		damaged form.der "'form.der' holds no certificate"
		printf -- '-----BEGIN %s-----\n%s\n-----END %s-----\n' "$label" "$(base64 form.der)" "$label" >bad.pem
		damaged bad.pem "'bad.pem': its $label cannot be read"
	done
}

@test "a live server: its whole chain, under the name that was asked for" {
	generate rsa ca.pem
	certify ca.pem ca.crt '/CN=Example Root'
	generate ec key.pem
	clean openssl req -new -key key.pem -subj /CN=leaf -out req.pem
	clean openssl x509 -req -in req.pem -CA ca.crt -CAkey ca.pem -set_serial 7 -days 9 -out leaf.crt \
		-extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') 2>/dev/null
	serve -cert leaf.crt -key key.pem -cert_chain ca.crt
	pinned key.pem "LOCALHOST.:$PORT"
	prints "
[localhost]
"
	prints "; pin-ca = $(expected ca.pem) ; CN=Example Root"
	prints '; As served to this machine: its chain did NOT verify here: self-signed certificate in certificate chain;'
	prints '; the certificate is valid for localhost.'
	pinned key.pem "127.0.0.1:$PORT"
	prints '[127.0.0.1]'
	prints '; the certificate is valid for 127.0.0.1.'
	pinned key.pem "[::ffff:127.0.0.1]:$PORT"
	prints '[127.0.0.1]'

	run --separate-stderr clean SSL_CERT_FILE="$DIR/ca.crt" "$PINSHIM" pin "localhost:$PORT"
	must 0
	prints "; As served to this machine: its chain verified against this system's trust anchors;"
	printf '%s\n' "$output" >p.ini
	pinshim check p.ini
	must 0
	[ "$output" = 'p.ini: 1 section, 1 pin' ]
}

@test "a live server of every kind of key" {
	for algorithm in $ALGORITHMS; do
		generate $algorithm key.pem
		certify key.pem cert.pem /CN=other.example.com
		serve -cert cert.pem -key key.pem
		pinned key.pem "localhost:$PORT"
		prints '; the certificate is NOT valid for localhost.'
		pinned key.pem "127.0.0.1:$PORT"
		prints '; the certificate is NOT valid for 127.0.0.1.'
	done
}

@test "a live server is asked for by name, and by no name for an address" {
	generate ec first.pem
	certify first.pem first.crt /CN=first
	generate ec second.pem
	certify second.pem second.crt /CN=second
	serve -cert first.crt -key first.pem -servername localhost -cert2 second.crt -key2 second.pem
	pinned second.pem "localhost:$PORT"
	pinned first.pem "127.0.0.1:$PORT"
}

@test "a live server over IPv6" {
	ADDRESS='[::1]'
	generate ec key.pem
	certify key.pem cert.pem /CN=v6
	grep -q ' lo$' /proc/net/if_inet6 || cannot IPv6
	serve -cert cert.pem -key key.pem
	pinned key.pem "[0::1]:$PORT"
	prints '
[::1]
'
}

@test "a file wins over a host, a folder does not" {
	generate ec key.pem
	certify key.pem localhost /CN=from-a-file
	pinned key.pem localhost
	prints '[from-a-file]'
	rm localhost && mkdir localhost
	serve_python '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print("ACCEPT 127.0.0.1:%d" % s.getsockname()[1])
import time; time.sleep(600)'
	mkdir "localhost:$PORT"
	pinshim pin "localhost:$PORT"
	must 1
	says "no connection to 'localhost' port $PORT: Connection refused"
}

@test "names and ports that are none" {
	bad() {
		pinshim pin "$1"
		must 2
		says "$2"
		one_line
	}
	bad 'a..b' "'a..b' is no file, and the host name 'a..b' has an empty label"
	bad '' "'' is no file, and the host name '' is empty"
	bad ':443' "the host name '' is empty"
	bad '[::1' "the host name '[::1'"
	bad 'bü.example:443' "the host name 'bü.example' has other than ASCII"
	for port in 0 65536 '' 443x -1 https 000443; do
		bad "localhost:$port" "'localhost:$port': '$port' is not a port; write HOST:PORT"
		bad "[::1]:$port" "'[::1]:$port': '$port' is not a port; write HOST:PORT"
	done
	bad '[::1]443' "'443' is not a port"
}

@test "a host that cannot be resolved" {
	in_namespace 'mount -t tmpfs tmpfs /etc; "$PINSHIM" pin no-such-host.invalid'
	must 1
	says "pinshim: 'no-such-host.invalid' cannot be resolved: "
	one_line
}

@test "servers that do not do TLS" {
	serve_python '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print("ACCEPT 127.0.0.1:%d" % s.getsockname()[1])
while True:
    c = s.accept()[0]; c.recv(9999); c.sendall(b"HTTP/1.0 400 Bad\r\n\r\n"); c.close()'
	pinshim pin "127.0.0.1:$PORT"
	must 1
	says "pinshim: no TLS handshake with '127.0.0.1' port $PORT: wrong version number"
	one_line
	serve_python '
import socket, struct
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print("ACCEPT 127.0.0.1:%d" % s.getsockname()[1])
while True:
    c = s.accept()[0]; c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); c.close()'
	pinshim pin "127.0.0.1:$PORT"
	must 1
	says "pinshim: no TLS handshake with '127.0.0.1' port $PORT: "
	one_line
}

@test "a closed standard error does not become the connection" {
	serve_python '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print("ACCEPT 127.0.0.1:%d" % s.getsockname()[1])
c = s.accept()[0]; c.recv(9999); c.sendall(b"\x15\x03\x03\x00\x02\x02\x28") # an alert: handshake failure
while True:
    got = c.recv(9999)
    print("got", got)
    if not got: break'
	run clean sh -c "'$PINSHIM' pin 127.0.0.1:$PORT 2>&-"
	must 1
	wait "${SERVERS[0]}"
	grep -q '^got' server.0
	[ "$(grep -c pinshim server.0)" -eq 0 ]
}

@test "servers that never answer are given up" {
	serve_python '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print("ACCEPT 127.0.0.1:%d" % s.getsockname()[1])
c = s.accept()[0]; c.recv(9999); c.recv(9999)
import time; time.sleep(600)'
	mute=$PORT
	# A full backlog: further connections get no answer at all.
	serve_python '
import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(0); port = s.getsockname()[1]
held = []
for i in range(8):
    c = socket.socket(); c.setblocking(False); c.connect_ex(("127.0.0.1", port)); held.append(c)
time.sleep(0.5)
print("ACCEPT 127.0.0.1:%d" % port); time.sleep(600)'
	backlog=$PORT
	# A record that comes byte after byte, and never is whole.
	serve_python '
import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print("ACCEPT 127.0.0.1:%d" % s.getsockname()[1])
c = s.accept()[0]; c.send(b"\x16\x03\x03\x40\x00")
while True:
    c.send(b"\x02"); time.sleep(1)'
	clean timeout 30 "$PINSHIM" pin "127.0.0.1:$mute" 2>mute.err &
	first=$!
	clean timeout 30 "$PINSHIM" pin "127.0.0.1:$PORT" 2>slow.err &
	second=$!
	run --separate-stderr clean timeout 30 "$PINSHIM" pin "127.0.0.1:$backlog"
	must 1
	says "pinshim: no connection to '127.0.0.1' port $backlog: Connection timed out"
	status=0
	wait $first || status=$?
	must 1
	grep -q "no TLS handshake with '127.0.0.1' port $mute: no answer in time" mute.err
	status=0
	wait $second || status=$?
	must 1
	grep -q "no TLS handshake with '127.0.0.1' port $PORT: no answer in time" slow.err
}

@test "a server without a certificate" {
	printf '%s\n' 'openssl_conf = a' '[a]' 'ssl_conf = b' '[b]' 'system_default = c' '[c]' \
		'CipherString = aNULL:@SECLEVEL=0' 'MaxProtocol = TLSv1.2' >openssl.cnf
	serve -nocert -cipher aNULL:@SECLEVEL=0 -tls1_2
	run --separate-stderr clean OPENSSL_CONF="$DIR/openssl.cnf" "$PINSHIM" pin "localhost:$PORT"
	must 1
	says "pinshim: 'localhost' port $PORT served no certificate"
	one_line
	[ -z "$output" ]
}

@test "what s_client -showcerts prints can be piped in" {
	generate ec key.pem
	certify key.pem cert.pem /CN=api.example.com
	serve -cert cert.pem -key key.pem
	clean openssl s_client -connect "127.0.0.1:$PORT" -showcerts </dev/null >shown 2>/dev/null
	pinned key.pem - <shown
	prints '[api.example.com]'
}

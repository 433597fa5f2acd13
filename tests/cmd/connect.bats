#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# pinshim check --connect, against servers on loopback: the library's verdicts, what is warned of,
# and the exit codes.

load ../lib/rig

setup_file() {
	export PKI=$BATS_FILE_TMPDIR/pki
	env -i PATH=/usr/bin:/bin "$BATS_TEST_DIRNAME/../lib/pki.sh" "$PKI"
}

# asks ARGUMENT...: pinshim check --connect ..., trusting the test's roots. No server of names is asked.
asks() {
	mkdir -p "$T/etc"
	echo 'hosts: files' >"$T/etc/nsswitch.conf"
	in_host "${BARE[@]}" "SSL_CERT_FILE=$PKI/ca.pem" "PINSHIM_STATE=$T/state" "$BUILD/pinshim" check --connect "$@"
}

# A server with this certificate, and a policy for localhost.
served() { # CERTIFICATE LINE...
	start_server sink "$1"
	printf '%s\n' '[localhost]' "${@:2}" | policy
	asks --port "$PORT" "$POLICY"
}

# The pin of a key, as a pattern.
pattern() { # NAME
	pin "$1" | sed 's/[+]/[+]/g'
}

# says PATTERN...: standard output has each, standard error has nothing.
says() {
	local pattern
	[ ! -s "$T/err" ] || fail "something is wrong"
	for pattern; do
		grep -qE -- "$pattern" "$T/out" || fail "standard output lacks: $pattern"
	done
}

says_out() { # PATTERN: on standard output, whatever is on standard error
	grep -qE -- "$1" "$T/out" || fail "standard output lacks: $1"
}

# warns PATTERN: the only line on standard error; --strict makes it an error.
warns() {
	assert_rc 0
	assert_err "^$POLICY:[0-9]+: warning: .*$1"
	[ "$(wc -l <"$T/err")" = 1 ] || fail "more than one line"
	asks --strict --port "$PORT" "$POLICY"
	assert_rc 1
}

@test "a server that shows a pinned key" {
	served api "pin = $(pin api)" "pin = $(pin nobody)"
	assert_rc 0
	says "^localhost: accepted, by pin $POLICY:2 \(the first\), certificate ends on 20..-..-.. \(19 days\)$" \
		"^  $POLICY:3: pin $(pattern nobody) was not seen, as is right for a backup$" \
		"^$POLICY: 1 host asked: 1 accepted, 0 refused, 0 not reached$"
	[ "$(wc -l <"$T/out")" = 4 ]
	assert_no_data
	[ "$(connections '.handshake == "ok" and .sni == "localhost"')" = 1 ]
}

@test "a server that shows the backup" {
	served api "pin = $(pin nobody)" "pin = $(pin api)" "pin-ca = $(pin int)" "pin-ca = $(pin other)"
	assert_rc 0
	says "^localhost: accepted, by pin $POLICY:3 \(a backup\)" \
		"^  $POLICY:2: pin $(pattern nobody) was not seen, so it may be out of use" \
		"^  $POLICY:5: pin-ca $(pattern other) was not seen, as is right for a backup"
	[ "$(grep -c 'not seen' "$T/out")" = 2 ]
}

@test "the other kinds of pins, and none" {
	served api "pin-ca = $(pin int)" "pin = $(pin nobody)"
	assert_rc 0
	says "by pin-ca $POLICY:2 \(the first\)"
	served api "pin-cert = $(pin_cert api)" "pin-cert = $(pin_cert www)"
	assert_rc 0
	says "by pin-cert $POLICY:2 \(the first\)"
	served api 'verify = full'
	assert_rc 0
	says '^localhost: accepted, checks-passed, certificate ends on'
}

@test "a server whose chain does not verify, which a pin does not ask for" {
	served untrusted "pin = $(pin untrusted)" "pin = $(pin nobody)"
	assert_rc 0
	says "^localhost: accepted, by pin $POLICY:2" '^  its chain does not verify here for this name'
	served www "pin = $(pin www)" "pin = $(pin nobody)"
	assert_rc 0
	says '^  its chain does not verify here for this name'
	served api "pin = $(pin api)" "pin = $(pin nobody)"
	! grep 'does not verify' "$T/out" || fail "it does verify"
}

@test "a server that is refused" {
	served rotated "pin = $(pin api)" "pin = $(pin nobody)"
	assert_rc 1
	[ "$(wc -l <"$T/err")" = 1 ]
	assert_err "^$POLICY:1: error: localhost port $PORT is refused: no-pin-match; it shows $(pattern rotated), CN=api\.example\.com, issued by CN=Example Intermediate"
	says_out "1 host asked: 0 accepted, 1 refused, 0 not reached"
	# Also where the policy would only report, and whatever else is wrong.
	served rotated "pin = $(pin api)" "pin = $(pin nobody)" 'mode = report' '[unheard-of.invalid]' \
		"pin = $(pin api)" "pin = $(pin nobody)"
	assert_rc 1
	served api "pin = $(pin api)" "pin = $(pin nobody)" "deny = $(pin int)"
	assert_rc 1
	assert_err 'is refused: denied-key'
	served untrusted 'verify = full'
	assert_rc 1
	assert_err 'is refused: chain-not-verified'
	printf 'unlisted = refuse\n[other.invalid]\nmode = off\n' | policy
	asks "$POLICY" "localhost:$PORT"
	assert_rc 1
	assert_err "^$POLICY:1: error: localhost port $PORT is refused: unlisted"
}

@test "a server that cannot be asked" {
	printf '[unheard-of.invalid]\npin = %s\npin = %s\n' "$(pin api)" "$(pin nobody)" | policy
	asks "$POLICY"
	assert_rc 3
	assert_err "^$POLICY:1: not asked: unheard-of\.invalid port 443: .*cannot be resolved"
	says_out '1 host asked: 0 accepted, 0 refused, 1 not reached'
	printf '[127.0.0.1]\npin = %s\npin = %s\n' "$(pin api)" "$(pin nobody)" | policy
	asks --port 1 "$POLICY"
	assert_rc 3
	assert_err "^$POLICY:1: not asked: 127\.0\.0\.1 port 1: no connection"
	# No TLS there.
	RECORD=$T/silent
	start_listening /usr/bin/python3 -c 'if True:
		import os, socket, sys, time
		listener = socket.create_server(("127.0.0.1", 0))
		with open(sys.argv[1] + ".new", "w") as file:
			print(listener.getsockname()[1], file=file)
		os.rename(sys.argv[1] + ".new", sys.argv[1])
		time.sleep(60)' "$RECORD.port"
	asks --port "$PORT" "$POLICY"
	assert_rc 3
	assert_err "^$POLICY:1: not asked: 127\.0\.0\.1 port $PORT: .*no answer in time"
}

@test "a server that wants a client's certificate" {
	start_server sink api --client-ca "$PKI/ca.pem" --max TLSv1_2
	printf '[localhost]\npin = %s\npin = %s\n' "$(pin api)" "$(pin nobody)" | policy
	asks --port "$PORT" "$POLICY"
	assert_rc 0
	says "by pin $POLICY:2"
}

@test "an address is asked without a name" {
	start_server sink api
	printf '[127.0.0.1]\npin-ca = %s\npin = %s\n' "$(pin int)" "$(pin nobody)" | policy
	asks --port "$PORT" "$POLICY"
	assert_rc 0
	says "^127\.0\.0\.1: accepted, by pin-ca $POLICY:2"
	assert_no_data
	[ "$(connections '.sni == null')" = 1 ]
}

@test "which hosts are asked" {
	start_server sink api
	printf '%s\n' '[localhost]' 'mode = off' '[*.example.com]' "pin = $(pin api)" "pin = $(pin nobody)" \
		'[expired.invalid]' 'expires = 2001-02-03' 'after-expiry = off' "pin = $(pin api)" | policy
	asks --port "$PORT" "$POLICY"
	assert_rc 0
	says_out '^.*: 0 hosts asked: 0 accepted'
	says_out '^.*: 1 section with a star not asked; name hosts of theirs'
	# Hosts of one's own choice, in this order.
	printf '%s\n' '[localhost]' "pin = $(pin api)" "pin = $(pin nobody)" '[127.0.0.1]' "pin = $(pin nobody)" \
		"pin = $(pin www)" | policy
	asks "$POLICY" "127.0.0.1:$PORT" "LOCALHOST:$PORT" '[::1]:1'
	assert_rc 1
	says_out '^localhost: accepted'
	says_out '3 hosts asked: 1 accepted, 1 refused, 1 not reached'
	assert_err "^$POLICY:4: error: 127\.0\.0\.1 port $PORT is refused" "^$POLICY: not asked: ::1 port 1"
	printf '%s\n' '[other.invalid]' "pin = $(pin api)" "pin = $(pin nobody)" | policy
	asks "$POLICY" "localhost:$PORT"
	assert_rc 0
	says '^localhost: not judged, unlisted, certificate ends on' \
		'1 host asked: 0 accepted, 0 refused, 0 not reached, 1 not judged$'
	printf '%s\n' '[localhost]' 'mode = off' "pin = $(pin nobody)" "pin = $(pin www)" | policy
	asks "$POLICY" "localhost:$PORT"
	assert_rc 0
	says '^localhost: not judged, '
	[ "$(wc -l <"$T/out")" = 3 ]
}

@test "a policy that exempts the very command" {
	served api "pin = $(pin nobody)" "pin = $(pin www)"
	assert_rc 1
	sed -i "1i exempt = $BUILD/*" "$POLICY"
	asks --port "$PORT" "$POLICY"
	assert_rc 3
	assert_err "^$POLICY:2: not asked: localhost port $PORT: the policy exempts this command"
	says_out '1 host asked: 0 accepted, 0 refused, 1 not reached$'
}

@test "many hosts: each once, in the order of the policy, progress on a terminal alone" {
	local names
	mapfile -t names < <(printf 'h%d.example.com\n' {1..30})
	mkdir -p "$T/etc"
	printf '127.0.0.1 %s\n' "${names[@]}" >"$T/etc/hosts"
	start_server sink api
	printf "[%s]\npin = $(pin api)\npin = $(pin nobody)\n" "${names[@]}" | policy
	in_host "${BARE[@]}" "$BUILD/pinshim" check -c --port "$PORT" "$POLICY"
	assert_rc 0
	[ ! -s "$T/err" ] || fail "something is wrong"
	diff <(printf '%s\n' "${names[@]}") <(sed -n 's/: accepted.*//p' "$T/out")
	stop_server
	[ "$(connections)" = 30 ]
	[ "$(jq -s 'map(.sni) | unique | length' "$RECORD")" = 30 ]
	start_server sink api
	in_host "${BARE[@]}" script -qec "$BUILD/pinshim check -c --port $PORT $POLICY >/dev/null" /dev/null
	assert_rc 0
	grep -q '29 of 30 hosts' "$T/out" || fail "no progress is shown"
}

@test "warning: a certificate that ends soon" {
	served soon "pin = $(pin soon)" "pin = $(pin nobody)"
	warns 'the certificate of localhost ends on 20..-..-.., in 3 days; have it renewed$'
	served soon "pin-cert = $(pin_cert soon)" "pin-cert = $(pin_cert www)"
	warns 'have it renewed and add the `pin-cert. of the new one$'
	served expired "pin = $(pin expired)" "pin = $(pin nobody)"
	warns 'the certificate of localhost ended on 2021-01-01; have it renewed$'
}

@test "warning: a pinned CA whose owner changes it at will" {
	served turned "pin-ca = $(pin turning)" "pin = $(pin nobody)"
	warns "the CA that localhost has now, CN=YR2,O=Let's Encrypt, is one of several"
	served turned "pin-ca = $(pin root)" "pin = $(pin nobody)"
	assert_rc 0
	says 'by pin-ca'
	served turned "pin = $(pin turned)" "pin-ca = $(pin turning)"
	assert_rc 0
	says 'by pin '
	# Any other intermediate.
	served api "pin-ca = $(pin int)" "pin = $(pin nobody)"
	assert_rc 0
	says 'by pin-ca'
}

@test "warning: a pinned root that a shorter chain would leave out" {
	served young "pin-ca = $(pin root)" "pin = $(pin nobody)"
	assert_rc 0
	says 'by pin-ca' # nobody here trusts the younger root
	cat "$PKI/younger.pem" >>"$PKI/ca.pem"
	asks --port "$PORT" "$POLICY"
	warns 'localhost reaches this CA only because it cross-signed CN=Younger Root, which is a root itself'
	served young "pin-ca = $(pin younger)" "pin = $(pin nobody)"
	assert_rc 0
	says 'by pin-ca'
	served api "pin-ca = $(pin root)" "pin = $(pin nobody)"
	assert_rc 0
	says 'by pin-ca'
	# As Debian has them: a folder of hashed names.
	mkdir "$T/roots"
	cp "$PKI/root.pem" "$PKI/younger.pem" "$T/roots"
	openssl rehash "$T/roots"
	start_server sink young
	printf '[localhost]\npin-ca = %s\npin = %s\n' "$(pin root)" "$(pin nobody)" | policy
	run_bare "SSL_CERT_DIR=$T/roots" "$BUILD/pinshim" check -c --port "$PORT" "$POLICY"
	assert_err 'reaches this CA only because it cross-signed CN=Younger Root'
}

@test "the host's policy, alone and beside another" {
	mkdir -p "$T/etc/pinshim"
	start_server sink api
	printf '[localhost]\npin = %s\npin = %s\n' "$(pin api)" "$(pin nobody)" >"$T/etc/pinshim/policy.ini"
	in_host "${BARE[@]}" "$BUILD/pinshim" check -c --port "$PORT"
	assert_rc 0
	says '^localhost: accepted, by pin /etc/pinshim/policy.ini:2'
	# Both accept: what is told is about the policy that was named.
	printf '\n[localhost]\npin = %s\npin = %s\n' "$(pin nobody)" "$(pin api)" | policy
	in_host "${BARE[@]}" "$BUILD/pinshim" check -c --port "$PORT" "$POLICY"
	assert_rc 0
	says "^localhost: accepted, by pin $POLICY:4 \(a backup\)"
	# The host's policy refuses what the other accepts.
	sed -i "s|$(pin api)|$(pin www)|" "$T/etc/pinshim/policy.ini"
	in_host "${BARE[@]}" "$BUILD/pinshim" check -c --port "$PORT" "$POLICY"
	assert_rc 1
	assert_err "^$POLICY:2: error: localhost port $PORT is refused: no-pin-match by /etc/pinshim/policy.ini:1"
	in_host "${BARE[@]}" "$BUILD/pinshim" check -c --port "$PORT"
	assert_rc 1
	assert_err "^/etc/pinshim/policy.ini:1: error: localhost port $PORT is refused: no-pin-match; it shows"
}

@test "tofu: a first use is seen and not learned, a known key is" {
	start_server line api
	printf '%s\n' '[localhost]' 'tofu = yes' | policy
	asks --port "$PORT" "$POLICY"
	assert_rc 0
	says '^localhost: accepted, tofu-first-use, certificate ends on'
	[ ! -e "$T/state" ] || fail "something was kept"
	client connect sni=localhost
	[ -e "$T/state/known" ] || fail "the program learned nothing"
	cp "$T/state/known" "$T/known"
	asks --port "$PORT" "$POLICY"
	assert_rc 0
	says "^localhost: accepted, by tofu $POLICY:1, certificate ends on"
	served rotated 'tofu = yes'
	assert_rc 1
	assert_err "^$POLICY:1: error: localhost port $PORT is refused: tofu-changed"
	cmp "$T/known" "$T/state/known"
}

@test "a folder, a relative path, and no log of its own" {
	start_server sink rotated
	mkdir "$T/d"
	printf 'log = stderr\nlog = %s\n[localhost]\npin = %s\npin = %s\n' "$T/log" "$(pin api)" \
		"$(pin nobody)" >"$T/d/a.ini"
	cd "$T"
	asks --port "$PORT" d
	assert_rc 1
	[ "$(wc -l <"$T/err")" = 1 ]
	assert_err "^d/a\.ini:3: error: localhost port $PORT is refused: no-pin-match; it shows"
	[ ! -e "$T/log" ] || fail "it was logged"
	printf '[localhost]\npin = %s\npin = %s\n' "$(pin rotated)" "$(pin nobody)" >"$T/d/a.ini"
	asks --port "$PORT" d
	assert_rc 0
	says '^localhost: accepted, by pin d/a\.ini:2'
}

@test "without the library nothing is called accepted" {
	served api "pin = $(pin api)" "pin = $(pin nobody)"
	mkdir "$T/alone"
	cp "$BUILD/pinshim" "$T/alone"
	run_bare "$T/alone/pinshim" check -c --port "$PORT" "$POLICY"
	assert_rc 1
	assert_err "^pinshim: --connect: '.*libpinshim\.so' cannot be read"
	cp "$ROOT/LICENSE" "$T/alone/libpinshim.so"
	run_bare "$T/alone/pinshim" check -c --port "$PORT" "$POLICY"
	assert_rc 1
	assert_err "is not a whole ELF file"
	# One that does nothing.
	gcc -shared -fPIC -o "$T/alone/libpinshim.so" -x c /dev/null
	run_bare "$T/alone/pinshim" check -c --port "$PORT" "$POLICY"
	assert_rc 3
	assert_err "^$POLICY:1: not asked: localhost port $PORT: the library .* did not tell what it saw"
}

@test "how it is called" {
	printf '[localhost]\nmode = off\n' | policy
	asks --port 0 "$POLICY"
	assert_rc 2
	assert_err "'0' is not a port"
	asks --port 1 "$POLICY" localhost
	assert_rc 2
	assert_err '^pinshim: check: --port is for the hosts of the policy; write HOST:PORT'
	asks "$POLICY" localhost:x
	assert_rc 2
	assert_err "'x' is not a port"
	run_bare "$BUILD/pinshim" check --port 1 "$POLICY"
	assert_rc 2
	assert_err 'port is for --connect'
	run_bare "$BUILD/pinshim" check "$POLICY" localhost
	assert_rc 2
	echo frob >"$POLICY"
	asks "$POLICY"
	assert_rc 1
	assert_err "^$POLICY:1: "
}

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# pinshim check: its errors, each of its warnings, and its exit codes.

load common

PIN_C='sha256/7HIpactkIAq2Y49orFOOQKurWxmmSFZhBCoQYcRhJ3Y='
ZEROS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

# check_lines LINE...: p.ini gets the lines and is checked.
check_lines() {
	printf '%s\n' "$@" >p.ini
	pinshim check p.ini
}

# warns LINE TEXT: the only warning stands at LINE and holds TEXT; --strict makes it an error.
warns() {
	must 0
	one_line
	[[ $stderr == "p.ini:$1: warning: "*"$2"* ]] || {
		echo "stderr: $stderr"
		return 1
	}
	pinshim check --strict p.ini
	must 1
	one_line
}

quiet() {
	must 0
	[ -z "$stderr" ] || {
		echo "stderr: $stderr"
		return 1
	}
	pinshim check --strict p.ini
	must 0
}

@test "a good policy: one line that counts" {
	check_lines '[a.test]' "pin = $PIN_A" "pin = $PIN_B" "deny = $PIN_C"
	quiet
	[ "$output" = 'p.ini: 1 section, 2 pins' ]
	check_lines '[a.test]' "pin = $PIN_A" "pin-ca = $PIN_B" '[b.test]' 'mode = off'
	quiet
	[ "$output" = 'p.ini: 2 sections, 2 pins' ]
	check_lines "deny = $PIN_A"
	quiet
	[ "$output" = 'p.ini: 0 sections, 0 pins' ]
}

@test "a folder is one policy" {
	mkdir d
	printf '[a.test]\npin = %s\npin = %s\n' "$PIN_A" "$PIN_B" >d/1.ini
	printf '[b.test]\npin = %s\n' "$PIN_A" >d/2.ini
	pinshim check d
	must 0
	[ "$output" = 'd: 2 sections, 3 pins' ]
	[[ $stderr == 'd/2.ini:1: warning: '* ]]
}

@test "errors: exit 1, with file and line" {
	check_lines '[a.test]' 'frob = 1'
	must 1
	[[ $stderr == 'p.ini:2: '*frob* ]]
	one_line
	[ -z "$output" ]
	pinshim check absent.ini
	must 1
	[[ $stderr == 'absent.ini: '* ]]
	mkdir empty
	pinshim check empty
	must 1
	[[ $stderr == 'empty: '* ]]
}

@test "warning: one pin and no backup" {
	check_lines '' '[a.test]' "pin = $PIN_A"
	warns 2 '[a.test] has one pin and no backup'
	check_lines '[a.test]' "pin = $PIN_A" "deny = $PIN_B"
	warns 1 'no backup'
	check_lines '[a.test]' "pin-cert = $PIN_A"
	warns 1 'no backup'
	check_lines '[a.test]' 'match = every' "pin = $PIN_A" "pin = $PIN_B" "pin-cert = $PIN_C"
	warns 1 'no backup'
	check_lines '[a.test]' 'match = every' "pin = $PIN_A" "pin = $PIN_B"
	quiet
	check_lines '[a.test]' 'verify = full'
	quiet
}

@test "what is off needs no backup" {
	check_lines '[a.test]' 'mode = off' "pin = $PIN_A"
	quiet
	check_lines 'mode = off' '[a.test]' "pin-ca = sha256/$ZEROS"
	quiet
	check_lines 'mode = off' '[a.test]' 'mode = report' "pin = $PIN_A"
	warns 2 'no backup'
	check_lines '[a.test]' "pin = $PIN_A" 'expires = 2001-02-03' 'after-expiry = off'
	warns 1 'expired on'
	check_lines '[a.test]' 'mode = off' "pin = $PIN_A" 'expires = 2001-02-03' 'after-expiry = enforce'
	must 0
	says 'no backup'
}

@test "warning: one value in two places" {
	check_lines '[a.test]' "pin = $PIN_A" "pin-ca = $PIN_A"
	warns 1 'no backup'
	check_lines '[a.test]' "pin = $PIN_A" "pin = $PIN_B" "pin-cert = $PIN_B"
	warns 4 "\`pin-cert' has the value of \`pin' at p.ini:3"
	check_lines '[a.test]' "pin-cert = $PIN_A" "pin = $PIN_B" "deny = $PIN_A"
	warns 4 "\`deny' has the value of \`pin-cert' at p.ini:2"
	check_lines '[a.test]' "pin = $PIN_A" "pin = $PIN_B" "pin-ca = $PIN_A"
	quiet
}

@test "warning: a pin that is denied" {
	check_lines '[a.test]' "pin = $PIN_A" "pin = $PIN_B" "deny = $PIN_B"
	warns 3 'this key is denied at p.ini:4, so it is refused'
	check_lines "deny = $PIN_A" '[a.test]' "pin-ca = $PIN_A" "pin = $PIN_B"
	warns 3 'this key is denied at p.ini:1, so it is refused'
	# What lifts the `deny' lifts the warning.
	check_lines 'mode = off' "deny = $PIN_A" '[a.test]' 'mode = enforce' "pin = $PIN_A" "pin = $PIN_B"
	quiet
	check_lines "deny = $PIN_A" '[a.test]' "pin = $PIN_B" "pin = $PIN_C"
	quiet
}

@test "warning: a section that accepts nothing" {
	check_lines "deny = $PIN_A" "deny = $PIN_B" '[a.test]' "pin = $PIN_A" "pin = $PIN_B"
	must 0
	[ "${#stderr_lines[@]}" -eq 3 ]
	says 'p.ini:3: warning: [a.test] accepts nothing: all pins that it asks for are denied'
	check_lines "deny = $PIN_A" '[a.test]' 'match = every' "pin-ca = $PIN_A" "pin = $PIN_B" "pin = $PIN_C"
	must 0
	says 'p.ini:2: warning: [a.test] accepts nothing: all pins of a kind'
	check_lines "deny = $PIN_A" '[a.test]' "pin-ca = $PIN_A" "pin = $PIN_B" "pin = $PIN_C"
	must 0
	[[ $stderr != *'accepts nothing'* ]]
}

@test "warning: a deny that a section below a wildcard does not have" {
	for star in '*' '**'; do
		check_lines "[$star.b.test]" "deny = $PIN_A" '[a.b.test]' "pin = $PIN_B" "pin = $PIN_C"
		warns 3 "[a.b.test] does not have the \`deny' of [$star.b.test] (p.ini:2)"
		for other in b.test a.c.test xb.test; do
			check_lines "[$star.b.test]" "deny = $PIN_A" "[$other]" "deny = $PIN_B"
			[[ $star$other == '**b.test' ]] || quiet
		done
	done
	check_lines '[**.b.test]' "deny = $PIN_A" '[b.test]' "pin = $PIN_B" "pin = $PIN_C"
	warns 3 "[b.test] does not have the \`deny' of [**.b.test] (p.ini:2)"
	check_lines '[a.b.x.test]' "pin = $PIN_B" "pin = $PIN_C" '[**.x.test]' "deny = $PIN_A" '[*.b.x.test]' \
		"deny = $PIN_C"
	[ "${#stderr_lines[@]}" -eq 3 ]
	says "p.ini:1: warning: [a.b.x.test] does not have the \`deny' of [*.b.x.test] (p.ini:7)"
	says "p.ini:1: warning: [a.b.x.test] does not have the \`deny' of [**.x.test] (p.ini:5)"
	says "p.ini:6: warning: [*.b.x.test] does not have the \`deny' of [**.x.test] (p.ini:5)"
	check_lines '[**.b.test]' "deny = $PIN_A" '[*.b.test]' "deny = $PIN_B"
	warns 3 '[*.b.test] does not have'
	check_lines '[**.b.test]' "deny = $PIN_A" '[*.b.test]' "deny = $PIN_A" '[a.b.test]' 'mode = off'
	quiet
	check_lines "deny = $PIN_A" '[**.b.test]' "deny = $PIN_A" '[*.b.test]' "deny = $PIN_B"
	quiet
}

# ca NAME END: NAME.pem ends at END, YYMMDDHHMMSSZ.
ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem \
		-out "$1.csr" -subj "/CN=$1" -days 1 2>/dev/null
	openssl x509 -x509toreq -in "$1.csr" -signkey key.pem -out "$1.req" 2>/dev/null
	: >index
	printf '%s\n' '[ca]' 'default_ca = it' '[it]' 'database = index' 'new_certs_dir = .' \
		'rand_serial = yes' 'default_md = sha256' 'policy = any' '[any]' 'commonName = supplied' >ca.cnf
	openssl ca -batch -config ca.cnf -selfsign -keyfile key.pem -in "$1.req" -out "$1.pem" \
		-startdate 20000101000000Z -enddate "$2" -notext 2>/dev/null
}

@test "warning: a ca-file that is worth nothing, or soon" {
	anchored() {
		check_lines '[a.test]' 'verify = full' "ca-file = $DIR/$1" "${@:2}"
	}
	ca lasting "$(date -u -d '32 days' +%Y%m%d%H%M%SZ)"
	ca soon "$(date -u -d '29 days' +%Y%m%d%H%M%SZ)"
	ca past 20010203000000Z
	anchored lasting.pem
	quiet
	anchored soon.pem
	warns 3 "the last certificate of '$DIR/soon.pem' ends on $(date -u -d '29 days' +%F), within 30 days"
	anchored past.pem
	warns 3 "all of '$DIR/past.pem' has expired, the last on 2001-02-03"
	anchored past.pem '[b.test]' 'verify = full' "ca-file = $DIR/past.pem"
	warns 3 'has expired'
	cat past.pem lasting.pem soon.pem >all.pem
	anchored all.pem
	quiet
	anchored key.pem
	warns 3 "'$DIR/key.pem' has no certificate"
	sed '2s/^..../AAAA/' lasting.pem >torn.pem
	anchored torn.pem
	warns 3 "'$DIR/torn.pem' has a certificate that cannot be read"
}

@test "warning: a log whose folder is not there" {
	check_lines "log = $DIR/absent/log" "deny = $PIN_A"
	warns 1 "the folder of '$DIR/absent/log' is not there"
	check_lines "log = $DIR/log" 'log = /log' 'log = stderr' "deny = $PIN_A"
	quiet
}

@test "warning: pin-ca alone" {
	check_lines '[a.test]' "pin-ca = $PIN_A" "pin-ca = $PIN_B"
	warns 1 "[a.test] has \`pin-ca' alone"
	check_lines '[a.test]' "pin-ca = $PIN_A" "pin-cert = $PIN_B"
	quiet
}

@test "warning: expired, or soon" {
	check_lines '[a.test]' "pin = $PIN_A" "pin = $PIN_B" "expires = $(date -u +%F)"
	warns 1 "[a.test] expired on $(date -u +%F): 'after-expiry = report' holds"
	check_lines 'after-expiry = enforce' '[a.test]' "pin = $PIN_A" "pin = $PIN_B" 'expires = 2001-02-03'
	warns 2 "[a.test] expired on 2001-02-03: 'after-expiry = enforce' holds"
	check_lines '[a.test]' "pin = $PIN_A" "pin = $PIN_B" "expires = $(date -u -d tomorrow +%F)"
	warns 1 "[a.test] expires on $(date -u -d tomorrow +%F), within 30 days"
	check_lines '[a.test]' "pin = $PIN_A" "pin = $PIN_B" "expires = $(date -u -d '30 days' +%F)"
	warns 1 'within 30 days'
	check_lines '[a.test]' "pin = $PIN_A" "pin = $PIN_B" "expires = $(date -u -d '32 days' +%F)"
	quiet
}

@test "warning: a placeholder in a pin's place" {
	for text in $ZEROS //////////////////////////////////////////8= \
		BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA= qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=; do
		for key in pin deny; do
			check_lines '[a.test]' "pin = $PIN_A" "pin = $PIN_B" "$key = sha256/$text"
			warns 4 "'sha256/$text' looks like a placeholder"
		done
	done
	check_lines "deny = sha256/$text" '[a.test]' "pin = $PIN_A" "pin = $PIN_B"
	warns 1 'looks like a placeholder'
}

@test "warning: a wildcard on a public suffix" {
	for star in '*' '**'; do
		check_lines "[$star.com]" "pin = $PIN_A" "pin = $PIN_B"
		warns 1 "[$star.com] is a wildcard on a public suffix"
		check_lines "[$star.example.com]" "pin = $PIN_A" "pin = $PIN_B"
		quiet
	done
	check_lines '[com]' "pin = $PIN_A" "pin = $PIN_B"
	quiet
}

@test "warning: a public suffix of the system's list" {
	[ -e /usr/share/publicsuffix/public_suffix_list.dat ] || cannot 'the package publicsuffix'
	for suffix in co.uk anything.ck; do
		check_lines "[*.$suffix]" "pin = $PIN_A" "pin = $PIN_B"
		warns 1 'a wildcard on a public suffix'
	done
	for name in www.ck a.co.uk; do
		check_lines "[*.$name]" "pin = $PIN_A" "pin = $PIN_B"
		quiet
	done
}

# with_list LINE...: the list of public suffixes, of these rules alone, where p.ini is checked.
with_list() {
	printf '%s\n' "$@" >list.dat
	mkdir -p list
	mv list.dat list/public_suffix_list.dat
	in_namespace '
		mkdir -p /usr/share/publicsuffix 2>/dev/null || mount -t tmpfs tmpfs /usr/share
		mkdir -p /usr/share/publicsuffix
		mount --bind "$DIR/list" /usr/share/publicsuffix
		exec "$PINSHIM" check p.ini'
	must 0
}

@test "warning: a wildcard that reaches over a public suffix" {
	printf '%s\n' '[**.cloud.test]' "deny = $PIN_A" '[*.cloud.test]' "deny = $PIN_A" >p.ini
	with_list '// rules' 'test' 'app.cloud.test // a comment' '!www.cloud.test'
	one_line
	says "p.ini:1: warning: [**.cloud.test] reaches over the public suffix 'app.cloud.test'"
	with_list test mycloud.test '!www.cloud.test' '*.app.loud.test' '// app.cloud.test'
	[ -z "$stderr" ]
	with_list test '*.cloud.test'
	[ "${#stderr_lines[@]}" -eq 2 ]
	says "p.ini:1: warning: [**.cloud.test] reaches over the public suffix '*.cloud.test'"
	says "p.ini:3: warning: [*.cloud.test] reaches over the public suffix '*.cloud.test'"
	with_list test '*.test'
	[ "${#stderr_lines[@]}" -eq 2 ]
	says 'p.ini:3: warning: [*.cloud.test] is a wildcard on a public suffix'
	with_list test '*.test' '!cloud.test'
	[ -z "$stderr" ]
}

@test "without the list only top-level domains are known" {
	printf '[*.co.uk]\npin = %s\npin = %s\n[*.uk]\npin = %s\npin = %s\n' \
		"$PIN_A" "$PIN_B" "$PIN_A" "$PIN_B" >p.ini
	[ -d /usr/share/publicsuffix ] || mkdir empty
	in_namespace '
		[ ! -d /usr/share/publicsuffix ] || mount -t tmpfs tmpfs /usr/share/publicsuffix
		exec "$PINSHIM" check p.ini'
	must 0
	one_line
	says 'p.ini:4: warning: [*.uk] is a wildcard'
}

@test "warning: tofu beside pins of which one is enough" {
	check_lines '[a.test]' "pin = $PIN_A" "pin = $PIN_B" 'tofu = yes'
	warns 1 "[a.test]: with pins beside it, 'tofu' learns no key under 'match = any'; write"
	check_lines '[a.test]' 'match = every' "pin = $PIN_A" "pin = $PIN_B" 'tofu = yes' \
		'[b.test]' "deny = $PIN_A" 'tofu = yes'
	[ -z "$stderr" ]
}

# ct_list NAME...: a list that enables these logs, of two that it has.
ct_list() {
	local names=$*
	printf 'enabled_logs = %s\n' "${names// /, }"
	printf '[%s]\ndescription = %s\nkey = %s\n' a A MAYBAgMEBQY= b B MAYBAgMEBQc=
}

@test "warning: fewer logs than \`ct' asks for" {
	ct_list a >logs
	check_lines "ct-logs = $DIR/logs" '[a.test]' "pin = $PIN_A" "pin = $PIN_B" 'ct = require'
	warns 2 "[a.test] accepts nothing: \`ct' asks for two logs, and the list that p.ini:1 names enables one"
	ct_list a b >logs
	pinshim check p.ini
	quiet
	ct_list a >logs
	check_lines "ct-logs = $DIR/logs" '[a.test]' "pin = $PIN_A" "pin = $PIN_B"
	quiet
}

@test "a list of logs that is bad" {
	ct_list a c >logs
	check_lines "ct-logs = $DIR/logs" '[a.test]' 'ct = require'
	must 1
	one_line
	[ "$stderr" = "$DIR/logs:1: 'c' is enabled and has no section; write one, or remove it" ]
}

@test "a list of revoked keys is counted, or its error is told" {
	printf '# stolen\n%s\n%s\n' "$PIN_A" "$PIN_B" >revoked
	check_lines "revoked = $DIR/revoked" '[a.test]' 'mode = off'
	quiet
	[ "$output" = 'p.ini: 1 section, 0 pins, 2 revoked keys' ]
	check_lines "revoked = $DIR/revoked" '[a.test]' "pin = $PIN_B" "pin = $PIN_C" "pin = sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	warns 3 "this key is revoked at $DIR/revoked:3, so it is refused; take out one of both"
	echo "pin = $PIN_A" >>revoked
	pinshim check p.ini
	must 1
	one_line
	says "$DIR/revoked:4: 'pin = sha256/"
}

@test "several warnings are all printed" {
	check_lines '[*.com]' "pin-ca = sha256/$ZEROS" 'expires = 2001-02-03'
	must 0
	[ "${#stderr_lines[@]}" -eq 5 ]
	[ "$output" = 'p.ini: 1 section, 1 pin' ]
}

@test "the host's policy is the default" {
	need_root
	in_namespace '
		mount -t tmpfs -o mode=755 tmpfs /etc
		"$PINSHIM" check && exit 9
		mkdir -p /etc/pinshim/policy.d
		printf "[a.test]\nmode = off\n" >/etc/pinshim/policy.ini
		printf "[b.test]\nmode = off\n" >/etc/pinshim/policy.d/b.ini
		"$PINSHIM" check
		"$PINSHIM" check /etc/pinshim
		chmod o+w /etc/pinshim/policy.ini
		! "$PINSHIM" check'
	must 0
	[ "$output" = '/etc/pinshim: 2 sections, 0 pins
/etc/pinshim: 2 sections, 0 pins' ]
	[[ ${stderr_lines[0]} == '/etc/pinshim: '* ]]
	[[ ${stderr_lines[1]} == '/etc/pinshim/policy.ini: '* ]]
}

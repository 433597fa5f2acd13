#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# pinshim check: its errors, each of its warnings, and its exit codes.

load common

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
	check_lines '[a.test]' "pin = $PIN_A" "pin = $PIN_B" "deny = $PIN_B"
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
	check_lines '[a.test]' 'match = every' "pin = $PIN_A" "pin = $PIN_B" "pin-cert = $PIN_B"
	warns 1 'no backup'
	check_lines '[a.test]' 'match = every' "pin = $PIN_A" "pin = $PIN_B"
	quiet
	check_lines '[a.test]' 'verify = full'
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
	for text in AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= //////////////////////////////////////////8= \
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

@test "warning: what this version does not do" {
	check_lines '[a.test]' "pin = $PIN_A" "pin = $PIN_B" 'tofu = yes'
	warns 1 "[a.test]: 'tofu' is not done by this version: handshakes under it are refused"
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
	warns 2 "[a.test] needs two logs to vouch for the certificate, and 'ct-logs' (p.ini:1) enables one"
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
	echo "pin = $PIN_A" >>revoked
	pinshim check p.ini
	must 1
	one_line
	says "$DIR/revoked:4: 'pin = sha256/"
}

@test "several warnings are all printed" {
	check_lines '[*.com]' 'pin-ca = sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' 'expires = 2001-02-03'
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

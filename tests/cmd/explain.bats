#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# pinshim explain: which section decides, and what it is said to demand.

load common

explain_lines() {
	printf '%s\n' "$@" >p.ini
}

explains() {
	pinshim explain -p p.ini "$@"
	must 0
	[ -z "$stderr" ]
}

@test "the section that decides, its line, its pins" {
	explain_lines '[a.test]' "pin = $PIN_A" "pin-cert = $PIN_B" '[*.test]' "pin-ca = $PIN_B"
	explains A.Test.
	prints "$DIR/p.ini:
  [a.test] decides ($DIR/p.ini:1)
  mode enforce: what fails is refused
  one of these pins must match:
    pin $PIN_A ($DIR/p.ini:2)
    pin-cert $PIN_B ($DIR/p.ini:3)"
	[[ $output != *'verifies chain'* && $output != *denied* ]]
	explains b.test
	prints "[*.test] decides ($DIR/p.ini:4)"
	prints 'the shim itself verifies chain, dates and name for pin-ca'
}

@test "no section: what unlisted says" {
	explain_lines '[a.test]' "pin = $PIN_A"
	explains b.test
	prints 'no section matches; unlisted = allow: it is let through (the default)'
	prints 'nothing is demanded: the handshake is not judged'
	explain_lines 'unlisted = report' '[a.test]' "pin = $PIN_A"
	explains b.test
	prints "no section matches; unlisted = report: it is let through and logged ($DIR/p.ini:1)"
	[[ $output != *'nothing is demanded'* ]]
	explain_lines 'unlisted = refuse' '[a.test]' "pin = $PIN_A"
	explains b.test
	prints "no section matches; unlisted = refuse: it is refused ($DIR/p.ini:1)"
}

@test "modes" {
	explain_lines 'mode = report' '[a.test]' "pin = $PIN_A" '[b.test]' 'mode = off'
	explains a.test
	prints "the policy's own mode is report: what fails is let through and logged ($DIR/p.ini:1)"
	prints '  mode report: what fails is let through and logged'
	explains b.test
	prints '  mode off: nothing is looked at'
	prints 'nothing is demanded'
	explain_lines 'mode = off' '[a.test]' "pin = $PIN_A"
	explains a.test
	prints "the policy's own mode is off: nothing is looked at ($DIR/p.ini:1)"
	[[ $output != *decides* ]]
}

@test "match, verify and ca-file" {
	clean openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=ca -out ca.pem 2>/dev/null
	explain_lines '[a.test]' 'match = every' 'verify = full' "ca-file = $DIR/ca.pem" "pin = $PIN_A" "pin-ca = $PIN_B"
	explains a.test
	prints '  one pin of each kind must match:'
	prints '  the shim itself verifies chain, dates and name
'
	prints "    trust anchors: $DIR/ca.pem ($DIR/p.ini:4)"
}

@test "expiry" {
	explain_lines '[a.test]' "pin = $PIN_A" 'expires = 2999-01-02'
	explains a.test
	prints 'expires on 2999-01-02 (UTC), and then holds after-expiry = report'
	explain_lines 'after-expiry = off' '[a.test]' "pin = $PIN_A" "expires = $(date -u +%F)"
	explains a.test
	prints "expired on $(date -u +%F) (UTC), so that now holds after-expiry = off"
	prints 'mode off'
}

@test "denied keys, for every name and for one" {
	explain_lines "deny = $PIN_A" '[a.test]' "pin = $PIN_A" "deny = $PIN_B"
	explains b.test
	prints "no certificate may have one of these keys:
    deny $PIN_A ($DIR/p.ini:1)"
	[[ $output != *"$PIN_B"* && $output != *'nothing is demanded'* ]]
	explains a.test
	prints "no certificate may have one of these keys:
    deny $PIN_A ($DIR/p.ini:1)
    deny $PIN_B ($DIR/p.ini:4)"
	explain_lines '[a.test]' 'verify = full' "deny = $PIN_B"
	explains a.test
	[[ $output != *'must match'* ]]
}

@test "lists of revoked keys" {
	printf '%s\n' "$PIN_A" "$PIN_B" >r
	echo '# none' >s
	explain_lines "revoked = $DIR/r" "revoked = $DIR/s" '[a.test]' 'mode = off'
	explains a.test
	prints "  whatever else holds, no certificate may have one of the 2 keys in:
    $DIR/r ($DIR/p.ini:1)
    $DIR/s ($DIR/p.ini:2)"
}

@test "certificate transparency, and that one log is too few" {
	printf 'enabled_logs = a\n[a]\ndescription = A\nkey = MAYBAgMEBQY=\n' >logs
	explain_lines "ct-logs = $DIR/logs" '[a.test]' 'ct = require'
	explains a.test
	prints "  the shim itself verifies chain, dates and name"
	prints "  two different logs must vouch for the certificate, of the 1 enabled in $DIR/logs ($DIR/p.ini:1)
    these are too few: every handshake fails"
}

@test "tofu: what is known, and what will be learned" {
	explain_with() { # LINE...
		explain_lines '[a.test]' 'tofu = yes' "$@"
		run --separate-stderr clean "PINSHIM_STATE=$DIR/state" "$PINSHIM" explain -p p.ini A.test
		must 0
	}
	explain_with
	prints "tofu: no key is known; the first that passes is kept in $DIR/state/known"
	[ ! -e state ]
	explain_with "pin = $PIN_B"
	prints 'tofu: no key is known, and none is learned here'
	explain_with 'mode = report'
	prints 'tofu: no key is known, and none is learned here'
	mkdir -m 700 state
	printf '# mine\na.test %s 2026-11-25 curl\n' "$PIN_A" >state/known
	explain_with
	prints "tofu: the key that must match is $PIN_A ($DIR/state/known:2, since 2026-11-25)"
	explain_with "pin = $PIN_B"
	prints "tofu: the key that must match if none of the pins does is $PIN_A ($DIR/state/known:2"
	echo nonsense >state/known
	explain_with
	prints "tofu: what is known cannot be read, so the handshake fails: $DIR/state/known:1: 'nonsense' "
}

@test "addresses" {
	explain_lines '[2001:db8::7]' "pin = $PIN_A" '[*.test]' "pin = $PIN_A"
	explains 2001:DB8:0::7
	prints '[2001:db8::7] decides'
}

@test "a program that is exempt" {
	explain_lines "exempt = $(realpath /usr/bin/env)" "exempt = $(realpath /bin/sh)" '[a.test]' "pin = $PIN_A"
	explains a.test
	prints 'decides'
	explains a.test true
	prints 'decides'
	explains a.test env
	prints "  $(realpath /usr/bin/env) is exempt: this policy does not judge it ($DIR/p.ini:1)"
	[[ $output != *decides* ]]
	ln -s "$(realpath /usr/bin/env)" link
	explains a.test ./link
	prints 'is exempt'
	printf '#!/bin/sh\n' >script && chmod +x script
	explains a.test ./script
	prints "$(realpath /bin/sh) is exempt"
}

@test "a program that cannot be found" {
	explain_lines '[a.test]' "pin = $PIN_A"
	pinshim explain -p p.ini a.test no-such-program
	must 1
	says "pinshim: 'no-such-program': No such file or directory"
	printf '#!/nowhere/sh\n' >script && chmod +x script
	pinshim explain -p p.ini a.test ./script
	must 1
	says "its interpreter '/nowhere/sh': No such file or directory"
	[ -z "$output" ]
}

@test "every policy: the host's, the environment's, each -p" {
	need_root
	explain_lines '[a.test]' "pin = $PIN_A"
	cp p.ini env.ini
	cp p.ini q.ini
	in_namespace '
		mount -t tmpfs -o mode=755 tmpfs /etc
		export PINSHIM_POLICY=env.ini
		"$PINSHIM" explain -p p.ini -p q.ini a.test
		mkdir /etc/pinshim && cp p.ini /etc/pinshim/policy.ini
		PINSHIM_MODE=report "$PINSHIM" explain a.test'
	must 0
	[ "$(grep -v '^ ' <<<"$output")" = "/etc/pinshim: no policy
$DIR/env.ini:
$DIR/p.ini:
$DIR/q.ini:
/etc/pinshim:
$DIR/env.ini:" ]
	prints "/etc/pinshim:
  [a.test] decides (/etc/pinshim/policy.ini:1)"
	prints "$DIR/env.ini:
  PINSHIM_MODE is report, whatever stands below: what fails is let through and logged"
}

@test "bad policies: exit 1, and the others are explained" {
	explain_lines '[a.test]' "pin = $PIN_A"
	echo 'frob = 1' >bad.ini
	pinshim explain -p bad.ini -p p.ini a.test
	must 1
	prints "$DIR/bad.ini: bad policy: every handshake is refused"
	prints '[a.test] decides'
	says "pinshim: $DIR/bad.ini:1: "
	pinshim explain -p absent.ini a.test
	must 1
	says "$DIR/absent.ini"
	pinshim explain -p a:b a.test
	must 1
	says "PINSHIM_POLICY cannot hold a path with ':'"
	run --separate-stderr clean PINSHIM_POLICY= "$PINSHIM" explain a.test
	must 1
}

@test "PINSHIM_MODE" {
	explain_lines '[a.test]' "pin = $PIN_A"
	run --separate-stderr clean PINSHIM_MODE=enforce "$PINSHIM" explain -p p.ini a.test
	must 0
	[[ $output != *PINSHIM_MODE* ]]
	run --separate-stderr clean PINSHIM_MODE=off "$PINSHIM" explain -p p.ini a.test
	must 0
	prints 'PINSHIM_MODE is off, whatever stands below: nothing is looked at'
	run --separate-stderr clean PINSHIM_MODE=of "$PINSHIM" explain -p p.ini a.test
	must 1
	says "pinshim: PINSHIM_MODE: 'of' is not a mode"
}

@test "a section's own mode goes before a policy that is off, and its deny with it" {
	explain_lines 'mode = off' "deny = $PIN_A" '[a.test]' 'mode = enforce' "pin = $PIN_B"
	explains a.test
	prints '  mode enforce: what fails is refused'
	[[ $output != *'nothing is looked at'* ]]
	[[ $output != *'whatever else holds'* ]]
	explains b.test
	prints "the policy's own mode is off: nothing is looked at ($DIR/p.ini:1)"
}

@test "PINSHIM_REFUSE" {
	run --separate-stderr clean PINSHIM_REFUSE='b.test,*.Test' "$PINSHIM" explain a.test
	must 0
	prints 'PINSHIM_REFUSE:
  [*.test] decides: it is refused, whatever is shown'
	run --separate-stderr clean PINSHIM_REFUSE=b.test "$PINSHIM" explain a.test
	must 0
	prints 'it is not among the names that are refused'
	run --separate-stderr clean PINSHIM_REFUSE=b.test PINSHIM_MODE=of "$PINSHIM" explain a.test
	must 1
	says "pinshim: PINSHIM_MODE: 'of' is not a mode"
	run --separate-stderr clean PINSHIM_REFUSE='a b' "$PINSHIM" explain a.test
	must 1
	prints 'PINSHIM_REFUSE: bad policy: every handshake is refused'
	says "pinshim: PINSHIM_REFUSE: name 'a b' has "
}

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# pinshim learn: which keys of events become pins, which comments, and that what comes out is a
# policy. Events that the library wrote are in the tests of the tour.

load common

CA='sha256/rgExaM6KEyIZhAhR/ZyQJaw5cBPTTVOS6WgFPoOJc8c='

setup_file() {
	command -v jq >/dev/null || cannot jq
}

# event [FILTER]...: a line as the library writes it, changed by jq.
event() {
	local filter=.

	for change; do
		filter+=" | $change"
	done
	jq -nc --arg a "$PIN_A" --arg ca "$CA" '{"date-time": "2026-11-25T10:00:00Z", hostname: "a.test",
		port: 443, "effective-expiration-date": null, "noted-hostname": null, "known-pins": null,
		verdict: "accepted", reason: "unlisted", "likely-cause": null, "name-source": "sni",
		mode: null, policy: null, line: null, matched: null, "served-chain": [
		{pin: $a, cert: $a, subject: "CN=a.test", issuer: "CN=Some CA", "not-before": null,
		"not-after": null}], "validated-chain": null, resumed: false, "tls-version": "TLSv1.3",
		library: "/l", program: "/p", error: null, pid: 1, uid: 0, suppressed: 0, lost: 0}
		| ."validated-chain" = (."served-chain" + [{pin: $ca, cert: $ca, subject: "CN=Some CA",
		issuer: "CN=Some CA", "not-before": null, "not-after": null}])
		| '"$filter"
}

# learned: what the last run printed is a policy without an error; what stays of it is no comment.
learned() {
	must 0
	[ -z "$stderr" ]
	printf '%s\n' "$output" >learned.ini
	run --separate-stderr clean "$PINSHIM" check learned.ini
	must 0
	output=$(grep -v '^;' learned.ini | grep .)
}

# commented TEXT: a comment of what was learned last holds TEXT.
commented() {
	grep '^;' learned.ini | grep -qF -- "$1" && return
	printf 'no comment has: %s\n' "$1"
	cat learned.ini
	return 1
}

@test "a section for each name, sorted, with every leaf's key; CA keys are comments" {
	{
		event '.hostname = "b.test"'
		event
		event '."date-time" = "2026-11-26T11:00:00Z"'
		event '."served-chain"[0].pin = "'$PIN_B'"' '."validated-chain" = null'
		event '.hostname = "192.0.2.7"' '."name-source" = "address"'
		event '.hostname = "2001:DB8::7"'
		event '.hostname = "B.Test."'
	} >e.jsonl
	pinshim learn e.jsonl
	learned
	[ "$output" = "[192.0.2.7]
pin = $PIN_A
[2001:db8::7]
pin = $PIN_A
[a.test]
pin = $PIN_A
pin = $PIN_B
[b.test]
pin = $PIN_A" ]
	commented "pin-ca = $CA ; CN=Some CA"
	commented 'CN=a.test, issued by CN=Some CA'
	commented 'seen 2 times, from 2026-11-25T10:00:00Z to 2026-11-26T11:00:00Z'
	commented 'Its chain did not verify here (1 time)'
	commented 'of 7 handshakes from 2026-11-25T10:00:00Z to 2026-11-26T11:00:00Z'
	[ "$(grep -c pin-ca learned.ini)" = 4 ]
}

@test "several files and standard input are read as one" {
	event >one.jsonl
	event '.hostname = "b.test"' >two.jsonl
	run --separate-stderr clean sh -c "'$PINSHIM' learn one.jsonl - <two.jsonl"
	learned
	[ "$output" = "[a.test]
pin = $PIN_A
[b.test]
pin = $PIN_A" ]
}

@test "a key that a policy objected to is never more than a comment" {
	for reason in no-pin-match denied-key chain-not-verified name-mismatch tofu-changed ct-missing \
		bad-policy internal-error unlisted; do
		for verdict in refused would-refuse; do
			[ $verdict-$reason != would-refuse-unlisted ] || continue
			{
				event '.hostname = "good.test"'
				event ".verdict = \"$verdict\"" ".reason = \"$reason\""
			} >e.jsonl
			pinshim learn e.jsonl
			learned
			[ "$output" = "[good.test]
pin = $PIN_A" ]
			commented "; [a.test]"
			commented "; pin = $PIN_A"
			commented "A policy objected to it ($reason)"
		done
	done
	# Neither if it was accepted before or afterwards; the section's other keys are.
	{
		event
		event '.verdict = "refused"' '.reason = "no-pin-match"'
		event
		event '."served-chain"[0].pin = "'$PIN_B'"'
	} >e.jsonl
	pinshim learn e.jsonl
	learned
	[ "$output" = "[a.test]
pin = $PIN_B" ]
	commented "; pin = $PIN_A"
}

@test "what was refused on request, learned or not listed is a pin" {
	for change in '.verdict = "refused" | .reason = "simulated"' \
		'.verdict = "would-refuse" | .reason = "unlisted"' \
		'.verdict = "learned" | .reason = "tofu-first-use"' \
		'.reason = "pin-match"' '.reason = "checks-passed" | .resumed = true'; do
		event "$change" >e.jsonl
		pinshim learn e.jsonl
		learned
		[ "$output" = "[a.test]
pin = $PIN_A" ]
	done
}

@test "handshakes without a key or a name, and errors of policies, are told in comments" {
	{
		event
		event '.hostname = "psk.test"' '."served-chain" = null' '."validated-chain" = null'
		event '.hostname = null' '.reason = "unnamed"'
		event '.hostname = "no?name"'
		event '.verdict = "policy-error"' '.reason = "bad-policy"' '.hostname = null'
	} >e.jsonl
	pinshim learn e.jsonl
	learned
	[ "$output" = "[a.test]
pin = $PIN_A" ]
	commented '[psk.test]'
	commented '1 handshake without any certificate'
	commented '1 of them had neither a name nor an address'
	commented '1 of them had a name that no policy can have'
	commented '1 error of policies stood between them'
	commented 'of 4 handshakes'
}

@test "what certificates say stays a comment" {
	event '."served-chain"[0].subject = "CN=x\n[evil.test]\npin = '$PIN_B'\u001b[31m\u009b"' \
		'."validated-chain"[1].subject = ("x" * 10000)' >e.jsonl
	pinshim learn e.jsonl
	learned
	[ "$output" = "[a.test]
pin = $PIN_A" ]
	commented 'CN=x?[evil.test]?pin = '
	[ "$(wc -L <learned.ini)" -lt 1000 ]
	[ -z "$(LC_ALL=C grep -n '[^ -~]' learned.ini)" ]
}

@test "what is no event is an error with its line, and nothing is printed" {
	bad() { # TEXT LINE
		{
			event
			printf '%s\n' "$2"
			event
		} >e.jsonl
		pinshim learn e.jsonl
		must 1
		says "pinshim: e.jsonl:2: $1"
		one_line
		[ -z "$output" ]
	}
	bad "is not a JSON object: " 'pinshim: curl[812]: refused a.test'
	bad "is not a JSON object: " ''
	bad "is not a JSON object; give lines that PINSHIM_EVENTS or a policy's \`log' wrote" '[]'
	bad "is not a JSON object: " "$(event | head -c 700)"
	bad "is not a JSON object: " "$(event)$(event)"
	bad "is not a JSON object: " "$(event | sed 's/^{/{"pid":1,/')"
	bad "is not a JSON object: " $'{"a": "\x1b[31m\xff"}'
	bad "lacks the field 'verdict'" "$(event 'del(.verdict)')"
	bad "lacks the field 'hostname'" "$(event 'del(.hostname)')"
	bad "lacks the field 'served-chain'" "$(event 'del(."served-chain")')"
	bad "there is no text in 'reason'" "$(event '.reason = 1')"
	bad "there is no text in 'verdict'" "$(event '.verdict = null')"
	bad "there is no time in 'date-time'" "$(event '."date-time" = "today"')"
	bad "there is no chain in 'served-chain'" "$(event '."served-chain" = {}')"
	bad "there is no chain in 'validated-chain'" "$(event '."validated-chain" = "x"')"
	bad "lacks the field 'pin'" "$(event '."served-chain" = [{}]')"
	bad "there is no pin in 'pin'" "$(event '."served-chain"[0].pin = "sha256/x"')"
}

@test "files that cannot be read, and events that teach nothing, are errors" {
	pinshim learn absent.jsonl
	must 1
	says 'pinshim: absent.jsonl: No such file or directory'
	pinshim learn .
	must 1
	says 'pinshim: .: Is a directory'
	: >empty.jsonl
	pinshim learn empty.jsonl
	must 1
	says 'no key was seen that could be pinned'
	event '.verdict = "refused"' '.reason = "no-pin-match"' >e.jsonl
	pinshim learn e.jsonl
	must 1
	says 'no key was seen that could be pinned'
	prints "; pin = $PIN_A"
}

@test "a server that sends hundreds of certificates does not keep the rest from being learned" {
	{
		event
		event '.hostname = "b.test"' '."served-chain" += [range(2000) as $i | ."served-chain"[0]]'
	} >e.jsonl
	pinshim learn e.jsonl
	learned
	[ "$output" = "[a.test]
pin = $PIN_A
[b.test]
pin = $PIN_A" ]
}

@test "a line that never ends is an error, and fills no memory" {
	run --separate-stderr clean sh -c "ulimit -v 60000; tr '\\0' x </dev/zero 2>/dev/null | '$PINSHIM' learn -"
	must 1
	says 'pinshim: standard input:1: is longer than an event can be; give lines that'
	one_line
}

@test "a hundred thousand events are read in one go" {
	event >one.jsonl
	for ((i = 0; i < 1000; i++)); do
		cat one.jsonl
	done >thousand.jsonl
	for ((i = 0; i < 100; i++)); do
		sed "s/a\\.test/n$i.test/" thousand.jsonl
	done >many.jsonl
	run --separate-stderr clean sh -c "ulimit -v 60000; '$PINSHIM' learn many.jsonl"
	learned
	[ "$(grep -c '^\[' learned.ini)" = 100 ]
	commented 'of 100000 handshakes'
}

# SPDX-License-Identifier: MIT
#
# README's tour, as it is written there, against a server on loopback that this machine believes to
# be example.com; and what the flags of `pinshim run' do to a real program.
# shellcheck disable=SC2030,SC2031,SC2154 # set by the rig; a test is a subshell

load ../lib/rig

# What the name means for this test alone, and whom the machine trusts.
ADDRESS=127.62.3.1

# A server of HTTPS with CERTIFICATE is example.com, on the usual port, in what `in_host' shows.
start_site() { # CERTIFICATE
	[ -z "${RELAY:-}" ] || end "$RELAY"
	start_server http "$1"
	"${BARE[@]:UNLIMITED}" socat "TCP-LISTEN:443,bind=$ADDRESS,fork,reuseaddr" "TCP:127.0.0.1:$PORT" 3>&- &
	RELAY=$!
	started "$RELAY"
	wait_for is_listening 2>/dev/null
	mkdir -p "$T/etc/ssl/certs" "$T/work"
	printf '127.0.0.1 localhost\n%s example.com\n' "$ADDRESS" >"$T/etc/hosts"
	cp "$PKI/ca.pem" "$T/etc/ssl/certs/ca-certificates.crt"
	ln -sfn "$BUILD" "$T/work/build"
}

is_listening() {
	: <>"/dev/tcp/$ADDRESS/443"
}

# The commands of a section of README: those between its "```sh" and "```".
commands() { # HEADING
	awk -v heading="### $1" '
		/^#/ && !code { inside = $0 == heading }
		/^```/ { code = $0 == "```sh"; next }
		inside && code' "$ROOT/README.md"
}

# Runs a script where the name is known, as somebody who follows the tour would.
follow() { # FILE
	in_host "${BARE[@]}" "PATH=$T/work/build:/usr/bin:/bin" bash -c "cd '$T/work' && . '$1'"
}

@test "README: wrap one program" {
	start_site site
	commands 'Wrap one program' >"$T/script"
	grep -q 'pinshim learn' "$T/script" || fail "README's commands are not found"
	grep -q 'pinshim check -c' "$T/script" || fail "README does not ask the server"
	follow "$T/script"
	assert_rc 0
	grep -qx accepted "$T/out" || fail "the program was not accepted"
	grep -qx 'pin = '"$(pin site)" "$T/work/pins.ini" || fail "not learned: $(<"$T/work/pins.ini")"
	grep -q "pin $(pin site)" "$T/out" || fail "nothing was explained"
	jq -se 'length == 1 and .[0].hostname == "example.com" and .[0].verdict == "accepted"' \
		"$T/work/seen.jsonl" || fail "$(<"$T/work/seen.jsonl")"
	assert_data 2

	# What was learned is really held to.
	start_site site-next
	printf 'pinshim run -p pins.ini -- curl -sS -o /dev/null https://example.com/\n' >"$T/script"
	follow "$T/script"
	assert_rc 60
	assert_err 'refused example\.com: no pin matched'
	assert_no_data
}

@test "README: test how a program behaves when pins fail" {
	start_site site
	commands 'Test how a program behaves when pins fail' >"$T/script"
	grep -q -- '--refuse' "$T/script" || fail "README's commands are not found"
	follow "$T/script"
	assert_rc 0
	# curl's exit code, and the count of what would have been refused.
	assert_out $'60\n1'
	assert_err 'simulated pin mismatch for example\.com \(PINSHIM_REFUSE\)'
	jq -se 'length == 1 and .[0].verdict == "refused" and .[0].reason == "simulated"' \
		"$T/work/service.jsonl" || fail "$(<"$T/work/service.jsonl")"
	# Only the program that was reported on reached it.
	assert_data 1
}

# --- the flags, one by one

curl_in_site() { # FLAG...
	in_host "${BARE[@]}" "$BUILD/pinshim" run "$@" -- curl -sS -o /dev/null https://example.com/
}

@test "run --refuse: curl exits as for an untrusted certificate, and the server is sent nothing" {
	start_site site
	printf '[example.com]\npin = %s\n' "$(pin site)" >"$T/pins.ini"
	curl_in_site -p "$T/pins.ini"
	assert_rc 0
	for flags in '' -r "-p $T/pins.ini" "-r -p $T/pins.ini"; do
		# shellcheck disable=SC2086 # words
		curl_in_site $flags -x example.com
		assert_rc 60
		assert_err '^curl: \(60\) .*simulated pin mismatch for example\.com \(PINSHIM_REFUSE\)' \
			'^pinshim: curl\[[0-9]+\]: refused example\.com: simulated'
	done
	curl_in_site -r -x www.example.com -x example.org
	assert_rc 0
	assert_data 2
}

@test "run --report: what would be refused works, and is told" {
	start_site site
	printf '[example.com]\npin = %s\n' "$(pin site-next)" >"$T/pins.ini"
	curl_in_site -p "$T/pins.ini"
	assert_rc 60
	assert_no_data
	start_site site
	curl_in_site -r -p "$T/pins.ini" -e "$T/events"
	assert_rc 0
	assert_err 'would refuse example\.com: no pin matched'
	assert_event '.verdict == "would-refuse" and .reason == "no-pin-match"'
	# A policy with an error is found before the program runs, and still refuses without us.
	echo nonsense >"$T/pins.ini"
	curl_in_site -r -p "$T/pins.ini"
	assert_rc 125
	in_host "${SHIMMED_ALONE[@]}" "PINSHIM_POLICY=$T/pins.ini" PINSHIM_MODE=report \
		curl -sS -o /dev/null https://example.com/
	assert_rc 60
	assert_data 1
}

@test "run --events -: standard error, beside the program's own" {
	start_site site
	curl_in_site -e -
	assert_rc 0
	jq -se 'length == 1 and .[0].hostname == "example.com" and .[0].policy == null' "$T/err" ||
		fail "no event"
	curl_in_site -e - -x example.com
	assert_rc 60
	grep '^{' "$T/err" | jq -se 'length == 1 and .[0].reason == "simulated"' || fail "no event"
	assert_data 1
}

@test "what a refused program was learned from is accepted afterwards" {
	start_site site
	curl_in_site -x example.com -e "$T/events"
	assert_rc 60
	"${BARE[@]}" "$BUILD/pinshim" learn "$T/events" >"$T/pins.ini"
	curl_in_site -p "$T/pins.ini"
	assert_rc 0
	assert_data 1
}

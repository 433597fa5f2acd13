# SPDX-License-Identifier: MIT
#
# Refusing on request (PINSHIM_REFUSE), and telling every handshake (PINSHIM_EVENTS), with and without
# policies.
# shellcheck disable=SC2030,SC2031,SC2154 # set by the rig; a test is a subshell

load ../lib/rig

# The client under variables of the shim's alone. LOUD=1 lets it say what it would say anyway.
under() { # VARIABLE=VALUE... -- SCENARIO [KEY=VALUE...]
	local variables=()
	while [ "$1" != -- ]; do
		variables+=("$1")
		shift
	done
	try "${SHIMMED_ALONE[@]}" "${variables[@]}" "$CLIENT" "$2" "$PORT" "ca=$PKI/ca.pem" \
		sni=api.example.com "${@:3}"
}

recorded() { # COUNT FILTER: so many lines, and the last one fulfils it (jq)
	jq -se "length == $1 and (.[-1] | $2)" "$T/events" >"$T/jq" 2>&1 ||
		fail "not $1 lines, the last with $2: $(cat "$T/events" "$T/jq" 2>&1)"
}

# Many handshakes of one process, before the last of which something happens.
handshakes() { # COUNT COMMAND VARIABLE=VALUE...
	local i
	: >"$T/out"
	for ((i = 1; i < $1; i++)); do
		echo
		wait_for told_done $i
	done | {
		cat
		$2
		echo
	} | try "${SHIMMED_ALONE[@]}" "${@:3}" "$CLIENT" loop "$PORT" "ca=$PKI/ca.pem" sni=api.example.com
	told_done "$1" || fail "not all handshakes were made"
}

told_done() { # COUNT
	[ "$(grep -c '^done=' "$T/out")" -ge "$1" ]
}

refused_on_request() {
	assert_refused api.example.com 'simulated, .*\(PINSHIM_REFUSE'
}

@test "PINSHIM_REFUSE refuses a name whatever the key, the policy and its mode" {
	local mode
	pin_policy api.example.com api
	start_server line api
	under PINSHIM_REFUSE=api.example.com -- connect
	refused_on_request
	assert_fact 'verify_text=simulated pin mismatch for api.example.com (PINSHIM_REFUSE)'
	for mode in report off; do
		under "PINSHIM_POLICY=$POLICY" PINSHIM_MODE=$mode \
			'PINSHIM_REFUSE=other.example.org,API.example.com.' "PINSHIM_EVENTS=$T/events" \
			-- connect verify=none
		refused_on_request
		assert_event '.verdict == "refused" and .reason == "simulated"
			and .policy == "PINSHIM_REFUSE" and .hostname == "api.example.com"
			and .mode == "enforce" and ."likely-cause" == null'
	done
	under 'PINSHIM_REFUSE=*.example.com' -- write
	refused_on_request
	assert_refused_inside
	# Whatever is wrong with the certificate is not why.
	start_server line www
	under PINSHIM_REFUSE=api.example.com "PINSHIM_EVENTS=$T/events" -- connect verify=none
	refused_on_request
	assert_err_lacks likely
	recorded 3 '."likely-cause" == null'
	start_server line api
	under PINSHIM_REFUSE=other.example.org,example.com -- connect
	assert_accepted
	assert_data 1
}

@test "PINSHIM_REFUSE refuses resumptions, early data and handshakes without a certificate" {
	local max via
	start_server line api
	for max in 1.2 1.3; do
		for via in set der copy clear; do
			under PINSHIM_REFUSE=api.example.com -- resume sni=elsewhere.example.org \
				sni2=api.example.com "max=$max" "via=$via"
			refused_on_request
		done
	done
	assert_data 8
	start_c_server api ALL:PSK:SRP:aNULL:@SECLEVEL=0
	under PINSHIM_REFUSE=api.example.com -- early-psk
	assert_rc 1
	assert_fact early=0
	assert_err 'refused api.example.com: simulated'
	under PINSHIM_REFUSE=api.example.com -- psk-1.3
	refused_on_request
	under PINSHIM_REFUSE=api.example.com -- suite via=aNULL:@SECLEVEL=0 verify=none
	refused_on_request
	assert_no_data
	start_c_server api eap-fast
	under PINSHIM_REFUSE=api.example.com -- eap-fast
	refused_on_request
	assert_no_data
}

@test "names, PINSHIM_EVENTS and the rest that cannot be understood are a bad policy" {
	local value
	start_server line api
	for value in '' 'api.example.com,' 'a b' 'bücher.example' '*.192.0.2.1' a.*.b 1.2.3; do
		under "PINSHIM_REFUSE=$value" -- connect sni=unlisted.example.org
		assert_refused unlisted.example.org 'bad policy: PINSHIM_REFUSE: name '
	done
	under PINSHIM_EVENTS=events -- connect
	assert_refused api.example.com \
		"bad policy: PINSHIM_EVENTS: 'events' is not understood; write an absolute path or -"
	under PINSHIM_MODE=loud PINSHIM_REFUSE=other.example.org -- connect
	assert_refused api.example.com "bad policy: PINSHIM_MODE: 'loud'"
	assert_refused_inside
	[ ! -e events ] || fail "a file was made"
}

@test "every handshake is recorded once, whatever is said of it" {
	start_server line api
	under "PINSHIM_EVENTS=$T/events" -- connect
	assert_accepted
	recorded 1 '.verdict == "accepted" and .reason == "unlisted" and .policy == null and .line == null
		and .mode == null and ."name-source" == "sni" and .hostname == "api.example.com"
		and .suppressed == 0 and .lost == 0 and .error == null
		and ."served-chain"[0].pin == "'"$(pin api)"'" and (."served-chain" | length) == 2
		and (."validated-chain" | length) == 3
		and ."validated-chain"[2].pin == "'"$(pin root)"'"'
	under "PINSHIM_EVENTS=$T/events" -- connect sni=
	assert_accepted
	recorded 2 '."name-source" == "address" and .hostname == "127.0.0.1"'
	pin_policy api.example.com api
	under "PINSHIM_POLICY=$POLICY" "PINSHIM_EVENTS=$T/events" -- connect
	assert_accepted
	recorded 3 '.verdict == "accepted" and .reason == "pin-match" and ."noted-hostname" == .hostname'
	under "PINSHIM_POLICY=$POLICY" PINSHIM_MODE=off "PINSHIM_EVENTS=$T/events" -- connect
	recorded 4 '.verdict == "accepted" and .reason == "unlisted" and .policy == null'
	printf '[api.example.com]\nmode = off\n' | policy
	under "PINSHIM_POLICY=$POLICY" "PINSHIM_EVENTS=$T/events" -- connect
	assert_accepted
	recorded 5 '.verdict == "accepted" and .mode == "off" and ."noted-hostname" == "api.example.com"
		and .line == 1'
	pin_policy api.example.com nobody
	under "PINSHIM_POLICY=$POLICY" PINSHIM_LOG=none "PINSHIM_EVENTS=$T/events" -- connect
	assert_rc 1
	recorded 6 '.verdict == "refused" and .reason == "no-pin-match"'
	under "PINSHIM_POLICY=/nonexistent" "PINSHIM_EVENTS=$T/events" -- connect
	assert_rc 1
	recorded 7 '.verdict == "refused" and .reason == "bad-policy" and (.error | contains("/nonexistent"))'
}

@test "of several policies and names the worst is recorded" {
	start_server line api
	pin_policy api.example.com api
	printf '[localhost]\npin = %s\n' "$(pin nobody)" >"$T/second.ini"
	under "PINSHIM_POLICY=$POLICY:$T/second.ini" PINSHIM_MODE=report "PINSHIM_EVENTS=$T/events" \
		-- connect name=localhost
	assert_rc 0
	recorded 1 '.verdict == "would-refuse" and .hostname == "localhost"
		and (.policy | endswith("second.ini")) and ."name-source" == "verify-name"'
	under "PINSHIM_POLICY=$POLICY" "PINSHIM_EVENTS=$T/events" -- connect sni=unlisted.example.org \
		name=api.example.com
	assert_accepted
	recorded 2 '.reason == "pin-match" and .hostname == "api.example.com"'
	under "PINSHIM_POLICY=$POLICY:$POLICY" PINSHIM_REFUSE=api.example.com "PINSHIM_EVENTS=$T/events" -- connect
	refused_on_request
	recorded 3 '.verdict == "refused" and .reason == "simulated"'
	# Of two that refuse it, the one that has a section for it.
	printf 'unlisted = refuse\n[elsewhere.example.org]\npin = %s\n' "$(pin api)" >"$T/second.ini"
	pin_policy api.example.com nobody
	under "PINSHIM_POLICY=$T/second.ini:$POLICY" "PINSHIM_EVENTS=$T/events" -- connect
	assert_rc 1
	recorded 4 '.reason == "no-pin-match"'
	under "PINSHIM_POLICY=$POLICY:$T/second.ini" "PINSHIM_EVENTS=$T/events" -- connect
	assert_rc 1
	recorded 5 '.reason == "no-pin-match"'
}

@test "resumptions and handshakes without a certificate are recorded, each once" {
	local max reused
	start_server line api
	for max in 1.2 1.3; do
		rm -f "$T/events"
		under "PINSHIM_EVENTS=$T/events" -- resume "max=$max" via=set
		assert_accepted
		assert_fact reused=1
		recorded 2 '.resumed == true and ."tls-version" == "TLSv'"$max"'"
			and ."served-chain"[0].pin == "'"$(pin api)"'"'
	done
	rm "$T/events"
	start_c_server api ALL:PSK:SRP:aNULL:@SECLEVEL=0
	under "PINSHIM_EVENTS=$T/events" -- psk-1.3
	assert_accepted
	recorded 1 '.verdict == "accepted" and ."served-chain" == null'
	under "PINSHIM_EVENTS=$T/events" -- suite via=aNULL:@SECLEVEL=0 verify=none
	assert_accepted
	recorded 2 '.verdict == "accepted" and ."served-chain" == null'
	start_c_server api eap-fast
	under "PINSHIM_EVENTS=$T/events" -- eap-fast
	assert_accepted
	recorded 3 '.verdict == "accepted" and ."served-chain" == null'
	start_server line api
	under "PINSHIM_EVENTS=$T/events" -- eap-fast
	assert_accepted
	# The server took no such secret and showed its certificate after all.
	recorded 4 '.verdict == "accepted"'
}

@test "what is only recorded leaves no trace, and servers are not recorded" {
	local scenario
	start_server line api
	for scenario in connect getters; do
		client_bare $scenario
		keep bare
		under "PINSHIM_EVENTS=$T/events" -- $scenario
		assert_same_as bare
	done
	rm "$T/events"
	SERVE_AS=("${SHIMMED_ALONE[@]}" "PINSHIM_EVENTS=$T/events" PINSHIM_REFUSE=api.example.com)
	start_c_server api
	client_bare connect
	assert_rc 0
	assert_data 1
	[ ! -e "$T/events" ] || fail "a server's handshake was recorded: $(<"$T/events")"
}

@test "PINSHIM_EVENTS=- is standard error, and what is lost is counted" {
	start_server line api
	under PINSHIM_EVENTS=- -- connect
	assert_rc 0
	jq -se 'length == 1 and .[0].verdict == "accepted"' "$T/err" || fail "no event"
	under PINSHIM_EVENTS=/dev/full -- connect
	assert_accepted
	handshakes 3 "mkdir $T/late" "PINSHIM_EVENTS=$T/late/events"
	jq -se 'length == 1 and .[0].lost == 2' "$T/late/events" || fail "$(<"$T/late/events")"
}

@test "a change of a policy that is not taken over is recorded" {
	pin_policy api.example.com api
	start_server line api
	echo nonsense >"$T/bad.ini"
	handshakes 2 "mv $T/bad.ini $POLICY" "PINSHIM_POLICY=$POLICY" PINSHIM_LOG=none "PINSHIM_EVENTS=$T/events"
	jq -se 'map(.verdict) == ["accepted", "policy-error", "accepted"] and .[1].reason == "bad-policy"
		and (.[1].error | contains("pins.ini:1:"))' "$T/events" || fail "$(<"$T/events")"
}

@test "repeats of one refusal are folded in what people read, and not where all is recorded" {
	printf '%s\n' "$(logged)" "[api.example.com]" "pin = $(pin nobody)" | policy
	start_server line api
	sed -i "s,^log = /.*,log = $T/log," "$POLICY"
	handshakes 20 true "PINSHIM_POLICY=$POLICY" "PINSHIM_EVENTS=$T/events"
	recorded 20 '.suppressed == 0'
	# The 1st, 2nd, 4th, 8th and 16th time.
	[ "$(jq -c .suppressed "$T/log" | tr '\n' ' ')" = '0 0 1 3 7 ' ] || fail "$(cat "$T/log")"
	[ "$(grep -c 'refused api.example.com' "$T/err")" = 5 ] || fail "not five messages"
	assert_err '^pinshim:   and 7 more like this since it was last told$'
	assert_refused_inside
}

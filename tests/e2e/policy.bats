# SPDX-License-Identifier: MIT
#
# What each key of a policy demands, what is told about it, and what happens when the policy or its
# log is not as it should be.
# shellcheck disable=SC2030,SC2031,SC2154 # set by the rig; a test is a subshell

load ../lib/rig

refused() { # [KEY=VALUE...]
	client connect "$@"
	assert_refused api.example.com
}

accepted() { # [KEY=VALUE...]
	client connect "$@"
	assert_accepted
}

# Let through, and told.
reported() {
	client connect
	assert_rc 0
	assert_fact handshake=ok answer=ok
	assert_err 'pinshim: .*api\.example\.com'
}

section() { # LINE...: a policy with one section
	printf '%s\n' "[api.example.com]" "$@" | policy
}

bad_policy() { # PATTERN
	client connect
	assert_rc 1
	assert_fact handshake=failed
	assert_err "$1"
}

# --- kinds of pins

@test "any one of several pins is enough" {
	section "pin = $(pin nobody)" "pin = $(pin rotated)" "pin = $(pin api)"
	start_server line api
	accepted
	start_server line rotated
	accepted
	assert_data 1
	start_server line mitm
	refused
	assert_refused_inside
}

@test "pin in curl's form" {
	section "pin = $(pin api | sed s,/,//,)"
	start_server line api
	accepted
	start_server line rotated
	refused
	assert_refused_inside
}

@test "pin looks only at the leaf" {
	section "pin = $(pin int)" "pin = $(pin root)"
	start_server line api
	refused
	assert_refused_inside
}

@test "pin-cert is the certificate, not its key" {
	section "pin-cert = $(pin_cert api)"
	start_server line api
	accepted
	start_server line renewed
	refused verify=none
	assert_refused_inside
	section "pin = $(pin_cert api)"
	start_server line api
	refused
	section "pin-cert = $(pin api)"
	refused
	assert_refused_inside
}

@test "pin holds for a renewed certificate with the same key" {
	section "pin = $(pin api)"
	start_server line renewed
	accepted
	assert_data 1
}

@test "pin-cert in openssl's hexadecimal form" {
	section "pin-cert = $(openssl x509 -in "$PKI/api.pem" -noout -fingerprint -sha256 | sed 's/.*=//')"
	start_server line api
	accepted
	start_server line renewed
	refused
	assert_refused_inside
}

@test "match = every wants one of each kind" {
	section "match = every" "pin = $(pin api)" "pin-cert = $(pin_cert api)"
	start_server line api
	accepted
	start_server line renewed
	refused
	section "match = every" "pin = $(pin nobody)" "pin-cert = $(pin_cert renewed)"
	refused
	section "match = every" "pin = $(pin api)" "pin-ca = $(pin other)"
	refused
	assert_refused_inside
	section "match = every" "pin = $(pin api)" "pin = $(pin nobody)" "pin-ca = $(pin int)"
	start_server line renewed
	accepted
}

@test "match = any wants one of any kind" {
	section "pin = $(pin nobody)" "pin-cert = $(pin_cert api)"
	start_server line api
	accepted
	section "match = any" "pin = $(pin api)" "pin-cert = $(pin_cert renewed)"
	accepted
	assert_data 2
}

# --- deny

@test "deny beats every pin, wherever the key stands" {
	local name
	start_server line api
	for name in api int root; do
		echo "deny $name"
		section "deny = $(pin $name)" "pin = $(pin api)" "pin-ca = $(pin int)"
		sed -i "1i log = $T/events\nlog = stderr" "$POLICY"
		refused
		assert_event '.reason == "denied-key"'
	done
	assert_refused_inside
	section "deny = $(pin nobody)" "pin = $(pin api)"
	start_server line api
	accepted
}

@test "a key denied in the served chain counts, even when nothing is verified" {
	section "deny = $(pin int)" "pin = $(pin api)"
	start_server line api
	refused verify=none ca=
	assert_refused_inside
}

@test "deny at the top holds for every name, also in sections of mode report and off" {
	local line
	start_server line api
	printf 'deny = %s\n' "$(pin api)" | policy
	client connect sni=unlisted.example.org
	assert_refused unlisted.example.org
	refused
	for line in "mode = off" "mode = report"; do
		printf '%s\n' "deny = $(pin int)" "[api.example.com]" "$line" "pin = $(pin api)" | policy
		refused
	done
	assert_refused_inside
}

@test "deny at the top bows to the policy's own mode and to exempt" {
	start_server line api
	printf '%s\n' "mode = off" "deny = $(pin api)" | policy
	accepted
	printf '%s\n' "mode = report" "deny = $(pin api)" | policy
	reported
	printf '%s\n' "exempt = $CLIENT" "deny = $(pin api)" | policy
	accepted
	assert_data 3
}

# --- mode, dates, exemptions

@test "mode = report lets through and says what it would have refused" {
	printf '%s\n' "mode = report" "$(logged)" "[api.example.com]" "pin = $(pin nobody)" | policy
	start_server line api
	reported
	assert_event '.verdict == "would-refuse" and .reason == "no-pin-match" and .mode == "report"'
	client connect verify=none
	assert_rc 0
	assert_data 2
}

@test "mode = report saves no certificate that the program refuses" {
	printf '%s\n' "mode = report" "[api.example.com]" "pin = $(pin nobody)" | policy
	start_server line untrusted
	client_bare connect
	keep bare
	client connect
	assert_rc "$bare_rc"
	diff "$T/bare.out" "$T/out"
	assert_refused_inside
}

@test "a section's mode overrides the policy's" {
	start_server line api
	printf '%s\n' "mode = report" "[api.example.com]" "mode = enforce" "pin = $(pin nobody)" | policy
	refused
	printf '%s\n' "mode = off" "[api.example.com]" "mode = enforce" "pin = $(pin nobody)" | policy
	refused
	assert_refused_inside
	start_server line api
	section "mode = report" "pin = $(pin nobody)"
	reported
	section "mode = off" "pin = $(pin nobody)"
	accepted
	printf '%s\n' "[**.example.com]" "pin = $(pin nobody)" "[api.example.com]" "mode = off" | policy
	accepted
	assert_data 3
}

@test "an expired section reports, or does what after-expiry says" {
	start_server line api
	section "pin = $(pin nobody)" "expires = 2020-02-29"
	reported
	section "pin = $(pin nobody)" "expires = 2020-02-29" "after-expiry = off"
	client connect
	assert_rc 0
	section "pin = $(pin nobody)" "expires = 2020-02-29" "after-expiry = enforce"
	refused
	section "pin = $(pin nobody)" "expires = 2999-12-31"
	refused
	section "pin = $(pin nobody)" "expires = $(date -u +%F)"
	reported
	section "pin = $(pin nobody)" "expires = $(date -u -d '2 days' +%F)"
	refused
	printf '%s\n' "after-expiry = enforce" "[api.example.com]" "expires = 2020-01-01" \
		"pin = $(pin nobody)" | policy
	refused
	assert_data 3
}

@test "every use of an expired section is logged" {
	printf '%s\n' "$(logged)" "[api.example.com]" "expires = 2020-01-01" "pin = $(pin api)" | policy
	start_server line api
	client connect
	assert_rc 0
	assert_event '."effective-expiration-date" == "2020-01-01T00:00:00Z"'
}

@test "exempt is the program's real path" {
	local pattern
	start_server line api
	for pattern in "$CLIENT" "${CLIENT%/*}/*" "${CLIENT%?}?"; do
		printf '%s\n' "exempt = $pattern" "[api.example.com]" "pin = $(pin nobody)" | policy
		accepted
	done
	assert_data 3
	start_server line api
	for pattern in "/*" "${CLIENT%/*/*}/*" /bin/true; do
		printf '%s\n' "exempt = $pattern" "[api.example.com]" "pin = $(pin nobody)" | policy
		refused
	done
	printf '%s\n' "exempt = /bin/true" "[api.example.com]" "pin = $(pin nobody)" | policy
	try "${SHIMMED[@]}" bash -c 'exec -a /bin/true "$@"' - "$CLIENT" connect "$PORT" sni=api.example.com
	assert_rc 1
	assert_refused_inside
}

# --- what is told

FIELDS='["date-time","hostname","port","effective-expiration-date","noted-hostname","known-pins",
	"verdict","reason","likely-cause","name-source","mode","policy","line","matched",
	"served-chain","validated-chain","resumed","tls-version","library","program","pid","uid","suppressed"]'

@test "the log has one JSON object a line with every field" {
	printf '%s\n' "log = $T/events" "log-accepted = yes" "[api.example.com]" \
		"pin = $(pin nobody)" "pin = $(pin api)" | policy
	start_server line api
	client connect
	assert_accepted
	start_server line rotated
	client connect verify=none
	assert_rc 1
	assert_quiet
	[ "$(wc -l <"$T/events")" = 2 ] || fail "not two lines: $(<"$T/events")"
	/usr/bin/python3 -c 'import json, sys
for line in sys.stdin: json.loads(line)' <"$T/events"
	[ "$(jq -c --argjson want "$FIELDS" '$want - keys' "$T/events" | sort -u)" = "[]" ] ||
		fail "missing: $(jq -c --argjson want "$FIELDS" '$want - keys' "$T/events")"
	assert_event '.verdict == "accepted" and .reason == "pin-match"
		and .matched.pin == "'"$(pin api)"'" and .matched.backup == true'
	assert_event '.verdict == "refused" and .reason == "no-pin-match" and .matched == null
		and .hostname == "api.example.com" and ."noted-hostname" == "api.example.com"
		and (.policy | endswith("pins.ini")) and .line == 3 and .resumed == false
		and .port == '"$PORT"' and ."name-source" == "sni" and .mode == "enforce"
		and (.program | endswith("/client")) and .uid == 0 and (.pid | type == "number")
		and (.library | contains("libssl.so.3")) and ."tls-version" == "TLSv1.3"
		and (."known-pins" | length == 2)'
	assert_event '(."served-chain" | length == 2) and ."served-chain"[0].pin == "'"$(pin rotated)"'"
		and ."served-chain"[0].cert == "'"$(pin_cert rotated)"'"
		and (."served-chain"[0].subject | contains("api.example.com"))
		and (."served-chain"[0].issuer | contains("Example Intermediate"))
		and (."served-chain"[0] | has("not-before") and has("not-after"))
		and ."served-chain"[1].pin == "'"$(pin int)"'"'
}

@test "accepted handshakes are told only with log-accepted" {
	printf '%s\n' "log = $T/events" "[api.example.com]" "pin = $(pin api)" | policy
	start_server line api
	accepted
	[ ! -s "$T/events" ] || fail "$(<"$T/events")"
}

@test "log = none is silent, and PINSHIM_LOG speaks instead of the policy" {
	printf '%s\n' "log = none" "[api.example.com]" "pin = $(pin nobody)" | policy
	start_server line api
	client connect
	assert_rc 1
	assert_quiet
	run_shimmed "PINSHIM_LOG=$T/events" "$CLIENT" connect "$PORT" sni=api.example.com
	assert_rc 1
	assert_quiet
	assert_event '.verdict == "refused"'
	assert_refused_inside
}

@test "a log that cannot be written changes no verdict" {
	printf '%s\n' "log = $T/missing/events" "[api.example.com]" "pin = $(pin nobody)" | policy
	start_server line api
	client connect
	assert_rc 1
	assert_refused_inside
	printf '%s\n' "log = /dev/full" "log-accepted = yes" "[api.example.com]" "pin = $(pin api)" | policy
	start_server line api
	client connect
	assert_rc 0
	assert_data 1
}

@test "closed standard streams: nothing of ours gets onto the connection" {
	local closed sni
	printf '%s\n' "log = stderr" "log-accepted = yes" "[api.example.com]" "pin = $(pin nobody)" \
		"[localhost]" "pin = $(pin api)" | policy
	for closed in '2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
		echo "closed: $closed"
		start_server line api
		for sni in api.example.com localhost; do
			# shellcheck disable=SC2016 # expanded by the inner shell
			run_shimmed bash -c 'exec "$@" '"$closed" - \
				"$CLIENT" connect "$PORT" "ca=$PKI/ca.pem" "sni=$sni"
		done
		assert_data 1
		[ "$(connections '.handshake | test("ALERT")')" = 1 ] ||
			fail "the server saw no alert, but something else"
	done
}

likely() { # SERVER CAUSE LINE...: a section's lines
	echo "$1: $2"
	printf '%s\n' "$(logged)" "[api.example.com]" "${@:3}" | policy
	start_server line "$1"
	client connect verify=none ca=
	assert_refused api.example.com
	assert_err "^pinshim:   likely: .*$2"
	assert_event '."likely-cause" | type == "string"'
	assert_refused_inside
	rm "$T/events"
}

@test "likely causes" {
	likely rotated 'key was rotated' 'match = every' "pin = $(pin api)" "pin-ca = $(pin int)"
	likely renewed 'renewed' 'match = every' "pin = $(pin api)" "pin-cert = $(pin_cert api)"
	likely www 'another host' "pin = $(pin api)"
	likely expired 'clock' "pin = $(pin api)"
	likely alone 'chain' "pin-ca = $(pin int)"
}

@test "no likely cause where none can be said truly" {
	printf '%s\n' "$(logged)" "[api.example.com]" "pin = $(pin api)" | policy
	start_server line mitm
	client connect verify=none ca=
	assert_refused api.example.com
	assert_err_lacks likely
	assert_event '."likely-cause" == null'
}

@test "no message invites to paste what was served" {
	pin_policy api.example.com nobody
	start_server line api
	client connect
	assert_refused api.example.com
	assert_err "served $(pin api | sed 's/[+]/[+]/g')" "pinned $(pin nobody | sed 's/[+]/[+]/g') \(pins\.ini:3, pin\)"
	assert_err_lacks '(add|paste|copy|use) .*sha256/'
	! grep pinshim "$T/out" || fail "standard output is not ours"
}

# --- several policies and the environment

@test "every policy must accept" {
	cat >"$T/a.ini" <<<"[api.example.com]
pin = $(pin api)"
	cat >"$T/b.ini" <<<"[api.example.com]
pin = $(pin nobody)"
	start_server line api
	run_shimmed "PINSHIM_POLICY=$T/a.ini:$T/b.ini" "$CLIENT" connect "$PORT" sni=api.example.com verify=none
	assert_refused api.example.com 'no pin matched \(b.ini:1'
	run_shimmed "PINSHIM_POLICY=$T/b.ini:$T/a.ini" "$CLIENT" connect "$PORT" sni=api.example.com verify=none
	assert_refused api.example.com 'no pin matched \(b.ini:1'
	assert_refused_inside
	start_server line api
	run_shimmed "PINSHIM_POLICY=$T/a.ini:$T/a.ini" "$CLIENT" connect "$PORT" sni=api.example.com verify=none
	assert_accepted
}

@test "a folder is one policy: its *.ini files" {
	mkdir "$T/d"
	cat >"$T/d/1.ini" <<<"[api.example.com]
pin = $(pin nobody)"
	cat >"$T/d/2.ini" <<<"[localhost]
pin = $(pin api)"
	cat >"$T/d/3.conf" <<<"nonsense"
	SHIMMED+=("PINSHIM_POLICY=$T/d")
	start_server line api
	refused
	accepted sni=localhost
	cat >"$T/d/4.ini" <<<"[localhost]
pin = $(pin api)"
	bad_policy '4\.ini:1: .*localhost'
	assert_data 1
}

@test "no policy at all: nothing is judged, nothing is said" {
	start_server line api
	client_bare connect
	keep bare
	try "${SHIMMED_ALONE[@]}" "$CLIENT" connect "$PORT" "ca=$PKI/ca.pem" sni=api.example.com
	assert_same_as bare
	assert_data 2
}

@test "a policy that names nothing" {
	start_server line api
	rm -f "$POLICY"
	bad_policy "refused .*pins\.ini"
	assert_no_data
}

@test "a policy that others may write" {
	pin_policy api.example.com api
	chmod 666 "$POLICY"
	start_server line api
	bad_policy "refused .*pins\.ini.*writ"
	assert_no_data
}

@test "a bad policy refuses every name, and says where it is wrong" {
	local line
	start_server line api
	while read -r line; do
		echo "bad: $line"
		printf '%s\n' "[elsewhere.example.org]" "pin = $(pin api)" "$line" | policy
		bad_policy "refused .*pins\.ini:3: "
	done <<-END
		pin = sha256/Zm9v
		pin = $(pin api)=
		pin
		mode = of
		mode: off
		expires = 2026-02-30
		[elsewhere.example.org]
		[a.*.example.com]
		[1.2.3.4.5]
		[http://api.example.com]
		pins = $(pin api)
	END
	printf '%s\n' "[api.example.com]" | policy
	bad_policy "refused .*pins\.ini:1: "
	: | policy
	bad_policy "refused .*pins\.ini"
	assert_no_data
}

@test "PINSHIM_MODE caps verdicts, but not those of a bad policy" {
	pin_policy api.example.com nobody
	start_server line api
	SHIMMED+=(PINSHIM_MODE=report)
	reported
	SHIMMED+=(PINSHIM_MODE=off)
	accepted
	assert_data 2
	start_server line api
	policy <<<"nonsense"
	bad_policy "refused .*pins\.ini:1: "
	assert_no_data
}

# SPDX-License-Identifier: MIT
#
# Trust on first use: which keys are kept, that from then on no other is accepted, and that nothing is
# accepted where the store cannot be read or written.
# shellcheck disable=SC2030,SC2031,SC2154 # set by the rig; a test is a subshell

load ../lib/rig

tofu() { # LINE...: a section that learns, with further lines; above it what stands in $ABOVE
	printf '%s\n' "log = $T/events" "log = stderr" "log-accepted = yes" ${ABOVE:+"$ABOVE"} \
		"[api.example.com]" "tofu = yes" "$@" | policy
}

assert_known() { # NAME...: the store holds the keys of these for api.example.com, and nothing else
	local name
	for name in "$@"; do
		printf 'api.example.com %s\n' "$(pin "$name")"
	done | diff - <(cut -d' ' -f1,2 "$STATE/known" 2>/dev/null) || fail "the store does not hold: $*"
}

got_through() {
	assert_rc 0
	assert_fact handshake=ok answer=ok
}

learned() { # [KEY=VALUE...]
	client connect "$@"
	got_through
	assert_err '^pinshim: client\[[0-9]+\]: learned api\.example\.com: first use'
}

recognised() { # [KEY=VALUE...]
	client connect "$@"
	got_through
	assert_err 'accepted api\.example\.com: pin matched'
	assert_err_lacks learned
}

refused() { # PATTERN [KEY=VALUE...]
	client connect "${@:2}"
	assert_refused api.example.com "$1"
}

@test "the first key is learned, and no other is accepted from then on" {
	tofu
	start_server line api
	learned
	assert_known api
	recognised
	recognised verify=none ca=
	assert_data 3
	[[ $(<"$STATE/known") =~ ^api\.example\.com\ sha256/[^\ ]+=\ 20[0-9-]+\ client$ ]]
	[ "$(stat -c %a "$STATE" "$STATE/known" | xargs)" = '700 600' ]
	start_server line rotated
	refused 'the key is not the one of the first use \(pins.ini:4 '
	assert_err "^pinshim:   served $(pin rotated | sed 's/+/\\+/g') " \
		"^pinshim:   known $(pin api | sed 's/+/\\+/g') \($STATE/known:1, since 20" \
		'confirmed by another channel: pinshim known forget api.example.com'
	assert_fact 'verify_text=changed key of api.example.com (pins.ini:4)'
	refused '' verify=none
	assert_refused_inside
	assert_known api
	assert_event '.verdict == "learned" and .reason == "tofu-first-use" and .matched.kind == "tofu"'
	assert_event '.verdict == "accepted" and .reason == "pin-match" and .matched.pin == "'"$(pin api)"'"'
	assert_event '.verdict == "refused" and .reason == "tofu-changed" and ."known-pins" == ["'"$(pin api)"'"]'
}

@test "whose certificate it is counts when a key is learned, but for one that signed itself" {
	tofu
	start_server line www
	refused 'its certificate is for another name' verify=none
	assert_err 'another host'
	assert_refused_inside
	start_server line namesake
	refused 'its certificate is for another name' verify=none
	assert_refused_inside
	assert_known
	start_server line device
	learned verify=none ca=
	assert_known device
	recognised verify=none ca=
	assert_data 2
	start_server line device2
	refused 'the key is not the one of the first use' verify=none ca=
	assert_err_lacks likely
	assert_refused_inside
}

@test "nothing is learned of a handshake that does not come about" {
	tofu
	start_server line untrusted
	client connect
	assert_rc 1
	assert_fact verify_result=20
	assert_no_data
	assert_known
	tofu "deny = $(pin int)"
	start_server line api
	refused 'a denied key'
	tofu "verify = full" "ca-file = $PKI/other.pem"
	refused 'its certificate chain does not verify'
	tofu "match = every" "pin-ca = $(pin other)"
	refused 'no pin matched'
	tofu "pin = $(pin rotated)"
	refused 'no pin matched'
	ABOVE="deny = $(pin root)" tofu
	refused 'a denied key'
	# Another policy, and another name of this handshake.
	tofu
	printf '%s\n' "[api.example.com]" "pin = $(pin nobody)" >"$T/other.ini"
	run_shimmed "PINSHIM_POLICY=$POLICY:$T/other.ini" "$CLIENT" connect "$PORT" "ca=$PKI/ca.pem" sni=api.example.com
	assert_refused api.example.com 'no pin matched'
	printf '%s\n' "[localhost]" "pin = $(pin nobody)" >>"$POLICY"
	client connect name=localhost
	assert_refused localhost 'no pin matched'
	assert_refused_inside
	assert_known
}

let_through() { # NAME=VALUE...: once, and nothing is learned
	run_shimmed "$@" "$CLIENT" connect "$PORT" "ca=$PKI/ca.pem" sni=api.example.com
	got_through
	assert_err_lacks learned
	assert_known
}

@test "mode = report never learns, and what another policy reports is not learned" {
	start_server line api
	ABOVE="mode = report" tofu
	let_through
	assert_err 'accepted api\.example\.com: first use'
	tofu "mode = report"
	let_through
	tofu "expires = 2020-01-01"
	let_through
	tofu
	let_through PINSHIM_MODE=report
	assert_event '.verdict == "accepted" and .reason == "tofu-first-use" and .matched == null'
	printf '%s\n' "mode = report" "[api.example.com]" "pin = $(pin nobody)" >"$T/other.ini"
	let_through "PINSHIM_POLICY=$POLICY:$T/other.ini"
	learned
	tofu "mode = report"
	start_server line rotated
	client connect
	got_through
	assert_err 'would refuse api\.example\.com: the key is not the one'
}

@test "a first use is one event where all are told" {
	tofu
	start_server line api
	SHIMMED+=("PINSHIM_EVENTS=$T/all")
	learned
	recognised
	assert_data 2
	[ "$(jq -rs 'map(.verdict + " " + .reason) | join(", ")' "$T/all")" = \
		'learned tofu-first-use, accepted pin-match' ] || fail "$(<"$T/all")"
}

@test "a handshake without a certificate neither learns nor is known" {
	tofu
	start_c_server api
	client psk-1.3
	assert_refused api.example.com 'no certificate'
	client early-psk
	assert_rc 1
	assert_fact early=0
	assert_err 'refused api.example.com: no certificate'
	assert_known
	learned
	client psk-1.3
	assert_refused api.example.com 'no certificate'
	assert_data 1
}

@test "beside pins: an alternative under any, one more kind under every" {
	tofu
	start_server line api
	learned
	tofu "pin = $(pin nobody)"
	recognised
	tofu "match = every" "pin-ca = $(pin int)"
	recognised
	tofu "match = every" "pin-ca = $(pin other)"
	refused 'no pin matched'
	rm "$STATE/known"
	tofu "match = every" "pin-ca = $(pin int)"
	learned
	assert_known api
}

failing() { # PATTERN
	refused "it cannot be judged: $1"
	assert_event '.reason == "internal-error" and (.error | type == "string")'
	assert_fact 'verify_text=pinshim failed for api.example.com (pins.ini:4)'
}

@test "a store that cannot be read or written refuses" {
	tofu
	start_server line api
	mkdir -m 700 "$STATE"
	printf 'api.example.com %s\n' "$(pin api)" >"$STATE/known"
	failing "$STATE/known:1: .*; write 'NAME sha256/BASE64 YYYY-MM-DD PROGRAM'"
	printf 'other.test %s 2026-11-25 curl\n' "$(pin api)" >"$STATE/known"
	chmod 620 "$STATE/known"
	failing "$STATE/known: can be written by others"
	rm "$STATE/known"
	chmod 777 "$STATE"
	failing "$STATE: can be written by others"
	chmod 700 "$STATE"
	mkdir "$STATE/known.lock"
	failing "$STATE/known.lock: cannot be opened"
	rmdir "$STATE/known.lock"
	rmdir "$STATE"
	touch "$STATE"
	failing "$STATE: cannot be opened: Not a directory"
	rm "$STATE"
	SHIMMED+=("PINSHIM_STATE=$T/missing/state")
	failing "$T/missing/state: cannot be made: No such file"
	SHIMMED+=("PINSHIM_STATE=")
	failing 'PINSHIM_STATE: is empty; name a folder, or unset it'
	assert_refused_inside
}

on_a_small_disk() { # COMMAND...
	# shellcheck disable=SC2016 # expanded by the inner shell
	try unshare -m bash -euc '
		mount -t tmpfs -o size=4k,mode=700 tmpfs "$1"
		head -c 4096 /dev/zero >"$1/filler"
		exec "${@:2}"' - "$STATE" "$@"
}

@test "a full disk, a read-only one: refused, and the program goes on" {
	tofu
	start_server line api
	mkdir -m 700 "$STATE"
	on_a_small_disk "${SHIMMED[@]}" "$CLIENT" connect "$PORT" "ca=$PKI/ca.pem" sni=api.example.com
	assert_refused api.example.com "it cannot be judged: $STATE/known: cannot be written: No space left"
	try unshare -m bash -euc 'mount -t tmpfs -o ro,mode=700 tmpfs "$1"; exec "${@:2}"' - "$STATE" \
		"${SHIMMED[@]}" "$CLIENT" connect "$PORT" "ca=$PKI/ca.pem" sni=api.example.com
	assert_refused api.example.com "it cannot be judged: $STATE/known.lock: cannot be opened: Read-only file system"
	assert_refused_inside
}

@test "a line that a crash cut off is no key, and is mended with the next" {
	tofu
	start_server line api
	mkdir -m 700 "$STATE"
	{
		printf 'other.test %s 2026-11-25 curl\n' "$(pin api)"
		printf 'api.example.com %s 2026-11-25 curl' "$(pin nobody)"
	} >"$STATE/known"
	learned
	[ "$(sed 's/ .*//' "$STATE/known" | xargs)" = 'other.test api.example.com' ] || fail "$(<"$STATE/known")"
	recognised
	assert_data 2
}

@test "a store that a crash has filled with zeros is no empty one" {
	tofu
	start_server line api
	mkdir -m 700 "$STATE"
	head -c 4096 /dev/zero >"$STATE/known"
	failing "$STATE/known: does not end with a line, but with 4096 bytes of something else"
	[ "$(stat -c %s "$STATE/known")" = 4096 ]
	assert_refused_inside
}

say() { # one more handshake of the running client
	echo go >&"$LOOP"
	wait_for more_said
}

more_said() {
	[ "$(grep -c done= "$T/loop")" -gt "$said" ] && said=$((said + 1))
}

@test "a running program follows what is forgotten, learned and lost" {
	local said=0 first
	tofu
	start_server line api
	mkfifo "$T/go"
	"${SHIMMED[@]:UNLIMITED}" "$CLIENT" loop "$PORT" "ca=$PKI/ca.pem" sni=api.example.com via=resume <"$T/go" \
		>"$T/loop" 2>"$T/err" 3>&- &
	started $!
	exec {LOOP}>"$T/go"
	say
	say
	[ "$(grep -c reused=1 "$T/loop")" = 1 ] || fail "the session was not resumed"
	# Forgotten: the session no longer counts, and the key is met anew.
	"${BARE[@]:UNLIMITED}" "PINSHIM_STATE=$STATE" "$BUILD/pinshim" known forget api.example.com
	assert_known
	say
	[ "$(grep -c reused=0 "$T/loop")" = 2 ] || fail "the session was resumed"
	[ "$(grep -c 'learned api.example.com' "$T/err")" = 2 ] || fail "not learned anew"
	assert_known api
	# Forgotten, and another program was faster with another key.
	printf 'api.example.com %s 2026-11-25 other\n' "$(pin rotated)" >"$STATE/known"
	say
	[ "$(grep -c 'refused api.example.com: the key is not' "$T/err")" = 1 ] || fail "not refused"
	printf 'api.example.com %s 2026-11-25 other\n' "$(pin api)" >"$STATE/known"
	say
	[ "$(grep -c handshake=ok "$T/loop")" = 4 ] || fail "not accepted again"
	# The store has gone: what was known still is.
	mv "$STATE" "$T/elsewhere"
	say
	[ "$(grep -c handshake=ok "$T/loop")" = 5 ] || fail "not recognised without the store"
	[ ! -e "$STATE" ] || fail "the store was made again"
	exec {LOOP}>&-
}

@test "many threads meet a server at once" {
	printf '[api.example.com]\ntofu = yes\n' | policy
	start_server line api
	client threads
	assert_rc 0
	assert_fact good=80
	[ "$(grep -c learned "$T/err")" = 1 ]
	assert_known api
}

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

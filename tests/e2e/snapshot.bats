# SPDX-License-Identifier: MIT
#
# A policy that is taken from its snapshot: the verdicts are those of the text, whatever has become of
# the snapshot, before a process starts and while it runs.

load ../lib/rig
load ../lib/loop

compile() {
	"${BARE[@]}" "$BUILD/pinshim" compile "$POLICY" >/dev/null 3>&-
}

snapshot_of() { # LINE...: of a policy that logs to $T/events, too
	{ logged && printf '%s\n' "$@"; } | policy
	compile
}

# By rename; what is in use stays what it is.
flip() { # OFFSET: a bit of the byte there
	local byte
	cp "$POLICY.snapshot" "$T/flipped"
	byte=$(od -An -tu1 -j "$1" -N 1 "$T/flipped")
	# shellcheck disable=SC2059 # the format is the byte
	printf "\\x$(printf %x $((byte ^ 16)))" | dd of="$T/flipped" bs=1 "seek=$1" conv=notrunc status=none
	mv "$T/flipped" "$POLICY.snapshot"
}

offset_of() { # TEXT: where it stands in the snapshot
	grep -obUaF -- "$1" "$POLICY.snapshot" | tail -n 1 | cut -d: -f1
}

maps() { # how many snapshots the client of the loop, which timeout(1) has started, has mapped
	local status
	status=$(grep -lE "^PPid:[[:space:]]*$LOOP_PID\$" /proc/[0-9]*/status 2>/dev/null || :)
	[ -e "$status" ] || fail "the client is not there"
	grep -c '\.snapshot$' "${status%status}maps" || :
}

# Once at most, and only where there is something to tell.
policy_errors() { # COUNT
	local n=0
	[ ! -e "$T/events" ] || n=$(jq -s 'map(select(.verdict == "policy-error")) | length' "$T/events")
	[ "$n" = "$1" ] || fail "$n policy errors, not $1: $(cat "$T/events")"
}

@test "right and wrong pins, by the snapshot alone" {
	start_server line api
	snapshot_of '[api.example.com]' "pin = $(pin api)"
	start_loop
	accepted_again
	[ "$(maps)" = 1 ] || fail "it is not mapped"
	accepted_again
	snapshot_of '[api.example.com]' "pin = $(pin nobody)"
	refused_again
	[ "$(maps)" = 1 ] || fail "it is not mapped any more"
	snapshot_of '[*.example.com]' 'verify = full' "ca-file = $PKI/ca.pem" "pin-ca = $(pin int)"
	accepted_again
	[ "$(maps)" = 1 ] || fail "it is not mapped any more"
	policy_errors 0
	assert_data 3
}

@test "a text that has changed since goes before its snapshot" {
	start_server line api
	snapshot_of '[api.example.com]' "pin = $(pin api)"
	sed -i "s,^pin = .*,pin = $(pin nobody)," "$POLICY"
	client connect
	assert_refused api.example.com 'no pin matched'
	policy_errors 0
	assert_no_data
}

@test "damage that is seen when it is opened: the verdict is the text's, and it is told once" {
	local at
	start_server line api
	for at in 0 9 12 17 25 60 100 4100 4200; do
		rm -f "$T/events"
		snapshot_of '[api.example.com]' "pin = $(pin api)"
		flip "$at"
		client connect
		assert_rc 0
		policy_errors 1
		assert_err 'pins\.ini\.snapshot: .*; run .pinshim compile'
	done
	snapshot_of '[api.example.com]' "pin = $(pin nobody)"
	flip 100
	client connect
	assert_refused api.example.com 'no pin matched'
	assert_data 9
}

@test "damage that is found in the middle of a handshake: it ends as the text says" {
	local right
	start_server line api
	for right in api nobody; do
		rm -f "$T/events"
		snapshot_of '[api.example.com]' "pin = $(pin $right)" '[other.example.com]' 'mode = off'
		flip "$(offset_of api.example.com)"
		start_loop
		if [ $right = api ]; then
			accepted_again
			accepted_again
		else
			refused_again
			refused_again
			assert_event '.verdict == "refused" and .reason == "no-pin-match"'
		fi
		[ "$(maps)" = 0 ] || fail "it is still mapped"
		policy_errors 1
		assert_event '.verdict == "policy-error" and (.error | contains("pins.ini.snapshot: is damaged"))'
		end "$LOOP_PID"
	done
	assert_data 2
}

@test "... of two policies, both or one; what the other says is told once" {
	local first
	start_server line api
	SHIMMED+=("PINSHIM_POLICY=$POLICY:$T/second.ini")
	for first in api nobody; do
		rm -f "$T/events"
		snapshot_of '[api.example.com]' "pin = $(pin api)"
		flip "$(offset_of api.example.com)"
		printf 'log = %s\n[api.example.com]\npin = %s\n' "$T/events" "$(pin $first)" >"$T/second.ini"
		if [ $first = api ]; then
			POLICY=$T/second.ini compile
			POLICY=$T/second.ini flip "$(POLICY=$T/second.ini offset_of api.example.com)"
			client connect
			assert_rc 0
			policy_errors 2
		else
			client connect
			assert_rc 1
			policy_errors 1
			[ "$(jq -s 'map(select(.verdict == "refused")) | length' "$T/events")" = 1 ] ||
				fail "not refused once"
		fi
	done
	assert_data 1
}

@test "it is cut, or written over, while it is in use" {
	local how
	start_server line api
	for how in 'truncate -s 0' 'truncate -s 4097' 'cp /bin/true' 'chmod g+w'; do
		rm -f "$T/events"
		snapshot_of '[api.example.com]' "pin = $(pin api)"
		start_loop
		accepted_again
		[ "$(maps)" = 1 ] || fail "it is not mapped"
		$how "$POLICY.snapshot"
		accepted_again
		[ "$(maps)" = 0 ] || fail "it is still mapped"
		policy_errors 1
		snapshot_of '[api.example.com]' "pin = $(pin nobody)"
		refused_again
		policy_errors 1
		end "$LOOP_PID"
	done
	assert_data 8
}

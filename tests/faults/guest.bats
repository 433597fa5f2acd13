# SPDX-License-Identifier: MIT
#
# Programs that make it hard to be their guest (guest.c): signals, limits, little stack, another root,
# children. The verdict is right, what is to be told is told, and the program goes on.
# shellcheck disable=SC2154 # set by the rig

load ../lib/rig

guest() { # SCENARIO
	run_shimmed "$BIN/guest" "$PKI" api api.example.com "$1"
	assert_rc 0
}

handshakes() { # COUNT RESULT RECEIVED: all of them
	[ "$(grep -c "^handshake=$2 received=$3$" "$T/out")" = "$1" ] || fail "not $1 $2"
	[ "$(grep -c ^handshake "$T/out")" = "$1" ] || fail "more than $1"
}

right() { # LINE...
	printf '%s\n' "[api.example.com]" "pin = $(pin api)" "$@" | policy
}

wrong() { # LINE...
	printf '%s\n' "[api.example.com]" "pin = $(pin nobody)" "$@" | policy
}

@test "signals that interrupt every pause, while a policy is read that has just been written" {
	right
	guest timer
	handshakes 11 ok 6
	assert_quiet
	wrong
	guest timer
	handshakes 11 failed 0
	assert_err_lacks 'keeps changing'
}

told_twice() { # on standard output
	[ "$(grep -c 'refused api.example.com' "$T/out")" = 2 ]
}

@test "no descriptor may be opened any more" {
	wrong
	guest no-files
	handshakes 2 failed 0
	[ "$(grep -c 'refused api.example.com' "$T/err")" = 2 ] || fail "not told twice"
	try "${SHIMMED[@]}" bash -c 'exec "$@" 2> >(exec cat)' - \
		"$BIN/guest" "$PKI" api api.example.com no-files
	handshakes 2 failed 0
	wait_for told_twice # whoever reads the pipe may come later than the program's end
	right
	guest no-files
	handshakes 2 ok 6
}

@test "none is free when the policies are read for the first time" {
	right
	guest no-files-at-first
	handshakes 2 ok 6
	wrong
	guest no-files-at-first
	handshakes 2 failed 0
	# Nor can it be seen then that there is no host policy.
	mkdir -p "$T/etc/pinshim/policy.d"
	in_host "${SHIMMED_ALONE[@]}" "$BIN/guest" "$PKI" api api.example.com no-files-at-first
	assert_rc 0
	handshakes 2 ok 6
	assert_quiet
}

@test "a thread with 64 KiB of stack" {
	wrong "match = every" "pin-ca = $(pin int)" "verify = full" "ca-file = $PKI/ca.pem" "pin-cert = $(pin_cert api)"
	run_shimmed "PINSHIM_EVENTS=$T/events" "$BIN/guest" "$PKI" api api.example.com small-stack
	assert_rc 0
	handshakes 1 failed 0
	assert_event '.verdict == "refused" and (."validated-chain" | length > 1)'
	assert_err 'refused api.example.com' 'likely: '
	right "pin-ca = $(pin int)" "match = every"
	guest small-stack
	handshakes 1 ok 6
}

@test "another root folder: the policy stays, which is said once, and the log is missed" {
	printf '%s\n' "log = $T/events" "log = stderr" "log-accepted = yes" "[api.example.com]" \
		"pin = $(pin api)" | policy
	guest other-root
	handshakes 4 ok 6
	[ "$(grep -c 'the policy in force stays' "$T/err")" = 1 ] || fail "not said once"
	[ "$(jq -s length "$T/events")" = 1 ] || fail "not one event"
	[ "$(sed -n 's/^pinshim:   \(.*\) earlier .*/\1/p' "$T/err" | xargs)" = "1 1 1 1" ] || fail "not counted"
	rmdir /tmp/guest.??????
}

@test "children of a program one of whose threads looks functions up all the time" {
	right
	guest lookups
	assert_quiet
}

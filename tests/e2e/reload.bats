# SPDX-License-Identifier: MIT
#
# The policy changes while a program runs, which makes a handshake each time it is told to.

load ../lib/rig
load ../lib/loop

replace() { # reads the new policy
	cat >"$POLICY.new"
	mv "$POLICY.new" "$POLICY"
}

right() {
	replace <<<"[api.example.com]
pin = $(pin api)"
}

wrong() {
	replace <<<"[api.example.com]
pin = $(pin nobody)"
}

@test "good to good: the next handshake goes by the new policy" {
	start_server line api
	right
	start_loop
	accepted_again
	wrong
	refused_again
	right
	accepted_again
	accepted_again
	assert_data 3
}

@test "a policy that is written in place is read again too" {
	start_server line api
	right
	start_loop
	accepted_again
	sed "s,= .*,= $(pin nobody)," "$POLICY" >"$T/new"
	cat "$T/new" >"$POLICY"
	refused_again
	assert_data 1
}

@test "good to bad: the last good one stays, and it is said once a change" {
	start_server line api
	right
	start_loop
	accepted_again
	replace <<<"nonsense"
	accepted_again
	accepted_again
	[ "$(grep -c 'pins.ini:1: ' "$T/err")" = 1 ] || fail "not said once"
	replace <<<"other nonsense"
	accepted_again
	accepted_again
	[ "$(grep -c 'pins.ini:1: ' "$T/err")" = 2 ] || fail "not said once more"
	wrong
	refused_again
	replace <<<"nonsense again"
	refused_again
	assert_data 5
}

@test "a policy that goes away is kept, and it is said once" {
	start_server line api
	wrong
	start_loop
	refused_again
	rm "$POLICY"
	refused_again
	refused_again
	[ "$(grep -vc 'refused api.example.com: no pin matched\|pinshim:   ' "$T/err")" = 1 ] ||
		fail "not said once"
	assert_err "pins\.ini: .*No such file"
	right
	accepted_again
	assert_data 1
}

@test "bad from the start, then good" {
	start_server line api
	replace <<<"nonsense"
	start_loop
	again
	assert_fact handshake=failed
	right
	accepted_again
	assert_data 1
}

@test "a session accepted under the old policy is judged anew" {
	local max
	for max in 1.2 1.3; do
		start_server line api
		right
		start_loop via=resume "max=$max"
		accepted_again
		accepted_again
		assert_fact reused=1
		wrong
		refused_again
		end "$LOOP_PID"
		assert_data 2
	done
}

@test "a list of revoked keys changes without its policy; a bad one leaves the last good one" {
	start_server line api
	pin nobody >"$T/revoked.txt"
	replace <<<"revoked = $T/revoked.txt
[api.example.com]
pin = $(pin api)"
	start_loop
	accepted_again
	pin api >>"$T/revoked.txt"
	refused_again
	echo nonsense >"$T/revoked.txt"
	refused_again
	refused_again
	[ "$(grep -c 'its new text is bad: .*/revoked.txt:1: ' "$T/err")" = 1 ] || fail "not said once"
	echo '# none any more' >"$T/revoked.txt"
	accepted_again
	assert_data 2
}

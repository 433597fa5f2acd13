# SPDX-License-Identifier: MIT
#
# A program that puts a filter on its own system calls (seccomp(2)) which ends it at the first file it
# opens or looks at, and at a socket for syslog. It lives, and goes on under the policies read before.
# shellcheck disable=SC2030,SC2031,SC2154 # set by the rig; a test is a subshell

load ../lib/rig

ALL="before behind again new"

sandbox() { # [VARIABLE=VALUE...]: the policy from standard input gives way to $T/next.ini
	policy
	try "${SHIMMED[@]}" "$@" "$BIN/sandbox" "$PKI" api api.example.com after "$POLICY" "$T/next.ini"
	assert_rc 0 # 159: the filter has ended it
	assert_fact "${OTHER:-other=ok received=6}"
}

next() { # PIN
	printf '[api.example.com]\npin = %s\n' "$1" >"$T/next.ini"
}

accepted() {
	local what
	for what in $ALL; do
		assert_fact "$what=ok received=6"
	done
}

refused() {
	local what
	for what in $ALL; do
		assert_fact "$what=failed received=0"
		grep -q "^${what}_error=.* api.example.com (pins.ini:" "$T/out" || fail "no cause of $what"
	done
}

section() { # LINE...
	printf '%s\n' "${TOP[@]}" "[api.example.com]" "$@"
}

@test "a policy that is right gives way to one that is wrong, and stays" {
	next "$(pin nobody)"
	section "pin = $(pin api)" | sandbox
	accepted
	assert_quiet
}

@test "a policy that is wrong gives way to one that is right, and stays" {
	next "$(pin api)"
	section "pin = $(pin nobody)" | sandbox
	refused
	assert_err 'refused api.example.com: no pin matched'
}

@test "everything else that a policy can ask for" {
	next "$(pin nobody)"
	section "pin-ca = $(pin int)" "verify = full" "ca-file = $PKI/ca.pem" "deny = $(pin other)" | sandbox
	accepted
	next "$(pin api)"
	section "pin-ca = $(pin other)" "verify = full" "ca-file = $PKI/ca.pem" | sandbox
	refused
	next "$(pin nobody)"
	TOP=("exempt = /nowhere" "exempt = $BIN/sandbox")
	section "pin = $(pin nobody)" | sandbox
	accepted
}

@test "messages go to standard error alone, the others are counted" {
	next "$(pin api)"
	TOP=("log = $T/events" "log = syslog" "log = stderr" "log-accepted = yes")
	section "pin = $(pin api)" | sandbox
	accepted
	[ "$(grep -c 'sandbox\[[0-9]*\]: accepted api.example.com' "$T/err")" = 4 ] || fail "not four messages"
	[ "$(jq -s length "$T/events")" = 1 ] || fail "not one event: $(<"$T/events")"
	# Of the first handshake one at most, since nobody need be at /dev/log; of the others two.
	[[ "$(sed -n 's/^pinshim:   \(.*\) earlier .*/\1/p' "$T/err" | xargs)" =~ ^(1 )?2\ 2\ 2$ ]] ||
		fail "not counted"
}

@test "the first message of all" {
	next "$(pin api)"
	OTHER="other=failed received=0"
	section "pin = $(pin api)" "[elsewhere.example.org]" "pin = $(pin nobody)" | sandbox
	accepted
	assert_err '^pinshim: sandbox\[[0-9]+\]: refused elsewhere.example.org'
}

@test "where every handshake is recorded" {
	next "$(pin api)"
	section "pin = $(pin nobody)" | sandbox PINSHIM_EVENTS=- PINSHIM_LOG=none
	[ "$(jq -s length "$T/err")" = 5 ] || fail "not five events"
	section "pin = $(pin nobody)" >"$T/next.ini"
	sandbox "PINSHIM_EVENTS=$T/events" PINSHIM_LOG=none <"$T/next.ini"
	[ "$(jq -s length "$T/events")" = 1 ] || fail "not one event"
}

@test "names that are refused on request" {
	next "$(pin api)"
	section "pin = $(pin api)" | sandbox PINSHIM_REFUSE=api.example.com
	grep -c '^\(before\|behind\|again\|new\)=failed received=0$' "$T/out" | grep -qx 4 || fail "not refused"
}

@test "a key that was learned before, and one that cannot be" {
	next "$(pin nobody)"
	OTHER="other=failed received=0"
	section "tofu = yes" "[elsewhere.example.org]" "tofu = yes" | sandbox "PINSHIM_STATE=$T/state"
	accepted
	assert_err 'refused elsewhere.example.org'
}

@test "a standard error that is a file, a pipe, closed" {
	local to
	next "$(pin api)"
	for to in ">$T/log" "> >(cat >'$T/log')" ">&-"; do
		section "pin = $(pin nobody)" | policy
		try "${SHIMMED[@]}" bash -c "exec \"\$@\" 2$to" - \
			"$BIN/sandbox" "$PKI" api api.example.com after
		assert_rc 0
		refused
		[ "$to" = ">&-" ] || wait_for grep -q 'refused api.example.com' "$T/log"
		rm -f "$T/log"
	done
}

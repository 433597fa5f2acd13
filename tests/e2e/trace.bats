# SPDX-License-Identifier: MIT
#
# Every interposed function, called with objects in all sorts of states (e2e/clients/trace.c), leaves
# behind what it leaves behind without the shim: in errno, the error queue and its marks, dlerror, and
# the process.

load ../lib/rig

TRACE=$BUILD/tests/trace

trace() { # RUN
	"$1" "$TRACE" "$PKI" api api.example.com
	assert_rc 0
}

same_trace() { # [aloud]
	trace run_bare
	keep bare
	trace run_shimmed
	[ "${1:-}" != aloud ] || : >"$T/err"
	assert_same_as bare
}

@test "every interposed function is called" {
	local hook
	while read -r hook; do
		grep -q "\\<$hook(" "$ROOT/tests/e2e/clients/trace.c" || fail "trace.c does not call $hook"
	done < <(sed -n 's/^HOOK(\(.*\))$/\1/p' "$ROOT"/shim/entry/*.def)
}

@test "no policy" {
	trace run_bare
	keep bare
	try "${SHIMMED_ALONE[@]}" "$TRACE" "$PKI" api api.example.com
	assert_same_as bare
}

@test "an unlisted name" { pin_policy elsewhere.example.org nobody && same_trace; }
@test "a matching pin" { pin_policy api.example.com api && same_trace; }
@test "a matching pin-ca under verify = full" {
	printf '%s\n' "[api.example.com]" "verify = full" "ca-file = $PKI/ca.pem" "pin-ca = $(pin root)" |
		policy
	same_trace
}
@test "mode = off" { printf '%s\n' "[api.example.com]" "mode = off" | policy && same_trace; }
@test "mode = report" {
	printf '%s\n' "mode = report" "[api.example.com]" "pin = $(pin nobody)" | policy
	same_trace aloud
}
@test "an exempt program" {
	printf '%s\n' "exempt = $TRACE" "[api.example.com]" "pin = $(pin nobody)" | policy
	same_trace
}
@test "accepted handshakes that are logged to a file" {
	printf '%s\n' "log = $T/events" "log-accepted = yes" "[api.example.com]" "pin = $(pin api)" | policy
	same_trace
	assert_event '.verdict == "accepted"'
}

@test "handshakes of which each is an event" {
	pin_policy api.example.com api
	trace run_bare
	keep bare
	try "${SHIMMED[@]}" "PINSHIM_EVENTS=$T/events" "$TRACE" "$PKI" api api.example.com
	assert_same_as bare
	assert_event '.verdict == "accepted" and .resumed'
}

@test "a policy that is replaced all the while" {
	pin_policy api.example.com api
	trace run_bare
	keep bare
	while sleep 0.03; do
		cp "$POLICY" "$T/next.ini" && mv "$T/next.ini" "$POLICY"
	done 3>&- &
	started $!
	trace run_shimmed
	assert_same_as bare
}

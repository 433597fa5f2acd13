# SPDX-License-Identifier: MIT
#
# Children of a program one of whose threads is anywhere in the library's work (forks.c): reading a policy
# that has changed, judging, logging. Whatever it holds there is of no concern to them.
# shellcheck disable=SC2154 # set by the rig

load ../lib/rig

@test "children of a program one of whose threads reads a policy, judges and logs" {
	local name children
	for name in api nobody; do
		printf '%s\n' "[api.example.com]" "pin = $(pin "$name")" >"$T/$name.ini"
	done
	# A child that hangs is ended after 60 seconds.
	try timeout -k 5 150 "${SHIMMED[@]:UNLIMITED}" "PINSHIM_EVENTS=$T/events" PINSHIM_LOG=none \
		"$BIN/forks" "$PKI" api api.example.com "$T/api.ini" "$T/nobody.ini"
	assert_rc 0
	children=$(sed -n 's/^children=//p' "$T/out")
	[ "$children" -gt 50 ] || fail "too few places: $children"
	# The thread's two, and one of each child.
	jq -es --argjson n "$children" 'map(select(.verdict == "refused")) | length == $n + 2 and
		(map(.pid) | unique | length) == $n + 1' "$T/events" >/dev/null &&
		jq -es 'all(.lost == 0)' "$T/events" >/dev/null ||
		fail "not an event of each: $(head -c 2000 "$T/events")"
}

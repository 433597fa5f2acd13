# SPDX-License-Identifier: MIT
#
# What goes wrong with a policy while programs run under it.

load common

@test "a policy on a mount that vanishes is kept, and it is said once" {
	start_server line api
	start_host
	"${ON_HOST[@]}" sh -c 'mkdir /var/lib/pins && mount -t tmpfs -o mode=755 none /var/lib/pins &&
		cat >/var/lib/pins/p.ini' < <(section nobody)
	start_loop_under "${ON_HOST[@]}" "${SHIMMED_ALONE[@]}" PINSHIM_POLICY=/var/lib/pins/p.ini --
	refused_again
	"${ON_HOST[@]}" umount -l /var/lib/pins
	refused_again
	refused_again
	refused_again
	assert_events 1 '.verdict == "policy-error"'
	assert_event '.verdict == "policy-error" and (.error | test("^/var/lib/pins/p.ini: .*No such file"))'
	assert_no_data
}

@test "a host policy on a mount that vanishes" {
	start_server line api
	start_host
	"${ON_HOST[@]}" sh -c 'mount -t tmpfs -o mode=755 none /etc/pinshim && cat >/etc/pinshim/policy.ini' \
		< <(section nobody)
	loop_on_host
	refused_again
	"${ON_HOST[@]}" umount -l /etc/pinshim
	refused_again
	refused_again
	assert_events 1 '.verdict == "policy-error"'
	assert_no_data
}

@test "world-writable while a program runs: the policy is kept, and it is said once" {
	start_server line api
	section nobody >"$POLICY"
	start_loop
	refused_again
	section api >"$POLICY"
	chmod o+w "$POLICY"
	refused_again
	refused_again
	assert_events 1 '.verdict == "policy-error"'
	assert_event '.verdict == "policy-error" and (.error | test("is world-writable"))'
	chmod o-w "$POLICY"
	accepted_again
	assert_events 1 '.verdict == "policy-error"'
	assert_data 1
}

@test "... and before it starts: everything is refused" {
	start_server line api
	section api >"$POLICY"
	chmod o+w "$POLICY"
	client connect
	assert_refused api.example.com 'bad policy: .*pins\.ini: is world-writable'
	client connect sni=elsewhere.example.org
	assert_refused elsewhere.example.org 'bad policy'
	assert_refused_inside
}

@test "the host's policy world-writable, while a program runs and before" {
	start_server line api
	start_host
	section nobody >"$T/new.ini"
	apply "$T/new.ini"
	loop_on_host
	refused_again
	section api >"$HOME_DIR/policy.ini"
	chmod o+w "$HOME_DIR/policy.ini"
	refused_again
	refused_again
	assert_events 1 '.verdict == "policy-error" and .policy == "/etc/pinshim"'
	client_on_host
	refused_with 'pin mismatch for api\.example\.com \(policy\.ini:2 of the last good policy\)'
	rm "$T/state/policy.snapshot"
	client_on_host
	refused_with 'bad pin policy: /etc/pinshim/policy\.ini: can be written by others than root'
	assert_no_data
}

@test "twenty processes, a thousand changes: verdicts of policies in force, and every refusal counted" {
	local accepted refused
	try timeout -k 5 600 "${SHIMMED[@]:UNLIMITED}" "PINSHIM_EVENTS=$T/all" "PINSHIM_LOG=$T/events" "$OBJECTS/swarm" 20 1000
	assert_rc 0
	read -r accepted refused <"$T/out"
	echo "accepted $accepted, refused $refused"
	# Of `all' nothing is folded, of `events' what a process would have said last may be missing.
	jq -se --argjson accepted "$accepted" --argjson refused "$refused" '
		(map(select(.verdict == "accepted")) | length) == $accepted and
		(map(select(.verdict == "refused")) | length) + (map(.lost) | add) == $refused' "$T/all"
	jq -se --argjson refused "$refused" '
		map(select(.verdict == "refused")) as $said |
		($said | length) + ($said | map(.suppressed) | add) + (map(.lost) | add) |
		. <= $refused and 2 * . > $refused' "$T/events"
}

# SPDX-License-Identifier: MIT
#
# The last good policy: what a program does that starts while the host's policy is bad, and the
# command says of it.

load common

GOOD=$SNAPSHOT

# A host whose last good policy pins api.example.com to the key of NAME.
host_with_last_good() { # NAME
	start_host
	section "$1" >"$T/good.ini"
	apply "$T/good.ini"
	assert_rc 0
}

# The client, under the last good policy: that is said once, with PATTERN.
refused_by_last_good() { # PATTERN
	rm -f "$T/events"
	client_on_host "${@:2}"
	refused_with 'pin mismatch for api\.example\.com \(policy\.ini:2 of the last good policy\)'
	assert_events 1 '.verdict == "policy-error"'
	assert_event '.verdict == "policy-error" and .reason == "bad-policy" and .policy == "'$GOOD'"'
	jq -r 'select(.verdict == "policy-error").error' "$T/events" | grep -qE \
		"^$1.*; the last good policy of 20..-..-..T..:..:..Z is used\$" || fail "not said: $1"
	assert_event '.verdict == "refused" and .policy == "'$GOOD'" and .line == 2'
	assert_quiet
}

@test "bad when a program starts: the last good policy decides, and that is said once" {
	start_server line api
	host_with_last_good nobody
	echo nonsense >"$HOME_DIR/policy.ini"
	refused_by_last_good "/etc/pinshim/policy\.ini:1: 'nonsense'"
	: >"$HOME_DIR/policy.ini"
	refused_by_last_good "/etc/pinshim/policy\.ini: is empty"
	section api >"$HOME_DIR/policy.ini"
	chmod o+w "$HOME_DIR/policy.ini"
	refused_by_last_good "/etc/pinshim/policy\.ini: can be written by others than root"
	chmod o-w "$HOME_DIR/policy.ini"
	chown 65534 "$HOME_DIR/policy.ini"
	refused_by_last_good "/etc/pinshim/policy\.ini: is owned by uid 65534"
	chown 0 "$HOME_DIR/policy.ini"
	chmod g+w "$HOME_DIR"
	refused_by_last_good "/etc/pinshim: can be written by others than root"
	chmod g-w "$HOME_DIR"
	mkdir "$HOME_DIR/policy.d"
	echo nonsense >"$HOME_DIR/policy.d/a.ini"
	refused_by_last_good "/etc/pinshim/policy\.d/a\.ini:1: 'nonsense'"
	assert_refused_inside
}

@test "... and accepts what it accepts, in every handshake of the program" {
	start_server line api
	host_with_last_good api
	echo nonsense >"$HOME_DIR/policy.ini"
	loop_on_host
	accepted_again
	accepted_again
	assert_events 1 '.verdict == "policy-error"'
	assert_data 2
}

@test "a user who cannot read the host's policy" {
	start_server line api
	host_with_last_good nobody
	cp "$LIB" "$CLIENT" "$T/state"
	: >"$T/events"
	chmod 666 "$T/events"
	chmod 700 "$HOME_DIR"
	try "${ON_HOST[@]}" sh -c 'cd / && exec "$@"' - "${BARE[@]}" \
		setpriv --reuid 65534 --regid 65534 --clear-groups \
		env LD_PRELOAD=/var/lib/pinshim/libpinshim.so \
		/var/lib/pinshim/client connect "$PORT" sni=api.example.com verify=none
	refused_with 'pin mismatch for api\.example\.com \(policy\.ini:2 of the last good policy\)'
	assert_refused_inside
}

@test "a mended policy takes over, and a bad one does not come back" {
	start_server line api
	host_with_last_good nobody
	echo nonsense >"$HOME_DIR/policy.ini"
	loop_on_host
	refused_again
	echo 'other nonsense' >"$HOME_DIR/policy.ini"
	refused_again
	refused_again
	assert_events 2 '.verdict == "policy-error"'
	section api >"$T/new.ini"
	apply "$T/new.ini"
	accepted_again
	echo nonsense >"$HOME_DIR/policy.ini"
	accepted_again
	assert_events 3 '.verdict == "policy-error"'
	assert_event '.verdict == "policy-error" and .policy == "/etc/pinshim"'
	assert_data 2
}

# The client is refused, and not by the last good policy.
refused_for_want_of_one() { # HOST
	client_on_host "sni=${1:-api.example.com}"
	refused_with 'bad pin policy: /etc/pinshim/policy\.ini:1: '
}

@test "none, or a bad one: every handshake is refused" {
	start_server line api
	host_with_last_good api
	echo nonsense >"$HOME_DIR/policy.ini"
	client_on_host
	assert_accepted
	cp -a "$T/state/policy.snapshot" "$T/good"
	renew() {
		rm -f "$T/state/policy.snapshot"
		cp -a "$T/good" "$T/state/policy.snapshot"
	}
	chmod o+w "$T/state/policy.snapshot"
	refused_for_want_of_one
	renew
	chmod g+w "$T/state/policy.snapshot"
	refused_for_want_of_one
	renew
	chown 65534 "$T/state/policy.snapshot"
	refused_for_want_of_one
	renew
	chmod g+w "$T/state"
	refused_for_want_of_one
	chmod g-w "$T/state"
	chown 65534 "$T/state"
	refused_for_want_of_one
	chown 0 "$T/state"
	client_on_host
	assert_accepted # it is for each of these reasons, and no other
	echo nonsense >"$T/state/policy.snapshot"
	refused_for_want_of_one
	: >"$T/state/policy.snapshot"
	refused_for_want_of_one
	head -c -1 "$T/good" >"$T/state/policy.snapshot"
	refused_for_want_of_one
	renew
	printf '\377' | dd of="$T/state/policy.snapshot" bs=1 seek=30 conv=notrunc status=none
	refused_for_want_of_one
	rm "$T/state/policy.snapshot"
	mkdir "$T/state/policy.snapshot"
	refused_for_want_of_one
	rmdir "$T/state/policy.snapshot"
	refused_for_want_of_one
	refused_for_want_of_one elsewhere.example.org
	assert_data 2
}

@test "no host policy means none, whatever was good before" {
	start_server line api
	host_with_last_good nobody
	rm "$HOME_DIR/policy.ini"
	client_on_host
	assert_accepted
	assert_data 1
}

@test "a good host policy goes before the last good one" {
	start_server line api
	host_with_last_good nobody
	section api >"$HOME_DIR/policy.ini"
	client_on_host
	assert_accepted
	assert_events 0 true
	assert_data 1
}

@test "check and explain say which is used" {
	host_with_last_good nobody
	echo nonsense >"$HOME_DIR/policy.ini"
	try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" check
	assert_rc 1
	assert_err "^/etc/pinshim/policy.ini:1: 'nonsense'" \
		"^pinshim: the last good policy of 20..-..-..T..:..:..Z is used by programs that start now: $GOOD\$"
	try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" explain api.example.com
	assert_rc 1
	assert_err "^pinshim: /etc/pinshim/policy.ini:1: 'nonsense'"
	[ "$(head -n 2 "$T/out" | sed 's/20[^ ]*Z/DATE/')" = "/etc/pinshim: bad policy: programs that start now use the last good one, of DATE
$GOOD:" ]
	grep -qF "pin $(pin nobody) (/etc/pinshim/policy.ini:3)" "$T/out"

	echo nonsense >"$T/state/policy.snapshot"
	try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" check
	assert_rc 1
	assert_err "^pinshim: every handshake is refused: the last good policy is bad, too: $GOOD: is cut short"
	try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" explain api.example.com
	assert_rc 1
	assert_out '/etc/pinshim: bad policy: every handshake is refused'
	assert_err "^pinshim: $GOOD: is cut short"
	rm "$T/state/policy.snapshot"
	try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" check
	assert_rc 1
	assert_err "^pinshim: every handshake is refused: 'pinshim apply' has kept no last good policy\$"
	try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" explain api.example.com
	assert_rc 1
	assert_out '/etc/pinshim: bad policy: every handshake is refused'
}

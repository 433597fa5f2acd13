# SPDX-License-Identifier: MIT
#
# A host of the tests' own: a mount namespace in which $T/etc/pinshim is /etc/pinshim and $T/state is
# /var/lib/pinshim, so that they can be changed from outside while programs run inside. Needs root.
# shellcheck shell=bash disable=SC2034,SC2154 # what bats files read, what rig.bash sets

load ../lib/rig
load ../lib/loop

PINSHIM=$BUILD/pinshim
SNAPSHOT=/var/lib/pinshim/policy.snapshot # the host's
umask 022 # the policies are for every user

start_host() {
	HOME_DIR=$T/etc/pinshim
	mkdir -p "$HOME_DIR" "$T/state" "$T/layers"
	# shellcheck disable=SC2016 # expanded by the inner shell
	"${BARE[@]:UNLIMITED}" unshare -m bash -euc '
		mount -t tmpfs -o mode=755 none "$1/layers"
		mkdir -p "$1/layers/upper/pinshim" "$1/layers/work"
		mount -t overlay overlay \
			-o "lowerdir=/etc,upperdir=$1/layers/upper,workdir=$1/layers/work" /etc
		mount --bind "$1/etc/pinshim" /etc/pinshim
		mount -t tmpfs -o mode=755 none /var/lib
		mkdir /var/lib/pinshim
		mount --bind "$1/state" /var/lib/pinshim
		: >"$1/host-is-up"
		exec sleep 600' - "$T" 3>&- &
	started $!
	ON_HOST=(nsenter --target "$!" --mount --root) # this one's root: tests may run in a chroot
	wait_for [ -e "$T/host-is-up" ]
}

# The policies on the host log to $T/events.
section() { # NAME [HOST]: a policy that pins HOST to the key of NAME
	printf '%s\n' "log = $T/events" "[${2:-api.example.com}]" "pin = $(pin "$1")"
}

apply() { # FILE|DIR
	try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" apply "$@"
}

# The client under the host's policy alone, or that of $POLICY.
client_on_host() { # [KEY=VALUE...]
	try "${ON_HOST[@]}" "${SHIMMED_ALONE[@]}" "$CLIENT" connect "$PORT" "ca=$PKI/ca.pem" \
		sni=api.example.com "$@"
}

loop_on_host() { # [KEY=VALUE...]
	start_loop_under "${ON_HOST[@]}" "${SHIMMED_ALONE[@]}" -- "$@"
}

events() { # FILTER: how many lines of the log fulfil it (jq)
	[ -e "$T/events" ] || {
		echo 0
		return
	}
	jq -s "map(select($1)) | length" "$T/events"
}

assert_events() { # COUNT FILTER
	[ "$(events "$2")" = "$1" ] || fail "not $1 events with $2: $(cat "$T/events")"
}

refused_with() { # PATTERN: of the cause that the program sees
	assert_rc 1
	assert_fact handshake=failed
	grep -qE "^verify_text=$1" "$T/out" || fail "the cause is not $1"
}

# Applies OLD, then NEW with the machine switched off before each step in turn: after each, and after
# COMMAND, the host goes by the old policy, which pins api.example.com to nobody's key, or by the new
# one, and never by the old one again. STATES has a letter for each step.
interrupt() { # OLD NEW [COMMAND...]
	local n
	STATES=
	for ((n = 1; n < 100; n++)); do
		apply "$1"
		assert_rc 0
		try "${ON_HOST[@]}" "${BARE[@]}" "LD_PRELOAD=$OBJECTS/die.so" "DIE_AT=$n" "$PINSHIM" apply "$2"
		[ "$rc" != 0 ] || break
		assert_rc 99
		"${@:3}"
		try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" explain api.example.com
		case $(grep -oE 'sha256/[^ ]*' "$T/out" | xargs) in
		"$(pin nobody)") STATES+=o ;;
		"$(pin api)") STATES+=n ;;
		*) fail "neither the old policy nor the new one after $n steps" ;;
		esac
	done
	[[ $STATES =~ ^o+n+$ ]] || fail "the policies in force: $STATES"
}

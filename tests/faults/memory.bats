# SPDX-License-Identifier: MIT
#
# Memory runs out at every allocation in turn, once and for good, while a handshake is judged: no data
# goes to a wrong server, every handshake is told of or counted as lost, the program lives, and with
# memory again all is as it should be. STRIDE=1 in the environment tries all of what libcrypto asks
# for on the library's behalf, too.
# shellcheck disable=SC2030,SC2031,SC2154 # set by the rig; a test is a subshell

load ../lib/rig
load ../lib/ct

sweep() { # SERVER WAY OUTCOME WHOSE STRIDE [POLICY NEXT-POLICY]: standard input becomes the policy
	echo "sweep: $*"
	policy
	"${SWEEP_IN:-try}" timeout -k 5 300 "${SHIMMED[@]:UNLIMITED}" "SSL_CERT_FILE=$PKI/other.pem" \
		SSL_CERT_DIR=/nonexistent "LOG_FILE=$T/events" "STRIDE=${STRIDE:-$5}" "${VARIABLES[@]}" \
		"$BIN/memory" "$PKI" "$1" api.example.com "${@:2:3}" "${@:6}"
	cat "$T/out"
	assert_rc 0
	[ "$(sed -n 's/^tries=//p' "$T/out")" -gt 0 ] || fail "nothing was tried"
}

section() { # LINE...: a policy with one section, which logs everything
	printf '%s\n' "log = $T/events" "log-accepted = yes" "${TOP[@]}" "[api.example.com]" "$@"
}

wrong() { # LINE...
	section "$@" | sweep api connect refused ours 41
}

right() { # LINE...
	section "$@" | sweep api connect accepted ours 41
}

@test "pin" {
	right "pin = $(pin api)"
	wrong "pin = $(pin nobody)"
}

@test "pin-cert, match = every" {
	right "match = every" "pin-cert = $(pin_cert api)" "pin = $(pin api)"
	wrong "match = every" "pin-cert = $(pin_cert api)" "pin = $(pin nobody)"
}

@test "pin-ca" {
	right "pin-ca = $(pin int)"
	wrong "pin-ca = $(pin other)"
}

@test "verify = full" {
	section "verify = full" "ca-file = $PKI/ca.pem" | sweep api connect accepted ours 61
	section "verify = full" "ca-file = $PKI/stranger.pem" | sweep api connect refused ours 61
}

@test "deny" {
	right "deny = $(pin other)" "pin = $(pin api)"
	wrong "deny = $(pin root)" "pin = $(pin api)"
}

@test "mode = report" {
	right "mode = report" "pin = $(pin nobody)"
}

@test "the server's key was rotated, another's certificate, an expired one" {
	section "pin = $(pin api)" "pin-ca = $(pin int)" "match = every" | sweep rotated connect refused ours 41
	section "pin = $(pin api)" | sweep www connect refused ours 41
	section "pin = $(pin api)" | sweep expired connect refused ours 41
}

@test "any allocation at all" {
	section "pin = $(pin nobody)" | sweep api connect refused all 41
	section "pin-ca = $(pin other)" | sweep api connect refused all 61
	section "pin = $(pin api)" | sweep api connect accepted all 41
}

@test "the policies are read" {
	section "pin = $(pin api)" | sweep api first accepted ours 41
	section "pin = $(pin nobody)" | sweep api first refused ours 41
	section "verify = full" "ca-file = $PKI/ca.pem" | sweep api first accepted ours 97
}

compiled() { # OUTCOME PIN [head|name]: by a snapshot, with a byte changed there
	local at=100
	section "pin = $2" >"$T/compiled.ini"
	"${BARE[@]}" "$BUILD/pinshim" compile "$T/compiled.ini" >/dev/null 2>&1 3>&-
	# Damage of a name is seen only when it is asked for.
	[ "${3:-}" != name ] || at=$(grep -obUaF api.example.com "$T/compiled.ini.snapshot" | tail -n 1 | cut -d: -f1)
	[ $# = 2 ] || printf '\377' | dd "of=$T/compiled.ini.snapshot" bs=1 "seek=$at" conv=notrunc status=none
	VARIABLES=("PINSHIM_POLICY=$T/compiled.ini")
	sweep api first "$1" ours 41 </dev/null
}

@test "the policies are taken from snapshots, good ones and damaged ones" {
	local damage
	for damage in "" head name; do
		compiled accepted "$(pin api)" $damage
		compiled refused "$(pin nobody)" $damage
	done
}

@test "a folder and a file" {
	mkdir "$T/d"
	section "pin = $(pin api)" >"$T/d/1.ini"
	printf '[www.example.com]\npin = %s\n' "$(pin www)" >"$T/d/2.ini"
	VARIABLES=("PINSHIM_POLICY=$T/d:$POLICY" "PINSHIM_LOG=$T/events")
	section "pin-ca = $(pin int)" | sweep api first accepted ours 97
	section "pin = $(pin nobody)" | sweep api first refused ours 97
}

@test "a session is resumed" {
	section "pin = $(pin api)" | sweep api resume accepted ours 41
	section "pin = $(pin nobody)" | sweep api resume refused ours 41
}

@test "early data" {
	section "pin = $(pin api)" | sweep api early accepted ours 41
	section "pin = $(pin nobody)" | sweep api early refused ours 41
}

change() { # OUTCOME PIN PIN [WAY]: from the one to the other
	section "pin = $2" >"$T/1.ini"
	section "pin = $3" >"$T/2.ini"
	VARIABLES+=("PINSHIM_POLICY=$T/link")
	sweep api "${4:-reload}" "$1" ours 41 "$T/1.ini" "$T/2.ini" </dev/null
}

@test "a policy changes" {
	change refused "$(pin api)" "$(pin nobody)"
	change refused "$(pin api)" "$(pin nobody)" resume
	change refused "$(pin api)" "$(pin nobody)" early
	# Early data under a key of the program's own, to a name that has just got a section.
	printf 'log = %s\n[elsewhere.example.org]\npin = %s\n' "$T/events" "$(pin nobody)" >"$T/1.ini"
	sweep api psk refused ours 41 "$T/1.ini" "$T/2.ini" </dev/null
	change accepted "$(pin nobody)" "$(pin api)"
	change accepted "$(pin api)" "nonsense"
	VARIABLES+=(LOG_FILE=) # of three like refusals the third is folded
	change refused "$(pin nobody)" "nonsense"
}

@test "a program that is exempt" {
	TOP=("exempt = /nowhere" "exempt = $BIN/memory")
	VARIABLES=(LOG_FILE=)
	section "pin = $(pin nobody)" | sweep api first accepted ours 97
}

@test "the host's policy, and none where one could be" {
	SWEEP_IN=in_host
	mkdir -p "$T/etc/pinshim/policy.d"
	section "pin = $(pin api)" >"$T/etc/pinshim/policy.d/a.ini"
	section "pin = $(pin api)" | sweep api first accepted ours 97
	rm "$T/etc/pinshim/policy.d/a.ini"
	section "pin = $(pin api)" | sweep api first accepted ours 97
}

with_last_good() { # COMMAND...: as in_host, where $T/good.ini is the last good policy
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_host sh -euc '
		mount -t tmpfs -o mode=755 none /var/lib
		mkdir -m 755 /var/lib/pinshim
		cp /etc/pinshim/policy.ini "$1/bad.ini"
		env -i PATH=/usr/bin:/bin "$0" apply "$1/good.ini"
		cat "$1/bad.ini" >/etc/pinshim/policy.ini
		shift
		exec "$@"' "$BUILD/pinshim" "$T" "$@"
}

@test "the last good policy takes the place of the host's" {
	SWEEP_IN=with_last_good
	mkdir -p "$T/etc/pinshim"
	echo nonsense >"$T/etc/pinshim/policy.ini"
	section "pin = $(pin nobody)" >"$T/good.ini"
	section "pin = $(pin api)" | sweep api first refused ours 9997
	section "pin = $(pin api)" >"$T/good.ini"
	section "pin = $(pin api)" | sweep api first accepted ours 9997
}

@test "every handshake is recorded" {
	VARIABLES=("PINSHIM_EVENTS=$T/events" PINSHIM_LOG=none)
	right "pin = $(pin api)"
	wrong "pin = $(pin nobody)" "pin-ca = $(pin int)" "match = every"
	printf '[elsewhere.example.org]\npin = %s\n' "$(pin nobody)" | sweep api connect accepted ours 41
}

@test "a name that is refused on request" {
	VARIABLES=("PINSHIM_REFUSE=api.example.com" "PINSHIM_LOG=$T/events")
	section "pin = $(pin api)" | sweep api first refused ours 97
}

@test "trust on first use" {
	VARIABLES=("PINSHIM_STATE=$T/state" "FORGOTTEN=$T/state/known")
	section "tofu = yes" | sweep api first accepted ours 97
	VARIABLES=("PINSHIM_STATE=$T/state")
	section "tofu = yes" | sweep api connect accepted ours 41
	section "tofu = yes" | sweep rotated connect refused ours 97
	section "tofu = yes" | sweep api resume accepted ours 97
}

@test "revoked keys" {
	printf '# none\n%s\n' "$(pin other)" >"$T/revoked"
	TOP=("revoked = $T/revoked")
	right "pin = $(pin api)"
	section "pin = $(pin api)" | sweep api first accepted ours 97
	pin int >"$T/revoked"
	wrong "pin = $(pin api)"
	section "pin = $(pin api)" | sweep api first refused ours 97
}

@test "certificate transparency" {
	make_ct_certs "$PKI"
	TOP=("ct-logs = $PKI/ct-logs.cnf")
	section "ct = require" "ca-file = $PKI/ca.pem" | sweep ct-good connect accepted ours 97
	section "ct = require" "ca-file = $PKI/ca.pem" | sweep api connect refused ours 97
	VARIABLES=(ONCE=1) # OpenSSL's own first look at such a list does not get over a lasting failure
	section "ct = require" "ca-file = $PKI/ca.pem" | sweep ct-good first accepted ours 197
}

@test "a name is resolved" {
	section "pin = $(pin nobody)" "[localhost]" "pin = $(pin api)" | sweep api resolve accepted ours 41
	section "pin = $(pin api)" "[localhost]" "pin = $(pin nobody)" | sweep api resolve refused ours 97
}


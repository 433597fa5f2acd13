# SPDX-License-Identifier: MIT
#
# What an attacker would try (e2e/clients/attack.c): each attack succeeds without the shim and ends
# in a refusal with it, while the same steps under an unlisted name, or with the honest server, go on
# as ever. Early data that leaves before its connection has a name is in handshake.bats.

load ../lib/rig

ATTACK=$BUILD/tests/attack

attack_bare() { # SCENARIO CERTIFICATE [NAME [LATER]]
	run_bare "$ATTACK" "$1" "$PKI" "${@:2}"
}

attack() { # SCENARIO CERTIFICATE [NAME [LATER]]
	run_shimmed "$ATTACK" "$1" "$PKI" "${@:2}"
}

stopped() { # REFUSED SCENARIO CERTIFICATE [NAME [LATER]]
	echo "stopped: ${*:2}"
	attack_bare "${@:2}"
	assert_rc 0
	attack "${@:2}"
	assert_rc 1
	assert_fact 'error=certificate verify failed'
	assert_err "^pinshim: attack\[[0-9]+\]: refused $1: "
}

unhindered() { # SCENARIO CERTIFICATE [NAME [LATER]]
	echo "unhindered: $*"
	attack_bare "$@"
	assert_rc 0
	keep bare
	attack "$@"
	assert_same_as bare
}

@test "an external PSK whose session has a name" {
	pin_policy api.example.com api
	stopped api.example.com psk mitm api.example.com
	assert_fact got=
	unhindered psk mitm localhost
}

@test "an external PSK on an SSL that resumed under another name before" {
	pin_policy api.example.com api
	stopped api.example.com stale-name mitm api.example.com
	assert_fact got=
	unhindered stale-name mitm localhost
}

@test "early data beside an accepted session that is not resumable any more" {
	pin_policy api.example.com api
	stopped api.example.com early-forgotten mitm api.example.com
	assert_fact early=0 got=
	unhindered early-forgotten mitm localhost
}

@test "early data before there is a connection whose address could be judged" {
	pin_policy localhost nobody
	stopped 127.0.0.1 early-unconnected mitm localhost
	assert_fact early=0 got=
	printf '%s\n' 'mode = report' '[localhost]' "pin = $(pin nobody)" | policy
	unhindered early-unconnected mitm localhost
	printf '%s\n' 'expires = 2020-02-29' 'after-expiry = enforce' >>"$POLICY"
	stopped 127.0.0.1 early-unconnected mitm localhost
	assert_fact early=0 got=
}

@test "a session that was made under a name, for a connection without one" {
	pin_policy 127.0.0.1 api
	printf 'deny = %s\n' "$(pin nobody)" >>"$POLICY"
	attack_bare session-with-name api
	assert_rc 0
	assert_fact reused=1
	# Whose chain nobody has seen is taken off.
	attack session-with-name api
	assert_rc 0
	assert_fact reused=0 got=secret
	assert_quiet
	stopped 127.0.0.1 session-with-name mitm
	assert_fact got=
}

@test "early data beside an accepted session of another version" {
	pin_policy api.example.com api
	stopped api.example.com early-version mitm api.example.com
	assert_fact early=0 got=
	unhindered early-version mitm localhost
}

@test "early data beside an accepted session that allows none" {
	pin_policy api.example.com api
	stopped api.example.com early-elsewhere mitm api.example.com
	assert_fact early=0 records=0
	unhindered early-elsewhere mitm localhost
}

@test "early data beside an accepted session of an older version" {
	pin_policy api.example.com api
	stopped api.example.com early-older mitm api.example.com
	assert_fact early=0 records=0
	unhindered early-older mitm localhost
}

@test "early data on an accepted session whose ticket is too old" {
	pin_policy api.example.com api
	stopped api.example.com early-old api api.example.com
	assert_fact early=0 records=0
	unhindered early-old api localhost
	stopped api.example.com early-very-old api api.example.com
	assert_fact early=0 records=0
	unhindered early-very-old api localhost
}

@test "early data on an accepted session whose ticket is from the future" {
	pin_policy api.example.com api
	stopped api.example.com early-of-future api api.example.com
	assert_fact early=0 records=0
	unhindered early-of-future api localhost
}

@test "a name that changes once the ClientHello has left" {
	local scenario
	pin_policy api.example.com api
	for scenario in rename-1.2 rename-1.3; do
		stopped api.example.com $scenario mitm api.example.com localhost
		assert_fact got=
		stopped api.example.com $scenario mitm localhost api.example.com
		assert_fact got=
		unhindered $scenario api api.example.com localhost
		unhindered $scenario mitm localhost www.example.com
	done
}

@test "a name that is taken away once the ClientHello has left" {
	local scenario
	pin_policy api.example.com api
	for scenario in rename-1.2 rename-1.3; do
		stopped api.example.com $scenario mitm api.example.com
		assert_fact got=
		unhindered $scenario api api.example.com
		unhindered $scenario mitm localhost
	done
}

@test "a name that only the verification of the program's callback knows" {
	pin_policy api.example.com api
	stopped api.example.com name-of-verification mitm api.example.com
	assert_fact got=
	unhindered name-of-verification api api.example.com
	unhindered name-of-verification mitm localhost
}

@test "a name that the verification of the program's callback replaces" {
	pin_policy api.example.com api
	stopped api.example.com name-replaced mitm api.example.com localhost
	assert_fact got=
	unhindered name-replaced api api.example.com localhost
	unhindered name-replaced mitm www.example.com localhost
}

@test "a name that a verify callback replaces once it is verified" {
	local scenario
	pin_policy api.example.com api
	for scenario in name-replaced-by-callback name-replaced-by-store; do
		stopped api.example.com $scenario mitm api.example.com localhost
		assert_fact got=
		unhindered $scenario api api.example.com localhost
		unhindered $scenario mitm localhost www.example.com
	done
}

@test "a secret of EAP-FAST over an accepted session" {
	pin_policy api.example.com api
	stopped api.example.com eap-fast mitm api.example.com
	assert_fact got=
	unhindered eap-fast mitm localhost
	unhindered eap-fast-1.3 api api.example.com
	assert_fact reused=1
}

@test "another server's session, to which a pinned certificate was replayed" {
	pin_policy api.example.com api
	stopped api.example.com poisoned-session mitm api.example.com
	assert_fact got=
	assert_err 'refused api.example.com: .*the session has a key of an earlier handshake'
	unhindered poisoned-session mitm localhost
}

@test "an accepted session, to which another server gave its key under an unlisted name" {
	pin_policy api.example.com api
	stopped api.example.com poisoned-verdict mitm api.example.com
	assert_fact got=
	unhindered poisoned-verdict mitm localhost
}

@test "another server's session, which could not be resumed yet when it was set" {
	pin_policy api.example.com api
	stopped api.example.com session-with-id-again mitm api.example.com
	assert_fact got=
	unhindered session-with-id-again api api.example.com
	assert_fact reused=1
	unhindered session-with-id-again mitm localhost
}

@test "no memory to verify a certificate, where nothing is verified" {
	local certificate
	for certificate in api mitm; do
		pin_policy api.example.com api
		attack_bare without-memory $certificate api.example.com
		assert_rc 0
		attack without-memory $certificate api.example.com
		assert_rc 1
		assert_fact handshake=failed got=
	done
	unhindered without-memory mitm localhost
}

@test "no memory once while the first context is made" {
	local n
	pin_policy api.example.com api
	for n in {1..12}; do
		stopped api.example.com context-without-memory mitm api.example.com "$n"
		assert_fact got=
		attack_bare context-without-memory api api.example.com "$n"
		keep bare
		attack context-without-memory api api.example.com "$n"
		# A context that cannot be watched is not made, and that is told.
		sed -i '/^pinshim: attack\[[0-9]*\]: refused .* lacks memory /d' "$T/err"
		assert_same_as bare
	done
}

@test "DTLS to an address that only the BIO knows" {
	pin_policy 127.0.0.1 api
	stopped 127.0.0.1 dtls mitm
	assert_fact got=
	unhindered dtls api
	pin_policy api.example.com api
	unhindered dtls mitm
}

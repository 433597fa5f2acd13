# SPDX-License-Identifier: MIT
#
# Sessions: one that was accepted under the policy in force resumes, one that was not must not
# become a way around the pins, however it travels.
# shellcheck disable=SC2030,SC2031 # a test is a subshell

load ../lib/rig

WAYS="set der session-dup copy dup clear"

each() { # COMMAND...: with every version, way and driver
	local max via drive
	for max in 1.2 1.3; do
		for via in $WAYS; do
			for drive in connect write; do
				echo "TLS $max via=$via drive=$drive"
				"$@" "max=$max" "via=$via" "drive=$drive"
			done
		done
	done
}

resumes() { # KEY=VALUE...
	client resume "$@"
	assert_accepted
	n=$((n + 2))
}

@test "a session of an accepted handshake goes on working" {
	local n=0
	pin_policy api.example.com api
	start_server line api
	each resumes
	assert_data $n
}

@test "an accepted session is resumed, as without the shim" {
	local via max
	pin_policy api.example.com api
	start_server line api
	for max in 1.2 1.3; do
		for via in set session-dup copy dup clear; do
			client_bare resume "max=$max" "via=$via"
			assert_fact reused=1
			keep bare
			client resume "max=$max" "via=$via"
			assert_same_as bare
		done
	done
}

@test "an unlisted name resumes as without the shim" {
	local via max
	pin_policy elsewhere.example.org nobody
	start_server line api
	for max in 1.2 1.3; do
		for via in $WAYS; do
			client_bare resume "max=$max" "via=$via"
			keep bare
			client resume "max=$max" "via=$via"
			assert_same_as bare
		done
	done
}

strayed() { # KEY=VALUE...
	client resume sni=elsewhere.example.org sni2=api.example.com "$@"
	assert_refused api.example.com
	n=$((n + 1))
}

@test "a session made under an unlisted name does not open a pinned one" {
	local n=0
	pin_policy api.example.com nobody
	start_server line api
	each strayed
	assert_data $n
}

named_after() { # KEY=VALUE...
	client resume sni=elsewhere.example.org sni2=api.example.com named=after "$@"
	assert_refused api.example.com
	n=$((n + 1))
}

@test "nor does one that was attached before the connection got its name" {
	local n=0 WAYS="set der session-dup dup"
	pin_policy api.example.com nobody
	start_server line api
	each named_after
	assert_data $n
}

named_at_start() { # KEY=VALUE...
	client resume sni=elsewhere.example.org sni2=api.example.com named=info "$@"
	assert_refused api.example.com
	n=$((n + 1))
}

@test "nor one whose connection gets its name when the handshake starts" {
	local n=0 WAYS="set der session-dup copy"
	pin_policy api.example.com nobody
	start_server line api
	each named_at_start
	assert_data $n
}

@test "nor does early data on one that was attached before the name" {
	pin_policy api.example.com nobody
	start_c_server api
	client early-ticket sni=elsewhere.example.org sni2=api.example.com named=after
	assert_refused api.example.com
	assert_fact early=0
	assert_data 1
}

full_again() { # KEY=VALUE...
	client resume sni=elsewhere.example.org sni2=api.example.com "$@"
	assert_accepted
	[ "$(grep -c reused=0 "$T/out")" = 2 ] || fail "the session was resumed"
	n=$((n + 2))
}

@test "a session that cannot be judged is taken off, and a full handshake is judged" {
	local n=0 WAYS="set der session-dup"
	policy <<-END
		[api.example.com]
		pin-ca = $(pin int)
	END
	start_server line api
	each full_again
	assert_data $n
}

@test "a session from a file under pin-ca: a full handshake is judged" {
	local max n=0
	policy <<-END
		[api.example.com]
		pin-ca = $(pin int)
	END
	start_server line api
	for max in 1.2 1.3; do
		client resume via=der "max=$max"
		assert_accepted
		[ "$(grep -c reused=0 "$T/out")" = 2 ] || fail "the session was resumed"
		n=$((n + 2))
	done
	assert_data $n
}

@test "a leaf alone is not enough where the chain decides" {
	local n=0 WAYS="der" condition
	for condition in "deny = $(pin int)" "verify = full
ca-file = $PKI/other.pem"; do
		printf '%s\n' "[api.example.com]" "pin = $(pin api)" "$condition" | policy
		start_server line api
		n=0
		each strayed
		assert_data $n
	done
}

@test "a session made in mode report does not open what another policy refuses" {
	cat >"$T/lax.ini" <<-END
		mode = report
		log = none
		[api.example.com]
		pin = $(pin nobody)
	END
	policy <<-END
		[www.example.com]
		pin = $(pin nobody)
	END
	start_server line api
	run_shimmed "PINSHIM_POLICY=$T/lax.ini:$POLICY" "$CLIENT" resume "$PORT" "ca=$PKI/ca.pem" \
		sni=api.example.com sni2=www.example.com via=set
	assert_refused www.example.com
	assert_data 1
}

# --- early data

@test "early data on an accepted session is sent" {
	pin_policy api.example.com api
	start_c_server api
	client early-ticket
	assert_accepted
	assert_fact early=1 reused=1
	stop_server
	[ "$(connections '.data == 10')" = 1 ] || fail "the early data did not come"
}

@test "early data on a session of an unlisted name is not sent to a pinned one" {
	pin_policy api.example.com nobody
	start_c_server api
	client early-ticket sni=elsewhere.example.org sni2=api.example.com
	assert_refused api.example.com 'no pin matched'
	assert_fact early=0
	assert_data 1
}

@test "an accepted session that takes no early data does not let any out under another key" {
	local first
	pin_policy api.example.com api
	start_server line api
	first=$PORT
	start_c_server api
	run_shimmed "$CLIENT" early-ticket "$first" "ca=$PKI/ca.pem" sni=api.example.com via=psk \
		"port2=$PORT"
	assert_rc 1
	assert_fact early=0
	assert_no_data
}

@test "early data on a session without a name, when the handshake brings a pinned one" {
	pin_policy api.example.com nobody
	start_c_server api
	client early-ticket sni= sni2=api.example.com named=info
	assert_rc 1
	assert_err 'refused api.example.com: '
	assert_data 1
}

@test "early data on a session of an unlisted name: the full handshake that follows is judged" {
	policy <<-END
		[api.example.com]
		pin-ca = $(pin int)
	END
	start_c_server api
	client early-ticket sni=elsewhere.example.org sni2=api.example.com
	assert_accepted
	assert_fact early=0
	stop_server
	[ "$(connections '.data == 5')" = 2 ] || fail "each connection should have brought one line"
}

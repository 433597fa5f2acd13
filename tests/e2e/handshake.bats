# SPDX-License-Identifier: MIT
#
# Every way in which a program can drive a handshake, under every kind of verification that it can
# ask for: a wrong pin is refused inside the handshake, a right one is not in the way.
# shellcheck disable=SC2154 # set by the rig

load ../lib/rig

MODES="peer none callback own-yes own-reset"

wrong_and_right() { # SCENARIO
	local max verify n=0
	pin_policy api.example.com nobody
	start_server line api
	for max in 1.2 1.3; do
		for verify in $MODES; do
			echo "wrong: TLS $max verify=$verify"
			client "$1" "max=$max" "verify=$verify"
			assert_refused api.example.com 'no pin matched'
			assert_fact "verify_text=pin mismatch for api.example.com (pins.ini:2)"
		done
	done
	assert_refused_inside

	pin_policy api.example.com api
	start_server line api
	for max in 1.2 1.3; do
		for verify in $MODES; do
			echo "right: TLS $max verify=$verify"
			client "$1" "max=$max" "verify=$verify"
			assert_accepted
			n=$((n + 1))
		done
	done
	assert_data $n
}

@test "SSL_connect" { wrong_and_right connect; }
@test "SSL_do_handshake" { wrong_and_right do_handshake; }
@test "SSL_write alone" { wrong_and_right write; }
@test "SSL_read alone" { wrong_and_right read; }
@test "BIO_puts alone" { wrong_and_right bio; }
@test "fork: the context is the parent's" { wrong_and_right fork; }

@test "contexts made and guarded in other ways" {
	local variant n=0
	pin_policy api.example.com nobody
	start_server line api
	for variant in made=ex made=any security=own security=ssl; do
		echo "wrong: $variant"
		client connect "$variant"
		assert_refused api.example.com 'no pin matched'
		client connect "$variant" verify=none drive=write
		assert_refused api.example.com 'no pin matched'
	done
	assert_refused_inside
	pin_policy api.example.com api
	start_server line api
	for variant in made=ex made=any security=own security=ssl; do
		echo "right: $variant"
		client connect "$variant"
		assert_accepted
		n=$((n + 1))
	done
	assert_data $n
}

@test "one context and two servers: that the first was accepted does not help the second" {
	local max first record server
	pin_policy api.example.com api
	start_server line api
	first=$PORT record=$RECORD server=$SERVER
	for max in 1.2 1.3; do
		start_server line rotated
		echo "TLS $max"
		run_shimmed "$CLIENT" resume "$first" "ca=$PKI/ca.pem" sni=api.example.com "port2=$PORT" \
			"max=$max"
		assert_refused api.example.com 'no pin matched'
		assert_refused_inside
	done
	RECORD=$record SERVER=$server
	assert_data 2
}

@test "TLS 1.3 with a second ClientHello" {
	pin_policy api.example.com nobody
	start_server line api --curve secp521r1
	client connect
	assert_refused api.example.com 'no pin matched'
	assert_refused_inside
	pin_policy api.example.com api
	start_server line api --curve secp521r1
	client connect
	assert_accepted
	client resume via=set
	assert_accepted
	assert_fact reused=1
	assert_data 3
}

@test "a refusal by the program's own callback stands, whatever the pin" {
	pin_policy api.example.com api
	start_server line api
	client_bare connect verify=own-no
	keep bare
	client connect verify=own-no
	assert_same_as bare
	assert_refused_inside
}

@test "a certificate that the program refuses stays refused when its pin matches" {
	pin_policy api.example.com untrusted
	start_server line untrusted
	client_bare connect
	keep bare
	client connect
	assert_rc "$bare_rc"
	diff "$T/bare.out" "$T/out"
	assert_refused_inside
}

@test "eighty handshakes in eight threads" {
	start_server line api
	pin_policy api.example.com api
	client threads
	assert_rc 0
	assert_fact good=80
	assert_quiet
	pin_policy api.example.com nobody
	client threads
	assert_rc 1
	assert_fact good=0
	assert_no_data
}

# --- handshakes in which no certificate comes

no_certificate() { # SCENARIO [KEY=VALUE...]
	local server=ALL:PSK:SRP:aNULL:@SECLEVEL=0
	[ "$1" != eap-fast ] || server=eap-fast
	start_c_server api "$server"
	client_bare "$@"
	assert_rc 0
	keep bare
	pin_policy elsewhere.example.org nobody
	client "$@"
	assert_same_as bare
	assert_data 2

	policy <<-END
		$(logged)
		[api.example.com]
		pin = $(pin api)
	END
	start_c_server api "$server"
	client "$@"
	assert_refused api.example.com
	assert_event '.reason == "no-certificate" and .hostname == "api.example.com"'
	assert_refused_inside
}

@test "external PSK, TLS 1.3" { no_certificate psk-1.3; }
@test "external PSK, TLS 1.3, by the callback of TLS 1.2" { no_certificate psk-1.3 via=callback; }
@test "PSK, TLS 1.2" { no_certificate suite via=kPSK; }
@test "DHE-PSK" { no_certificate suite via=kDHEPSK:@SECLEVEL=0; }
@test "ECDHE-PSK" { no_certificate suite via=kECDHEPSK; }
@test "anonymous suites" { no_certificate suite via=aNULL:@SECLEVEL=0 verify=none; }

@test "anonymous suites under the program's own security callback" {
	no_certificate suite via=aNULL verify=none security=own
	no_certificate suite via=aNULL verify=none security=own drive=write
}
@test "external PSK under the program's own security callback" {
	no_certificate psk-1.3 security=own
	no_certificate psk-1.3 security=own drive=write
}
@test "external PSK under a security callback on the connection" {
	no_certificate psk-1.3 security=ssl
	no_certificate psk-1.3 security=ssl drive=write
}
@test "external PSK and anonymous suites, SSL_write alone" {
	no_certificate psk-1.3 drive=write
	no_certificate suite via=aNULL:@SECLEVEL=0 verify=none drive=write
	no_certificate eap-fast drive=write
}
@test "EAP-FAST: the secret of a session agreed on elsewhere" { no_certificate eap-fast; }

@test "SRP" { no_certificate suite via=aSRP:@SECLEVEL=0; }

@test "early data under an external PSK is not sent" {
	start_c_server api
	client_bare early-psk
	assert_rc 0
	assert_fact early=1
	assert_data 1

	pin_policy api.example.com api
	start_c_server api
	client early-psk
	assert_rc 1
	assert_fact early=0
	assert_err 'refused api.example.com: '
	assert_no_data
}

@test "early data is not sent before its connection has got its name" {
	pin_policy api.example.com api
	start_c_server api
	client early-psk named=info
	assert_rc 1
	assert_err 'refused api.example.com: '
	assert_no_data
}

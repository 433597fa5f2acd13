# SPDX-License-Identifier: MIT
#
# pin-ca and verify = full against servers that send what they should not: nothing is believed
# because the server sent it along, whatever the program itself verifies.

load ../lib/rig

MODES="none callback own-yes peer"

# A refusal in every mode; the program's own may come first, so only its having failed is asked.
attacked_by() { # CERTIFICATE
	local verify
	start_server line "$1"
	for verify in $MODES; do
		echo "server: $1, verify=$verify"
		client connect "verify=$verify"
		assert_rc 1
		assert_fact handshake=failed 'last error=certificate verify failed'
		[ "$verify" = peer ] || assert_refused api.example.com
	done
	assert_refused_inside
}

all_attacks() {
	local attack
	for attack in mitm forged forged-noaki subleaf client expired www untrusted; do
		attacked_by "$attack"
	done
}

ca_policy() { # NAME [LINE...]: of the pinned CA
	policy <<-END
		[api.example.com]
		pin-ca = $(pin "$1")
		$(printf '%s\n' "${@:2}")
	END
}

@test "pin-ca of the intermediate: every attack" { ca_policy int && all_attacks; }
@test "pin-ca of the root: every attack" { ca_policy root && all_attacks; }
@test "pin-ca and verify = full: every attack" { ca_policy int "verify = full" && all_attacks; }

@test "verify = full with a ca-file and no pin: every attack" {
	policy <<-END
		[api.example.com]
		verify = full
		ca-file = $PKI/root.pem
	END
	all_attacks
}

@test "verify = full with the program's anchors: every attack but another trusted CA" {
	local attack
	policy <<-END
		[api.example.com]
		verify = full
	END
	for attack in forged forged-noaki subleaf client expired www untrusted; do
		attacked_by "$attack"
	done
}

@test "verify = full stands beside a pin that matches" {
	local attack
	for attack in forged subleaf client expired www untrusted; do
		policy <<-END
			[api.example.com]
			pin = $(pin "$attack")
			verify = full
		END
		attacked_by "$attack"
	done
}

accepted_in_every_mode() { # [KEY=VALUE...]
	local verify n=0
	sed -i "1i log = $T/events\nlog-accepted = yes" "$POLICY"
	start_server line api
	for verify in $MODES; do
		echo "verify=$verify $*"
		client connect "verify=$verify" "$@"
		assert_accepted
		n=$((n + 1))
	done
	assert_data $n
	[ "$(grep -c '"verdict":"accepted"' "$T/events")" = "$n" ] || fail "not all were judged"
}

@test "pin-ca of the intermediate is met" { ca_policy int && accepted_in_every_mode; }
@test "pin-ca of the root, which is only in the program's store, is met" {
	ca_policy root
	accepted_in_every_mode
}
@test "pin-ca and verify = full are met" { ca_policy root "verify = full" && accepted_in_every_mode; }
@test "verify = full alone is met" {
	policy <<-END
		[api.example.com]
		verify = full
	END
	accepted_in_every_mode
}

@test "pin-ca of the root, which is only in the ca-file, is met" {
	local MODES="none callback own-yes"
	ca_policy root "ca-file = $PKI/ca.pem"
	accepted_in_every_mode ca=
}

@test "pin-ca of the intermediate needs no store" {
	local MODES="none callback own-yes"
	ca_policy int
	accepted_in_every_mode ca=
}

@test "pin-ca of a root that is nowhere to be found" {
	ca_policy root
	start_server line api
	client connect verify=none ca=
	assert_refused api.example.com
	assert_refused_inside
}

@test "pin-ca of another trusted CA" {
	ca_policy other
	attacked_by api
}

@test "a leaf's key under pin-ca is not met by a certificate that another CA issued" {
	ca_policy api
	attacked_by mitm
}

@test "an intermediate is an anchor in a ca-file, not among the program's own" {
	start_server line api
	policy <<-END
		[api.example.com]
		verify = full
	END
	client connect verify=none "ca=$PKI/int.pem"
	assert_refused api.example.com
	policy <<-END
		[api.example.com]
		verify = full
		ca-file = $PKI/int.pem
	END
	client connect verify=none
	assert_accepted
	assert_data 1
}

@test "the leaf is no CA of its own" {
	ca_policy api
	attacked_by api
}

@test "a signature that can be forged, whatever the program allows" {
	start_server line sha1 --weak
	client_bare connect security=none
	assert_rc 0
	ca_policy int
	client connect security=none
	assert_refused api.example.com
	policy <<-END
		[api.example.com]
		verify = full
	END
	client connect security=none
	assert_refused api.example.com
	assert_data 1
}

@test "pin-ca and pin are alternatives" {
	policy <<-END
		[api.example.com]
		pin = $(pin mitm)
		pin-ca = $(pin other)
	END
	attacked_by api
	policy <<-END
		[api.example.com]
		pin = $(pin nobody)
		pin-ca = $(pin int)
	END
	accepted_in_every_mode
}

@test "the reason of a certificate for another host is its name" {
	policy <<-END
		$(logged)
		[api.example.com]
		verify = full
	END
	start_server line www
	client connect verify=none
	assert_refused api.example.com
	assert_event '.reason == "name-mismatch"'
}

@test "the reason of an untrusted certificate is its chain" {
	policy <<-END
		$(logged)
		[api.example.com]
		verify = full
	END
	start_server line untrusted
	client connect verify=none
	assert_refused api.example.com
	assert_event '.reason == "chain-not-verified"'
}

@test "verify = full does not take the environment's anchors for a ca-file" {
	policy <<-END
		[api.example.com]
		verify = full
		ca-file = $PKI/stranger.pem
	END
	start_server line api
	run_shimmed "SSL_CERT_FILE=$PKI/ca.pem" "$CLIENT" connect "$PORT" sni=api.example.com verify=none
	assert_refused api.example.com
	assert_refused_inside
}

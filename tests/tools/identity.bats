# SPDX-License-Identifier: MIT
#
# curl --cert: who the client is, is shown to no server that was not accepted. What the server says
# that it received decides.

load ../lib/rig
load ../lib/openssl

ask() { # POLICY-NAME CURL-OPTION...
	run_shimmed curl --silent --show-error --cert "$PKI/client.pem" --key "$PKI/client.key" \
		--cacert "$PKI/ca.pem" --resolve "api.example.com:$PORT:127.0.0.1" "$@" \
		"https://api.example.com:$PORT/"
}

VERSIONS=(--tls-max\ 1.2 --tls-max\ 1.3)

each_version() { # COMMAND...: with curl's options behind it
	local version
	for version in "${VERSIONS[@]}"; do
		start_openssl api -Verify 2 -CAfile "$PKI/ca.pem"
		# shellcheck disable=SC2086 # two words
		"$@" $version
	done
}

nothing_shown() { # CURL-OPTION...
	ask "$@"
	assert_rc 60
	assert_err "pin mismatch for api.example.com"
	stop_openssl
	[ "$(received ClientHello)" = 1 ] || fail "nobody came: $(cat "$T/server")"
	[ "$(received Certificate)" = 0 ] || fail "a certificate came: $(cat "$T/server")"
	[ "$(received CertificateVerify)" = 0 ] || fail "a proof came: $(cat "$T/server")"
}

all_shown() { # CURL-OPTION...
	ask "$@"
	assert_rc 0
	stop_openssl
	[ "$(received Certificate)" = 1 ] || fail "no certificate came: $(cat "$T/server")"
	[ "$(received CertificateVerify)" = 1 ] || fail "no proof came: $(cat "$T/server")"
}

@test "a wrong pin: curl shows no certificate" {
	pin_policy api.example.com nobody
	each_version nothing_shown
	each_version nothing_shown --insecure
}

@test "the right pin, or a report: it does" {
	pin_policy api.example.com api
	each_version all_shown
	pin_policy api.example.com nobody
	sed -i '1i mode = report' "$POLICY"
	each_version all_shown
	assert_err "would refuse api.example.com"
}

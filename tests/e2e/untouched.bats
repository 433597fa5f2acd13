# SPDX-License-Identifier: MIT
#
# An accepted or unjudged handshake leaves no trace in the program: every fact that the test client
# can ask for is the same with the shim as without.
# shellcheck disable=SC2034,SC2153,SC2154 # set and read by the rig

load ../lib/rig

VARIANTS=("verify=peer" "verify=none" "verify=callback" "verify=own-yes" "max=1.2"
	"via=security-alone" "via=security-chain" "via=security-on-ssl" "name=api.example.com")

no_trace() {
	local variant
	start_server line api
	for variant in "${VARIANTS[@]}"; do
		echo "getters $variant"
		client_bare getters "$variant"
		assert_rc 0
		keep bare
		client getters "$variant"
		[ "${1:-}" != aloud ] || : >"$T/err"
		assert_same_as bare
	done
	assert_data $((2 * ${#VARIANTS[@]}))
}

section() { # LINE...
	printf '%s\n' "[api.example.com]" "$@" | policy
}

@test "an unlisted name" { pin_policy elsewhere.example.org nobody && no_trace; }
@test "a matching pin" { section "pin = $(pin api)" && no_trace; }
@test "a matching pin-ca" { section "pin-ca = $(pin root)" && no_trace; }
@test "verify = full" { section "verify = full" "ca-file = $PKI/ca.pem" && no_trace; }
@test "a matching pin under verify = full and a deny" {
	section "pin = $(pin api)" "verify = full" "deny = $(pin nobody)" && no_trace
}
@test "mode = off" { section "mode = off" && no_trace; }
@test "mode = report" { section "mode = report" "pin = $(pin nobody)" && no_trace aloud; }
@test "an accepted handshake that is logged to a file" {
	printf '%s\n' "log = $T/events" "log-accepted = yes" "[api.example.com]" "pin = $(pin api)" | policy
	no_trace
}
@test "an exempt program" {
	printf '%s\n' "exempt = $CLIENT" "[api.example.com]" "pin = $(pin nobody)" | policy
	no_trace
}

@test "the server sees the same client" {
	local record
	pin_policy api.example.com api
	start_server line api
	client_bare connect
	client connect
	assert_data 2
	record=$(sort -u "$RECORD" | wc -l)
	[ "$record" = 1 ] || fail "the connections differ"
}

@test "a server, which also judges the certificates of its clients, is not touched" {
	printf '%s\n' "unlisted = refuse" "unnamed = refuse" "deny = $(pin client)" | policy
	SERVE_AS=("${SHIMMED[@]}")
	start_server http api --client-ca "$PKI/ca.pem" 2>"$T/server.err"
	run_bare curl -sS --cacert "$PKI/ca.pem" --cert "$PKI/client-chain.pem" --key "$PKI/client.key" \
		--connect-to "api.example.com:443:127.0.0.1:$PORT" https://api.example.com/
	assert_rc 0
	assert_out hello
	run_bare curl -sS --cacert "$PKI/ca.pem" \
		--connect-to "api.example.com:443:127.0.0.1:$PORT" https://api.example.com/
	[ "$rc" != 0 ] || fail "the server took a client without a certificate"
	assert_data 1
	[ ! -s "$T/server.err" ] || fail "$(<"$T/server.err")"
}

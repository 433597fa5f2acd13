# SPDX-License-Identifier: MIT
#
# SCTs that come beside the certificate, in the TLS extension or with OCSP: libssl itself finds them
# valid, and `ct = require' does not count them.

load ../lib/rig
load ../lib/ct
load ../lib/openssl

setup_file() {
	make_ct_certs "$PKI"
}

# What libssl makes of the SCTs, from openssl's own client.
look() { # COMMAND...: run_bare or run_shimmed
	"$@" openssl s_client -ct -ctlogfile "$PKI/ct-logs.cnf" -status -connect "127.0.0.1:$PORT" \
		-servername api.example.com -CAfile "$PKI/ca.pem" </dev/null
}

not_counted() { # OPTION OF s_server...
	policy <<-END
		ct-logs = $PKI/ct-logs.cnf
		[api.example.com]
		ct = require
	END
	start_openssl ct-none -tls1_2 "$@"
	look run_bare
	assert_rc 0
	[ "$(grep -c '^SCT validation status: valid' "$T/out")" = 2 ] || fail "libssl did not find two"
	look run_shimmed
	assert_rc 1
	assert_err "refused api.example.com: its certificate is not in two of the CT logs: 0 valid SCTs"
}

@test "SCTs in the TLS extension do not count" { not_counted -serverinfo "$PKI/ct-none.serverinfo"; }
@test "SCTs with OCSP do not count" { not_counted -status_file "$PKI/ct-none.ocsp"; }

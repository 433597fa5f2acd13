# SPDX-License-Identifier: MIT
#
# ct = require: two different logs must have signed what is embedded in the server's certificate.
# And revoked: a list of keys that are denied wherever they stand.

load ../lib/rig
load ../lib/ct

setup_file() {
	make_ct_certs "$PKI"
}

ct_policy() { # [LINE...]
	policy <<-END
		log = $T/events
		log = stderr
		ct-logs = $PKI/ct-logs.cnf
		[api.example.com]
		ct = require
		$(printf '%s\n' "$@")
	END
}

@test "SCTs by two logs, whatever the program verifies" {
	local verify
	ct_policy
	start_server line ct-good
	for verify in none peer callback own-yes; do
		client connect "verify=$verify"
		assert_accepted
	done
	assert_data 4
}

@test "many threads" {
	ct_policy
	start_server line ct-good
	client threads
	assert_rc 0
	assert_fact good=80
	assert_quiet
}

@test "a list of logs in other clothes" {
	{
		printf '\xef\xbb\xbf# Logs, at $5 each\n'
		sed "s/^description = one/description = The 'first' \"log\" # of two/; s/, / ,/; s/\$/ \r/" \
			"$PKI/ct-logs.cnf"
	} >"$T/logs.cnf"
	ct_policy
	sed -i "s,$PKI/ct-logs.cnf,$T/logs.cnf," "$POLICY"
	start_server line ct-good
	client connect
	assert_accepted
	assert_data 1
}

missing() { # CERTIFICATE FOUND
	ct_policy "${@:3}"
	start_server line "$1"
	client connect verify=none
	assert_refused api.example.com \
		"its certificate is not in two of the CT logs: $2 \(pins.ini:4 \[api.example.com\]"
	assert_fact 'verify_text=certificate not in CT logs for api.example.com (pins.ini:4)'
	assert_event '.verdict == "refused" and .reason == "ct-missing"'
	assert_refused_inside
}

@test "no SCT" { missing api "0 valid SCTs by 0 logs"; }
@test "one SCT" { missing ct-one "1 valid SCT by 1 log"; }
@test "two SCTs by one log" { missing ct-twice "2 valid SCTs by 1 log"; }
@test "an unknown log" { missing ct-unknown "1 valid SCT by 1 log"; }
@test "a wrong signature" { missing ct-forged "1 valid SCT by 1 log"; }
@test "an SCT of the future" { missing ct-future "1 valid SCT by 1 log"; }
@test "an SCT of another certificate" { missing ct-neighbour "1 valid SCT by 1 log"; }
@test "a pin that matches is not enough" { missing ct-one "1 valid SCT by 1 log" "pin = $(pin ct-one)"; }

@test "nor are SCTs where no pin matches" {
	ct_policy "pin = $(pin nobody)"
	start_server line ct-good
	client connect verify=none
	assert_refused api.example.com "no pin matched"
	assert_refused_inside
}

@test "the chain is verified before the SCTs" {
	ct_policy "ca-file = $PKI/other.pem"
	start_server line ct-good
	client connect verify=none
	assert_refused api.example.com "its certificate chain does not verify"
	assert_refused_inside
}

@test "mode = report lets through what has no SCTs, and says so" {
	ct_policy "mode = report"
	start_server line api
	client connect
	assert_rc 0
	assert_err "would refuse api.example.com: its certificate is not in two of the CT logs"
	assert_data 1
}

# A leaf alone does not show who issued it, and so not what the logs signed.
@test "a session is resumed where its verdict is at hand, and else not" {
	ct_policy "pin = $(pin ct-good)"
	start_server line ct-good
	client resume via=set
	assert_accepted
	assert_fact reused=1
	client resume via=der
	assert_accepted
	[ "$(grep -c reused=0 "$T/out")" = 2 ] || fail "it was resumed"
	assert_data 4
}

@test "no descriptor, error or errno is left behind" {
	start_server line ct-good
	client_bare getters
	keep bare
	ct_policy
	client getters
	assert_quiet
	assert_same_as bare
}

revoked_policy() { # LINE...
	cat >"$T/revoked.txt"
	policy <<-END
		revoked = $T/revoked.txt
		$(printf '%s\n' "$@")
	END
}

@test "a revoked key, its CA's, and one that is in no section" {
	local name
	start_server line api
	for name in api int root; do
		revoked_policy "[api.example.com]" "pin = $(pin api)" <<-END
			# stolen
			$(pin nobody)
			$(pin $name)
		END
		client connect
		assert_refused api.example.com 'a denied key is in its chain \(revoked.txt:3'
		grep -qxF "pinshim:   denied $(pin $name) (revoked.txt:3, revoked)" "$T/err" || fail "not that key"
		assert_fact "verify_text=denied key for api.example.com (revoked.txt:3)"
	done
	revoked_policy <<<"$(pin api)"
	client connect verify=none
	assert_refused api.example.com
	revoked_policy "[api.example.com]" "mode = off" <<<"$(pin api)"
	client connect verify=none sni=
	assert_refused "127.0.0.1"
	assert_refused_inside
	start_server line api
	revoked_policy <<<"$(pin nobody)"
	client connect
	assert_accepted
	revoked_policy <<<"# none yet"
	client connect
	assert_accepted
	assert_data 2
}

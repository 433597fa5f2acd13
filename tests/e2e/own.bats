# SPDX-License-Identifier: MIT
#
# Programs that use for themselves what the shim uses (e2e/clients/own.c): callbacks, their getters,
# the verify mode, ex_data, odd lives of contexts. Whatever such a program can see is the same with
# the shim as without, and a wrong pin is refused all the same.

load ../lib/rig
load ../lib/own

GROUPS_OF_SCENARIOS=(
	"verify-own verify-own-late verify-own-replaced verify-own-null verify-own-middle
		verify-own-yes verify-own-no verify-overruled verify-unseen unseen"
	"modes-seen modes-seen-1.2 mode-kept mode-in-messages mode-in-info mode-in-verify mode-in-own
		mode-raised"
	"security-of-context security-of-ssl security-chained security-chained-on-ssl
		security-restored security-too-late security-outlived security-in-the-middle
		security-null security-switched security-forbids security-unseen"
	"ex-data ex-data-first ex-data-1.2 ex-data-dying"
	"freed-early counted switched verify-between cleared cleared-1.2 cleared-lax copied"
	"threads forked"
	"turned server-first server-afterwards"
	"client-cert client-cert-old client-cert-later asked-afterwards"
	"callbacks callbacks-1.2 errno-in-messages"
)

# shellcheck disable=SC2086 # several words
group() { # NUMBER
	guest ${GROUPS_OF_SCENARIOS[$1]}
}

@test "a verification of the program's own" { group 0; }
@test "the verify mode, asked for and changed in the middle" { group 1; }
@test "security callbacks" { group 2; }
@test "ex_data" { group 3; }
@test "contexts that are freed, counted, switched and changed, and an SSL that is used again" { group 4; }
@test "a context of many threads, and of two processes" { group 5; }
@test "an SSL that is a server, too" { group 6; }
@test "certificates of clients" { group 7; }
@test "what else calls back" { group 8; }

@test "errno between callbacks, where a log cannot be opened" {
	own run_bare errno-in-messages
	assert_fact reused=1
	keep bare
	printf '%s\n' "log = /nonexistent/log" "log-accepted = yes" "[api.example.com]" "pin = $(pin api)" |
		policy
	same errno-in-messages
}

# OpenSSL 1.1.1 knows no such thing.
# shellcheck disable=SC2046 # several words
@test "a verification that takes its time" { guest $("$OWN" list | grep '^retry-'); }

@test "... is judged once, when it is through" {
	local scenario
	printf '%s\n' "log = $T/events" "log-accepted = yes" "[api.example.com]" "pin = $(pin api)" | policy
	for scenario in $("$OWN" list | grep '^retry-'); do
		own run_shimmed "$scenario"
		assert_rc 0
		[ "$(jq -s length "$T/events")" = 1 ] || fail "not one event: $(<"$T/events")"
	done
}

# shellcheck disable=SC2048,SC2086 # several words
@test "no scenario is left out" {
	diff <("$OWN" list | grep -v '^retry-' | sort) \
		<(printf '%s\n' ${GROUPS_OF_SCENARIOS[*]} security-many async async-paused | sort)
}

@test "more security callbacks than there is room for: what comes after is refused, and why is said" {
	own run_bare security-many
	assert_rc 0
	assert_fact received=240
	pin_policy api.example.com api
	own run_shimmed security-many
	assert_fact 'the getter gives 30: 1' received=186
	[ "$(grep -c '^handshake=ok$' "$T/out")" = 31 ] || fail "not the first 31"
	assert_err '^pinshim: own\[[0-9]+\]: refused .*: it cannot be judged: .*libssl.* lacks a place for one more security callback'
	refused security-many
}

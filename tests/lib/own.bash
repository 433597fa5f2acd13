# SPDX-License-Identifier: MIT
#
# Runs of the test program that uses for itself what the shim uses (e2e/clients/own.c), and what is
# to be the same in all of them. Needs the rig.
# shellcheck shell=bash

OWN=$BUILD/tests/own

own() { # RUN SCENARIO
	"$1" "$OWN" "$2" "$PKI" api api.example.com
}

same() { # SCENARIO: under the policy as it is
	own run_shimmed "$1"
	[ "${2:-}" != aloud ] || : >"$T/err"
	assert_same_as bare
}

# Nothing is seen of the shim, and nothing is let through by it.
guest() { # SCENARIO...
	local scenario
	for scenario; do
		echo "scenario: $scenario"
		own run_bare "$scenario"
		assert_rc 0
		keep bare
		pin_policy elsewhere.example.org nobody
		same "$scenario"
		pin_policy api.example.com api
		same "$scenario"
		printf '%s\n' "mode = report" "[api.example.com]" "pin = $(pin nobody)" | policy
		same "$scenario" aloud
		refused "$scenario"
	done
}

refused() { # SCENARIO
	pin_policy api.example.com nobody
	own run_shimmed "$1"
	assert_rc 1
	assert_fact received=0
	assert_err '^pinshim: own\[[0-9]+\]: refused api.example.com: no pin matched'
}

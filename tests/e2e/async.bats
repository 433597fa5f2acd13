# SPDX-License-Identifier: MIT
#
# Handshakes inside OpenSSL's asynchronous jobs, whose stack has 32 KiB.

load ../lib/rig
load ../lib/own

@test "asynchronous jobs" { guest async async-paused; }

@test "... under everything that a policy can ask for" {
	printf '%s\n' "[api.example.com]" "verify = full" "ca-file = $PKI/ca.pem" "pin-ca = $(pin root)" \
		"deny = $(pin nobody)" | policy
	own run_bare async
	keep bare
	same async
	for log in "$T/log" syslog stderr; do
		printf '%s\n' "log = $log" "[api.example.com]" "verify = full" "ca-file = $PKI/ca.pem" \
			"pin-ca = $(pin nobody)" "deny = $(pin other)" | policy
		own run_shimmed async
		assert_rc 1
		assert_fact received=0
	done
	assert_err 'refused api.example.com'
}

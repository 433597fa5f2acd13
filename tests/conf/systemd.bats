#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The drop-in for a unit: systemd takes every line of it, and a program that has what it sets is
# held to the policy.

load ../lib/rig

# The drop-in, also with what is commented out, for a unit `probe'.
drop_in() { # [SED-SCRIPT]
	mkdir -p "$T/units/probe.service.d"
	printf '[Service]\nExecStart=/bin/true\n' >"$T/units/probe.service"
	sed -E "s/^#([A-Z])/\1/; ${1:-}" "$ROOT/conf/systemd-pinshim.conf" \
		>"$T/units/probe.service.d/pinshim.conf"
}

verify() {
	try "${BARE[@]}" SYSTEMD_LOG_LEVEL=info systemd-analyze verify --man=no "$T/units/probe.service"
	assert_rc 0
}

@test "systemd understands every line" {
	drop_in
	verify
	[ ! -s "$T/err" ] || fail "systemd has something to say"
	# It would say so.
	drop_in 's/^Environment=/Enviroment=/'
	verify
	assert_err 'pinshim.conf:[0-9]+: Unknown key .Enviroment. in section'
	drop_in 's/^LogsDirectory=.*/LogsDirectory=..\/x/'
	verify
	assert_err 'pinshim.conf:[0-9]+: '
}

@test "a program with this environment is held to the policy" {
	drop_in "s|/usr/local/lib/libpinshim.so|$LIB|; s|%N|probe|g; s|/etc/pinshim|$T|; s|%L|$T|"
	local environment
	mapfile -t environment < <(sed -n 's/^Environment=//p' "$T/units/probe.service.d/pinshim.conf")
	[ ${#environment[@]} = 4 ]
	mkdir "$T/units/probe" "$T/probe"
	start_server http api
	for right in api nobody; do
		printf '[api.example.com]\npin = %s\n' "$(pin $right)" >"$T/units/probe.ini"
		try "${BARE[@]}" "${environment[@]}" curl -sS -o /dev/null --cacert "$PKI/ca.pem" \
			--connect-to "::127.0.0.1:$PORT" https://api.example.com/
		assert_rc 0
	done
	[ "$(jq -r '.verdict' "$T/probe/pinshim.jsonl")" = would-refuse ]
	try "${BARE[@]}" "${environment[@]:0:2}" curl -sS -o /dev/null --cacert "$PKI/ca.pem" \
		--connect-to "::127.0.0.1:$PORT" https://api.example.com/
	assert_rc 60
	assert_data 2
}

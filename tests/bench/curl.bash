# SPDX-License-Identifier: MIT
#
# One curl call to a server on this machine: the time from its start to its end, and instructions.
# Sourced by scripts/bench.sh.
# shellcheck shell=bash disable=SC2154 # what common.bash and scripts/bench.sh set

fetch() { # VARIANT: the command
	printf '%s\n' /usr/bin/curl --silent --show-error --cacert one.pem --output /dev/null \
		"https://localhost:$port/"
	[ "$1" != curl ] || printf '%s\n' --pinnedpubkey "$(sed s,/,//, one.pin)"
}

curl_once() {
	local variant command
	for variant in "${variants[@]}"; do
		mapfile -t command < <(fetch "$variant")
		measure curl '' "$variant" ./spawn "$(times 10)" "${command[@]}"
	done
}

count_curl() { # VARIANT
	local command counts
	mapfile -t command < <(fetch "$1")
	counts=$(count "$1" -- "${command[@]}")
	sample curl instructions instructions "$1" "$counts"
}

group_curl() {
	local port server variant variants sizes command
	sizes=(1 1000 100000)
	[ -z "$TINY" ] || sizes=(1 1000)
	variants=(bare empty control curl idle "${sizes[@]}")
	for variant in "${sizes[@]}"; do
		make_policy "$variant" "pin = $(<one.pin)" >"policies/$variant.ini"
	done
	make_policy 1 "pin = $(<pki/nobody.pin)" >policies/wrong.ini

	: >curl-server.log
	"${CLEAN[@]}" openssl s_server -www -accept 127.0.0.1:0 -cert one.pem -key one.key \
		>curl-server.log 2>&1 </dev/null &
	server=$!
	started "$server"
	wait_for grep -q '^ACCEPT .*:[0-9]' curl-server.log
	port=$(sed -n 's/^ACCEPT .*:\([0-9]*\).*/\1/p; T; q' curl-server.log)

	mapfile -t command < <(fetch bare)
	must_fail wrong "${command[@]}"
	for variant in "${variants[@]}"; do
		meanwhile count_curl "$variant"
	done
	counted
	control_is curl instructions empty 1100000 2400000
	each_round curl_once
	end "$server"

	summarise curl bare
	printf '\nOne curl call to a server on this machine\n'
	table curl bare 'each:ms:time' 'instructions:instructions:count' -- "${variants[@]}"
}

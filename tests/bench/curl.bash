# SPDX-License-Identifier: MIT
#
# One curl call to a server on this machine: the time from its start to its end, by the clock and of
# processors (of which the kernel's part is more than half), and the instructions outside the kernel.
# Sourced by scripts/bench.sh.
# shellcheck shell=bash disable=SC2154 # what common.bash and scripts/bench.sh set

fetch() { # VARIANT: the command
	printf '%s\n' /usr/bin/curl --silent --show-error --cacert one.pem --output /dev/null \
		"https://localhost:$port/"
	[ "$1" != curl ] || printf '%s\n' --pinnedpubkey "$(sed s,/,//, one.pin)"
}

# What is as fast as bare takes many turns, since it is compared by the hundredth; what reads a large text, few.
curl_once() {
	local variant
	take_turns curl "$(times 100)" fetch "${fast[@]}"
	for variant in "${slow[@]}"; do
		take_turns curl "$(times $((variant > 100000 ? 1 : 5)))" fetch "$variant"
	done
}

count_curl() { # VARIANT
	local command counts
	mapfile -t command < <(fetch "$1")
	counts=$(count "$1" -- "${command[@]}")
	sample curl instructions instructions "$1" "$counts"
}

# Where its output goes is opened when there is some, so after the handshake. There curl waits for a reader.
see_curl() { # VARIANT
	local variables command pid
	environment_of "$1"
	mapfile -t command < <(fetch "$1" | sed s,^/dev/null$,fifo,)
	rm -f fifo
	mkfifo fifo
	: >curl.log
	"${CLEAN[@]}" "${variables[@]}" "${command[@]}" --verbose 2>curl.log &
	pid=$!
	started "$pid"
	wait_for grep -q '^< HTTP' curl.log
	sees_snapshot "$1" "/proc/$pid/maps"
	cat fifo >/dev/null
	wait "$pid"
}

group_curl() {
	local port server variant sizes fast slow command
	sizes=(1 1000 100000 1000000)
	[ -z "$TINY" ] || sizes=(1 1000)
	fast=(bare empty control curl idle 1 1000 "${sizes[@]/#/snapshot-}")
	slow=("${sizes[@]:2}")
	need_sizes "${sizes[@]}"
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
	for variant in "${sizes[@]}" "${sizes[@]/#/snapshot-}"; do
		see_curl "$variant"
	done
	for variant in "${fast[@]}" $([ "${#slow[@]}" -eq 0 ] || echo 100000); do
		meanwhile count_curl "$variant"
	done
	counted
	control_is curl instructions empty 1100000 2400000
	each_round curl_once
	end "$server"

	summarise curl bare
	printf '\nOne curl call to a server on this machine; instructions are those outside the kernel\n'
	table curl bare 'each:ms:time' 'cpu:ms of a processor:time' -- "${fast[@]}" "${slow[@]}"
	table curl bare 'instructions:instructions:count' -- "${fast[@]}" "${slow[@]}"
	printf '\nWith a snapshot, %s sections over 1, ms of a processor: %s, instructions: %s\n' \
		"$(thousands "${sizes[-1]}")" "$(difference curl cpu "snapshot-${sizes[-1]}" snapshot-1)" \
		"$(difference curl instructions "snapshot-${sizes[-1]}" snapshot-1)"
	rows curl instructions:count:instructions instructions:percent:'' cpu:value:'ms of a processor' \
		cpu:ratio:'' each:value:ms each:ratio:'' -- bare empty curl idle "${sizes[@]}" "${sizes[@]/#/snapshot-}"
}

# SPDX-License-Identifier: MIT
#
# Starting and ending a program that makes no TLS connection: what every process of a host pays.
# Compared with an empty object, since that is what preloading anything at all costs.
# Sourced by scripts/bench.sh.
# shellcheck shell=bash disable=SC2154 # what common.bash and scripts/bench.sh set

program_without_tls() {
	echo /bin/true
}

start_once() {
	take_turns start "$(times 300)" program_without_tls bare empty control idle
}

group_start() {
	local variant counts
	for variant in bare empty control idle; do
		counts=$(count "$variant" -- /bin/true)
		sample start instructions instructions "$variant" "$counts"
	done
	control_is start instructions empty 100000 120000
	each_round start_once

	summarise start empty
	printf '\nStarting and ending /bin/true, compared with the empty object\n'
	table start empty 'each:ms:time' 'cpu:ms of a processor:time' -- bare empty control idle
	table start empty 'instructions:instructions:count' -- bare empty control idle
}

# SPDX-License-Identifier: MIT
#
# What memory a process has for itself alone after its first handshake, and the most that it ever
# had, by the number of sections in its policy. Sourced by scripts/bench.sh.
# shellcheck shell=bash disable=SC2154 # what common.bash and scripts/bench.sh set

memory_once() {
	local variant
	for variant in "${variants[@]}"; do
		measure memory '' "$variant" ./handshake full13 1 1 one.pem one.key one.pem
	done
}

group_memory() {
	local sizes variants variant
	sizes=(1 1000 100000 1000000)
	[ -z "$TINY" ] || sizes=(1 1000)
	variants=(bare empty control idle "${sizes[@]}")
	for variant in "${sizes[@]}"; do
		make_policy "$variant" "pin = $(<one.pin)" >"policies/$variant.ini"
	done
	each_round memory_once
	control_is memory private bare 8000 8600

	summarise memory bare
	printf '\nMemory of a process after its first handshake\n'
	table memory bare 'private:private, KiB:size' 'dirty:of these written to:size' 'peak:peak of all, KiB:size' -- "${variants[@]}"
}

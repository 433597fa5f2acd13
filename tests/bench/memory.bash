# SPDX-License-Identifier: MIT
#
# What memory a process has for itself alone after its first handshake, what it has mapped of files, and
# the most that it ever had, by the number of sections in its policy, without a snapshot and with one; and
# what several processes have together. Sourced by scripts/bench.sh.
# shellcheck shell=bash disable=SC2154 # what common.bash and scripts/bench.sh set

# Prints KiB of FIELD in the file SMAPS, of mappings whose file's name ends in SUFFIX; empty: of all.
mapped() { # FIELD SMAPS SUFFIX
	awk -v field="$1:" -v suffix="$3" '
		/^[0-9a-f]+-[0-9a-f]+ / { ours = substr($0, length($0) - length(suffix) + 1) == suffix }
		$1 == field && ours { kib += $2 }
		END { print kib + 0 }' "$2"
}

memory_once() {
	local variant
	for variant in "${variants[@]}"; do
		measure memory '' "$variant" ./handshake full13 1 1 one.pem one.key one.pem smaps
		sees_snapshot "$variant" smaps
		sample memory snapshot KiB "$variant" "$(mapped Rss smaps .snapshot)"
	done
}

# PROCESSES at the same time, each after its first handshake, where it waits for a reader of what it has mapped.
together() { # VARIANT
	local variables pids=() pid i pss=0 shared=0
	environment_of "$1"
	rm -f fifo
	mkfifo fifo
	for ((i = 0; i < processes; i++)); do
		: >"said.$i" # of another variant so far
		"${CLEAN[@]}" "${variables[@]}" ./handshake full13 1 1 one.pem one.key one.pem fifo >"said.$i" &
		pids+=($!)
		started $!
	done
	for ((i = 0; i < processes; i++)); do
		wait_for grep -q '^peak' "said.$i"
	done
	for pid in "${pids[@]}"; do
		cat "/proc/$pid/smaps" >smaps
		sees_snapshot "$1" smaps
		pss=$((pss + $(mapped Pss smaps '')))
		shared=$((shared + $(mapped Pss smaps .snapshot)))
	done
	sample memory together KiB "$1" $((pss / processes))
	sample memory together-snapshot KiB "$1" $((shared / processes))
	cat fifo >/dev/null
	wait "${pids[@]}"
}

together_once() {
	local variant
	for variant in "${variants[@]}"; do
		together "$variant"
	done
}

group_memory() {
	local sizes variants processes=4
	sizes=(1 1000 100000 1000000)
	[ -z "$TINY" ] || sizes=(1 1000)
	variants=(bare empty control idle "${sizes[@]}" "${sizes[@]/#/snapshot-}")
	need_sizes "${sizes[@]}"
	each_round memory_once
	control_is memory private bare 8000 8600
	together_once

	summarise memory bare
	printf '\nMemory of a process after its first handshake, KiB: private is what was written to (Private_Dirty);\n'
	printf 'pages of files that were only read are the kernel'\''s cache, and those of the snapshot are among them\n'
	table memory bare 'private:private:size' 'anonymous:anonymous:size' 'files:of files:size' \
		'snapshot:of the snapshot:size' 'peak:peak of all:size' -- "${variants[@]}"
	printf '\n%s such processes at the same time: the part of each (PSS), KiB\n' "$processes"
	table memory bare 'together:of all:size' 'together-snapshot:of the snapshot:size' -- "${variants[@]}"
	printf '\nPrivate memory with a snapshot, %s sections over 1, KiB: %s\n' "$(thousands "${sizes[-1]}")" \
		"$(difference memory private "snapshot-${sizes[-1]}" snapshot-1)"
	rows memory private:count:'private, KiB' peak:count:'peak of all, KiB' \
		snapshot:count:'pages of the snapshot, KiB' \
		together:count:"the part of each of $processes (PSS), KiB" -- \
		bare "${sizes[@]}" "${sizes[@]/#/snapshot-}"
}

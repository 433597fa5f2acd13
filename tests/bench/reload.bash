# SPDX-License-Identifier: MIT
#
# What a policy that changes costs a process that runs: the next handshake, for which the new policy is read
# or mapped, and the one behind it, by the number of sections. Sourced by scripts/bench.sh.
# shellcheck shell=bash disable=SC2154 # what common.bash and scripts/bench.sh set

# The folders VARIANT.wrong and VARIANT.right of the variants SIZE and snapshot-SIZE, in changes/.
make_reload() { # SIZE
	local outcome pin link
	for outcome in wrong right; do
		mkdir -p "changes/$1.$outcome" "changes/snapshot-$1.$outcome"
		pin=one.pin
		[ $outcome = right ] || pin=pki/nobody.pin
		{
			echo 'log = none'
			make_policy "$1" "pin = $(<$pin)" "pin = $(<pki/other.pin)"
		} >"changes/$1.$outcome/policy.ini"
		ln "changes/$1.$outcome/policy.ini" "changes/snapshot-$1.$outcome/policy.ini"
		# By the name that it will have.
		link=changes/snapshot-$1
		ln -sfn "snapshot-$1.$outcome" "$link"
		"${CLEAN[@]}" "$BUILD/pinshim" compile "$OUT/$link/policy.ini" >>compile.log
	done
}

change() { # VARIANT COUNT: the command
	printf '%s\n' ./reload "$2" "$OUT/changes/$1" "$1.wrong" "$1.right" one.pem one.key one.pem \
		"maps.$1"
}

reload_once() {
	local variant command
	for variant in "${variants[@]}"; do
		mapfile -t command < <(change "$variant" "$([ "$variant" = 1000000 ] && echo 1 || times 200)")
		measure reload '' "$variant" "${command[@]}"
		sees_snapshot "$variant" "maps.$variant"
	done
}

count_reload() { # VARIANT
	local command said counts
	mapfile -t command < <(change "$1" 1)
	said=$(count "$1" next_handshake further_handshake -- "${command[@]}")
	read -ra counts <<<"$said"
	sample reload next-instructions instructions "$1" "${counts[1]}"
	sample reload further-instructions instructions "$1" "${counts[2]}"
}

group_reload() {
	local sizes variants variant size
	sizes=(1 1000 1000000)
	[ -z "$TINY" ] || sizes=(1 100)
	variants=("${sizes[@]}" "${sizes[@]/#/snapshot-}")
	for size in "${sizes[@]}"; do
		make_reload "$size"
	done
	# Two readings of a million sections take valgrind minutes; that of growth is what each of them costs.
	for variant in "${variants[@]}"; do
		[ "$variant" = 1000000 ] || meanwhile count_reload "$variant"
	done
	counted
	each_round reload_once
	rm -r changes

	summarise reload 1
	printf '\nA policy that changes under a process: the next handshake, which is judged by the new one, and the one behind it\n'
	table reload 1 'next:the next, us:time' 'further:each further, us:time' -- "${variants[@]}"
	table reload 1 'next-cpu:the next, us of a processor:time' 'further-cpu:each further, us of it:time' \
		-- "${variants[@]}"
	table reload 1 'next-instructions:the next, instructions:count' \
		'further-instructions:each further:count' -- "${variants[@]}"
	printf '\nThe next with a snapshot, %s sections over 1, us of a processor: %s\n' \
		"$(thousands "${sizes[-1]}")" "$(difference reload next-cpu "snapshot-${sizes[-1]}" snapshot-1)"
	rows reload next:value:'the next handshake, us' next-instructions:count:instructions \
		further:value:'each further, us' further-instructions:count:instructions -- "${variants[@]}"
}

# SPDX-License-Identifier: MIT
#
# The first handshake of a process, for which the policy is read or its snapshot mapped, and each further
# one, against the number of sections: a table, and a plot in growth.svg and growth.png. In processor time,
# since what else a machine does would be most of a plot otherwise, and in instructions.
# Sourced by scripts/bench.sh.
# shellcheck shell=bash disable=SC2154 # what common.bash and scripts/bench.sh set

growth_once() {
	local variant
	for variant in bare "${sizes[@]}" "${sizes[@]/#/snapshot-}"; do
		measure growth '' "$variant" ./handshake full13 "$(times 200)" 1 one.pem one.key one.pem maps
		sees_snapshot "$variant" maps
	done
}

# The first handshakes of many processes, by turns, since they are compared by the microsecond: what
# half of them take no longer than, in one round.
firsts_once() {
	local turn variant said
	rm -f firsts
	for ((turn = 0; turn < $(times 100); turn++)); do
		for variant in bare "${firsts[@]}"; do
			said=$(in_variant "$variant" ./handshake full13 1 1 one.pem one.key one.pem maps)
			sees_snapshot "$variant" maps
			awk -v variant="$variant" '/^first/ { print variant "\t" $1 "\t" $3 * 1e3 }' \
				<<<"$said" >>firsts
		done
	done
	for variant in bare "${firsts[@]}"; do
		for said in first first-cpu; do
			sample growth "many.$said" us "$variant" "$(awk -F'\t' -v v="$variant" -v m="$said" \
				'$1 == v && $2 == m { print $3 }' firsts | sort -g |
				awk '{ us[NR] = $1 } END { print us[int((NR + 1) / 2)] }')"
		done
	done
}

count_growth() { # VARIANT: client_context() is where a policy is read
	local said counts
	said=$(count "$1" client_context first_handshake further_handshakes -- \
		./handshake full13 20 1 one.pem one.key one.pem)
	read -ra counts <<<"$said"
	sample growth first-instructions instructions "$1" $((counts[1] + counts[2]))
	sample growth further-instructions instructions "$1" $((counts[3] / 20))
}

# Writes growth.dat of SIZE and growth-snapshot.dat of snapshot-SIZE (SECTIONS, then median, least and
# greatest in ms: first, further), and growth-bare.dat.
growth_data() {
	local kind
	for kind in bare '' snapshot; do
		awk -F'\t' -v kind="$kind" '
			{ is = $3; sections = is; sub(/^snapshot-/, "", sections) }
			$1 != "growth" || (is == sections ? is == "bare" ? "bare" : "" : "snapshot") != kind { next }
			$2 == "first-cpu" { first[is] = $6 " " $7 " " $8 }
			$2 == "cpu" { print (is == "bare" ? 0 : sections), first[is], $6 / 1e3, $7 / 1e3, $8 / 1e3 }' \
			results.tsv | sort -n >"growth${kind:+-$kind}.dat"
	done
}

growth_plot() {
	local terminal
	for terminal in svg pngcairo; do
		gnuplot <<-END
			set terminal $terminal size 900,600 background "white" font "sans,13"
			set output "growth.${terminal%cairo}"
			set title "TLS 1.3 handshakes under a policy (both sides in one process, medians and ranges of $ROUNDS)"
			set xlabel "sections in the policy"
			set ylabel "milliseconds of processor time a handshake"
			set logscale xy
			set format x "10^{%L}"
			set format y "%g"
			set xrange [0.7:${sizes[-1]} * 1.5]
			set grid
			set key top left
			bare_first = system("awk '{ print \$2 }' growth-bare.dat") + 0
			bare_each = system("awk '{ print \$5 }' growth-bare.dat") + 0
			set style data yerrorlines
			plot "growth.dat" using 1:2:3:4 lw 2 pt 7 lc rgb "#c03020" title "first handshake, text", \
			"growth-snapshot.dat" using 1:2:3:4 lw 2 pt 6 lc rgb "#e09020" title "first handshake, snapshot", \
			bare_first with lines dt 2 lw 2 lc rgb "#c03020" title "first handshake, without the shim", \
			"growth.dat" using 1:5:6:7 lw 2 pt 5 lc rgb "#2050a0" title "each further, text", \
			"growth-snapshot.dat" using 1:5:6:7 lw 2 pt 4 lc rgb "#20a0a0" title "each further, snapshot", \
			bare_each with lines dt 2 lw 2 lc rgb "#2050a0" title "each further, without the shim"
		END
	done
}

group_growth() {
	local sizes firsts counts variants variant most
	sizes=(1 10 100 1000 10000 100000 1000000)
	[ -z "$TINY" ] || sizes=(1 10 100 1000)
	most=${sizes[-1]}
	firsts=(1 snapshot-1 "snapshot-$most")
	counts=(1 1000 100000 1000000)
	[ -z "$TINY" ] || counts=(1 1000)
	variants=(bare "${sizes[@]}" "${sizes[@]/#/snapshot-}")
	need_sizes "${sizes[@]}"
	# The longest first: the others fill the other processors meanwhile.
	for variant in "$most" bare "${counts[@]:0:${#counts[@]}-1}" "${counts[@]/#/snapshot-}"; do
		meanwhile count_growth "$variant"
	done
	counted
	each_round growth_once
	each_round firsts_once

	summarise growth bare
	printf '\nGrowth with the number of sections: processor time of TLS 1.3 handshakes, one certificate\n'
	table growth bare 'first-cpu:the first, with reading the policy, ms:time' 'cpu:each further, us:time' \
		-- "${variants[@]}"
	table growth bare 'first-instructions:the first, instructions:count' \
		'further-instructions:each further, instructions:count' -- bare "${counts[@]}" "${counts[@]/#/snapshot-}"
	printf '\nThe first handshake of %s processes each, by turns\n' "$(times 100)"
	table growth bare 'many.first:us:time' 'many.first-cpu:us of a processor:time' -- bare "${firsts[@]}"
	printf '\nThe first handshake with a snapshot, %s sections over 1:\n' "$(thousands "$most")"
	printf '  us: %s\n' "$(difference growth many.first "snapshot-$most" snapshot-1)"
	printf '  us of a processor: %s\n' "$(difference growth many.first-cpu "snapshot-$most" snapshot-1)"
	printf '  instructions: %s\n' "$(difference growth first-instructions "snapshot-$most" snapshot-1)"
	printf 'Each further, instructions: %s\n' "$(difference growth further-instructions "snapshot-$most" snapshot-1)"
	rows growth first-cpu:value:'the first handshake, ms' first-instructions:count:instructions \
		cpu:value:'each further, us' further-instructions:count:instructions -- bare "${counts[@]}" "${counts[@]/#/snapshot-}"
	growth_data
	growth_plot
}

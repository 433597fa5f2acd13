# SPDX-License-Identifier: MIT
#
# The first handshake of a process, for which the policy is read, and each further one, against the
# number of sections: a table, and a plot in growth.svg and growth.png. In processor time, since what
# else a machine does would be most of a plot otherwise. Sourced by scripts/bench.sh.
# shellcheck shell=bash disable=SC2154 # what common.bash and scripts/bench.sh set

growth_once() {
	local variant
	for variant in bare "${sizes[@]}"; do
		measure growth '' "$variant" ./handshake full13 "$(times 200)" 1 one.pem one.key one.pem
	done
}

# Reads results.tsv, writes growth.dat (SECTIONS, then median, least and greatest in ms: first, further).
growth_data() {
	awk -F'\t' '
		$1 != "growth" { next }
		$2 == "first-cpu" { first[$3] = $6 " " $7 " " $8 }
		$2 == "cpu" { print ($3 == "bare" ? 0 : $3), first[$3], $6 / 1e3, $7 / 1e3, $8 / 1e3 }' results.tsv |
		sort -n >growth.dat
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
			bare_first = system("awk '\$1 == 0 { print \$2 }' growth.dat") + 0
			bare_each = system("awk '\$1 == 0 { print \$5 }' growth.dat") + 0
			plot "growth.dat" every ::1 using 1:2:3:4 with yerrorlines lw 2 pt 7 lc rgb "#c03020" \
				title "first handshake, with reading the policy", \
			bare_first with lines dt 2 lw 2 lc rgb "#c03020" title "first handshake, without the shim", \
			"growth.dat" every ::1 using 1:5:6:7 with yerrorlines lw 2 pt 5 lc rgb "#2050a0" \
				title "each further handshake", \
			bare_each with lines dt 2 lw 2 lc rgb "#2050a0" title "each further handshake, without the shim"
		END
	done
}

group_growth() {
	local sizes size
	sizes=(1 10 100 1000 10000 100000 1000000)
	[ -z "$TINY" ] || sizes=(1 10 100 1000)
	for size in "${sizes[@]}"; do
		make_policy "$size" "pin = $(<one.pin)" >"policies/$size.ini"
	done
	each_round growth_once

	summarise growth bare
	printf '\nGrowth with the number of sections: processor time of TLS 1.3 handshakes, one certificate\n'
	table growth bare 'first-cpu:the first, with reading the policy, ms:time' 'cpu:each further, us:time' \
		-- bare "${sizes[@]}"
	growth_data
	growth_plot
}

# SPDX-License-Identifier: MIT
#
# What the groups of the benchmark share: running a program in a variant (with nothing, with an
# object preloaded, under a policy), keeping what it measured, counting instructions, and printing
# tables. Measured values are kept in samples.tsv, one a line; tables are printed from results.tsv,
# which is made of it. Sourced by scripts/bench.sh in the folder of the results.
# shellcheck shell=bash disable=SC2153,SC2154 # what scripts/bench.sh sets

# --- variants

title() { # VARIANT
	case $1 in
	bare) echo 'without anything' ;;
	empty) echo 'empty object preloaded' ;;
	control) echo 'object of known cost' ;;
	curl) echo 'curl --pinnedpubkey' ;;
	idle) echo 'shim, no policy' ;;
	other) echo 'shim, another host pinned' ;;
	pin) echo 'shim, pin' ;;
	pin-ca) echo 'shim, pin-ca' ;;
	full) echo 'shim, verify = full' ;;
	stunnel) echo 'stunnel, verifyPeer' ;;
	haproxy) echo 'haproxy, one certificate' ;;
	1) echo 'shim, 1 section' ;;
	[0-9]*) echo "shim, $(thousands "$1") sections" ;;
	snapshot-1) echo 'snapshot, 1 section' ;;
	snapshot-*) echo "snapshot, $(thousands "${1#snapshot-}") sections" ;;
	inih) echo 'inih alone' ;;
	check | compile) echo "pinshim $1" ;;
	*) echo "$1" ;;
	esac
}

thousands() { # NUMBER: with commas
	sed -E ':a; s/([0-9])([0-9]{3})($|,)/\1,\2\3/; ta' <<<"$1"
}

# Sets VARIABLES; one under a policy has it in policies/VARIANT.ini.
environment_of() { # VARIANT
	variables=()
	case $1 in
	bare | curl | stunnel | haproxy | inih | check | compile) ;;
	empty | control) variables=("LD_PRELOAD=$OUT/$1.so") ;;
	idle) variables=("LD_PRELOAD=$BUILD/libpinshim.so") ;;
	*) variables=("LD_PRELOAD=$BUILD/libpinshim.so" "PINSHIM_POLICY=$OUT/policies/$1.ini") ;;
	esac
}

in_variant() { # VARIANT COMMAND...
	local variables
	environment_of "$1"
	"${CLEAN[@]}" "${variables[@]}" "${@:2}"
}

# SECTIONS sections of two pins each, no two alike and in no order; among them, in the middle, localhost's.
make_policy() { # SECTIONS LINE...: what localhost's section says
	awk -v n="$1" -v lines="$(printf '%s\n' "${@:2}")" '
		function pin(x) { return "pin = sha256/" x x x x x "pinshimA=\n" }
		BEGIN {
			for (i = 1; i <= n; i++)
				if (i == int((n + 1) / 2))
					printf "[localhost]\n%s\n", lines
				else
					printf "[h%07d.example.com]\n%s%s", (i * 7368787) % 10000019,
						pin(sprintf("%07d", i)), pin(sprintf("%07d", i + 5000000))
		}'
}

# The variants SIZE and snapshot-SIZE: the same policy, which accepts one.pem, without a snapshot and with
# one. They are made once.
need_sizes() { # SIZE...
	local size
	for size; do
		[ ! -e "policies/snapshot-$size.ini" ] || continue
		make_policy "$size" "pin = $(<one.pin)" "pin = $(<pki/nobody.pin)" >"policies/$size.ini"
		ln "policies/$size.ini" "policies/snapshot-$size.ini"
		"${CLEAN[@]}" "$BUILD/pinshim" compile "$OUT/policies/snapshot-$size.ini" >>compile.log
	done
}

# Stops unless VARIANT is one with a snapshot and a process has that mapped, or neither is so.
sees_snapshot() { # VARIANT MAPS: the process's /proc/PID/maps or smaps
	local mapped=no wanted=no
	! grep -q "\.snapshot$" "$2" || mapped=yes
	[[ $1 != *snapshot-* ]] || wanted=yes
	[ "$mapped" = yes ] || [ "$wanted" = no ] || {
		echo "bench: '$1' has no snapshot mapped" >&2
		return 1
	}
	[ "$mapped" = no ] || [ "$wanted" = yes ] || {
		echo "bench: '$1' has a snapshot mapped, which it must not" >&2
		return 1
	}
}

# --- what was measured

round=0

sample() { # GROUP MEASURE UNIT VARIANT VALUE
	printf '%s\t%s\t%s\t%s\t%d\t%s\n' "$1" "$2" "$3" "$4" "$round" "$5" >>samples.tsv
}

# Runs COMMAND in VARIANT; each line that it prints is NAME UNIT VALUE. Sets own, if there is such a line.
measure() { # GROUP PREFIX VARIANT COMMAND...
	local said name unit value
	said=$(in_variant "$3" "${@:4}")
	while read -r name unit value; do
		sample "$1" "$2$name" "$unit" "$3" "$value"
		# shellcheck disable=SC2034 # for whoever asked
		[ "$name" != own ] || own=$value
	done <<<"$said"
}

# Starts programs of all VARIANTs COUNT times, in turns. FUNCTION VARIANT prints the command, one word a line.
take_turns() { # GROUP COUNT FUNCTION VARIANT...
	local group=$1 count=$2 function=$3 words=() command variables variant said i name unit value
	shift 3
	for variant; do
		environment_of "$variant"
		mapfile -t command < <("$function" "$variant")
		words+=(-- "${variables[@]}" "${command[@]}")
	done
	said=$("${CLEAN[@]}" ./spawn "$count" "${words[@]:1}")
	while read -r i name unit value; do
		sample "$group" "$name" "$unit" "${!i}" "$value"
	done <<<"$said"
}

each_round() { # COMMAND...: ROUNDS times
	for ((round = 1; round <= ROUNDS; round++)); do
		"$@"
	done
	round=1
}

# N, or few where it only matters that everything runs.
times() { # N
	if [ -z "$TINY" ]; then
		echo "$1"
	else
		echo $(($1 > 100 ? $1 / 50 : 2))
	fi
}

# --- instructions

counting=()

# Runs COMMAND beside others, as many as there are processors: nobody's load changes a count.
meanwhile() { # COMMAND...
	[ "${#counting[@]}" -lt "$CPUS" ] || {
		wait "${counting[0]}"
		counting=("${counting[@]:1}")
	}
	"$@" &
	counting+=($!)
}

counted() { # waits for all of them
	local pid
	for pid in "${counting[@]}"; do
		wait "$pid"
	done
	counting=()
}

# Prints the instructions of COMMAND as a whole, and then those inside of each FUNCTION.
count() { # VARIANT [FUNCTION...] -- COMMAND...
	local variant=$1 functions=() file
	shift
	while [ "$1" != -- ]; do
		functions+=("$1")
		shift
	done
	shift
	file=$(mktemp callgrind.XXXXXX)
	in_variant "$variant" valgrind --tool=callgrind "--callgrind-out-file=$OUT/$file" \
		--compress-strings=no --compress-pos=no "$@" >"$file.said" 2>&1 || {
		cat "$file.said" >&2
		return 1
	}
	awk -v functions="${functions[*]}" '
		BEGIN { n = split(functions, name, " ") }
		/^summary: / { total = $2 }
		/^cfn=/ { called = substr($0, 5) }
		/^calls=/ { getline; inside[called] += $2 }
		END {
			printf "%.0f", total
			for (i = 1; i <= n; i++)
				printf " %.0f", inside[name[i]]
			print ""
		}' "$file"
	rm "$file" "$file.said"
}

# The same of one repetition more: COMMAND runs with FEW and with MANY where it says COUNT.
slope() { # VARIANT FEW MANY [FUNCTION...] -- COMMAND...
	local variant=$1 few=$2 many=$3 at_few at_many
	shift 3
	at_few=$(count "$variant" "${@/#COUNT/$few}")
	at_many=$(count "$variant" "${@/#COUNT/$many}")
	paste -d ' ' <(xargs -n 1 <<<"$at_few") <(xargs -n 1 <<<"$at_many") |
		awk -v n="$((many - few))" '{ printf "%.0f ", ($2 - $1) / n }'
}

# Stops when the object of known cost is not seen to cost that: then nothing is worth believing.
control_is() { # GROUP MEASURE AGAINST LEAST MOST
	awk -F'\t' -v group="$1" -v measure="$2" -v against="$3" -v least="$4" -v most="$5" '
		$1 == group && $2 == measure && $4 == against { base = $6 }
		$1 == group && $2 == measure && $4 == "control" { seen = $6 }
		END {
			cost = seen - base
			if (base == "" || seen == "" || cost < least || cost > most) {
				printf "bench: %s %s: the object of known cost costs %.0f, which is not %.0f to %.0f\n",
					group, measure, cost, least, most | "cat >&2"
				exit 1
			}
		}' samples.tsv
}

# --- tables

# Adds to results.tsv, of each measure and variant of GROUP: the median, the least and the greatest
# value, and the same of the ratio to BASE, which is taken round by round.
summarise() { # GROUP BASE
	awk -F'\t' -v OFS='\t' -v group="$1" -v base="$2" '
		function sorted(values, a,   n, i, j, t) {
			n = split(values, a, " ")
			for (i = 2; i <= n; i++)
				for (j = i; j > 1 && a[j] + 0 < a[j - 1] + 0; j--) {
					t = a[j]; a[j] = a[j - 1]; a[j - 1] = t
				}
			return n
		}
		$1 != group { next }
		!(($2, $4) in unit) { order[++keys] = $2 SUBSEP $4 }
		{
			unit[$2, $4] = $3
			value[$2, $4, $5] = $6
			rounds[$2, $4] = rounds[$2, $4] " " $5
		}
		END {
			for (k = 1; k <= keys; k++) {
				split(order[k], is, SUBSEP)
				n = split(rounds[order[k]], r, " ")
				values = ratios = ""
				for (i = 1; i <= n; i++) {
					v = value[order[k], r[i]]
					b = value[is[1], base, r[i]]
					values = values " " v
					if (b > 0)
						ratios = ratios " " sprintf("%.6f", v / b)
				}
				n = sorted(values, v_)
				middle = v_[int((n + 1) / 2)]
				m = sorted(ratios, r_)
				print group, is[1], is[2], unit[order[k]], n, middle, v_[1], v_[n], \
					m ? r_[int((m + 1) / 2)] : "-", m ? r_[1] : "-", m ? r_[m] : "-"
			}
		}' samples.tsv >>results.tsv
}

# Prints one row a variant and one column a MEASURE:HEADING:STYLE. STYLE is `time' (a median, how far
# the rounds lie apart, and its ratio), `count' (a number and how much more it is than the base's) or
# `size' (a median and how much it is more than the base's).
table() { # GROUP BASE MEASURE:HEADING:STYLE... -- VARIANT...
	local group=$1 base=$2 columns=() variant
	shift 2
	while [ "$1" != -- ]; do
		columns+=("$1")
		shift
	done
	shift
	for variant; do
		printf '%s\t%s\n' "$variant" "$(title "$variant")"
	done | awk -F'\t' -v group="$group" -v base="$base" -v list="$(printf '%s\n' "${columns[@]}")" '
		function digits(x) { return x >= 1000 ? 0 : x >= 100 ? 1 : x >= 10 ? 2 : 3 }
		function number(x) { return sprintf("%." digits(x) "f", x) }
		function cell(m, v, style,   r) {
			split(result[m, v], r, "\t")
			if (r[1] == "")
				return "-"
			if (style == "time")
				return sprintf("%s (%s - %s) x %.3f (%.3f - %.3f)", number(r[2]), number(r[3]),
					number(r[4]), r[5], r[6], r[7])
			if (style == "count")
				return sprintf("%.0f %+.3f %%", r[2], 100 * (r[5] - 1))
			return sprintf("%.0f %+.0f", r[2], r[2] - median[m, base])
		}
		BEGIN {
			columns = split(list, column, "\n")
			while ((getline line < "results.tsv") > 0) {
				split(line, f, "\t")
				if (f[1] != group)
					continue
				result[f[2], f[3]] = f[5] "\t" f[6] "\t" f[7] "\t" f[8] "\t" f[9] "\t" f[10] "\t" f[11]
				median[f[2], f[3]] = f[6]
			}
			printf "  %-30s", ""
			for (c = 1; c <= columns; c++) {
				split(column[c], is, ":")
				measure[c] = is[1]
				style[c] = is[3]
				width[c] = is[3] == "time" ? 49 : 22
				printf "  %-" width[c] "s", is[2]
			}
			print ""
		}
		{
			printf "  %-30s", $2
			for (c = 1; c <= columns; c++)
				printf "  %-" width[c] "s", cell(measure[c], $1, style[c])
			print ""
		}' | sed 's/ *$//'
}

# --- what is taken over into README

# Prints a table in Markdown, one row a VARIANT, and keeps it in readme.md. A column is
# MEASURE:STYLE:HEADING; STYLE is `value' (a median), `count' (the same, whole), `ratio' (times as much
# as the base has, with its range), or `percent' (more than the base).
rows() { # GROUP MEASURE:STYLE:HEADING... -- VARIANT...
	local group=$1 columns=() variant
	shift
	while [ "$1" != -- ]; do
		columns+=("$1")
		shift
	done
	shift
	for variant; do
		printf '%s\t%s\n' "$variant" "$(title "$variant")"
	done | awk -F'\t' -v group="$group" -v list="$(printf '%s\n' "${columns[@]}")" '
		function number(x) { return x >= 1000 ? commas(x) : sprintf("%." (x >= 100 ? 0 : x >= 10 ? 1 : 2) "f", x) }
		function commas(x) {
			x = sprintf("%.0f", x)
			while (match(x, /[0-9][0-9][0-9][0-9](,|$)/))
				x = substr(x, 1, RSTART) "," substr(x, RSTART + 1)
			return x
		}
		function cell(m, v, style,   r) {
			if (split(result[m, v], r, "\t") == 0)
				return ""
			if (style == "value")
				return number(r[2])
			if (style == "count")
				return commas(r[2])
			if (style == "ratio")
				return sprintf("x %.3f (%.3f - %.3f)", r[5], r[6], r[7])
			return sprintf("%+.2f %%", 100 * (r[5] - 1))
		}
		BEGIN {
			columns = split(list, column, "\n")
			while ((getline line < "results.tsv") > 0) {
				split(line, f, "\t")
				if (f[1] == group)
					result[f[2], f[3]] = f[5] "\t" f[6] "\t" f[7] "\t" f[8] "\t" f[9] "\t" f[10] "\t" f[11]
			}
			line = "| |"
			rule = "|---|"
			for (c = 1; c <= columns; c++) {
				split(column[c], is, ":")
				line = line " " is[3] " |"
				rule = rule "---|"
			}
			print "\n" line "\n" rule
		}
		{
			line = "| " $2 " |"
			for (c = 1; c <= columns; c++) {
				split(column[c], is, ":")
				line = line " " cell(is[1], $1, is[2]) " |"
			}
			print line
		}' | tee -a readme.md | sed 's/^/  /'
}

# Prints how much MEASURE of VARIANT is above that of BASE, round by round: the median, least and greatest.
difference() { # GROUP MEASURE VARIANT BASE
	awk -F'\t' -v group="$1" -v measure="$2" -v variant="$3" -v base="$4" '
		$1 != group || $2 != measure { next }
		$4 == base { below[$5] = $6 }
		$4 == variant { above[$5] = $6; unit = $3 }
		END {
			for (r in above)
				print above[r] - below[r]
		}' samples.tsv | sort -g | awk '
		{ v[NR] = $1 }
		END { printf "%+.6g (%+.6g - %+.6g)\n", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What the shim costs, side by side with what there is without it. Variants take turns, so that a
# busy machine hurts all alike; times are medians (smallest - largest) of ROUNDS, and ratios are
# taken round by round. Instructions are counted by valgrind and do not depend on the machine's
# load. The table is also kept in build/bench/table.txt.
set -euo pipefail

BUILD=$(realpath "${BUILD:-build}")
ROUNDS=${ROUNDS:-9}
cd "${BASH_SOURCE[0]%/*}/.."
OUT=$BUILD/bench
SERVER=
trap 'kill $SERVER 2>/dev/null || :; exec >&-; wait $TEE' EXIT
rm -rf "$OUT"
mkdir -p "$OUT"
exec > >(tee "$OUT/table.txt")
TEE=$!

cc=${CC:-cc}
$cc -O2 -g -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -o "$OUT/handshake" tests/bench/handshake.c -lssl -lcrypto
$cc -O2 -g -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -o "$OUT/spawn" tests/bench/spawn.c
$cc -O2 -shared -fPIC -o "$OUT/empty.so" tests/bench/empty.c
cd "$OUT"
CLEAN=(env -i PATH=/usr/bin:/bin "HOME=$OUT")
"${CLEAN[@]}" openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem \
	2>openssl.log || {
	cat openssl.log >&2
	exit 1
}
"${CLEAN[@]}" "$BUILD/pinshim" pin cert.pem >match.ini
PIN=$(sed -n 's/^pin = sha256.\([^ ]*\).*/\1/p' match.ini)

environment() { # VARIANT: one VARIABLE=VALUE a line
	case $1 in
	empty) echo "LD_PRELOAD=$OUT/empty.so" ;;
	idle) echo "LD_PRELOAD=$BUILD/libpinshim.so" ;;
	pinned) printf '%s\n' "LD_PRELOAD=$BUILD/libpinshim.so" "PINSHIM_POLICY=$OUT/match.ini" ;;
	esac
}

in_variant() { # VARIANT COMMAND...
	local variables
	mapfile -t variables < <(environment "$1")
	"${CLEAN[@]}" "${variables[@]}" "${@:2}"
}

title() { # VARIANT
	case $1 in
	bare) echo 'without anything' ;;
	empty) echo 'empty object preloaded' ;;
	idle) echo 'shim, no policy' ;;
	pinned) echo 'shim, a pin that matches' ;;
	curl) echo 'curl --pinnedpubkey' ;;
	esac
}

instructions() { # VARIANT VALGRIND-OPTION... -- COMMAND...
	local variant=$1 options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	in_variant "$variant" valgrind --tool=callgrind --callgrind-out-file=/dev/null "${options[@]}" \
		"$@" >valgrind.out 2>valgrind.err || {
		cat valgrind.err >&2
		return 1
	}
	sed -n 's/.*Collected : //p' valgrind.err
}

count_row() { # VARIANT COUNT BASE
	awk -v title="$(title "$1")" -v n="$2" -v base="$3" 'BEGIN {
		printf "  %-26s %12d instructions   %+.3f %%\n", title, n, 100 * (n / base - 1)
	}'
}

# Reads FIRST.VARIANT of each round; a row is its median and its ratio to the base's.
time_row() { # FIRST VARIANT BASE UNIT DIVISOR
	paste "$1.$2" "$1.$3" | awk -v title="$(title "$2")" -v unit="$4" -v divisor="$5" '
		function sort(a, n,   i, j, t) {
			for (i = 2; i <= n; i++)
				for (j = i; j > 1 && a[j] < a[j - 1]; j--) {
					t = a[j]; a[j] = a[j - 1]; a[j - 1] = t
				}
		}
		{ value[NR] = divisor < 0 ? -divisor / $1 : $1 / divisor; ratio[NR] = value[NR] / \
			(divisor < 0 ? -divisor / $2 : $2 / divisor) }
		END {
			sort(value, NR); sort(ratio, NR); m = int((NR + 1) / 2)
			printf "  %-26s %9.2f %s (%.2f - %.2f)   x %.3f (%.3f - %.3f)\n", title,
				value[m], unit, value[1], value[NR], ratio[m], ratio[1], ratio[NR]
		}'
}

echo "pinshim $("$BUILD/pinshim" --version | head -n 1 | sed 's/^pinshim //'), $(date -u +%Y-%m-%d)"
echo "$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs," \
	"Linux $(uname -r), load $(cut -d' ' -f1 /proc/loadavg)"
echo "$("${CLEAN[@]}" openssl version | sed 's, *(.*,,'), $(getconf GNU_LIBC_VERSION), $($cc --version | head -n 1)"

printf '\nFull TLS 1.3 handshakes, P-256, client and server in one process, nothing resumed\n'
for ((i = 0; i < ROUNDS; i++)); do
	for variant in bare empty idle pinned; do
		in_variant $variant ./handshake 300 cert.pem key.pem >>handshake.$variant
	done
done
for variant in bare empty idle pinned; do
	time_row handshake $variant bare '/s' -1e9
done

slope() { # VARIANT VALGRIND-OPTION...: instructions of one handshake more
	local few many
	few=$(instructions "$@" -- ./handshake 20 cert.pem key.pem)
	many=$(instructions "$@" -- ./handshake 120 cert.pem key.pem)
	echo $(((many - few) / 100))
}

slopes() { # VALGRIND-OPTION...
	local base
	base=$(slope bare "$@")
	count_row bare "$base" "$base"
	for variant in empty idle pinned; do
		count_row $variant "$(slope $variant "$@")" "$base"
	done
}

printf '\nOne such handshake, both sides\n'
slopes
printf '\nOne such handshake, the client alone\n'
slopes --toggle-collect=client_step

printf '\nStarting /bin/true (instructions over those of the empty object)\n'
base=$(instructions empty -- /bin/true)
for variant in bare empty idle; do
	count_row $variant "$(instructions $variant -- /bin/true)" "$base"
done
for ((i = 0; i < ROUNDS; i++)); do
	for variant in bare empty idle; do
		in_variant $variant ./spawn 300 /bin/true >>true.$variant
	done
done
for variant in bare empty idle; do
	time_row true $variant empty us 1e3
done

printf '\nOne curl call to a server on this machine\n'
"${CLEAN[@]}" openssl s_server -www -accept 127.0.0.1:0 -cert cert.pem -key key.pem \
	>server.log 2>&1 </dev/null &
SERVER=$!
port=
for ((i = 0; i < 500; i++)); do
	port=$(sed -n 's/^ACCEPT .*:\([0-9]*\).*/\1/p' server.log)
	[ -z "$port" ] || break
	sleep 0.02
done
[ -n "$port" ] || {
	cat server.log >&2
	exit 1
}
fetch=(/usr/bin/curl --silent --show-error --cacert cert.pem --output /dev/null
	"https://localhost:$port/")
option() { # VARIANT
	[ "$1" != curl ] || printf '%s\n' --pinnedpubkey "sha256//$PIN"
}
for ((i = 0; i < ROUNDS; i++)); do
	for variant in bare empty curl idle pinned; do
		mapfile -t options < <(option $variant)
		in_variant $variant ./spawn 10 "${fetch[@]}" "${options[@]}" >>curl.$variant
	done
done
for variant in bare empty curl idle pinned; do
	time_row curl $variant bare ms 1e6
done
base=$(instructions bare -- "${fetch[@]}")
for variant in bare empty curl idle pinned; do
	mapfile -t options < <(option $variant)
	count_row $variant "$(instructions $variant -- "${fetch[@]}" "${options[@]}")" "$base"
done

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What the shim costs, side by side with what there is without it: bench.sh [GROUP...], all groups
# when none is named; each is tests/bench/GROUP.bash. Variants take turns, so that a busy machine
# hurts all alike; a value is the median (smallest - largest) of ROUNDS, and ratios are taken round
# by round. Instructions are counted by valgrind and do not depend on the machine's load. In
# build/bench (OUT) are left: table.txt, what is printed; results.tsv and samples.tsv, the same for
# machines; readme.md, rows of README; growth.svg and growth.png. TINY=yes only sees that everything
# runs.
set -euo pipefail
shopt -s inherit_errexit
# Numbers have points.
export LC_ALL=C.UTF-8

BUILD=$(realpath "${BUILD:-build}")
ROUNDS=${ROUNDS:-9}
TINY=${TINY:-}
CPUS=$(nproc)
OUT=$(realpath -m "${OUT:-$BUILD/bench}")
cd "${BASH_SOURCE[0]%/*}/.."
. scripts/bare.bash
SOURCE=$PWD/tests/bench
groups=(handshakes curl proxies start memory growth reload compile)
[ $# -gt 0 ] || set -- "${groups[@]}"
for group; do
	[[ " ${groups[*]} " == *" $group "* ]] || {
		echo "bench.sh: '$group' is no group; write ${groups[*]}" >&2
		exit 2
	}
done
[[ $ROUNDS =~ ^[1-9][0-9]*$ ]] || {
	echo "bench.sh: ROUNDS is '$ROUNDS'; write a number from 1 on" >&2
	exit 2
}
need_bare_machine

servers=()
TEE=

started() { # PID: it does not outlive this script
	servers+=("$1")
}

end() { # PID
	kill "$1" 2>/dev/null || :
	wait "$1" 2>/dev/null || :
}

wait_for() { # COMMAND...
	local tries
	for ((tries = 0; tries < 500; tries++)); do
		! "$@" || return 0
		sleep 0.02
	done
	echo "bench.sh: waited in vain for: $*" >&2
	return 1
}

leave() {
	local pid
	for pid in "${servers[@]}"; do
		end "$pid"
	done
	rm -rf "$OUT/policies"
	[ -z "$TEE" ] || {
		exec >&-
		wait "$TEE" 2>/dev/null || :
	}
}
trap leave EXIT

# A pin that is not the server's, or a proxy that knows another certificate, must be in the way.
must_fail() { # VARIANT COMMAND...
	! in_variant "$@" >must-fail.log 2>&1 || {
		echo "bench.sh: '$1' lets a server pass that it must refuse" >&2
		return 1
	}
}

build() { # NAME OPTION...
	${CC:-cc} -O2 -g -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -o "$OUT/$1" "${@:2}"
}

prepare() {
	local program
	for program in handshake bulk server client reload; do
		build $program "$SOURCE/$program.c" "$SOURCE/ends.c" -lssl -lcrypto -lm -pthread
	done
	build spawn "$SOURCE/spawn.c"
	build inih "$SOURCE/inih.c" -l:libinih.a
	build empty.so -shared -fPIC "$SOURCE/empty.c"
	build control.so -shared -fPIC "$SOURCE/control.c" -ldl
	"${CLEAN[@]}" "$SOURCE/../lib/pki.sh" "$OUT/pki"
	self_signed one
	self_signed another
	"${CLEAN[@]}" openssl x509 -in one.pem -noout -pubkey | openssl pkey -pubin -outform DER |
		openssl dgst -sha256 -binary | base64 -w0 | sed 's,^,sha256/,' >one.pin
}

self_signed() { # NAME: a certificate that is no CA's
	"${CLEAN[@]}" openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-keyout "$1.key" -out "$1.pem" -config /dev/stdin <<-END 2>openssl.log || {
			[req]
			prompt = no
			distinguished_name = dn
			x509_extensions = ext
			[dn]
			CN = localhost
			[ext]
			subjectAltName = DNS:localhost
			basicConstraints = critical, CA:false
		END
		cat openssl.log >&2
		return 1
	}
}

load() {
	cut -d' ' -f1 /proc/loadavg
}

describe() {
	local compiler
	compiler=$(${CC:-cc} --version | sed q)
	echo "pinshim $("$BUILD/pinshim" --version | sed 's/^pinshim //; q'), $(date -u +%Y-%m-%d), ROUNDS=$ROUNDS"
	echo "$(sed -n 's/^model name\s*: //p; T; q' /proc/cpuinfo), $CPUS CPUs, Linux $(uname -r), load $(load)"
	echo "$("${CLEAN[@]}" openssl version | sed 's, *(.*,,'), $(getconf GNU_LIBC_VERSION), $compiler"
}

rm -rf "$OUT"
mkdir -p "$OUT/policies"
cd "$OUT"
CLEAN=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "HOME=$OUT")
exec > >(tee table.txt)
TEE=$!
# shellcheck source=tests/bench/common.bash
. "$SOURCE/common.bash"
describe
prepare
printf '#group\tmeasure\tvariant\tunit\trounds\tmedian\tleast\tgreatest\tratio\tratio-least\tratio-greatest\n' >results.tsv
for group; do
	# shellcheck source=/dev/null
	. "$SOURCE/$group.bash"
	"group_$group"
done
printf '\n%d seconds, load at the end %s\n' "$SECONDS" "$(load)"

# SPDX-License-Identifier: MIT
#
# Several lines of OpenSSL in one process, each loaded RTLD_LOCAL with its own libcrypto, as plugins
# bring them: the released object judges every connection by the functions of the library that makes
# it. The process has the newest glibc of them all. Needs what `scripts/abi.sh prepare' makes.

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
LINES_OF_OPENSSL=(1.1.1 3.6 4.0)
HOST=4.0

# A program or plugin for a line; for plugins its OpenSSL alone is found beside it.
build() { # LINE SOURCE OUTPUT OPTION...
	local sysroot=$ROOT/build/roots/$1
	local lib=$sysroot/usr/lib/x86_64-linux-gnu
	gcc "--sysroot=$sysroot" "-B$lib" "-L$lib" -std=gnu11 -D_GNU_SOURCE -g -O1 "-I$ROOT/shim" \
		-Wno-deprecated-declarations -Wno-discarded-qualifiers \
		-o "$3" "$ROOT/tests/stress/$2" "${@:4}"
}

setup() {
	T=$BATS_TEST_TMPDIR
	[ -e "$ROOT/build/roots/$HOST/complete" ] || skip "Debian's packages cannot be had"
}

plugin() { # LINE
	local folder=$T/$1
	mkdir -p "$folder"
	ln -s "$ROOT/build/roots/$1"/usr/lib/x86_64-linux-gnu/lib{ssl,crypto}.so.[0-9]* "$folder"
	build "$1" plugin.c "$folder/plugin.so" -shared -fPIC "-Wl,-rpath,$folder" -lssl -lcrypto
}

host() {
	local lib=$ROOT/build/roots/$HOST/usr/lib/x86_64-linux-gnu
	build "$HOST" plugins.c "$T/plugins" "-Wl,--dynamic-linker=$lib/ld-linux-x86-64.so.2" \
		"-Wl,-rpath,$lib" -ldl
	# What the libraries themselves need, such as libz.
	HOST_LIB=$lib
}

@test "1.1.1, 3.6 and 4.0 at once, in every order" {
	local line order n round
	host
	for line in "${LINES_OF_OPENSSL[@]}"; do
		plugin "$line"
	done
	for round in {0..2}; do
		for n in {0..2}; do
			echo "$n right=1 wrong=0 other=1"
		done
	done >"$T/expected"
	for order in '1.1.1 3.6 4.0' '1.1.1 4.0 3.6' '3.6 1.1.1 4.0' '3.6 4.0 1.1.1' '4.0 1.1.1 3.6' \
		'4.0 3.6 1.1.1'; do
		echo "order: $order"
		# shellcheck disable=SC2086,SC2046 # three words
		timeout -k 5 60 env -i PATH=/usr/bin:/bin "LD_LIBRARY_PATH=$HOST_LIB" \
			"LD_PRELOAD=$ROOT/build/release/libpinshim.so" "PINSHIM_POLICY=$T/pins.ini" \
			PINSHIM_LOG=none "$T/plugins" $(printf "$T/%s/plugin.so " $order) >"$T/out" 3>&-
		diff "$T/expected" "$T/out"
	done
}

@test "each of them is its own: three libssl are mapped" {
	local line
	host
	for line in "${LINES_OF_OPENSSL[@]}"; do
		plugin "$line"
	done
	timeout -k 5 60 env -i PATH=/usr/bin:/bin "LD_LIBRARY_PATH=$HOST_LIB" LD_DEBUG=files \
		"PINSHIM_POLICY=$T/pins.ini" "$T/plugins" "$T"/{1.1.1,3.6,4.0}/plugin.so >"$T/out" 2>"$T/err" 3>&-
	[ "$(grep -cE 'calling init: .*/libssl\.so\.(1\.1|3|4)$' "$T/err")" = 3 ]
	# Without the shim nothing is refused, so that the refusals above are its own.
	[ "$(grep -c 'wrong=1' "$T/out")" = 9 ]
}

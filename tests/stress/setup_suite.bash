# SPDX-License-Identifier: MIT
#
# Once for all stress tests: the programs, plugins and copies of the system's OpenSSL. Fails at once
# when something is missing, so that no test can be passed over in silence.
# shellcheck shell=bash

# shellcheck source=tests/lib/suite.bash
. "${BASH_SOURCE[0]%/*}/../lib/suite.bash"

setup_suite() {
	local here=${BASH_SOURCE[0]%/*} system
	need "the stress tests" cc jq valgrind openssl ldd /usr/bin/python3 || return 1
	export BIN=$BATS_SUITE_TMPDIR/bin
	mkdir -p "$BIN"
	local flags=(-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Werror -g -O1
		"-I$here/../../shim")
	build() { # ARGUMENT...
		env -i PATH=/usr/bin:/bin "${CC:-cc}" "${flags[@]}" "$@"
	}

	build -o "$BIN/stress" "$here/stress.c" "$here/../../shim/loader/elf.c" -lssl -lcrypto -pthread -ldl
	build -o "$BIN/plugins" "$here/plugins.c" -ldl
	build -o "$BIN/watch" "$here/watch.c"

	# Two more OpenSSLs under other names; the second looks at itself first, as 3.6 and later do.
	build -o "$BIN/first.so" -shared -fPIC "$here/plugin.c" -lssl -lcrypto
	system=$(ldd "$BIN/first.so" | sed -n 's/.*libssl.* => \([^ ]*\) .*/\1/p')
	local ssl=${system##*/} crypto folder=${system%/*} n
	crypto=${ssl/ssl/crypto}
	local symbolic=()
	for n in 2 3; do
		/usr/bin/python3 "$here/elfpatch.py" "$folder/$crypto" "$BIN/${crypto/lib/li$n}" \
			"$crypto=${crypto/lib/li$n}"
		/usr/bin/python3 "$here/elfpatch.py" "$system" "$BIN/${ssl/lib/li$n}" \
			"$crypto=${crypto/lib/li$n}" "$ssl=${ssl/lib/li$n}" "${symbolic[@]}"
		build -o "$BIN/plugin$n.so" -shared -fPIC "$here/plugin.c" "-Wl,-rpath,$BIN" \
			"-Wl,-rpath-link,$BIN" "$BIN/${ssl/lib/li$n}" "$BIN/${crypto/lib/li$n}"
		symbolic=(--symbolic)
	done

	for n in 1 2; do
		build -o "$BIN/libstub$n.so" -shared -fPIC "-Wl,-soname,libstub$n.so" "-DSTUB=$n" \
			"$here/stub.c"
		build -o "$BIN/stubclient$n" "$here/stubclient.c" "-Wl,-rpath,$BIN" "$BIN/libstub$n.so"
	done
}

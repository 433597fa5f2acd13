# SPDX-License-Identifier: MIT
#
# Builds the clients that find libssl at run time. They are other people's programs as far as
# sanitizers are concerned. And a libssl that looks at itself first, as it is built from 3.6 on: the
# system's own, looked up or not, calls SSL_CTX_new_ex() by way of the shim.
# shellcheck shell=bash

build_dl() {
	local here=$BATS_TEST_DIRNAME/dl who libssl
	export DL=$BATS_FILE_TMPDIR
	build() { # ARGUMENT...
		env -i PATH=/usr/bin:/bin gcc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Werror -O2 -g \
			-o "$DL/$1" "${@:2}"
	}
	build talker "$here/talker.c" "$here/talk.c" -Wl,--as-needed
	build plugin.so -shared -fPIC -DLINKED "$here/talk.c" -lssl -lcrypto
	build other.so -shared -fPIC "$here/other.c"
	build early.so -shared -fPIC -fno-builtin "$here/early.c"
	# Without a PLT, or they would not get that far by themselves.
	build resolver -fno-plt "$here/resolved.c" "$here/resolver.c"
	build resolver.so -shared -fPIC -fno-plt "$here/resolver.c"
	build resolver-library "$here/resolved.c" "-Wl,-rpath,$DL" "$DL/resolver.so"

	libssl=$(ldd "$DL/plugin.so" | sed -n 's/.*libssl.* => \([^ ]*\) .*/\1/p')
	mkdir -p "$DL/symbolic"
	/usr/bin/python3 "$here/../../stress/elfpatch.py" "$libssl" "$DL/symbolic/${libssl##*/}" --symbolic
	# By the names that programs try first, where the development files are installed.
	ln -s "${libssl##*/}" "$DL/symbolic/libssl.so"
	SYMBOLIC=LD_LIBRARY_PATH=$DL/symbolic
	export SYMBOLIC

	# Each object has a folder that only its own RUNPATH names.
	for who in program library plugin; do
		mkdir -p "$DL/$who"
		build "$who/hidden.so" -shared -fPIC -nostdlib "$here/hidden.c"
	done
	object() { # WHO FILE ARGUMENT...
		build "$2" "-DWHO=$1" "$here/seek.c" "-Wl,--enable-new-dtags,-rpath,$DL/$1:$DL" "${@:3}"
	}
	object library seek-library.so -shared -fPIC
	object plugin seek-plugin.so -shared -fPIC
	object program seeker "$here/seeker.c" -rdynamic "$DL/seek-library.so"

	build wrapped "$here/wrapped.c"
	build wrapped-linked -DLINKED "$here/wrapped.c" \
		"$(gcc -print-file-name=libgnutls-openssl.so.27)"
}

# SPDX-License-Identifier: MIT
#
# Once for all tests of the decision against its model: the programs that ask the library.

# shellcheck source=tests/lib/suite.bash
. "${BASH_SOURCE[0]%/*}/../lib/suite.bash"

setup_suite() {
	local here=${BASH_SOURCE[0]%/*}
	need "the tests of the model" cc openssl valgrind /usr/bin/python3 || return 1
	export PROGRAMS=$BATS_SUITE_TMPDIR
	export BUILD=${BUILD:-$here/../../build}
	build() { # ARGUMENT...
		env -i PATH=/usr/bin:/bin "${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wshadow \
			-Werror -g -O1 -I"$here/../../shim" "$@"
	}
	build -o "$PROGRAMS/decide" "$here/decide.c" "$BUILD/libpinshim.a" -l:libinih.a
	build -o "$PROGRAMS/soak" "$here/soak.c" -lssl -lcrypto
}

# SPDX-License-Identifier: MIT
#
# Certificates with SCTs, and the logs that gave them, made once for a file of tests.
# shellcheck shell=bash

make_ct_certs() { # DIR: of tests/lib/pki.sh
	local lib=${BASH_SOURCE[0]%/*}
	gcc -std=gnu11 -D_GNU_SOURCE -I"$lib/../../shim" -o "$BATS_FILE_TMPDIR/ctcerts" "$lib/ctcerts.c" \
		"$lib"/../../shim/pure/{pin,base64}.c -lcrypto
	"$BATS_FILE_TMPDIR/ctcerts" "$1"
}

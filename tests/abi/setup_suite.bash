# SPDX-License-Identifier: MIT
#
# Once for all tests of the released object: the object, and every line of OpenSSL beside it.
# shellcheck shell=bash

setup_suite() {
	"${BASH_SOURCE[0]%/*}/../../scripts/abi.sh" prepare
}

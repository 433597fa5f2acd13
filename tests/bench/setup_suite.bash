# SPDX-License-Identifier: MIT
#
# What the benchmark needs. Fails at once when something is missing.
# shellcheck shell=bash

# shellcheck source=tests/lib/suite.bash
. "${BASH_SOURCE[0]%/*}/../lib/suite.bash"

setup_suite() {
	need "the benchmark and its tests" cc curl gnuplot haproxy openssl stunnel4 valgrind
}

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Holds the library to real programs (tests/clients), which it installs if they are missing:
# clients.sh [OPTION]... [NAME]..., all programs when none is named; what tests/clients/run.py takes.
# BUILD is the folder of what is tested. Needs root, or namespaces for users.
set -euo pipefail

cd "${BASH_SOURCE[0]%/*}/.."
unset "${!PINSHIM_@}" LD_PRELOAD
BUILD=$(realpath "${BUILD:-build}")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
env -i PATH=/usr/bin:/bin tests/lib/pki.sh "$work/pki"
"${CC:-gcc}" -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -fPIC -shared \
	-o "$work/drive.so" tests/clients/drive.c
/usr/bin/python3 -B tests/clients/run.py "--build=$BUILD" "--pki=$work/pki" "--observer=$work/drive.so" "$@"

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

# What rows want laid over /usr. It is kept until they want something else.
beside=build/clients/beside
mapfile -t packages < <(sed -n 's/^ *beside="\([^"]*\)",$/\1/p' tests/clients/programs/*.py |
	tr ' ' '\n' | sort -u)
[ "${packages[*]}" = "$(cat $beside/packages 2>/dev/null)" ] || {
	rm -rf $beside
	mkdir -p $beside/debs
	release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	(cd $beside/debs && apt-get -qq -o APT::Sandbox::User=root download "${packages[@]/%//$release}")
	for deb in "$beside"/debs/*.deb; do
		dpkg-deb -x "$deb" $beside
		dpkg-deb -W --showformat '${Package} ${Version}\n' "$deb" >>$beside/versions
	done
	rm -rf $beside/debs
	echo "${packages[*]}" >$beside/packages
}

/usr/bin/python3 -B tests/clients/run.py "--beside=$beside" "--build=$BUILD" "--pki=$work/pki" "--observer=$work/drive.so" "$@"

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Holds the library to real programs (tests/clients), which are installed (scripts/deps.sh clients):
# clients.sh [OPTION]... [NAME]..., all programs when none is named; what tests/clients/run.py takes.
# BUILD is the folder of what is tested. Needs root, or namespaces for users.
set -euo pipefail

cd "${BASH_SOURCE[0]%/*}/.."
. scripts/bare.bash
need_bare_machine
need_namespaces -m -n
unset "${!PINSHIM_@}" LD_PRELOAD
BUILD=$(realpath "${BUILD:-build}")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
# Programs that give up root reach what is theirs.
chmod 711 "$work"
mkdir "$work/rows"
env -i PATH=/usr/bin:/bin tests/lib/pki.sh "$work/pki"
"${CC:-gcc}" -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -fPIC -shared \
	-o "$work/drive.so" tests/clients/drive.c

run=(/usr/bin/python3 -B tests/clients/run.py)

# What rows want laid over /usr. It is kept until they want something else; when it cannot be had,
# these rows say so.
beside=build/clients/beside
fetch_beside() { # PACKAGE...
	local release deb
	[ "$*" != "$(cat $beside/packages 2>/dev/null)" ] || return 0
	rm -rf $beside
	mkdir -p $beside/debs
	release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	(cd $beside/debs && apt-get -qq -o APT::Sandbox::User=root download "${@/%//$release}") || return 0
	for deb in "$beside"/debs/*.deb; do
		dpkg-deb -x "$deb" $beside
		dpkg-deb -W --showformat '${Package} ${Version}\n' "$deb" >>$beside/versions
	done
	rm -rf $beside/debs
	echo "$*" >$beside/packages
}
mapfile -t packages < <("${run[@]}" --list-beside "$@" 2>/dev/null)
[ ${#packages[@]} = 0 ] || fetch_beside "${packages[@]}"

TMPDIR=$work/rows "${run[@]}" "--beside=$beside" "--build=$BUILD" "--pki=$work/pki" "--observer=$work/drive.so" "$@"

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What `pinshim scan' says of the programs of a plain Debian desktop: desktop.sh [TASK], by default
# task-gnome-desktop, the one that Debian's installer proposes. All packages that it would install
# on an empty disk are unpacked in build/roots, none is installed and nothing of them is run but
# `scan' itself, in a root of its own. It fetches 1 GB, and takes away again what it unpacked (5 GB).
# Needs root, or user namespaces.
set -euo pipefail

cd "${BASH_SOURCE[0]%/*}/.."
. scripts/apt.bash
umask 022
TASK=${1:-task-gnome-desktop}
BUILD=$(realpath "${BUILD:-build}")
ROOT=$PWD/build/roots/desktop
# What apt.bash reads.
arch=amd64 suites=(bookworm) state=$PWD/build/roots/.desktop
# What no program is, nor needs to be looked at.
LEAVE_OUT=(doc fonts help icons info locale man backgrounds)

trap 'rm -rf "$ROOT" "$state"' EXIT
rm -rf "$ROOT"
apt_fetch_lists
make_layout "$ROOT"
# As the installer does: the standard system, and the desktop with what it recommends.
apt -o APT::Install-Recommends=true install --print-uris '?priority(required)' \
	'?priority(important)' '?priority(standard)' task-desktop "$TASK" |
	sed -n "s/^'\([^']*\)' \([^ ]*\) .*/\1 \2/p" >"$state/packages"
echo "unpacking the $(wc -l <"$state/packages") packages of the standard system and $TASK" >&2
# A few hundred at a time, so that they need not all be on the disk.
cut -d' ' -f2 "$state/packages" | sed 's/%3a/:/; s/_\([^_]*\)_.*/=\1/' >"$state/wanted"
while mapfile -t -n 200 some && [ "${#some[@]}" -gt 0 ]; do
	(cd "$state/debs" && apt download "${some[@]}")
	for deb in "$state"/debs/*.deb; do
		unpack "$deb" "$ROOT" "${LEAVE_OUT[@]/#/--exclude=./usr/share/}"
		rm "$deb"
	done
done <"$state/wanted"
ldconfig -r "$ROOT"
cp "$BUILD/pinshim" "$BUILD/libpinshim.so" "$ROOT/"
# In namespaces of its own, so that nothing stays mounted. It finds the library by /proc.
enter=(unshare --mount --pid --fork)
[ "$(id -u)" -eq 0 ] || enter+=(--map-root-user)
echo "pinshim scan /usr/bin, with $(wc -l <"$state/packages") packages (the standard system and $TASK" \
	"of Debian ${suites[0]}, $(date -u +%F)):"
"${enter[@]}" --root="$ROOT" --mount-proc /pinshim scan /usr/bin

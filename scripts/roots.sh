#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Unpacks what Debian ships of OpenSSL and glibc, for building and running beside what is installed:
# roots.sh ROOT... makes build/roots/ROOT. Nothing is installed, and no root is ever entered:
# programs are linked against one, and started with its own loader. Needs apt, and no privileges.
set -euo pipefail

cd "${BASH_SOURCE[0]%/*}/.."
. scripts/apt.bash
umask 022
ROOTS=$PWD/build/roots
# What every root has; a sysroot for the compiler, and what tests link.
COMMON=(libc6 libc6-dev linux-libc-dev libssl-dev libgcc-s1 zlib1g libzstd1)

describe() { # ROOT: sets suites (the first one wins), arch and packages
	arch=amd64
	packages=("${COMMON[@]}")
	case $1 in
	release) # the oldest glibc that is served, with the headers that the sources are written for
		suites=(bullseye bookworm)
		packages=(libc6 libc6-dev linux-libc-dev libgcc-s1 libssl-dev/bookworm libinih-dev/bookworm)
		;;
	1.1.1) suites=(bullseye) packages+=(libssl1.1) ;;
	3.0) suites=(bookworm) packages+=(libssl3) ;;
	3.5) suites=(trixie) packages+=(libssl3t64) ;;
	3.6) suites=(sid) packages+=(libssl3t64) ;;
	4.0) suites=(experimental sid) packages+=(libssl4) ;;
	i386 | arm64)
		suites=(bookworm) arch=$1
		packages+=(libssl3 libinih-dev libinih1 libjansson-dev libjansson4 libelf-dev libelf1)
		packages+=(libcmocka-dev libcmocka0)
		;;
	*)
		echo "roots.sh: '$1' is no root; write release, 1.1.1, 3.0, 3.5, 3.6, 4.0, i386 or arm64" >&2
		return 2
		;;
	esac
}

make_root() { # ROOT
	local suites arch packages state root=$ROOTS/$1 deb
	describe "$1"
	[ ! -e "$root/complete" ] || return 0
	echo "unpacking Debian's packages of '$1' in build/roots"
	state=$ROOTS/.$1
	rm -rf "$root"
	apt_fetch_lists
	(cd "$state/debs" && apt download "${packages[@]}")
	make_layout "$root"
	for deb in "$state"/debs/*.deb; do
		unpack "$deb" "$root" --exclude='./usr/share/*' --exclude='./etc/*'
	done
	# Links that lead out of the root lead back into it.
	find "$root" -type l -lname '/*' -printf '%p %l\n' | while read -r link target; do
		ln -sfn "$root$target" "$link"
	done
	rm -rf "$state"
	touch "$root/complete"
}

for name; do
	make_root "$name"
done

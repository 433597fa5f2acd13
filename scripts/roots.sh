#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Unpacks what Debian ships of OpenSSL and glibc, for building and running beside what is installed:
# roots.sh ROOT... makes build/roots/ROOT. Nothing is installed, and no root is ever entered:
# programs are linked against one, and started with its own loader. Needs apt, and no privileges.
set -euo pipefail

cd "${BASH_SOURCE[0]%/*}/.."
umask 022
ROOTS=$PWD/build/roots
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
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

# Debian's archive, as this machine reaches it.
archive() {
	apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
		sed -n 's/^Debian //p' | grep -v -e security -e debug | sort | uniq -c | sort -rn |
		awk 'NR == 1 { print $2 }'
}

# An apt of its own, for this root. Releases are wanted as they are, also those that are not kept up.
apt() { # COMMAND...
	apt-get -qq -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" \
		-o "APT::Default-Release=${suites[0]}" -o APT::Sandbox::User="$(id -un)" \
		-o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null -o "Dir::State=$state" \
		-o Acquire::Check-Valid-Until=false \
		-o "Dir::State::status=$state/status" -o "Dir::Cache=$state" "$@"
}

make_root() { # ROOT
	local suites arch packages state root=$ROOTS/$1 suite url
	describe "$1"
	[ ! -e "$root/complete" ] || return 0
	url=$(archive)
	[ -n "$url" ] || {
		echo "roots.sh: apt on this machine knows no archive of Debian's" >&2
		return 1
	}
	echo "unpacking Debian's packages of '$1' in build/roots"
	state=$ROOTS/.$1
	rm -rf "$root" "$state"
	mkdir -p "$state/lists/partial" "$state/archives/partial" "$state/debs"
	: >"$state/status"
	for suite in "${suites[@]}"; do
		echo "deb [signed-by=$KEYRING] $url $suite main"
	done >"$state/sources.list"
	apt update
	(cd "$state/debs" && apt download "${packages[@]}")
	# All of them hold the newer layout, in which /lib is /usr/lib.
	mkdir -p "$root"/usr/{lib,lib32,lib64,bin,sbin}
	for suite in lib lib32 lib64 bin sbin; do
		ln -s "usr/$suite" "$root/$suite"
	done
	for suite in "$state"/debs/*.deb; do
		dpkg-deb --fsys-tarfile "$suite" |
			tar -x --keep-directory-symlink --no-same-owner -C "$root" \
				--exclude='./usr/share/*' --exclude='./etc/*'
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

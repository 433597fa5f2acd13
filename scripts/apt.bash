# SPDX-License-Identifier: MIT
#
# An apt of its own, for scripts that unpack Debian's packages in build/ and install nothing. It has
# its lists and packages in the folder that `state' names, is of the machine `arch', and knows the
# releases `suites', of which the first one wins.
# shellcheck shell=bash disable=SC2154 # those three

# Debian's archive, as this machine reaches it.
archive() {
	local url
	url=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
		sed -n 's/^Debian //p' | grep -v -e security -e debug | sort | uniq -c | sort -rn |
		awk 'NR == 1 { print $2 }')
	[ -n "$url" ] || {
		echo "${0##*/}: apt on this machine knows no archive of Debian's" >&2
		return 1
	}
	echo "$url"
}

# Starts afresh, and fetches what the archive has.
apt_fetch_lists() {
	local url suite
	url=$(archive)
	rm -rf "$state"
	mkdir -p "$state/lists/partial" "$state/archives/partial" "$state/debs"
	: >"$state/status"
	for suite in "${suites[@]}"; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $url $suite main"
	done >"$state/sources.list"
	apt update
}

# Releases are wanted as they are, also those that are not kept up.
apt() { # COMMAND...
	apt-get -qq -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" \
		-o "APT::Default-Release=${suites[0]}" -o APT::Sandbox::User="$(id -un)" \
		-o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null -o "Dir::State=$state" \
		-o Acquire::Check-Valid-Until=false \
		-o "Dir::State::status=$state/status" -o "Dir::Cache=$state" "$@"
}

# The layout that packages are unpacked in: /lib is /usr/lib, whatever an older package says.
make_layout() { # ROOT
	local folder
	mkdir -p "$1"/usr/{lib,lib32,lib64,bin,sbin}
	for folder in lib lib32 lib64 bin sbin; do
		ln -s "usr/$folder" "$1/$folder"
	done
}

unpack() { # PACKAGE ROOT [TAR-OPTION...]
	dpkg-deb --fsys-tarfile "$1" |
		tar -x --keep-directory-symlink --no-same-owner -C "$2" "${@:3}"
}

# SPDX-License-Identifier: MIT
#
# What `make install' puts where, and that `make uninstall' takes away no more and no less.

bats_require_minimum_version 1.5.0

setup() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	BUILD=$(realpath "${BUILD:-$ROOT/build}")
	D=$BATS_TEST_TMPDIR/stage
}

# Each file with its mode, below $D.
installed() {
	(cd "$D" && find . ! -type d -printf '%m %P\n' | sort -k 2)
}

expected() { # PREFIX (without the leading slash)
	sed "s| | $1/|" <<-END
		755 bin/pinshim
		755 lib/libpinshim.so
		644 share/bash-completion/completions/pinshim
		644 share/doc/pinshim/apparmor-abstraction
		644 share/doc/pinshim/logrotate-pinshim
		644 share/doc/pinshim/policy.ini
		644 share/doc/pinshim/systemd-pinshim.conf
		644 share/man/man1/pinshim.1
		644 share/man/man5/pinshim.ini.5
		644 share/man/man8/libpinshim.8
	END
}

# From what stands in build/gcc and the like, which must not be built anew.
make_it() { # TARGET VARIABLE...
	env -i PATH=/usr/bin:/bin make -s -C "$ROOT" "BUILD=$BUILD" "DESTDIR=$D" "$@"
}

@test "make install, then make uninstall" {
	make_it install PREFIX=/usr
	diff <(expected usr) <(installed)
	cmp "$BUILD/libpinshim.so" "$D/usr/lib/libpinshim.so"
	cmp "$BUILD/pinshim" "$D/usr/bin/pinshim"
	make_it uninstall PREFIX=/usr
	[ -z "$(installed)" ]
}

@test "the example for a unit names the library that is installed" {
	for prefix in /usr /opt/pinshim; do
		make_it install PREFIX=$prefix
		grep -x "Environment=LD_PRELOAD=$prefix/lib/libpinshim.so" \
			"$D$prefix/share/doc/pinshim/systemd-pinshim.conf"
	done
}

@test "the default is /usr/local" {
	make_it install
	diff <(expected usr/local) <(installed)
}

@test "make uninstall leaves what is not the project's" {
	make_it install PREFIX=/usr
	touch "$D/usr/share/doc/pinshim/notes" "$D/usr/bin/other"
	make_it uninstall PREFIX=/usr
	diff <(printf '%s\n' '644 usr/bin/other' '644 usr/share/doc/pinshim/notes') <(installed)
}

@test "make uninstall does nothing while the library is in ld.so.preload" {
	make_it install PREFIX=/usr
	mkdir "$D/etc"
	echo /usr/lib/libpinshim.so >"$D/etc/ld.so.preload"
	run make_it uninstall PREFIX=/usr
	[ "$status" -ne 0 ]
	[[ $output == *"run 'pinshim host disable' first"* ]]
	diff <(expected usr | cat - <(echo "644 etc/ld.so.preload") | sort -k 2) <(installed)
	echo '# /usr/lib/libpinshim.so' >"$D/etc/ld.so.preload"
	make_it uninstall PREFIX=/usr
}

@test "an installed library is replaced, never written over" {
	make_it install PREFIX=/usr
	exec 9<"$D/usr/lib/libpinshim.so"
	before=$(stat -c %i "$D/usr/lib/libpinshim.so")
	make_it install PREFIX=/usr
	[ "$before" != "$(stat -c %i "$D/usr/lib/libpinshim.so")" ]
	diff <(expected usr) <(installed)
}

@test "the samples are policies" {
	env -i "$BUILD/pinshim" check "$ROOT/conf/policy.ini"
}

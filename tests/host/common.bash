# SPDX-License-Identifier: MIT
#
# Hosts to put the library into. One is a mount and process namespace with an /etc and a /usr/local
# of its own, in which pinshim is installed and nothing of this machine's /etc is changed. Others are
# root folders for --root. Needs root.
# shellcheck shell=bash disable=SC2154 # set by the rig

load ../lib/rig

PRELOAD=/etc/ld.so.preload
INSTALLED=/usr/local/lib/libpinshim.so

# Runs a shell script on such a host, with $T/etc laid over its /etc and $T/local over /usr/local. Output,
# error and exit code as with `try'.
on_host() { # SCRIPT [ARGUMENT...]
	mkdir -p "$T/etc" "$T/local"
	# shellcheck disable=SC2016 # expanded by the inner shells
	try unshare -mpf --mount-proc bash -euc '
		umask 022
		mount -t tmpfs -o mode=755 none /usr/local
		mkdir /usr/local/bin /usr/local/lib /usr/local/etc
		cp "$2" /usr/local/bin/pinshim
		cp "$3" /usr/local/lib/libpinshim.so
		chmod 755 /usr/local/bin/pinshim /usr/local/lib/libpinshim.so
		cp -a "$1/local/." /usr/local
		cp -a /etc/. "$1/etc/." /usr/local/etc
		mount --bind /usr/local/etc /etc
		shift 3
		exec "$@"' - "$T" "$BUILD/pinshim" "$LIB" "${BARE[@]}" "T=$T" "PKI=$PKI" "PORT=${PORT:-}" \
		PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash -euc "$@"
}

host_section() { # LINE...: the host's policy
	mkdir -p "$T/etc/pinshim"
	printf '%s\n' "log = none" "[api.example.com]" "$@" >"$T/etc/pinshim/policy.ini"
}

# --root: a folder that looks like a system with pinshim, to be changed with `enable' and `disable'.
make_root() {
	R=$T/root
	umask 022
	mkdir -p "$R/etc" "$R/usr/local/lib"
	cp "$LIB" "$R$INSTALLED"
	chmod 755 "$R$INSTALLED"
}

file() { # TEXT: becomes the root's ld.so.preload, with printf's escapes
	# shellcheck disable=SC2059 # it is a format on purpose
	printf "$1" >"$R$PRELOAD"
}

holds() { # TEXT: the root's ld.so.preload is this
	# shellcheck disable=SC2059
	printf "$1" | cmp - "$R$PRELOAD" || fail "ld.so.preload is: $(cat "$R$PRELOAD")"
}

on_root() { # WORD [OPTION...]
	run_bare "$BUILD/pinshim" host "$1" --root "$R" "${@:2}"
}

enable() {
	on_root enable
	assert_rc 0
}

disable() {
	on_root disable
	assert_rc 0
}

assert_said() { # PATTERN: on standard output
	grep -qE -- "$1" "$T/out" || fail "standard output lacks: $1"
}

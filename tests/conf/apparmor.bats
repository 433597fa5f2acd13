#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The abstraction for AppArmor's profiles: its parser takes it, and it permits the files that the
# library opens by itself. Nothing is loaded into a kernel.

load ../lib/rig

PROFILES=/etc/apparmor.d

# Makes a profile with the abstraction, if there is to be one, and prints what it permits.
compile() { # [ABSTRACTION]
	cp -r "$PROFILES/abi" "$PROFILES/tunables" "$PROFILES/abstractions" "$T"
	cat >"$T/profile" <<-END
		abi <abi/3.0>,
		include <tunables/global>
		profile probe /usr/bin/probe {
			${1:+include <abstractions/pinshim>}
		}
	END
	[ $# = 0 ] || cp "$1" "$T/abstractions/pinshim"
	try "${BARE[@]}" apparmor_parser -QK -b "$T" -I "$T" -d "$T/profile"
}

# What RULE says of a path: "MODE", from the parser's list of its rules.
permits() { # MODE PATH
	/usr/bin/python3 - "$T/out" "$@" <<-'END'
		import re, sys
		listed, mode, path = open(sys.argv[1]).read(), sys.argv[2], sys.argv[3]
		def pattern(text):
		    text = re.escape(text).replace(r"\*\*", ".+").replace(r"\*", "[^/]+")
		    return re.sub(r"\\\{([^}]*)\\\}", lambda m: "(" + m[1].replace(",", "|") + ")", text)
		for rule in re.finditer(r"Mode:\s+(\S*):\S*\s+Name:\s+\((\S+)\)", listed):
		    if set(mode) <= set(rule[1]) and re.fullmatch(pattern(rule[2]), path):
		        sys.exit(0)
		sys.exit(1)
	END
}

denies() { # MODE PATH
	! permits "$@" || fail "$2 is permitted"
}

@test "apparmor_parser takes it" {
	compile "$ROOT/conf/apparmor-abstraction"
	assert_rc 0
	assert_err_lacks 'error|warning'
	sed 's/ mr,$/ mr/' "$ROOT/conf/apparmor-abstraction" >"$T/broken"
	compile "$T/broken"
	assert_rc 1
}

@test "it permits what the library does, and no more" {
	local library path
	compile "$ROOT/conf/apparmor-abstraction"
	for library in /lib /usr/lib /usr/local/lib; do
		permits mr $library/libpinshim.so || fail "$library/libpinshim.so"
	done
	for path in /etc/pinshim/ /etc/pinshim/policy.ini /etc/pinshim/policy.d/ \
		/etc/pinshim/policy.d/a.ini /etc/pinshim/units/x.ini /var/lib/pinshim/x; do
		permits r $path || fail "$path"
	done
	for path in /dev/log /run/systemd/journal/dev-log /var/log/pinshim/x.jsonl; do
		permits w $path || fail "$path"
	done
	denies w /etc/pinshim/policy.ini
	denies w /usr/lib/libpinshim.so
	denies w /var/log/syslog
	# None of that comes from elsewhere.
	compile
	denies r /etc/pinshim/policy.ini
}

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# pinshim known: what the store of known keys shows, and how a key is taken out of it.

load common

known() { # ARGUMENT...
	run --separate-stderr clean "PINSHIM_STATE=$DIR/state" "$PINSHIM" known "$@"
}

store() { # LINE...
	[ -e state ] || mkdir -m 700 state
	printf '%s\n' "$@" >state/known
}

# The store holds these lines, and whoever lists it is content.
holds() { # LINE...
	printf '%s\n' "$@" | diff - state/known
	[ "$(stat -c %a state/known)" = 600 ]
	known list
	must 0
}

bad() { # TEXT
	known list
	must 1
	one_line
	says "pinshim: $DIR/state/$1"
	[ -z "$output" ]
}

@test "nothing known" {
	known list
	must 0
	[ -z "$output$stderr" ]
	known forget a.test
	must 1
	says "pinshim: no key of 'a.test' is known in $DIR/state/known"
	[ ! -e state ]
}

@test "the list, in the order of names" {
	store "long-name.example.com $PIN_B 2026-01-31 -" '# a comment' '' "2001:db8::7 $PIN_A 2025-02-28 curl"
	known list
	must 0
	[ "$output" = "2001:db8::7            $PIN_A  2025-02-28  curl
long-name.example.com  $PIN_B  2026-01-31  -" ]
	known list --json
	must 0
	[ "$output" = '{"hostname":"2001:db8::7","pin":"'"$PIN_A"'","since":"2025-02-28","program":"curl","line":4}
{"hostname":"long-name.example.com","pin":"'"$PIN_B"'","since":"2026-01-31","program":"-","line":1}' ]
}

@test "forget takes one line out, and nothing else" {
	store '# first' "a.test $PIN_A 2026-11-25 curl" '' '# second' "b.test $PIN_B 2026-11-25 wget" '# last'
	chmod 600 state/known
	known forget A.Test.
	must 0
	[ -z "$output$stderr" ]
	holds '# first' '' '# second' "b.test $PIN_B 2026-11-25 wget" '# last'
	known forget a.test
	must 1
	known forget b.test
	must 0
	holds '# first' '' '# second' '# last'
	[ "$(ls state)" = 'known
known.lock' ]
}

@test "a line without its end is none, and goes with the next change" {
	store "a.test $PIN_A 2026-11-25 curl" "b.test $PIN_B 2026-11-25 curl"
	printf 'c.test %s 2026-11-25 curl' "$PIN_B" >>state/known
	chmod 600 state/known
	known list
	must 0
	[[ $output != *c.test* ]]
	known forget c.test
	must 1
	known forget b.test
	must 0
	holds "a.test $PIN_A 2026-11-25 curl"
}

@test "what a crash left behind does not stand in the way" {
	store "a.test $PIN_A 2026-11-25 curl"
	echo rubbish >state/known.new
	ln -sf "$DIR/elsewhere" state/known.new
	known forget a.test
	must 0
	[ ! -e elsewhere ]
	[ ! -s state/known ]
}

@test "a store that is not understood is not used" {
	local line
	for line in "a.test $PIN_A 2026-11-25" "a.test  $PIN_A 2026-11-25 curl" \
		"a.test $PIN_A 2026-11-25 my curl" " a.test $PIN_A 2026-11-25 curl" \
		$'a.test\tx y z' "a.test $PIN_A 2026-11-25 curl "; do
		store "b.test $PIN_B 2026-11-25 curl" "$line"
		bad 'known:2: '
		says "write 'NAME sha256/BASE64 YYYY-MM-DD PROGRAM', or delete"
	done
	store "A.test $PIN_A 2026-11-25 curl"
	bad "known:1: 'A.test' is not how the name is compared; write 'a.test'"
	store "a_%.test $PIN_A 2026-11-25 curl"
	bad "known:1: 'a_%.test' "
	store "a.test ${PIN_A/\//\/\/} 2026-11-25 curl"
	bad "known:1: '${PIN_A/\//\/\/}' is not how the key is written here; write '$PIN_A'"
	store 'a.test sha256/AAAA 2026-11-25 curl'
	bad "known:1: 'sha256/AAAA' is 3 bytes, not 32"
	for line in 2026-02-29 2026-2-01 26-11-25 2026-11-2x 2026/11/25; do
		store "a.test $PIN_A $line curl"
		bad "known:1: '$line' is no day of the calendar; write YYYY-MM-DD"
	done
	store "a.test $PIN_A 2026-11-25 curl" '#' "b.test $PIN_A 2026-11-25 curl" "a.test $PIN_B 2026-11-25 curl"
	bad "known:4: 'a.test' stands twice, first on line 1; delete the line that is wrong"
	known forget a.test
	must 1
	says "$DIR/state/known:4: "
	store "a.test $PIN_A 2026-11-25 $(printf '%01000d' 0)"
	bad "known:1: "
	printf 'a.test\0 x\n' >state/known
	bad 'known:1: '
}

@test "a store that others could change is not used" {
	store "a.test $PIN_A 2026-11-25 curl"
	chmod 620 state/known
	bad 'known: can be written by others (mode 0620)'
	chmod 602 state/known
	bad 'known: can be written by others (mode 0602)'
	chmod 600 state/known
	chmod 770 state
	known list
	must 1
	says "$DIR/state: can be written by others (mode 0770), so could what is known; chmod go-w it"
	chmod 700 state
	mv state/known state/elsewhere
	ln -s elsewhere state/known
	bad 'known: cannot be read: '
	rm state/known
	mkfifo state/known
	bad 'known: is no regular file'
}

@test "a store of another user is not used" {
	need_root
	store "a.test $PIN_A 2026-11-25 curl"
	chown 65534 state/known
	bad 'known: is owned by uid 65534'
	chown 0 state/known
	chown 65534 state
	known list
	must 1
	says "$DIR/state: is owned by uid 65534"
}

@test "where the store is" {
	need_root
	local home=$DIR/home
	mkdir "$home" && chown 65534 "$home"
	# The build may be where only root gets.
	mkdir bin && cp "$PINSHIM" bin/ && PINSHIM=$DIR/bin/pinshim
	forget_as_nobody() { # VARIABLE=VALUE...
		as_nobody "$@" "$PINSHIM" known forget a.test
		must 1
	}
	forget_as_nobody "HOME=$home"
	says "is known in $home/.local/state/pinshim/known"
	forget_as_nobody "HOME=$home" "XDG_STATE_HOME=$DIR/xdg"
	says "is known in $DIR/xdg/pinshim/known"
	forget_as_nobody "HOME=$home" XDG_STATE_HOME=relative
	says "is known in $home/.local/state/pinshim/known"
	forget_as_nobody "HOME=$home" "XDG_STATE_HOME=$DIR/xdg" PINSHIM_STATE=here
	says "is known in $DIR/here/known"
	as_nobody "$PINSHIM" known list
	must 1
	says 'known keys: HOME names no folder to keep them in; set PINSHIM_STATE'
	as_nobody HOME=/ PINSHIM_STATE= "$PINSHIM" known list
	must 1
	says 'PINSHIM_STATE: is empty; name a folder, or unset it'
	run --separate-stderr clean "HOME=$home" "XDG_STATE_HOME=$DIR/xdg" "$PINSHIM" known forget nobody.invalid
	must 1
	says 'is known in /var/lib/pinshim/known'
}

@test "usage" {
	local arguments
	for arguments in '' 'forget' 'show' 'list a.test' 'forget a.test b.test' '--json forget a.test' 'forget a..b'; do
		# shellcheck disable=SC2086 # words
		known $arguments
		must 2
		says 'usage: pinshim known'
	done
}

@test "a command that gained privileges does not go by the environment" {
	need_root
	in_namespace '
		mkdir bin && mount -t tmpfs -o mode=755 tmpfs bin
		cp "$PINSHIM" bin/pinshim
		chown 65534 bin/pinshim
		chmod 4755 bin/pinshim
		exec setpriv --reuid 1 --regid 1 --clear-groups \
			env HOME=/ XDG_STATE_HOME=/ PINSHIM_STATE=/etc bin/pinshim known list'
	must 1
	says 'known keys: HOME names no folder to keep them in'
}

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# How the command is called, and what it does when it is called wrongly or
# cannot be heard.

load common

@test "--help and --version go to standard output" {
	pinshim --help
	must 0
	prints 'usage: pinshim run [-p POLICY]... [-r] [-x HOST]... [-e FILE] [--] PROGRAM [ARG]...'
	[ -z "$stderr" ]
	pinshim --version
	must 0
	[[ $output =~ ^pinshim\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "every verb has --help and --version" {
	for verb in run pin check explain apply compile learn scan known host; do
		pinshim $verb --help
		must 0
		prints "usage: pinshim $verb "
		[ -z "$stderr" ]
		pinshim $verb --version
		must 0
		[[ $output =~ ^pinshim\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	done
}

@test "usage errors exit 2 and go to standard error" {
	usage() {
		local text=$1

		shift
		pinshim "$@"
		must 2
		[ -z "$output" ]
		says "$text"
		says 'usage: pinshim '
	}
	usage 'a verb is missing'
	usage "unknown verb 'frob'" frob
	usage "run: PROGRAM is missing" run
	usage "run: PROGRAM is missing" run --
	usage "run: unknown option '-z'" run -z true
	usage "run: unknown option '--frob'" run --frob true
	usage "run: option '-p' needs an argument" run -p
	usage "run: option '-x' needs an argument" run -x
	usage "run: option '-e' needs an argument" run --events
	usage "learn: FILE is missing" learn
	usage "learn: unknown option '-p'" learn -p a
	usage "pin: HOST or FILE is missing" pin
	usage "pin: 'b' is one argument too many" pin a b
	usage "pin: unknown option '-p'" pin -p a
	usage "check: 'b' is one argument too many" check a b
	usage "check: '' names no policy" check ''
	usage "check: unknown option '-z'" check -z a
	usage "check: unknown option '--strict=1'" check --strict=1 a
	usage "explain: NAME is missing" explain
	usage "compile: FILE or DIR is missing" compile
	usage "apply: FILE or DIR is missing" apply
	usage "scan: unknown option '--frob'" scan --frob
	usage "check: option '--port' needs an argument" check -c --port
	usage "host: option '--root' needs an argument" host status --root
	usage "explain: 'c' is one argument too many" explain a b c
	usage "explain: option '-p' needs an argument" explain -p
	usage "explain: 'a..b' has an empty label" explain a..b
	usage "explain: 'bü.example' has other than ASCII" explain 'bü.example'
}

@test "what a terminal would obey is not printed" {
	# The last is U+009B, which is as good as ESC [.
	name=$'x\e[31m\n\x7f\xc2\x9by\xc3\xa9'
	plain=$'x?[31m????y\xc3\xa9'
	mkdir folder
	printf 'frob\n' | tee "$name" >"folder/$name.ini"
	chmod 755 "$name"
	for call in check learn pin 'run -e /dev/null -p'; do
		# shellcheck disable=SC2086 # words
		pinshim $call "./$name"
		must $((${#call} > 9 ? 125 : 1))
		says "/$plain"
		one_line
	done
	pinshim check folder
	must 1
	says "folder/$plain.ini:1: "
	one_line
	pinshim scan . "./$name"
	prints "./$plain  "
	[ "${#lines[@]}" -eq 3 ]
	pinshim "$name"
	must 2
	says "unknown verb '$plain'"
	pinshim explain "$name"
	must 2
	says "explain: '$plain' has other"
}

@test "an output that is lost is an error" {
	printf '[a.test]\npin = %s\npin = %s\n' "$PIN_A" "$PIN_B" >p.ini
	for call in '--version' '--help' 'pin --help' 'check p.ini' 'explain -p p.ini a.test' 'scan /bin/true'; do
		run --separate-stderr clean sh -c "'$PINSHIM' $call >/dev/full"
		must 1
		says 'pinshim: standard output: No space left on device'
		run --separate-stderr clean sh -c "'$PINSHIM' $call >&-"
		must 1
		says 'pinshim: standard output: Bad file descriptor'
	done
}

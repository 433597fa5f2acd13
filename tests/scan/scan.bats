#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# pinshim scan: which stack it finds in which program, and what it says of coverage. Whether that is
# true is asked of servers in agree.bats.
# shellcheck disable=SC2154 # set by the rig

load ../cmd/common
load samples

setup_file() {
	build_samples
}

# is PATH COVERED HOW STACKS: both lists with commas, `-' when empty; a stack as STACK:MANNER.
is() {
	local said expected="$2 $3 $4"

	pinshim scan --json "$1"
	said=$(jq -r '[.covered, (.how | join(",")), ([.stacks[] | .stack + ":" + .manner] | join(","))]
		| map(if . == "" then "-" else . end) | join(" ")' <<<"$output")
	[ "$said" = "$expected" ] && return
	printf '%s\nis:       %s\nexpected: %s\n' "$output" "$said" "$expected"
	return 1
}

# holds FILTER: what the last run printed fulfils it, each line and all of them.
holds() {
	jq -se "all($1) and length > 0" <<<"$output" >/dev/null && return
	printf 'not so: %s\n%s\n' "$1" "$output"
	return 1
}

library() { # NAME: its path on this machine
	gcc -print-file-name="$1"
}

@test "real programs" {
	is /usr/bin/openssl yes run,host openssl:linked
	is /usr/sbin/nginx yes run,host openssl:linked
	is /usr/bin/curl partly run,host openssl:linked,gnutls:linked
	is /usr/bin/wget no - gnutls:linked
	is /usr/lib/apt/methods/http no - gnutls:linked
	is /usr/bin/python3 yes run,host openssl:module
	is /usr/bin/perl yes run,host openssl:module
	is /usr/bin/ruby yes run,host openssl:module
	is /usr/bin/php partly run,host openssl:linked,gnutls:module
	is /usr/sbin/posttls-finger yes run,host openssl:linked
	is /usr/bin/true no-tls - -
	is "$PINSHIM" yes run,host openssl:linked
}

@test "libraries" {
	is "$(library libcurl.so.4)" partly run,host openssl:linked,gnutls:linked
	holds '.kind == "library"'
	is "$(library libssl.so.3)" yes run,host openssl:linked
	is "$(library libgnutls-openssl.so.27)" no - gnutls:linked
	is "$(library libQt5Network.so.5)" yes run,host openssl:may-load
	is "$(library libQt6Network.so.6)" yes run,host openssl:module
	is "$(library libc.so.6)" no-tls - -
}

@test "libssl: linked, needed by libraries, looked up" {
	is "$S/linked" yes run,host openssl:linked
	holds '.stacks[0].version | test("^[0-9.]+[a-z]*$")'
	holds '.stacks[0].library | endswith("/libssl.so.3")'
	holds '.stacks[0].through == null'
	is "$S/through" yes run,host openssl:linked
	holds '.stacks[0].through == "libtls.so"'
	is "$S/loads" yes run,host openssl:may-load
	is "$S/looks-up" yes run,host openssl:may-load
	pinshim scan "$S/loads"
	prints 'may load libssl'
}

@test "daemons, through their modules" {
	is "$S/usr/sbin/apache2" yes run,host openssl:module
	is "$S/usr/sbin/apache3" no-tls - -
	rm "$S/usr/lib/apache2/modules/mod_ssl.so"
	is "$S/usr/sbin/apache2" no-tls - -
	rm -r "${S:?}/usr"
}

@test "interpreters, through modules beside their library" {
	local program
	for program in pypy/bin/pypy3 tcl/bin/tclsh prolog/bin/swipl R/bin/exec/R lua/bin/lua5.3; do
		is "$S/$program" yes run,host openssl:module
	done
	# Another version's are none of its own.
	mv "$S/pypy/lib/pypy3.9" "$S/pypy/lib/pypy3.10"
	is "$S/pypy/bin/pypy3" no-tls - -
	rm -r "${S:?}"/{pypy,tcl,prolog,R,lua}
}

@test "a library that is used, through its modules" {
	is "$S/gensio" yes run,host openssl:module
	rm -r "$S/opt/libexec"
	is "$S/gensio" no-tls - -
}

@test "libraries are looked for as the loader does" {
	ldd "$S/old/program" | grep -q libssl
	is "$S/old/program" yes run,host openssl:linked
	[ "$(ldd "$S/new/program" | grep -c libssl)" = 0 ]
	is "$S/new/program" no-tls - -
	# $ORIGIN is where the program is, not where a link to it is.
	ln -s "$S/through" link
	is ./link yes run,host openssl:linked
	cp "$S/through" copy
	is ./copy no-tls - -
}

@test "OpenSSL that is linked in statically" {
	is "$S/static" no - openssl:static
	holds '.reason | startswith("static program; OpenSSL 3.")'
	is "$S/inside" no - openssl:static
	holds '.reason | test("^OpenSSL 3[.0-9]+ linked in statically, ")'
	is "$S/through-inside" no - openssl:static
	holds '.stacks[0].through == "libinside.so"'
}

@test "other stacks by what they leave in programs" {
	is "$S/go" no - go:static
	is "$S/go-plain" no-tls - -
	is "$S/rust" no - rustls:static
	is "$S/haskell" no - haskell:static
	is "$S/busybox" no - busybox:static
	is "$S/boring" no - boringssl:static
}

@test "programs without TLS, and those that speak of it" {
	is "$S/plain" no-tls - -
	is "$S/talk" no-tls - -
	is "$S/plain-static" no-tls - -
	holds '.reason == "static program"'
}

@test "programs that the loader does not take the shim into" {
	is "$S/musl" no - openssl:linked
	holds '.reason | startswith("not loaded by glibc; ")'
	cp "$S/linked" other && printf '\267' | dd of=other bs=1 seek=18 conv=notrunc status=none
	is ./other no-tls - -
	holds '.reason == "for another architecture than the shim"'
	cp "$(library libssl.so.3)" lib.so && printf '\267' | dd of=lib.so bs=1 seek=18 conv=notrunc status=none
	is ./lib.so no - openssl:linked
}

@test "programs that gain privileges are covered by the host's policy only" {
	need_root
	cp "$S/linked" setuid && chown 65534 setuid && chmod u+s setuid
	is ./setuid yes host openssl:linked
	cp "$S/linked" setgid && chmod g+s setgid
	is ./setgid yes host openssl:linked
	cp "$S/linked" caps && setcap cap_net_bind_service+ep caps
	is ./caps yes host openssl:linked
	pinshim scan ./setuid "$S/linked"
	must 0
	prints 'host only'
	prints '1 of them by /etc/ld.so.preload only'
}

# `run' refuses what `scan' says it does not reach, and nothing else. Asked by a user who has no
# privileges to lose.
@test "run agrees" {
	need_root
	local file how
	mkdir bin && cp "$PINSHIM" "$LIBRARY" bin/
	cp "$S"/{linked,static,inside,musl,plain,plain-static} .
	cp linked setuid && chmod u+s setuid
	cp linked setgid && chmod g+s setgid
	cp linked caps && setcap cap_net_bind_service+ep caps
	cp linked other && printf '\267' | dd of=other bs=1 seek=18 conv=notrunc status=none
	head -c 200 linked >broken && chmod +x broken
	for file in linked static inside musl plain plain-static setuid setgid caps other broken; do
		as_nobody "$DIR/bin/pinshim" scan --json "./$file"
		must 0
		how=$(jq -r '.reason // "" | if test("static program|privileges|architecture|glibc|whole")
			then 125 else 0 end' <<<"$output")
		as_nobody "$DIR/bin/pinshim" run "./$file"
		[ "$status" = "$how" ] || {
			echo "$file: run exits with $status; $output; $stderr"
			return 1
		}
	done
}

@test "scripts are what their interpreters are" {
	printf '#!/usr/bin/env python3\n' >a && printf '#!/bin/sh\n' >b && printf '#!%s\n' "$S/static" >c
	printf '#!/nowhere/x\n' >d && chmod +x a b c d
	is ./a yes run,host openssl:module
	holds '.kind == "script" and (.program | startswith("/usr/bin/python3"))'
	is ./b no-tls - -
	is ./c no - openssl:static
	is ./d unknown - -
	must 0
	holds '.reason | startswith("its interpreter '"'/nowhere/x'"': No such file")'
}

@test "what cannot be looked at is told, and the exit code is 1" {
	need_root
	mkdir closed && cp "$S/linked" closed/ && chmod 700 closed
	cp "$S/linked" secret && chmod 711 secret
	mkfifo fifo
	mkdir bin && cp "$PINSHIM" "$LIBRARY" bin/
	as_nobody "$DIR/bin/pinshim" scan --json ./secret ./closed/linked ./closed . ./missing ./fifo ''
	must 1
	holds 'select(.error != null)'
	[ "$(jq -sc 'map([.path, .error])' <<<"$output")" = "$(jq -nc '[
		["./secret", "Permission denied"], ["./closed/linked", "Permission denied"],
		["./closed", "Permission denied"], ["./closed", "Permission denied"],
		["./bin/pinshim", null], ["./secret", "Permission denied"],
		["./missing", "No such file or directory"], ["./fifo", "not a regular file"],
		["", "No such file or directory"]]')" ] || {
		echo "$output"
		return 1
	}
	pinshim scan ./missing "$S/linked"
	must 1
	prints 'No such file or directory'
	prints '2 looked at: 1 covered, 1 unknown'
	[ -z "$stderr" ]
}

@test "files that are damaged or no programs" {
	head -c 300 "$S/linked" >broken && head -c 4000 "$S/linked" >short && printf '\177ELF' >four
	printf 'MZ\0\0' >other && : >empty && chmod +x broken short four other empty
	for file in broken short four; do
		is ./$file unknown - -
		must 0
	done
	is ./other unknown - -
	holds '.kind == "other" and .reason == "neither an ELF file nor a script"'
	is ./empty no-tls - -
}

@test "without its library the command says so" {
	mkdir bin && cp "$PINSHIM" bin/ && echo x >bin/libpinshim.so
	run --separate-stderr clean bin/pinshim scan /bin/true
	must 1
	says "'$DIR/bin/libpinshim.so' is not a whole ELF file"
	one_line
}

# --- folders

@test "a folder: all programs below it, each once, and under a name that is no link" {
	mkdir -p d/sub e && cp "$S/linked" d/b && cp "$S/static" d/sub/s && cp "$S/linked" e/outside
	ln -s b d/a && ln d/b d/c && ln -s ../e/outside d/z && ln -s nowhere d/dangling
	ln -s ../e d/folder && cp "$S/linked" d/data && chmod -x d/data && cp "$S/libtls.so" d/
	pinshim scan --json d
	must 0
	[ "$(jq -r .path <<<"$output")" = $'d/b\nd/sub/s\nd/z' ]
	ln -s d linked
	pinshim scan --json linked/ d
	[ "$(jq -r .path <<<"$output")" = $'linked/b\nlinked/sub/s\nlinked/z' ]
}

@test "a folder: what is listed, and what is counted" {
	mkdir d && cp "$S"/{linked,through,static,plain,plain-static} d/
	printf '#!/usr/bin/python3\n' | tee d/one >d/two && printf '#!/bin/sh\n' >d/three
	chmod +x d/*
	cp "$S/libtls.so" d/
	pinshim scan d
	must 0
	[ "${#lines[@]}" -eq 7 ]
	[[ ${lines[0]} =~ ^d/linked\ +covered\ +libssl\ +libssl\ 3 ]]
	[[ ${lines[1]} =~ ^d/static\ +not\ covered\ +OpenSSL\ +static\ program\;\ OpenSSL\ 3 ]]
	[[ ${lines[2]} =~ ^d/through\ +covered\ +libssl\ +libssl\ .*\ through\ libtls.so ]]
	[[ ${lines[3]} =~ ^2\ scripts\ +covered\ +libssl\ \(module\)\ +run\ by\ /usr/bin/python3 ]]
	[ "${lines[4]}" = '8 looked at: 4 covered, 1 not covered, 3 without TLS' ]
	[[ ${lines[5]} =~ ^libssl\ +5:\ 4\ covered,\ 1\ not$ ]]
	[[ ${lines[6]} == *--all* ]]
	[ -z "$stderr" ]
	pinshim scan --all d
	[ "${#lines[@]}" -eq 10 ]
	prints 'd/plain '
	prints 'd/one '
}

@test "without arguments: the folders of PATH" {
	mkdir one two && cp "$S/linked" one/ && cp "$S/static" two/
	run --separate-stderr env -i PATH="$DIR/one:$DIR/nowhere:$DIR/two" "$PINSHIM" scan --json
	must 0
	[ "$(jq -r .path <<<"$output")" = "$DIR/one/linked"$'\n'"$DIR/two/static" ]
}

@test "progress is shown on a terminal, and wiped away" {
	mkdir d && cp "$S/plain" d/
	clean script -qec "'$PINSHIM' scan d >/dev/null" shown </dev/null >/dev/null
	grep -qF 'looked at 0 of 1' shown
	tail -c 200 shown | grep -qF $'\r\e[K'
}

# --- JSON

@test "every field is there for every path" {
	pinshim scan --json "$S/linked" ./missing $$ "$S/plain"
	must 1
	[ "${#lines[@]}" -eq 4 ]
	holds 'keys_unsorted == ["path", "pid", "kind", "program", "covered", "how", "stacks", "shim",
		"reason", "error"]'
	pinshim scan --json "$S/linked"
	holds '.stacks[0] | keys_unsorted == ["stack", "manner", "covered", "library", "through", "version"]'
	name=$'a "b"\n\\c'
	cp "$S/plain" "$name"
	pinshim scan --json "./$name"
	[ "$(jq -r .path <<<"$output")" = "./$name" ]
}

# --- processes

start() { # COMMAND...: sets PID, once it says that it is ready
	mkfifo "ready.$#"
	env -i PATH=/usr/bin:/bin "$@" >"ready.$#" 3>&- &
	PID=$!
	SERVERS+=("$PID")
	read -r _ <"ready.$#"
}

@test "a process with the shim and one without" {
	start "$S/waits"
	pinshim scan "$PID"
	must 0
	prints 'not covered  libssl'
	prints 'the shim is not loaded: it was started without; libssl 3.'
	pinshim scan --json "$PID"
	holds '.kind == "process" and .pid == '"$PID"' and .shim == false and .covered == "no"'
	holds '.program == "'"$S/waits"'" and .path == null'
	start LD_PRELOAD="$LIBRARY" "$S/waits"
	pinshim scan --json "$PID"
	holds '.shim == true and .covered == "yes" and .stacks[0].manner == "linked"'
	pinshim scan "$PID"
	prints 'the shim is loaded'
}

@test "a process whose program is gone" {
	cp "$S/waits" gone
	start ./gone
	rm gone
	pinshim scan --json "$PID"
	holds '.covered == "no" and .program == "'"$DIR/gone"'" and .stacks[0].stack == "openssl"'
}

@test "a process whose libssl is gone" {
	cp "$(realpath "$(library libssl.so.3)")" libssl.so.3
	start LD_LIBRARY_PATH="$DIR" LD_PRELOAD="$LIBRARY" "$S/waits"
	rm libssl.so.3
	pinshim scan --json "$PID"
	holds '.covered == "yes" and .stacks[0].stack == "openssl" and .stacks[0].library == null'
}

@test "a process that cannot be looked at" {
	need_root
	mkdir bin && cp "$PINSHIM" "$LIBRARY" bin/
	start "$S/waits"
	as_nobody "$DIR/bin/pinshim" scan "$PID" 4999999
	must 1
	prints 'Permission denied'
	prints 'no such process'
	pinshim scan 99999999999999999999
	must 1
	prints 'no such process'
	cp "$S/plain" 123
	pinshim scan ./123
	must 0
}

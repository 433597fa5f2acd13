#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# pinshim run: what PROGRAM gets, and every reason for which it is not run.

load common

# refused TEXT ARG...: run ARG... exits 125 with one line that holds TEXT, and runs nothing.
refused() {
	local text=$1

	shift
	pinshim run "$@"
	must 125
	says "$text"
	one_line
	[ -z "$output" ]
}

# not_found ARG...: run ARG... exits 127.
not_found() {
	run -127 --separate-stderr clean "$PINSHIM" run "$@"
}

policy() {
	printf '[a.test]\npin = %s\npin = %s\n' "$PIN_A" "$PIN_B" >"$1"
}

script() {
	printf '%s\n' "${@:2}" >"$1"
	chmod +x "$1"
}

# patch FILE OFFSET BYTE...: overwrites bytes of FILE.
patch() {
	local file=$1 offset=$2

	shift 2
	printf "$(printf '\\%03o' "$@")" |
		dd of="$file" bs=1 seek="$offset" conv=notrunc status=none
}

# interp_field FIELD: the file offset of a field of PT_INTERP in ./elf (64-bit headers).
interp_field() {
	/usr/bin/python3 - "$1" <<-'EOF'
		import struct, sys
		elf = open("elf", "rb").read()
		at, size, n = struct.unpack_from("=Q", elf, 32)[0], *struct.unpack_from("=HH", elf, 54)
		for i in range(n):
		    if struct.unpack_from("=I", elf, at + i * size)[0] == 3:
		        print(at + i * size + {"offset": 8, "filesz": 32}[sys.argv[1]])
	EOF
}

compile() {
	echo 'int main(void) { return 0; }' | gcc -x c - "$@"
}

@test "PROGRAM runs under the library, and pinshim says nothing" {
	pinshim run /bin/sh -c 'echo "$LD_PRELOAD"; grep -c libpinshim.so /proc/self/maps >/dev/null && echo mapped'
	must 0
	[ "${lines[0]}" = "$LIBRARY" ]
	[ "${lines[1]}" = mapped ]
	[ -z "$stderr" ]
}

@test "the exit code, arguments and input are PROGRAM's own" {
	pinshim run sh -c 'exit 42'
	must 42
	pinshim run -- printf '<%s>' a 'b c' -p x
	must 0
	[ "$output" = '<a><b c><-p><x>' ]
	run --separate-stderr clean sh -c "echo hello | '$PINSHIM' run cat"
	[ "$output" = hello ]
	pinshim run sh -c 'kill -9 $$'
	must 137
}

@test "PROGRAM's name stays what it was called" {
	pinshim run sh -c 'echo $0; tr "\0" "\n" </proc/$$/cmdline | head -n 1'
	[ "${lines[0]}" = sh ]
	[ "${lines[1]}" = sh ]
}

@test "descriptors that were closed stay closed" {
	run --separate-stderr clean sh -c "'$PINSHIM' run /bin/sh -c 'test -e /proc/self/fd/0' <&-"
	must 1
	pinshim run /bin/sh -c 'ls /proc/$$/fd'
	[ "$output" = "$(clean /bin/sh -c 'ls /proc/$$/fd')" ]
}

@test "-p is made absolute and appended to what is inherited" {
	policy a.ini
	mkdir d && policy d/b.ini
	pinshim run -p a.ini -p d printenv PINSHIM_POLICY
	must 0
	[ "$output" = "$DIR/a.ini:$DIR/d" ]
	run --separate-stderr clean PINSHIM_POLICY=/x:rel "$PINSHIM" run -p a.ini printenv PINSHIM_POLICY
	must 0
	[ "$output" = "/x:rel:$DIR/a.ini" ]
	run --separate-stderr clean PINSHIM_POLICY=/x "$PINSHIM" run printenv PINSHIM_POLICY
	[ "$output" = /x ]
}

@test "an empty PINSHIM_POLICY, which refuses everything, is not tidied away" {
	policy a.ini
	run --separate-stderr clean PINSHIM_POLICY= "$PINSHIM" run -p a.ini printenv PINSHIM_POLICY
	[ "$output" = ":$DIR/a.ini" ]
}

@test "without -p the variable is left unset" {
	pinshim run printenv PINSHIM_POLICY
	must 1
}

@test "-r sets PINSHIM_MODE, and what is off stays off" {
	pinshim run -r printenv PINSHIM_MODE
	[ "$output" = report ]
	for mode in off report enforce; do
		run --separate-stderr clean PINSHIM_MODE=$mode "$PINSHIM" run --report printenv PINSHIM_MODE
		[ "$output" = "${mode/enforce/report}" ]
	done
	pinshim run printenv PINSHIM_MODE
	must 1
}

@test "-x is brought into normal form and appended to what is inherited, each name once" {
	pinshim run -x A.Test. --refuse '*.b.test' -x 2001:DB8::0007 -x a.test printenv PINSHIM_REFUSE
	must 0
	[ "$output" = 'a.test,*.b.test,2001:db8::7' ]
	run --separate-stderr clean PINSHIM_REFUSE=c.test,D.test "$PINSHIM" run -x a.test printenv PINSHIM_REFUSE
	[ "$output" = c.test,d.test,a.test ]
	pinshim run printenv PINSHIM_REFUSE
	must 1
}

@test "what -x cannot mean is refused first" {
	refused "PINSHIM_REFUSE: name 'a.test:443' has a port; write the name or address alone" \
		-x a.test:443 touch ran
	refused "name '' is empty" -x '' touch ran
	refused "has other than ASCII letters" -x b.test -x bücher.test touch ran
	run --separate-stderr clean PINSHIM_REFUSE='a b' "$PINSHIM" run -x a.test touch ran
	must 125
	says "name 'a b' has other than"
	[ ! -e ran ]
}

@test "-e makes the file, and its path absolute" {
	pinshim run -e e.jsonl printenv PINSHIM_EVENTS
	must 0
	[ "$output" = "$DIR/e.jsonl" ]
	[ "$(stat -c '%a %s' e.jsonl)" = '600 0' ]
	echo kept >e.jsonl
	pinshim run --events "$DIR/e.jsonl" printenv PINSHIM_EVENTS
	[ "$output" = "$DIR/e.jsonl" ]
	[ "$(<e.jsonl)" = kept ]
	run --separate-stderr clean PINSHIM_EVENTS=/x "$PINSHIM" run -e - printenv PINSHIM_EVENTS
	[ "$output" = - ]
	run --separate-stderr clean PINSHIM_EVENTS=/x "$PINSHIM" run printenv PINSHIM_EVENTS
	[ "$output" = /x ]
}

@test "a file that events could not be written to is refused first" {
	refused "events 'absent/e.jsonl': No such file or directory" -e absent/e.jsonl touch ran
	refused "events '.': Is a directory" -e . touch ran
	refused "events '': No such file or directory" -e '' touch ran
	mkfifo pipe
	refused "events 'pipe': No such device or address" -e pipe touch ran
	[ ! -e ran ]
}

@test "LD_PRELOAD keeps what it held, and gets the library first and once" {
	cp "$LIBRARY" other.so
	run --separate-stderr clean LD_PRELOAD="$DIR/other.so" "$PINSHIM" run printenv LD_PRELOAD
	[ "$output" = "$LIBRARY:$DIR/other.so" ]
	run --separate-stderr clean LD_PRELOAD= "$PINSHIM" run printenv LD_PRELOAD
	[ "$output" = "$LIBRARY" ]
	for list in "$LIBRARY" "$DIR/other.so:$LIBRARY" "$DIR/other.so $LIBRARY"; do
		run --separate-stderr clean LD_PRELOAD="$list" "$PINSHIM" run printenv LD_PRELOAD
		[ "$output" = "$list" ]
	done
	list=$LIBRARY.1:/x$LIBRARY
	run --separate-stderr clean LD_PRELOAD="$list" "$PINSHIM" run printenv LD_PRELOAD
	[ "$output" = "$LIBRARY:$list" ]
}

@test "a policy that is bad, absent or cannot be listed is refused first" {
	echo 'frob = 1' >bad.ini
	policy a:b.ini
	refused "pinshim: $DIR/bad.ini:1: " -p bad.ini touch ran
	refused "$DIR/absent.ini" -p absent.ini touch ran
	refused "policy 'a:b.ini': PINSHIM_POLICY cannot hold a path with ':'" -p a:b.ini touch ran
	refused "-p '' names no policy" -p '' touch ran
	mkdir c:d && policy c:d/x.ini && cd c:d
	refused "policy 'x.ini': PINSHIM_POLICY cannot hold a path with ':'" -p x.ini touch ran
	[ ! -e ran ] && [ ! -e ../ran ]
}

@test "PROGRAM that is not there: 127" {
	not_found no-such-program
	says "pinshim: 'no-such-program' cannot be run: No such file or directory"
	one_line
	not_found ./no-such-program
	not_found ''
	pinshim run /bin/true/x
	must 126
}

@test "PROGRAM that cannot be run: 126" {
	echo x >plain
	pinshim run ./plain
	must 126
	says "pinshim: './plain' cannot be run: Permission denied"
	one_line
	pinshim run "$DIR"
	must 126
	run --separate-stderr clean PATH="$DIR:/usr/bin" "$PINSHIM" run plain
	must 126
}

@test "PATH is searched as execvp(3) does" {
	mkdir one two dir && mkdir dir/prog
	script one/prog '#!/bin/sh' 'echo one'
	chmod -x one/prog
	script two/prog '#!/bin/sh' 'echo two'
	run --separate-stderr clean PATH="$DIR/none:$DIR/dir:$DIR/one:$DIR/two" "$PINSHIM" run prog
	must 0
	[ "$output" = two ]
	cd two
	run --separate-stderr clean PATH=:/nowhere "$PINSHIM" run prog
	[ "$output" = two ]
	run --separate-stderr clean PATH=/nowhere: "$PINSHIM" run prog
	[ "$output" = two ]
	run --separate-stderr env -i "$PINSHIM" run sh -c 'echo found'
	[ "$output" = found ]
}

@test "a name or a folder that is too long is not cut" {
	long=$(printf '%05000d' 0)
	pinshim run "/$long"
	must 126
	says 'File name too long'
	run --separate-stderr clean PATH="/$long:/bin" "$PINSHIM" run true
	must 0
	not_found "$long"
}

@test "a static program is refused" {
	compile -static -o static
	refused "'./static' is not run, because the shim would not be in it: './static' is statically linked" ./static
	compile -static-pie -o static-pie
	refused 'is statically linked' ./static-pie
}

@test "a setuid program of another user is refused" {
	need_root
	cp /bin/true suid && chown 65534 suid && chmod u+s suid
	refused "'./suid' gains privileges" ./suid
	chown 0 suid && chmod u+s suid
	pinshim run ./suid
	must 0
	as_nobody "$PINSHIM" --version
	[ "$status" -eq 0 ] || { mkdir bin && cp "$PINSHIM" "$LIBRARY" bin/ && PINSHIM=$DIR/bin/pinshim; }
	as_nobody "$PINSHIM" run "$DIR/suid"
	must 125
	says 'gains privileges'
}

@test "a setgid program of another group is refused" {
	need_root
	cp /bin/true sgid && chgrp 65534 sgid && chmod g+s sgid
	refused "'./sgid' gains privileges" ./sgid
	chmod g-x sgid
	pinshim run ./sgid
	must 0
}

@test "a program with file capabilities is refused, but not for root" {
	need_root
	cp /bin/true caps && setcap cap_net_bind_service+ep caps || cannot 'file capabilities'
	pinshim run ./caps
	must 0
	mkdir bin && cp "$PINSHIM" "$LIBRARY" bin/
	as_nobody "$DIR/bin/pinshim" run "$DIR/caps"
	must 125
	says "'$DIR/caps' gains privileges"
	setcap -r caps
	as_nobody "$DIR/bin/pinshim" run "$DIR/caps"
	must 0
}

@test "a caller whose real and effective users differ is refused" {
	need_root
	mkdir bin && cp "$PINSHIM" "$LIBRARY" bin/
	run --separate-stderr setpriv --ruid 65534 env -i PATH=/usr/bin:/bin "$DIR/bin/pinshim" run true
	must 125
	says 'gains privileges'
	run --separate-stderr setpriv --rgid 65534 --clear-groups env -i PATH=/usr/bin:/bin "$DIR/bin/pinshim" run true
	must 125
	says 'gains privileges'
}

@test "a program that may be executed and not read is refused" {
	need_root
	mkdir bin && cp "$PINSHIM" "$LIBRARY" bin/
	cp /bin/true secret && chmod 711 secret
	as_nobody "$DIR/bin/pinshim" run "$DIR/secret"
	must 125
	says "'$DIR/secret' cannot be read: Permission denied"
	one_line
}

@test "a program of another machine, class or byte order is refused" {
	for at in '18 3' '4 1' '5 2'; do
		cp /bin/true elf
		# shellcheck disable=SC2086
		[ "$at" != '4 1' ] || [ "$(getconf LONG_BIT)" = 64 ] || at='4 2'
		patch elf $at
		refused "'./elf' is for another architecture than the shim" ./elf
	done
}

@test "a program of another C library is refused" {
	compile -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1 -o musl
	refused "'./musl' is loaded by '/lib/ld-musl-x86_64.so.1', which is not glibc's" ./musl
	compile -Wl,--dynamic-linker=/system/bin/linker64 -o bionic
	refused "which is not glibc's" ./bionic
	compile -Wl,--dynamic-linker=/ld-linux-dir/loader -o dir
	refused "which is not glibc's" ./dir
}

@test "an ELF file that is cut or damaged is refused" {
	head -c 20 /bin/true >elf && chmod +x elf
	refused "'./elf' is not a whole ELF file" ./elf
	head -c 100 /bin/true >elf
	refused "'./elf' is not a whole ELF file" ./elf
	cp /bin/true elf && patch elf 54 8 0
	refused "'./elf' is not a whole ELF file" ./elf
	cp /bin/true elf && patch elf "$(interp_field filesz)" 0 0 0 0
	refused "'./elf' is not a whole ELF file" ./elf
	cp /bin/true elf && patch elf "$(interp_field filesz)" 0 255 0 0
	refused "'./elf' is not a whole ELF file" ./elf
	cp /bin/true elf && patch elf "$(interp_field offset)" 0 0 0 127
	refused "'./elf' is not a whole ELF file" ./elf
}

@test "a program whose loader is missing: 127" {
	compile -Wl,--dynamic-linker=/nowhere/ld-linux-none.so.2 -o lost
	not_found ./lost
	says "'./lost' cannot be run: No such file or directory"
}

@test "scripts are followed to their interpreter" {
	script plain '#!/bin/sh' 'echo "$LD_PRELOAD"'
	script blanks "#! 	/bin/sh -e" 'echo "$LD_PRELOAD"'
	script env '#!/usr/bin/env sh' 'echo "$LD_PRELOAD"'
	script split '#!/usr/bin/env -S A=1 sh -e' 'echo "$LD_PRELOAD"'
	script none 'echo "$LD_PRELOAD"'
	: >empty && chmod +x empty
	for file in plain blanks env split none; do
		pinshim run ./$file
		must 0
		[ "$output" = "$LIBRARY" ]
	done
	pinshim run ./empty
	must 0
}

@test "a script of a program that cannot be served is refused" {
	compile -static -o static
	script direct "#!$DIR/static"
	refused "'./direct' is not run, because the shim would not be in it: '$DIR/static' is statically linked" ./direct
	script env "#!/usr/bin/env $DIR/static"
	refused "'$DIR/static' is statically linked" ./env
	script found "#!/usr/bin/env -S A=1 static -x"
	run --separate-stderr clean PATH="$DIR:/usr/bin" "$PINSHIM" run ./found
	must 125
	says "'$DIR/static' is statically linked"
	script nested "#!$DIR/direct"
	refused "'$DIR/static' is statically linked" ./nested
}

@test "options of env(1) in a #! line are not guessed at" {
	script ignore '#!/usr/bin/env -S -i sh' 'echo ran'
	refused "'./ignore' is not run: './ignore' gives env(1) options that pinshim cannot follow" ./ignore
	script empty '#!/usr/bin/env' 'echo ran'
	refused 'gives env(1) options' ./empty
}

@test "#! lines are followed four deep" {
	script s0 '#!/bin/sh' 'echo ran'
	for i in 1 2 3 4; do
		script s$i "#!$DIR/s$((i - 1))"
	done
	pinshim run ./s3
	must 0
	refused "'./s4' is not run: its #! lines are nested more than 4 deep" ./s4
	script loop "#!$DIR/loop"
	refused 'nested more than 4 deep' ./loop
}

@test "a script whose interpreter cannot be run" {
	script missing '#!/nowhere/sh'
	not_found ./missing
	says "'./missing' is not run: its interpreter '/nowhere/sh': No such file or directory"
	one_line
	script env-missing '#!/usr/bin/env no-such-program'
	not_found ./env-missing
	says "its interpreter 'no-such-program': No such file or directory"
	echo x >plain
	script unrunnable "#!$DIR/plain"
	pinshim run ./unrunnable
	must 126
	says "its interpreter '$DIR/plain': Permission denied"
	script bare '#!sh'
	not_found ./bare
}

@test "the library is the one beside the command" {
	mkdir bin && cp "$PINSHIM" "$LIBRARY" bin/
	run --separate-stderr clean bin/pinshim run printenv LD_PRELOAD
	[ "$output" = "$DIR/bin/libpinshim.so" ]
	ln -s bin/pinshim link
	run --separate-stderr clean ./link run printenv LD_PRELOAD
	[ "$output" = "$DIR/bin/libpinshim.so" ]
}

@test "without one beside it, the installed library is taken; without any, nothing runs" {
	mkdir bin && cp "$PINSHIM" bin/
	in_namespace '
		"$DIR/bin/pinshim" run true 2>"$DIR/said" && exit 9
		library=$(sed -n "s/.*: .\(\/.*\/libpinshim.so\). cannot be read.*/\1/p" "$DIR/said")
		[ -n "$library" ] || [ -e /usr/local/lib/libpinshim.so ]'
	must 0
	in_namespace '
		mount -t tmpfs tmpfs /usr/local/lib
		"$DIR/bin/pinshim" run true && exit 9
		cp "'"$LIBRARY"'" /usr/local/lib/
		"$DIR/bin/pinshim" run printenv LD_PRELOAD'
	must 0
	[ "$output" = /usr/local/lib/libpinshim.so ]
	says "'/usr/local/lib/libpinshim.so' cannot be read: No such file or directory"
}

@test "a library whose path LD_PRELOAD cannot hold is refused" {
	for dir in 'a b' 'a:b' 'a$b'; do
		mkdir "$dir" && cp "$PINSHIM" "$LIBRARY" "$dir/"
		run --separate-stderr clean "$dir/pinshim" run touch ran
		must 125
		says "LD_PRELOAD cannot hold the path '$DIR/$dir/libpinshim.so'"
		one_line
	done
	[ ! -e ran ]
}

@test "a library that the loader could not load is refused" {
	mkdir bin && cp "$PINSHIM" bin/
	echo 'not a library' >bin/libpinshim.so
	run --separate-stderr clean bin/pinshim run touch ran
	must 125
	says "'$DIR/bin/libpinshim.so' is not a whole ELF file"
	cp "$LIBRARY" bin/libpinshim.so && patch bin/libpinshim.so 18 3
	run --separate-stderr clean bin/pinshim run touch ran
	must 125
	says 'another architecture'
	[ ! -e ran ]
}

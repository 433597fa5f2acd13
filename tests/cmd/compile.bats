#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# pinshim compile: what it writes, for whom and where; what it refuses; and what check, explain and
# run say of a snapshot.

load common

PIN_C='sha256/7HIpactkIAq2Y49orFOOQKurWxmmSFZhBCoQYcRhJ3Y='
PIN_D='sha256/AHIpactkIAq2Y49orFOOQKurWxmmSFZhBCoQYcRhJ3Y='

good() { # FILE [NAME]
	printf '[%s]\npin = %s\npin = %s\n' "${2:-a.test}" "$PIN_A" "$PIN_B" >"$1"
}

# The snapshot of POLICY is current, for whoever names it so, and check is content with it.
current() { # POLICY
	pinshim check --strict "$1"
	must 0
	[[ ${lines[1]} =~ ^/.*\.snapshot:\ current,\ of\ 20.*Z,\ [0-9]+\ sections?$ ]]
}

# Nothing is left beside but what is listed.
left() { # NAME...
	[ "$(ls -A)" = "$(printf '%s\n' "$@")" ] && return
	ls -lA
	return 1
}

mode_of() { # FILE
	stat -c %a "$1"
}

@test "the snapshot of a file, beside it" {
	good p.ini
	pinshim compile p.ini
	must 0
	[ "$output" = "$DIR/p.ini.snapshot: 1 section, 2 pins" ]
	[ -z "$stderr" ]
	left p.ini p.ini.snapshot
	current p.ini
	prints 'p.ini: 1 section, 2 pins'
	current "$DIR/p.ini"
}

@test "the snapshot of a folder, beside it and not in it" {
	mkdir d
	good d/1.ini
	good d/2.ini b.test
	pinshim compile d
	must 0
	[ "$output" = "$DIR/d.snapshot: 2 sections, 4 pins" ]
	left d d.snapshot
	[ "$(ls -A d)" = $'1.ini\n2.ini' ]
	current d
	good d/3.ini c.test
	pinshim check d
	says "$DIR/d.snapshot: warning: the snapshot is stale: $DIR/d has changed; run 'pinshim compile $DIR/d'"
	rm d/3.ini
	pinshim check d
	says "the snapshot is stale: $DIR/d has changed; run 'pinshim compile $DIR/d' (what was read is the same)"
}

@test "a path is the same however it is spelled" {
	mkdir d
	good d/1.ini
	good p.ini
	for spelled in d/ ./d "$DIR//d" "$DIR/./d/." d//; do
		rm -f d.snapshot
		pinshim compile "$spelled"
		must 0
		[ "$output" = "$DIR/d.snapshot: 1 section, 2 pins" ]
		left d d.snapshot p.ini
		current d
		current ./d//
		current "$DIR/d"
	done
	pinshim compile ./p.ini
	current p.ini
	current "$DIR/.//p.ini"
	# The library compares this path with what $PINSHIM_POLICY says.
	[ "$(grep -aoF "$DIR/p.ini" p.ini.snapshot | sort -u)" = "$DIR/p.ini" ]
	ln -s p.ini link.ini
	pinshim compile link.ini
	[ "$output" = "$DIR/link.ini.snapshot: 1 section, 2 pins" ]
	current link.ini
}

@test "what is there is replaced in one step, and only by what is whole" {
	good p.ini
	pinshim compile p.ini
	inode=$(stat -c %i p.ini.snapshot)
	exec 7<p.ini.snapshot
	good p.ini b.test
	pinshim compile p.ini
	must 0
	[ "$(stat -c %i p.ini.snapshot)" != "$inode" ]
	grep -qaF a.test <&7
	exec 7<&-
	cp -p p.ini.snapshot before
	echo nonsense >p.ini
	pinshim compile p.ini
	must 1
	one_line
	[[ $stderr == "$DIR/p.ini:1: 'nonsense' "* ]]
	[ -z "$output" ]
	cmp before p.ini.snapshot
	left before p.ini p.ini.snapshot
	pinshim compile absent.ini
	must 1
	[[ $stderr == "$DIR/absent.ini: cannot be read: "* ]]
	left before p.ini p.ini.snapshot
}

@test "several at once" {
	good p.ini
	pids=()
	for n in 1 2 3 4 5 6; do
		clean "$PINSHIM" compile p.ini >"out.$n" 2>&1 &
		pids+=($!)
	done
	for n in "${pids[@]}"; do
		wait "$n"
	done
	rm out.*
	left p.ini p.ini.snapshot
	current p.ini
}

@test "warnings are those of check" {
	printf '[a.test]\npin = %s\n' "$PIN_A" >p.ini
	pinshim compile p.ini
	must 0
	one_line
	[[ $stderr == "$DIR/p.ini:1: warning: [a.test] has one pin and no backup"* ]]
}

@test "nobody may read it who may not read all that it was made of" {
	umask 0
	good p.ini
	for mode in 644 640 600 604 440 400; do
		chmod $mode p.ini
		pinshim compile p.ini
		must 0
		case $mode in
		644) [ "$(mode_of p.ini.snapshot)" = 644 ] ;;
		*40) [ "$(mode_of p.ini.snapshot)" = 640 ] ;;
		*) [ "$(mode_of p.ini.snapshot)" = 600 ] ;;
		esac
	done
	chmod 664 p.ini
	pinshim compile p.ini
	[ "$(mode_of p.ini.snapshot)" = 644 ]

	# What a policy names is in its snapshot.
	printf '%s\n' "$PIN_A" >revoked
	printf 'revoked = %s/revoked\n' "$DIR" >q.ini
	chmod 644 q.ini
	chmod 600 revoked
	pinshim compile q.ini
	must 0
	[ "$(mode_of q.ini.snapshot)" = 600 ]
	mkdir inner
	chmod 711 inner
	mv revoked inner
	printf 'revoked = %s/inner/revoked\n' "$DIR" >q.ini
	chmod 644 inner/revoked
	pinshim compile q.ini
	[ "$(mode_of q.ini.snapshot)" = 644 ]
	chmod 700 inner
	pinshim compile q.ini
	[ "$(mode_of q.ini.snapshot)" = 600 ]

	mkdir -m 700 d
	mv inner/revoked d
	ln -s "$DIR/d/revoked" inner/revoked
	chmod 711 inner
	pinshim compile q.ini
	[ "$(mode_of q.ini.snapshot)" = 600 ]
	rm -r d

	# The snapshot of a folder is outside of it.
	mkdir d
	good d/1.ini
	chmod 644 d/1.ini
	chmod 700 d
	pinshim compile d
	[ "$(mode_of d.snapshot)" = 600 ]
	chmod 755 d
	pinshim compile d
	[ "$(mode_of d.snapshot)" = 644 ]
}

@test "root makes it for the policy's owner, but not of what that user may not read" {
	need_root
	good p.ini
	chown 65534:65534 p.ini
	chmod 600 p.ini
	pinshim compile p.ini
	must 0
	[ "$(stat -c '%a %u %g' p.ini.snapshot)" = '600 65534 65534' ]
	cp "$PINSHIM" pinshim
	as_nobody ./pinshim check --strict "$DIR/p.ini"
	must 0
	prints 'p.ini.snapshot: current'
	mkdir d
	good d/1.ini
	good d/2.ini b.test
	chown 65534 d d/1.ini
	chmod 600 d/2.ini
	pinshim compile d
	must 0
	[ "$(stat -c '%a %u' d.snapshot)" = '600 0' ]
	as_nobody ./pinshim check "$DIR/d"
	must 1
	# Nor by a link of that user's to it.
	mkdir -m 700 secret
	printf '%s\n' "$PIN_C" >secret/list
	ln -s secret/list list
	printf 'revoked = %s/list\n' "$DIR" >q.ini
	chown -h 65534 q.ini list
	pinshim compile q.ini
	must 0
	[ "$(stat -c '%a %u' q.ini.snapshot)" = '600 0' ]
	chmod 711 secret
	pinshim compile q.ini
	[ "$(stat -c '%a %u' q.ini.snapshot)" = '644 65534' ]
	chmod 640 p.ini
	chown 0 p.ini
	pinshim compile p.ini
	[ "$(stat -c '%a %u %g' p.ini.snapshot)" = '640 0 65534' ]
}

@test "who is neither the owner nor root is told before anything is written" {
	need_root
	good p.ini
	chmod 777 .
	cp "$PINSHIM" pinshim
	as_nobody ./pinshim compile p.ini
	must 1
	one_line
	[ "$stderr" = "pinshim: $DIR/p.ini: is owned by uid 0, so that a snapshot of yours would not be used; run 'pinshim compile' as its owner or as root" ]
	left p.ini pinshim
	chown 65534 p.ini
	as_nobody ./pinshim compile p.ini
	must 0
	[ "$(stat -c '%a %u' p.ini.snapshot)" = '644 65534' ]
}

@test "paths that no policy of a program can have" {
	good a:b.ini
	pinshim compile a:b.ini
	must 1
	one_line
	says "policy 'a:b.ini': PINSHIM_POLICY cannot hold a path with ':'; rename it"
	left a:b.ini
	for arguments in '' 'a b' '--frob a' "''"; do
		eval "pinshim compile $arguments"
		must 2
		says 'usage: pinshim compile FILE|DIR'
	done
}

# A host with a policy of its own in both parts, and another file beside them.
with_host() { # SCRIPT
	good p.ini
	in_namespace '
		mkdir -p "$DIR/over/upper/pinshim/policy.d" "$DIR/layer"
		mount -t tmpfs -o mode=755 none "$DIR/layer"
		mkdir -p "$DIR/layer/upper/pinshim/policy.d" "$DIR/layer/work"
		mount -t overlay none -o "lowerdir=/etc,upperdir=$DIR/layer/upper,workdir=$DIR/layer/work" /etc
		cp "$DIR/p.ini" /etc/pinshim/policy.ini
		printf "[b.test]\nmode = off\n" >/etc/pinshim/policy.d/b.ini
		cp "$DIR/p.ini" /etc/pinshim/app.ini
		'"$1"
}

@test "the host's policy is for apply; a program's may be in the same folder" {
	need_root
	with_host '
		rc=0
		ln -s /etc/pinshim "$DIR/link"
		for path in /etc/pinshim /etc/pinshim/ /etc/../etc/pinshim /etc/pinshim/policy.ini \
			/etc/pinshim/policy.d /etc/pinshim/policy.d/b.ini "$DIR/link"; do
			"$PINSHIM" compile "$path" && rc=1
		done
		[ -z "$(find /etc/pinshim -name "*snap*")" ] || exit 7
		"$PINSHIM" compile /etc/pinshim/app.ini
		ls /etc/pinshim
		exit $rc'
	must 0
	[ "${#stderr_lines[@]}" = 7 ]
	[ "${stderr_lines[0]}" = "pinshim: /etc/pinshim: is of the host's policy; 'pinshim apply /etc/pinshim' makes its snapshot" ]
	says "pinshim: /etc/pinshim/policy.d/b.ini: is of the host's policy; "
	prints '/etc/pinshim/app.ini.snapshot: 1 section, 2 pins'
}

@test "a place that cannot be written to, and a full disk" {
	good p.ini
	mkdir p.ini.snapshot
	pinshim compile p.ini
	must 1
	one_line
	says "$DIR/p.ini.snapshot: Is a directory"
	left p.ini p.ini.snapshot
	rmdir p.ini.snapshot
	need_root
	mkdir small
	in_namespace '
		mount -t tmpfs -o size=16k none "$DIR/small"
		cp "$DIR/p.ini" "$DIR/small"
		cd "$DIR/small"
		"$PINSHIM" compile p.ini
		cp p.ini.snapshot "$DIR/before"
		head -c 4096 /dev/zero >fill
		! "$PINSHIM" compile p.ini || exit 7
		cmp "$DIR/before" p.ini.snapshot
		ls'
	must 0
	[[ $stderr == "pinshim: $DIR/small/p.ini.snapshot: No space left on device" ]]
	[ "$(tail -n 3 <<<"$output" | xargs)" = 'fill p.ini p.ini.snapshot' ]
}

@test "a snapshot that is not used, or not current, is told by check, explain and run" {
	good p.ini
	printf '%s\n' "$PIN_C" >revoked
	sed -i "1i revoked = $DIR/revoked" p.ini
	pinshim compile p.ini
	must 0
	cp -p p.ini.snapshot good
	stale() { # WHAT [MORE]
		pinshim check p.ini
		must 0
		[ "$stderr" = "$DIR/p.ini.snapshot: warning: the snapshot is stale: $DIR/$1; run 'pinshim compile $DIR/p.ini'$2" ]
		pinshim check --strict p.ini
		must 1
		# Which is as it should be while somebody writes a policy.
		pinshim explain -p p.ini a.test
		must 0
		[ -z "$stderr" ]
		pinshim run -p p.ini true
		must 0
		[ -z "$stderr" ]
	}
	touch revoked
	stale 'revoked has changed' ' (what was read is the same)'
	printf '%s\n' "$PIN_D" >revoked
	stale 'revoked has changed'
	rm revoked
	pinshim check p.ini
	must 1
	printf '%s\n' "$PIN_C" >revoked
	stale 'revoked has changed' ' (what was read is the same)'
	pinshim compile p.ini
	current p.ini
	cp -p p.ini.snapshot good
	echo '; a remark' >>p.ini
	stale 'p.ini has changed'
	pinshim compile p.ini
	current p.ini

	unusable() { # WHAT
		pinshim check p.ini
		must 0
		says "$DIR/p.ini.snapshot: warning: the snapshot is unusable: $1"
		pinshim check --strict p.ini
		must 1
		pinshim explain -p p.ini a.test
		must 0
		prints "pin $PIN_A ($DIR/p.ini:3)"
		says "pinshim: the text is read, and not the snapshot: $DIR/p.ini.snapshot: $1"
		pinshim run -p p.ini true
		must 0
		says "pinshim: the text is read, and not the snapshot: $DIR/p.ini.snapshot: $1"
	}
	chmod o+w p.ini.snapshot
	unusable 'can be written by others than its owner (mode 0646); chmod go-w it'
	chmod o-w p.ini.snapshot
	cp p.ini.snapshot good
	truncate -s -1 p.ini.snapshot
	unusable "is cut short; run 'pinshim compile'"
	: >p.ini.snapshot
	unusable 'is cut short'
	echo nonsense | cat - good >p.ini.snapshot
	unusable 'is no snapshot'
	cp good p.ini.snapshot
	printf '\377' | dd of=p.ini.snapshot bs=1 seek=40 conv=notrunc status=none
	unusable 'is damaged'
	cp good p.ini.snapshot
	printf '\377' | dd of=p.ini.snapshot bs=1 seek=12 conv=notrunc status=none
	unusable 'has format 255 and not 1: another version made it'
	rm p.ini.snapshot
	mkfifo p.ini.snapshot
	unusable 'is not a regular file'
	rm p.ini.snapshot
	pinshim compile p.ini
	current p.ini
}

@test "a snapshot that holds something else than the text is an error" {
	good p.ini
	pinshim compile p.ini
	must 0
	# Its name and its first pin, which nobody looks at before they are used.
	offset=$(grep -abo a.test p.ini.snapshot | tail -n 1 | cut -d: -f1)
	[ "$offset" -gt 4096 ]
	for at in "$offset" $((offset + 20)); do
		cp -p p.ini.snapshot good
		printf '\001' | dd of=p.ini.snapshot bs=1 seek="$at" conv=notrunc status=none
		pinshim check p.ini
		must 1
		says "pinshim: $DIR/p.ini.snapshot: the snapshot is not what the policy's text gives, though programs take it for that: "
		mv good p.ini.snapshot
	done
	current p.ini
	# The name is looked up there; what the text says is explained all the same.
	printf '\001' | dd of=p.ini.snapshot bs=1 seek="$offset" conv=notrunc status=none
	pinshim explain -p p.ini a.test
	must 0
	prints "[a.test] decides ($DIR/p.ini:1)"
	prints "pin $PIN_A ($DIR/p.ini:2)"
	says "pinshim: the text is read, and not the snapshot: $DIR/p.ini.snapshot: is damaged"
}

# Prints what COMMAND writes to a terminal.
on_terminal() { # COMMAND...
	clean script -qec "$*" /dev/null </dev/null | tr '\r' '\n'
}

@test "how far it is stands on a terminal, and nowhere else" {
	awk -v pin="$PIN_A" -v other="$PIN_B" 'BEGIN { for (i = 0; i < 100000; i++) printf "[h%d.test]\npin = %s\npin = %s\n", i, pin, other }' >p.ini
	for verb in compile check; do
		run on_terminal "$PINSHIM" $verb "$DIR/p.ini" 2>&1
		must 0
		[ "$(grep -cE "^pinshim: reading $DIR/p\.ini: [0-9]+ %" <<<"$output")" -gt 2 ]
		# Each line is one over the last, and the last is taken away.
		sed -n '/ %/!p' <<<"$output" | grep -qE $'^\e\\[K'
	done
	pinshim compile p.ini
	must 0
	[[ $stderr != *reading* && $output != *reading* ]]
	good p.ini
	run on_terminal "$PINSHIM" compile "$DIR/p.ini"
	[ "$output" = "$DIR/p.ini.snapshot: 1 section, 2 pins" ]
}

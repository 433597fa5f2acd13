# SPDX-License-Identifier: MIT
#
# `pinshim host status': what it says of a host, and its exit codes.
# shellcheck disable=SC2016,SC2154 # expanded on the host; set by the rig

load common

# A process that has libssl and lives until the host ends, and waiting until it sleeps: the loader takes
# what LD_PRELOAD names first.
SLEEP='sleeper() { env "$@" LD_PRELOAD="${LD_PRELOAD:+$LD_PRELOAD:}libssl.so.3" sleep 60 &
	until grep -q libssl "/proc/$!/maps" && grep -q "^State:.S" "/proc/$!/status"; do sleep 0.02; done; }
	own_state() { mkdir -m 755 /usr/local/state; mkdir -p /var/lib; mount --bind /usr/local/state /var/lib; }
	status() { rc=0; pinshim host status "$@" || rc=$?; echo "status $rc"; }; '

@test "not enabled" {
	host_section "pin = $(pin api)"
	on_host "$SLEEP"'status; LD_PRELOAD=/usr/local/lib/libpinshim.so pinshim host status'
	assert_rc 1
	assert_said '^file: +/etc/ld\.so\.preload: not enabled$'
	assert_said '^policy: +good \(1 section, mode = enforce\)$'
	assert_said '^command: +this process runs without the library$'
	assert_said '^status 1$'
	assert_said '^command: +this process runs with the library$'
	assert_quiet
}

@test "enabled and well" {
	host_section "pin = $(pin api)"
	on_host "$SLEEP"'pinshim host enable; status'
	assert_rc 0
	assert_said '^status 0$'
	assert_said "^file: +/etc/ld\.so\.preload: enabled, $INSTALLED$"
	assert_said "^library: +$INSTALLED, version $("$BUILD/pinshim" --version | cut -d' ' -f2)$"
	assert_said '^command: +this process runs with the library$'
	assert_said '^processes: 0 with the library, 0 with OpenSSL and without it$'
	assert_quiet
}

wrong() { # PATTERN SCRIPT
	host_section "pin = $(pin api)"
	on_host "$SLEEP"'pinshim host enable >/dev/null; '"$2"'; status'
	assert_rc 0
	assert_said '^status 1$'
	assert_err "^pinshim: $1"
}

@test "enabled, and something is wrong" {
	wrong "'$INSTALLED' is not there, and every program says so when it starts; .*'pinshim host disable'" \
		"rm $INSTALLED"
	wrong "this very process runs without the library, though it is in /etc/ld\.so\.preload" \
		"rm $INSTALLED"
	wrong "'$INSTALLED' can be written by others than root" "chmod o+w $INSTALLED"
	wrong "'/etc/ld\.so\.preload' can be written by others than root" "chmod o+w /etc/ld.so.preload"
	wrong "'/etc/ld\.so\.preload' is not open to every user" "chmod 600 /etc/ld.so.preload"
	wrong "/etc/ld\.so\.preload has 2 copies of the library; .* leaves one" \
		"echo $INSTALLED >>/etc/ld.so.preload"
	wrong "'libpinshim\.so' is no absolute path" "echo libpinshim.so >/etc/ld.so.preload"
	wrong "the host's policy is bad: /etc/pinshim/policy\.ini:1: " "echo nonsense >/etc/pinshim/policy.ini"
	wrong "there is no host policy, so nothing is judged" "rm /etc/pinshim/policy.ini"
}

@test "the last good policy" {
	host_section "pin = $(pin api)"
	on_host "$SLEEP"'
		own_state
		pinshim host enable
		echo nonsense >>/etc/pinshim/policy.ini
		status
		sed -i "/nonsense/d" /etc/pinshim/policy.ini
		cp /etc/pinshim/policy.ini "$T/new.ini"
		pinshim apply "$T/new.ini"
		status
		echo nonsense >>/etc/pinshim/policy.ini
		status'
	assert_rc 0
	assert_err "the host's policy is bad: .*policy\.ini:4: .*; no last good one is kept, so every handshake is refused$"
	assert_said '^policy: +good \(1 section, mode = enforce; the last good one, of 20.*Z, is kept\)$'
	assert_err "the host's policy is bad: .*; the last good one, of 20.*Z, is used by programs that start now$"
	[ "$(grep '^status' "$T/out" | xargs)" = 'status 1 status 0 status 1' ] || fail "other exit codes"
}

@test "the snapshot: what is wrong with it makes the exit code 1, that it is stale does not" {
	host_section "pin = $(pin api)"
	on_host "$SLEEP"'
		own_state
		snapshot() {
			status | grep "^snapshot\|^status"
			pinshim host status --json | jq -rs "[.[0].snapshot, .[0].\"snapshot-text\", (.[0].wrong | length)] | tojson" || true
		}
		of=/var/lib/pinshim/policy.snapshot
		pinshim host enable
		snapshot
		pinshim apply /etc/pinshim 2>/dev/null
		snapshot
		touch /etc/pinshim/policy.ini
		snapshot
		pinshim apply /etc/pinshim 2>/dev/null
		chmod o+w $of
		snapshot
		chmod o-w $of
		truncate -s 100 $of
		snapshot
		rm $of
		snapshot
		pinshim apply /etc/pinshim 2>/dev/null
		mv /etc/pinshim/policy.ini /etc/pinshim/was
		snapshot'
	assert_rc 0
	sed -E 's/20[0-9-]*T[0-9:]*Z/DATE/' "$T/out" | grep '^snap\|^status\|^\[' >"$T/said"
	diff - "$T/said" <<-'END' || fail "it says other things"
		snapshot: absent
		status 0
		["absent","",0]
		snapshot: current (of DATE, 1 section)
		status 0
		["current","of DATE, 1 section",0]
		snapshot: stale (/etc/pinshim/policy.ini has changed; run 'pinshim apply /etc/pinshim')
		status 0
		["stale","/etc/pinshim/policy.ini has changed; run 'pinshim apply /etc/pinshim'",0]
		snapshot: unusable (can be written by others than root (mode 0646), so could the host's policy; chmod go-w it)
		status 1
		["unusable","can be written by others than root (mode 0646), so could the host's policy; chmod go-w it",1]
		snapshot: unusable (is cut short; run 'pinshim apply /etc/pinshim')
		status 1
		["unusable","is cut short; run 'pinshim apply /etc/pinshim'",1]
		snapshot: absent
		status 0
		["absent","",0]
		snapshot: stale (the policy is gone; remove /var/lib/pinshim/policy.snapshot, or publish a policy)
		status 1
		["stale","the policy is gone; remove /var/lib/pinshim/policy.snapshot, or publish a policy",1]
	END
	assert_err "^pinshim: the snapshot of the host's policy is not usable: is cut short; run 'pinshim apply /etc/pinshim'\$"
}

@test "the snapshot below another root folder" {
	make_root
	mkdir -p "$R/etc/pinshim" "$R/var/lib/pinshim"
	on_root status
	assert_rc 1
	assert_said '^snapshot: absent$'
	echo nonsense >"$R/var/lib/pinshim/policy.snapshot"
	chmod 644 "$R/var/lib/pinshim/policy.snapshot"
	on_root status
	assert_rc 1
	assert_said '^snapshot: unusable \('
	on_root status --json
	jq -e '.snapshot == "unusable" and (.wrong | any(test("snapshot")))' "$T/out" >/dev/null || fail "not in JSON"
}

process() { # PATTERN: of the columns between the process id and the program
	assert_said "^ +[0-9]+  $1"
}

@test "processes: with the library, without it, with a replaced one, and their policies" {
	host_section "pin = $(pin api)"
	on_host "$SLEEP"'
		sleeper
		pinshim host enable
		status
		echo ---
		sleeper PINSHIM_POLICY=/some/pins.ini
		status
		kill %1
		wait %1 || true
		status
		cp /usr/local/lib/libpinshim.so /usr/local/lib/new
		mv /usr/local/lib/new /usr/local/lib/libpinshim.so
		status'
	assert_rc 0
	process 'no        yes      /usr/bin/sleep$'
	process 'yes       yes      /usr/bin/sleep  \[host, PINSHIM_POLICY=/some/pins\.ini\]$'
	process 'replaced  yes      /usr/bin/sleep  \[host, PINSHIM_POLICY=/some/pins\.ini\]$'
	grep '^status\|^processes' "$T/out" >"$T/sums"
	diff - "$T/sums" <<-END || fail "the sums are others"
		processes: 0 with the library, 1 with OpenSSL and without it
		status 1
		processes: 1 with the library, 1 with OpenSSL and without it
		status 1
		processes: 1 with the library, 0 with OpenSSL and without it
		status 0
		processes: 0 with the library, 1 with a copy that has been replaced since, 0 with OpenSSL and without it
		status 1
	END
	assert_said '^Restart those without the library or with a replaced one\.$'
}

@test "what else of its environment decides, with nothing in it that a terminal obeys" {
	on_host "$SLEEP"'pinshim host enable
		sleeper PINSHIM_POLICY= PINSHIM_MODE=report "PINSHIM_REFUSE=a.example$(printf "\33[2J")"
		status
		pinshim host status --json | sed -n 2p >/usr/local/process || true
		jq -ce ".\"pinshim-refuse\" | length" /usr/local/process'
	assert_rc 0
	process 'yes       yes      /usr/bin/sleep  \[PINSHIM_POLICY=, PINSHIM_MODE=report, PINSHIM_REFUSE=a\.example\?\[2J\]$'
	assert_said '^13$'
}

@test "a process without OpenSSL that has the library is shown, too" {
	host_section "pin = $(pin api)"
	on_host "$SLEEP"'pinshim host enable; sleep 60 & until grep -q libpinshim /proc/$!/maps; do sleep 0.02; done; status'
	assert_rc 0
	process 'yes       no       /usr/bin/sleep  \[host\]$'
	assert_said '^status 0$'
}

@test "--json: one object a line" {
	host_section "pin = $(pin api)"
	on_host "$SLEEP"'
		sleeper
		pinshim host enable >/dev/null
		sleeper PINSHIM_POLICY=/some/pins.ini
		chmod 775 /usr/local/lib
		pinshim host status --json || echo "\"status $?\""'
	assert_rc 0
	[ ! -s "$T/err" ] || fail "it speaks on standard error"
	jq -se --arg library "$INSTALLED" '
		.[0].file == "/etc/ld.so.preload" and .[0].enabled and .[0].library == $library and
		.[0].copies == 1 and .[0].version != null and .[0].policy == "good" and .[0].loaded and
		(.[0].snapshot | . != null) and (.[0]."snapshot-text" | . != null) and
		(.[0].wrong | length == 1 and (.[0] | test("can be written by others"))) and
		(.[1:3] | map(.library) | sort == ["no", "yes"]) and
		(.[1:3] | map(.program) | unique == ["/usr/bin/sleep"]) and
		(.[1:3] | all(.libssl | test("libssl"))) and
		(.[1:3] | map(."pinshim-policy") | sort == [null, "/some/pins.ini"]) and
		.[3] == {with: 1, replaced: 0, without: 1, elsewhere: 0, unseen: 0} and
		.[4] == "status 1" and length == 5' "$T/out" >/dev/null || fail "not as documented"
}

@test "other users see their own processes, and how many they do not see" {
	host_section "pin = $(pin api)"
	on_host "$SLEEP"'
		pinshim host enable
		sleeper
		setpriv --reuid 65534 --regid 65534 --clear-groups pinshim host status'
	assert_rc 0
	assert_said '^Not looked at: [1-9][0-9]* that this user may not look at\.$'
	assert_said '^processes: 0 with the library'
}

@test "processes below another root folder are not this host's" {
	host_section "pin = $(pin api)"
	on_host "$SLEEP"'
		pinshim host enable
		mkdir /usr/local/elsewhere
		mount --bind / /usr/local/elsewhere
		mount -t tmpfs none /usr/local/elsewhere/mnt
		cp -a /lib64 /usr/local/elsewhere/mnt/ 2>/dev/null || true
		mkdir -p /usr/local/elsewhere/mnt/usr /usr/local/elsewhere/mnt/bin
		mount --bind /usr /usr/local/elsewhere/mnt/usr
		for link in bin lib lib64; do
			rm -rf "/usr/local/elsewhere/mnt/$link"; ln -s "usr/$link" "/usr/local/elsewhere/mnt/$link"
		done
		LD_PRELOAD=libssl.so.3 chroot /usr/local/elsewhere/mnt /usr/bin/sleep 60 &
		until [ "$(readlink "/proc/$!/root")" = /usr/local/elsewhere/mnt ]; do sleep 0.02; done
		status'
	assert_rc 0
	assert_said '^Not looked at: 1 below another root folder, as in containers\.$'
	assert_said '^status 0$'
}

@test "--root: the file and the policy, and no processes" {
	make_root
	on_root status
	assert_rc 1
	assert_said "^file: +$R/etc/ld\.so\.preload: not enabled$"
	enable
	on_root status
	assert_rc 1
	assert_err 'there is no host policy'
	mkdir "$R/etc/pinshim"
	printf '[a.example]\npin = %s\n' "$(pin api)" >"$R/etc/pinshim/policy.ini"
	on_root status
	assert_rc 0
	assert_said "^file: +$R/etc/ld\.so\.preload: enabled, $INSTALLED$"
	assert_said "^library: +$R$INSTALLED, version [0-9]"
	assert_said '^policy: +good \(1 section, mode = enforce\)$'
	! grep -q '^processes\|^command' "$T/out" || fail "it speaks of processes"
	rm "$R$INSTALLED"
	on_root status
	assert_rc 1
	assert_err "^pinshim: '$R$INSTALLED' is not there"
	on_root status --json
	assert_rc 1
	jq -e '.enabled and .loaded == null' "$T/out" >/dev/null || fail "not as documented"
}

@test "the README's commands" {
	local commands
	commands=$(sed -n '/^### A whole host/,/^### /s/^sudo \(pinshim host .*\)/\1;/p' "$ROOT/README.md")
	[ "$(wc -l <<<"$commands")" -ge 3 ] || fail "the README has lost its commands: $commands"
	host_section "pin = $(pin api)"
	on_host "$commands"
	assert_rc 0
	assert_said "^/etc/ld\.so\.preload: put in $INSTALLED$"
	assert_said "^/etc/ld\.so\.preload: took out $INSTALLED$"
}

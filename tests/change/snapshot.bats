# SPDX-License-Identifier: MIT
#
# The snapshot of a policy while programs run: who reads a text at all, what is left of it wherever
# its publication stops, and that nobody ever sees half a policy.

load common

# What is in FOLDER, empty so far, has a time of access that every reader changes. How a test knows
# from outside who has read a text.
watched() { # FOLDER
	"${ON_HOST[@]}" mount -t tmpfs -o mode=755,strictatime none "$1"
}

when_read() { # FILE
	"${ON_HOST[@]}" stat -c %x "$1"
}

# Nobody reads FILE while COMMAND runs.
not_read() { # FILE COMMAND...
	local before
	sleep 0.03 # so that whoever does reads it later than whoever did
	before=$(when_read "$1")
	"${@:2}"
	[ "$(when_read "$1")" = "$before" ] || fail "the text was read"
}

# The client is refused, by the second line of its policy.
refused_by() { # FILE [COMMAND...]
	"${@:2}"
	refused_with "pin mismatch for api\.example\.com \(${1/./\\.}:2\)"
}

mapped() { # how many snapshots the client has mapped
	grep -c '\.snapshot' "/proc/$LOOP_PID/maps"
}

state_of_snapshot() { # WORD TEXT
	try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" host status
	grep -qE "^snapshot: $1 \($2" "$T/out" || fail "the snapshot is not $1 ($2)"
}

@test "a process that starts maps the host's snapshot and reads no text" {
	local before
	start_server line api
	start_host
	watched /etc/pinshim
	section nobody >"$T/1.ini"
	apply "$T/1.ini"
	assert_rc 0
	state_of_snapshot current 'of 20..-..-..T..:..:..Z, 1 section\)'
	not_read /etc/pinshim/policy.ini refused_by policy.ini client_on_host
	assert_event '.verdict == "refused" and .policy == "/etc/pinshim/policy.ini" and .line == 2'
	# The text is what counts, and is read, when it is not that of the snapshot.
	"${ON_HOST[@]}" touch /etc/pinshim/policy.ini
	state_of_snapshot stale "/etc/pinshim/policy\.ini has changed; run 'pinshim apply /etc/pinshim'\)"
	before=$(when_read /etc/pinshim/policy.ini)
	sleep 0.03 # times of access have the grain of the kernel's clock
	refused_by policy.ini client_on_host
	[ "$(when_read /etc/pinshim/policy.ini)" != "$before" ] || fail "this does not show who reads"
	assert_events 0 '.verdict == "policy-error"'
	apply /etc/pinshim
	assert_rc 0
	state_of_snapshot current ''
	not_read /etc/pinshim/policy.ini refused_by policy.ini client_on_host
	assert_no_data
}

@test "a process that runs takes a new policy with one map, reads no text, and gives the old map back" {
	local n
	start_server line api
	start_host
	watched /etc/pinshim
	section api >"$T/api.ini"
	section nobody >"$T/nobody.ini"
	apply "$T/api.ini"
	start_loop_under "${ON_HOST[@]}" "${SHIMMED_ALONE[@]:UNLIMITED}" -- # without timeout(1), for its process id
	accepted_again
	[ "$(mapped)" = 1 ]
	for n in 1 2 3 4 5; do
		apply "$T/nobody.ini"
		assert_rc 0
		not_read /etc/pinshim/policy.ini refused_again
		apply "$T/api.ini"
		not_read /etc/pinshim/policy.ini accepted_again
		accepted_again
		[ "$(mapped)" = 1 ] || fail "maps stay: $(grep snapshot "/proc/$LOOP_PID/maps")"
	done
	assert_events 0 '.verdict == "policy-error"'
}

@test "a policy of PINSHIM_POLICY: its snapshot is mapped by whoever names it, and goes with the text" {
	local spelled
	start_server line api
	start_host
	"${ON_HOST[@]}" mkdir /var/lib/pins
	watched /var/lib/pins
	section nobody | "${ON_HOST[@]}" sh -c 'cat >/var/lib/pins/p.ini'
	try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" compile /var/lib/pins/./p.ini
	assert_rc 0
	client_there() { # POLICY
		try "${ON_HOST[@]}" sh -c 'cd /var/lib/pins && exec "$@"' - "${SHIMMED_ALONE[@]}" \
			"PINSHIM_POLICY=$1" "$CLIENT" connect "$PORT" "ca=$PKI/ca.pem" sni=api.example.com
	}
	for spelled in /var/lib/pins/p.ini /var/lib//pins/./p.ini ./p.ini; do
		not_read /var/lib/pins/p.ini refused_by p.ini client_there "$spelled"
	done
	section api | "${ON_HOST[@]}" sh -c 'cat >/var/lib/pins/p.ini'
	client_there /var/lib/pins/p.ini
	assert_accepted
	assert_events 0 '.verdict == "policy-error"'
	assert_data 1
}

@test "who may not read the text does not get it from its snapshot" {
	start_server line api
	start_host
	"${ON_HOST[@]}" mkdir -m 755 /var/lib/pins
	section api | "${ON_HOST[@]}" sh -c 'cat >/var/lib/pins/p.ini'
	cp "$LIB" "$CLIENT" "$T/state"
	try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" compile /var/lib/pins/p.ini
	assert_rc 0
	: >"$T/events"
	chmod 666 "$T/events"
	as_nobody() {
		try "${ON_HOST[@]}" sh -c 'cd / && exec "$@"' - "${BARE[@]}" \
			setpriv --reuid 65534 --regid 65534 --clear-groups \
			env LD_PRELOAD=/var/lib/pinshim/libpinshim.so PINSHIM_POLICY=/var/lib/pins/p.ini \
			/var/lib/pinshim/client connect "$PORT" sni=api.example.com verify=none
	}
	as_nobody
	assert_fact handshake=ok
	"${ON_HOST[@]}" chmod 600 /var/lib/pins/p.ini
	as_nobody
	refused_with 'bad pin policy: /var/lib/pins/p\.ini: cannot be read'
	# Not even when it is current, and somebody has opened it to everybody.
	try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" compile /var/lib/pins/p.ini
	assert_rc 0
	"${ON_HOST[@]}" chmod 644 /var/lib/pins/p.ini.snapshot
	as_nobody
	refused_with 'bad pin policy: /var/lib/pins/p\.ini: cannot be read'
	assert_data 1
}

# --- publication

@test "interrupted anywhere: the last good policy is whole, the old one and then the new one" {
	local texts=''
	break_text() {
		if cmp -s "$T/new.ini" "$HOME_DIR/policy.ini"; then texts+=n; else texts+=o; fi
		echo nonsense >"$HOME_DIR/policy.ini"
	}
	start_host
	section nobody >"$T/old.ini"
	section api >"$T/new.ini"
	interrupt "$T/old.ini" "$T/new.ini" break_text
	state_of_snapshot current ''
	# It is the new one before the text is.
	[[ $texts =~ ^(o+)n+$ ]]
	[[ ${STATES:0:${#BASH_REMATCH[1]}} == *n ]] || fail "texts: $texts, last good: $STATES"
}

@test "interrupted before its end: the snapshot is told to be stale, and the next apply mends it" {
	local n last=0
	start_host
	section nobody >"$T/old.ini"
	section api >"$T/new.ini"
	apply "$T/old.ini"
	# The step before the last snapshot is moved into its place: the policy is in place then.
	for ((n = 1; n < 100; n++)); do
		try "${ON_HOST[@]}" "${BARE[@]}" "LD_PRELOAD=$OBJECTS/die.so" "DIE_AT=$n" \
			"$PINSHIM" apply "$T/new.ini"
		[ "$rc" != 0 ] || break
		cmp -s "$T/new.ini" "$HOME_DIR/policy.ini" && last=$n && break
	done
	[ "$last" -gt 0 ]
	state_of_snapshot "(pending|stale)" "'pinshim apply' (was interrupted; run 'pinshim apply /etc/pinshim'|is at work)\)"
	sleep 3
	state_of_snapshot stale "'pinshim apply' was interrupted; run 'pinshim apply /etc/pinshim'\)"
	try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" check --strict
	assert_rc 1
	assert_err "^$SNAPSHOT: warning: the snapshot is stale: 'pinshim apply' was interrupted; run 'pinshim apply /etc/pinshim'\$"
	apply /etc/pinshim
	assert_rc 0
	state_of_snapshot current ''
	[ "$(find "$T/state" "$HOME_DIR" -name '.*' | wc -l)" = 0 ] || fail "something was left behind"
}

# An apply during which the shell runs SCRIPT, once the text is in its place.
meddled() { # SCRIPT FILE
	try "${ON_HOST[@]}" "${BARE[@]}" "LD_PRELOAD=$OBJECTS/meddle.so" MEDDLE_AT=/etc/pinshim/policy.ini \
		"MEDDLE=$1" "$PINSHIM" apply "$2"
}

@test "the text, or what it names, is changed while it is published" {
	local script
	start_server line api
	start_host
	printf '%s\n' "$(pin other)" >"$T/state/revoked"
	{
		echo 'revoked = /var/lib/pinshim/revoked'
		section nobody
	} >"$T/new.ini"
	sed "s|$(pin nobody)|$(pin api)|" "$T/new.ini" >"$T/state/other.ini"
	# shellcheck disable=SC2016 # expanded while it is published
	for script in 'cat /var/lib/pinshim/other.ini >/etc/pinshim/policy.ini' \
		'cp /var/lib/pinshim/other.ini /etc/pinshim/x && mv /etc/pinshim/x /etc/pinshim/policy.ini' \
		'mkdir /etc/pinshim/policy.d && echo "[b.example.com]
			mode = off" >/etc/pinshim/policy.d/b.ini' \
		'cat /var/lib/pinshim/revoked >/var/lib/pinshim/x && mv /var/lib/pinshim/x /var/lib/pinshim/revoked' \
		'echo >>/var/lib/pinshim/revoked'; do
		rm -rf "$HOME_DIR/policy.d"
		meddled "$script" "$T/new.ini"
		assert_rc 1
		assert_out "published /etc/pinshim/policy.ini: 1 section, 1 pin, 1 revoked key"
		assert_err '^pinshim: /etc/pinshim: has been changed since it was published$' \
			"^pinshim: the policy is published, but its snapshot is not current: every process reads the text; run 'pinshim apply /etc/pinshim'\$"
		state_of_snapshot '(pending|stale)' ''
		[ "$(find "$T/state" "$HOME_DIR" -name '.*' | wc -l)" = 0 ] || fail "something was left behind"
	done
	meddled 'cat /var/lib/pinshim/other.ini >/etc/pinshim/policy.ini' "$T/new.ini"
	client_on_host
	assert_accepted # by what is in place, not by what was published
	rm -r "$HOME_DIR/policy.d" 2>/dev/null || true
	apply /etc/pinshim
	assert_rc 0
	client_on_host
	assert_accepted
	assert_data 2
}

@test "the snapshot cannot be completed: the policy is published all the same" {
	start_server line api
	start_host
	section nobody >"$T/new.ini"
	meddled 'rm /var/lib/pinshim/.policy.snapshot.new' "$T/new.ini"
	assert_rc 1
	assert_out "published /etc/pinshim/policy.ini: 1 section, 1 pin"
	assert_err "^pinshim: $SNAPSHOT: No such file or directory\$" '^pinshim: the policy is published, but '
	client_on_host
	refused_with 'pin mismatch for api\.example\.com \(policy\.ini:2\)'
	assert_no_data
}

@test "the text cannot be moved: the snapshot is what it was, or none" {
	start_host
	section nobody >"$HOME_DIR/policy.ini"
	section api >"$T/new.ini"
	"${ON_HOST[@]}" mount --bind /etc/pinshim/policy.ini /etc/pinshim/policy.ini
	apply "$T/new.ini"
	assert_rc 1
	assert_err '^pinshim: /etc/pinshim/policy\.ini: Device or resource busy$'
	[ "$(ls -A "$T/state")" = apply.lock ]
	apply /etc/pinshim
	assert_rc 0
	cp -p "$T/state/policy.snapshot" "$T/before"
	apply "$T/new.ini"
	assert_rc 1
	cmp "$T/before" "$T/state/policy.snapshot"
	[ "$(ls -A "$T/state")" = $'apply.lock\npolicy.snapshot' ]
	state_of_snapshot current ''
}

@test "a text that is changed while its snapshot is made: that is told" {
	start_host
	section nobody >"$T/state/p.ini"
	try "${ON_HOST[@]}" "${BARE[@]}" "LD_PRELOAD=$OBJECTS/meddle.so" \
		MEDDLE_AT=/var/lib/pinshim/p.ini.snapshot "MEDDLE=touch /var/lib/pinshim/p.ini" \
		"$PINSHIM" compile /var/lib/pinshim/p.ini
	assert_rc 1
	assert_out ''
	assert_err "^pinshim: /var/lib/pinshim/p\.ini\.snapshot: is stale and not used: /var/lib/pinshim/p\.ini has changed; run 'pinshim compile /var/lib/pinshim/p\.ini'\$"
}

@test "a file system that cannot exchange what is in two places" {
	local name
	start_host
	for name in nobody api; do # with none before, and with one
		section $name >"$T/new.ini"
		try "${ON_HOST[@]}" "${BARE[@]}" "LD_PRELOAD=$OBJECTS/meddle.so" NO_EXCHANGE=1 "$PINSHIM" apply "$T/new.ini"
		assert_rc 0
		[ "$(ls -A "$T/state")" = $'apply.lock\npolicy.snapshot' ]
		state_of_snapshot current ''
	done
	mkdir "$T/new"
	for name in localhost other.example.com; do
		printf '[%s]\nmode = off\n' $name >"$T/new/a.ini"
		try "${ON_HOST[@]}" "${BARE[@]}" "LD_PRELOAD=$OBJECTS/meddle.so" NO_EXCHANGE=1 "$PINSHIM" apply "$T/new"
		assert_rc 0
		diff -r "$T/new" "$HOME_DIR/policy.d"
		[ "$(ls -A "$HOME_DIR")" = $'policy.d\npolicy.ini' ]
		[ "$(ls -A "$T/state")" = $'apply.lock\npolicy.snapshot' ]
		state_of_snapshot current ''
	done
	# What was there comes back as well.
	"${ON_HOST[@]}" mount --bind /etc/pinshim/policy.ini /etc/pinshim/policy.ini
	cp -p "$T/state/policy.snapshot" "$T/before"
	section nobody >"$T/new.ini"
	try "${ON_HOST[@]}" "${BARE[@]}" "LD_PRELOAD=$OBJECTS/meddle.so" NO_EXCHANGE=1 "$PINSHIM" apply "$T/new.ini"
	assert_rc 1
	cmp "$T/before" "$T/state/policy.snapshot"
	[ "$(ls -A "$T/state")" = $'apply.lock\npolicy.snapshot' ]
	state_of_snapshot current ''
}

@test "what an earlier version kept goes" {
	start_host
	mkdir -p "$T/state/last-good/policy.d"
	section nobody | tee "$T/state/last-good/policy.ini" >"$T/state/last-good/policy.d/a.ini"
	section api >"$T/new.ini"
	apply "$T/new.ini"
	assert_rc 0
	[ "$(ls -A "$T/state")" = $'apply.lock\npolicy.snapshot' ]
}

@test "whatever stands in the snapshot's place gives way" {
	local new
	start_host
	section api >"$T/new.ini"
	for new in "$T/new.ini" /etc/pinshim; do
		for make in 'mkdir -p $1/x' 'mkfifo $1' 'ln -s /nowhere $1' 'ln -s /etc/passwd $1'; do
			rm -rf "$T/state/policy.snapshot"
			bash -c "$make" - "$T/state/policy.snapshot"
			apply "$new"
			assert_rc 0
			[ "$(ls -A "$T/state")" = $'apply.lock\npolicy.snapshot' ]
			[ "$(stat -c '%F %a' "$T/state/policy.snapshot")" = 'regular file 644' ]
			state_of_snapshot current ''
		done
	done
}

@test "processes that start while policies are published: none of them sees half of one" {
	local n rc_of publisher
	start_server line api
	start_host
	mkdir "$T/1" "$T/2"
	for n in 1 2; do
		section api >"$T/$n/a.ini"
		printf '[h%d.example.com]\nmode = off\n' $n >"$T/$n/$n.ini"
	done
	apply "$T/1"
	: >"$T/applied"
	(
		n=0
		until [ -e "$T/enough" ]; do
			n=$((n + 1))
			"${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" apply "$T/$((n % 2 + 1))" >/dev/null 2>&1 || exit 1
			echo $n >>"$T/applied"
		done
	) 3>&- &
	publisher=$!
	started $publisher
	loop_on_host
	n=0
	until [ "$n" -ge 8 ] && [ "$(wc -l <"$T/applied")" -ge 12 ]; do
		kill -0 $publisher
		client_on_host
		assert_accepted
		accepted_again
		n=$((n + 2))
	done
	touch "$T/enough"
	rc_of=0
	wait $publisher || rc_of=$?
	unset "RUNNING[$publisher]"
	[ "$rc_of" = 0 ]
	assert_events 0 '.verdict == "policy-error"'
	state_of_snapshot current ''
}

# SPDX-License-Identifier: MIT
#
# pinshim apply: what it publishes and what it refuses, on which file systems, and what it leaves
# behind wherever it is interrupted.

load common

says() { # TEXT: the whole standard error
	[ "$(<"$T/err")" = "$1" ] || fail "standard error is not: $1"
}

in_force() { # NAME HOST: the host's policy pins HOST to the key of NAME, and to no other
	try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" explain "$2"
	[ "$(grep -oE 'sha256/[^ ]*' "$T/out")" = "$(pin "$1")" ] || fail "$1 is not what $2 is pinned to"
}

# The host's snapshot is of the texts in place, holds what they give, and is what processes use.
snapshot_is_current() {
	try "${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" check
	assert_rc 0
	grep -q '^/var/lib/pinshim/policy\.snapshot: current, of 20' "$T/out" || fail "the snapshot is not current"
}

published() { # lists what there is, with modes and owners
	(cd "$T" && find etc state ! -name apply.lock ! -path etc -printf '%P %m %u\n' | grep . | sort)
}

@test "a file becomes policy.ini" {
	start_host
	section api >"$T/new.ini"
	chmod 600 "$T/new.ini"
	(umask 077 && apply "$T/new.ini")
	apply "$T/new.ini"
	assert_rc 0
	assert_out "published /etc/pinshim/policy.ini: 1 section, 1 pin"
	cmp "$T/new.ini" "$HOME_DIR/policy.ini"
	[ "$(stat -c '%a %u' "$HOME_DIR/policy.ini")" = '644 0' ]
	[ "$(ls -A "$HOME_DIR")" = policy.ini ]
	[ "$(ls -A "$T/state")" = $'apply.lock\npolicy.snapshot' ]
	[ "$(stat -c '%a %u' "$T/state/policy.snapshot")" = '644 0' ]
	in_force api api.example.com
	snapshot_is_current
}

@test "a folder becomes policy.d, and what was there goes" {
	start_host
	mkdir "$T/new" "$T/newer"
	section api >"$T/new/a.ini"
	section api localhost >"$T/newer/b.ini"
	sed -i '/^log/d' "$T/newer/b.ini"
	section nobody c.example.com >"$T/newer/c.ini"
	echo 'no policy' | tee "$T/newer/README" >"$T/newer/.hidden.ini"
	apply "$T/new"
	assert_out "published /etc/pinshim/policy.d: 1 section, 1 pin"
	in_force api api.example.com
	apply "$T/newer/"
	assert_rc 0
	assert_out "published /etc/pinshim/policy.d: 2 sections, 2 pins"
	[ "$(find "$HOME_DIR" -mindepth 1 -printf "%P\n" | sort | xargs)" = "policy.d policy.d/b.ini policy.d/c.ini" ]
	[ "$(stat -c '%a %u' "$HOME_DIR/policy.d" "$HOME_DIR/policy.d/b.ini" | xargs)" = '755 0 644 0' ]
	in_force nobody c.example.com
}

@test "both parts are one policy, which is checked and counted as one" {
	start_host
	mkdir "$T/new"
	section api >"$T/new.ini"
	printf '[localhost]\npin = %s\npin = %s\n' "$(pin api)" "$(pin nobody)" >"$T/new/a.ini"
	apply "$T/new"
	apply "$T/new.ini"
	assert_out "published /etc/pinshim/policy.ini: 2 sections, 3 pins (with 1 file of /etc/pinshim/policy.d)"
	printf '[c.example.com]\nmode = off\n' >"$T/new/c.ini"
	apply "$T/new"
	assert_out "published /etc/pinshim/policy.d: 3 sections, 3 pins (with /etc/pinshim/policy.ini)"
	apply "$T/new.ini"
	assert_out "published /etc/pinshim/policy.ini: 3 sections, 3 pins (with 2 files of /etc/pinshim/policy.d)"
	published >"$T/before"
	printf '[localhost]\nmode = off\n' >"$T/twice.ini"
	apply "$T/twice.ini"
	assert_rc 1
	says "/etc/pinshim/policy.d/a.ini:1: [localhost] stands twice, first at $T/twice.ini:1; remove one"
	cp "$T/new.ini" "$T/new/d.ini"
	apply "$T/new"
	assert_rc 1
	assert_err "^$T/new/d.ini:2: \[api.example.com\] stands twice, first at /etc/pinshim/policy.ini:2"
	published | diff "$T/before" -
	in_force api api.example.com
	snapshot_is_current
}

refused_with_nothing_changed() { # ARGUMENT PATTERN
	local ours=$T/ours
	cp -a "$HOME_DIR" "$ours"
	published >"$T/before"
	cp "$T/state/policy.snapshot" "$T/before.snapshot"
	apply "$1"
	assert_rc 1
	assert_out ""
	assert_err "$2"
	diff -r "$ours" "$HOME_DIR"
	published | diff "$T/before" -
	cmp "$T/before.snapshot" "$T/state/policy.snapshot"
	rm -r "$ours"
}

@test "what is bad is not published: the message is check's, and nothing changes" {
	start_host
	section api >"$T/old.ini"
	mkdir "$T/old" "$T/empty" "$T/bad"
	printf '[localhost]\npin = %s\n' "$(pin api)" >"$T/old/a.ini"
	apply "$T/old"
	apply "$T/old.ini"
	echo nonsense | tee "$T/bad.ini" >"$T/bad/x.ini"
	printf '[a.example.com]\ntofu = yes\n' >"$T/tofu.ini"
	: >"$T/empty.ini"
	section api >"$T/open.ini"
	chmod o+w "$T/open.ini"
	refused_with_nothing_changed "$T/bad.ini" "^$T/bad.ini:1: 'nonsense'"
	refused_with_nothing_changed "$T/bad" "^$T/bad/x.ini:1: 'nonsense'"
	refused_with_nothing_changed "$T/tofu.ini" "^$T/tofu.ini:2: .*tofu"
	refused_with_nothing_changed "$T/empty.ini" "^$T/empty.ini: is empty"
	refused_with_nothing_changed "$T/empty" "^$T/empty: holds no \*.ini file"
	refused_with_nothing_changed "$T/none.ini" "^$T/none.ini: cannot be read"
	refused_with_nothing_changed "$T/open.ini" "^$T/open.ini: is world-writable"
	refused_with_nothing_changed /dev/null "^/dev/null: is not a regular file"
}

@test "files that a policy refers to must be root's, as for the host" {
	start_host
	section api >"$T/old.ini"
	apply "$T/old.ini"
	cp "$PKI/ca.pem" "$T/state/ca.pem"
	printf '[a.example.com]\nverify = full\nca-file = /var/lib/pinshim/ca.pem\n' >"$T/new.ini"
	chown 65534 "$T/state/ca.pem"
	refused_with_nothing_changed "$T/new.ini" "^/var/lib/pinshim/ca.pem: is owned by uid 65534"
	chown 0 "$T/state/ca.pem"
	chmod g+w "$T/state/ca.pem"
	refused_with_nothing_changed "$T/new.ini" "^/var/lib/pinshim/ca.pem: can be written by others"
	rm "$T/state/ca.pem"
	refused_with_nothing_changed "$T/new.ini" "^$T/new.ini:3: ca-file .*cannot be read"
	cp "$PKI/ca.pem" "$T/state/ca.pem"
	apply "$T/new.ini"
	assert_rc 0
}

@test "the folders must be root's, too" {
	start_host
	section api >"$T/old.ini"
	apply "$T/old.ini"
	section nobody >"$T/new.ini"
	chmod g+w "$HOME_DIR"
	refused_with_nothing_changed "$T/new.ini" "^/etc/pinshim: can be written by others than root"
	chmod g-w "$HOME_DIR"
	chown 65534 "$T/state"
	refused_with_nothing_changed "$T/new.ini" "^pinshim: /var/lib/pinshim: is owned by uid 65534"
	chown 0 "$T/state"
	apply "$T/new.ini"
	assert_rc 0
}

@test "only root, and one argument" {
	start_host
	cp "$PINSHIM" "$T/state/pinshim"
	try "${ON_HOST[@]}" setpriv --reuid 65534 --regid 65534 --clear-groups \
		/var/lib/pinshim/pinshim apply /etc/hostname
	assert_rc 1
	says "pinshim: only root may publish the host's policy; run 'pinshim apply' as root"
	local arguments
	for arguments in '' 'a b' '--frob a' "''"; do
		eval "apply $arguments"
		assert_rc 2
		assert_err '^usage: pinshim apply FILE\|DIR$'
	done
}

@test "what is in its place already becomes the last good policy" {
	local path
	start_host
	mkdir "$HOME_DIR/policy.d"
	section api >"$HOME_DIR/policy.ini"
	printf '[localhost]\nmode = off\n' >"$HOME_DIR/policy.d/a.ini"
	for path in /etc/pinshim /etc/pinshim/policy.ini /etc/pinshim/policy.d /etc/pinshim/../pinshim/; do
		rm -f "$T/state/policy.snapshot"
		published >"$T/before"
		apply "$path"
		assert_rc 0
		assert_out "kept /etc/pinshim as the last good policy: 2 sections, 1 pin"
		snapshot_is_current
		published | grep -v policy.snapshot | diff "$T/before" -
	done
	chmod g+w "$HOME_DIR/policy.ini"
	apply /etc/pinshim/policy.ini
	assert_rc 1
	assert_err '^/etc/pinshim/policy.ini: can be written by others than root'
}

@test "what is no policy is not lost with the old folder" {
	start_host
	mkdir "$T/new" "$HOME_DIR/policy.d"
	section api >"$T/new/a.ini"
	echo kept >"$HOME_DIR/policy.d/ca.pem"
	apply "$T/new"
	assert_rc 1
	says "pinshim: /etc/pinshim/policy.d/ca.pem: is no policy file and would be lost; move it out of /etc/pinshim/policy.d"
	[ "$(ls "$HOME_DIR/policy.d")" = ca.pem ]
	[ ! -e "$T/state/policy.snapshot" ]
}

# --- file systems

on_lower_layer() { # the host's folders belong to a lower layer of an overlay
	# shellcheck disable=SC2016 # expanded by the inner shell
	"${ON_HOST[@]}" bash -euc '
		for folder in /etc/pinshim /var/lib/pinshim; do
			layers=/var/lib/layers$folder
			mkdir -p "$layers/upper" "$layers/work"
			mount -t overlay overlay \
				-o "lowerdir=$folder,upperdir=$layers/upper,workdir=$layers/work" $folder
		done'
}

on_mount_point() { # policy.d is one
	"${ON_HOST[@]}" mount --bind /etc/pinshim/policy.d /etc/pinshim/policy.d
}

texts_on_host() { # FOLDER
	"${ON_HOST[@]}" sh -c 'cd "$1" && find . -type f | sort | xargs -r sha256sum' - "$1"
}

@test "where folders cannot be exchanged: a lower layer of an overlay, a mount point" {
	local make
	mkdir "$T/old" "$T/new"
	section nobody >"$T/old/a.ini"
	printf '[localhost]\npin = %s\n' "$(pin nobody)" >"$T/old/b.ini"
	section api >"$T/new/a.ini"
	printf '[c.example.com]\npin = %s\n' "$(pin api)" >"$T/new/c.ini"
	for make in on_lower_layer on_mount_point; do
		rm -rf "${T:?}/etc" "$T/state" "$T/host-is-up"
		start_host
		apply "$T/old"
		assert_rc 0
		$make
		in_force nobody localhost
		# So that the test is of what it says.
		"${ON_HOST[@]}" sh -c '! mv -T --no-copy /etc/pinshim/policy.d /etc/pinshim/x 2>/dev/null'
		apply "$T/new"
		assert_rc 0
		assert_out "published /etc/pinshim/policy.d: 2 sections, 2 pins"
		[ "$(texts_on_host /etc/pinshim/policy.d)" = "$(cd "$T/new" && sha256sum ./*.ini)" ]
		snapshot_is_current
		in_force api api.example.com
		umount -l "$T/layers" 2>/dev/null || true
	done
}

@test "where the policy can only be read: what is in its place is kept as the last good one" {
	start_host
	section api >"$HOME_DIR/policy.ini"
	chmod 555 "$HOME_DIR"
	"${ON_HOST[@]}" mount -o remount,bind,ro /etc/pinshim
	apply /etc/pinshim
	assert_rc 0
	assert_out "kept /etc/pinshim as the last good policy: 1 section, 1 pin"
	snapshot_is_current
	section nobody >"$T/new.ini"
	apply "$T/new.ini"
	assert_rc 1
	says "pinshim: /etc/pinshim/.policy.ini.new: Read-only file system"
	snapshot_is_current
	in_force api api.example.com
}

@test "a folder that others cannot pass through is opened" {
	start_host
	section api >"$HOME_DIR/policy.ini"
	chmod 700 "$HOME_DIR" "$T/state"
	apply /etc/pinshim
	assert_rc 0
	[ "$(stat -c %a "$HOME_DIR" "$T/state" | xargs)" = '755 755' ]
}

@test "a disk that is full while files are replaced one by one: nothing stays in the way" {
	start_host
	mkdir "$HOME_DIR/policy.d" "$T/old" "$T/new"
	"${ON_HOST[@]}" mount -t tmpfs -o size=64k,mode=755 none /etc/pinshim/policy.d
	section nobody >"$T/old/a.ini"
	section api >"$T/new/a.ini"
	{
		printf '[b.example.com]\nmode = off\n'
		printf '; %01000d\n' {1..50}
	} >"$T/new/b.ini"
	printf '; %01000d\n' {1..15} >"$T/old/z.ini"
	apply "$T/old"
	assert_rc 0
	apply "$T/new"
	assert_rc 1
	assert_err "^pinshim: /etc/pinshim/policy\.d: is half replaced: run 'pinshim apply' again; until then the last good policy is used, which is the new one\$"
	[ "$("${ON_HOST[@]}" ls -A /etc/pinshim/policy.d | xargs)" = 'a.ini pinshim-apply.ini z.ini' ]
	in_force api api.example.com
	"${ON_HOST[@]}" rm /etc/pinshim/policy.d/z.ini
	apply "$T/new"
	assert_rc 0
	[ "$("${ON_HOST[@]}" ls -A /etc/pinshim/policy.d | xargs)" = 'a.ini b.ini' ]
	in_force api api.example.com
	snapshot_is_current
}

# --- interruptions

# Whatever the next apply finds is not in its way.
interrupt_parts() { # PART: what was published and is published again, .ini or nothing
	interrupt "$T/old$1" "$T/new$1"
	in_force api api.example.com
	apply "$T/new$1"
	assert_rc 0
	snapshot_is_current
	[ "$(find "$T/state" "$HOME_DIR" -name '.*' | wc -l)" = 0 ] || fail "something was left behind"
}

policies_to_interrupt() {
	start_host
	mkdir "$T/old" "$T/new"
	section nobody | tee "$T/old/b.ini" >"$T/old.ini"
	section api | tee "$T/new/c.ini" >"$T/new.ini"
	printf '[localhost]\nmode = off\n' >"$T/old/a.ini"
	printf '[other.example.com]\nmode = off\n' >"$T/new/b.ini"
}

@test "interrupted anywhere: a file" {
	policies_to_interrupt
	interrupt_parts .ini
}

@test "interrupted anywhere: a folder" {
	policies_to_interrupt
	interrupt_parts ''
}

@test "interrupted anywhere: a folder that cannot be exchanged" {
	policies_to_interrupt
	mkdir "$HOME_DIR/policy.d"
	on_mount_point
	interrupt_parts ''
}

# Texts are put on the disk when they are read, too, so that their times stand still; that is left out.
in_order() { # WHAT LINE...: applying WHAT moves this and puts that on the disk, one after the other
	rm -f "$T/order"
	try "${ON_HOST[@]}" "${BARE[@]}" "LD_PRELOAD=$OBJECTS/meddle.so" "ORDER=$T/order" "$PINSHIM" apply "$1"
	assert_rc 0
	sed -E "\,^sync ($T/.*|/etc/pinshim/policy\.(ini|d/[a-z]\.ini))$,d" -i "$T/order"
	printf '%s\n' "${@:2}" | diff - "$T/order"
}

@test "should the power fail: nothing is moved before what it relies on is on the disk" {
	local etc=/etc/pinshim state=/var/lib/pinshim written last_good completed
	written=("sync $state/.policy.snapshot.new" "sync $state/.last-good.new")
	last_good=("exchange $state/.last-good.new" "sync $state")
	completed=("sync $state/.policy.snapshot.new" "move $state/policy.snapshot" "sync $state")
	policies_to_interrupt
	apply "$T/old.ini"
	in_order "$T/new.ini" 'sync /etc' "sync $etc/.policy.ini.new" "${written[@]}" \
		"${last_good[@]}" "move $etc/policy.ini" "sync $etc" "${completed[@]}"
	in_order $etc 'sync /etc' "sync $state/.policy.snapshot.new" \
		"exchange $state/.policy.snapshot.new" "sync $state"
	rm "$HOME_DIR/policy.ini"
	apply "$T/old"
	in_order "$T/new" 'sync /etc' "sync $etc/.policy.d.new/"{b,c}.ini "sync $etc/.policy.d.new" \
		"${written[@]}" "${last_good[@]}" "exchange $etc/policy.d" "sync $etc" "${completed[@]}"
	on_mount_point
	in_order "$T/old" 'sync /etc' "sync $etc/.policy.d.new/"{a,b}.ini "sync $etc/.policy.d.new" \
		"${written[@]}" "${last_good[@]}" \
		"sync $etc/policy.d/.text.new" "move $etc/policy.d/pinshim-apply.ini" "sync $etc/policy.d" \
		"sync $etc/policy.d/.text.new" "move $etc/policy.d/a.ini" \
		"sync $etc/policy.d/.text.new" "move $etc/policy.d/b.ini" "sync $etc/policy.d" \
		"sync $etc/policy.d" "${completed[@]}"
}

@test "one apply waits for the other" {
	local first
	start_host
	section api >"$T/new.ini"
	apply "$T/new.ini"
	exec {first}<>"$T/state/apply.lock"
	flock "$first"
	"${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" apply "$T/new.ini" >"$T/out" 2>"$T/err" 3>&- {first}>&- &
	started $!
	wait_for grep -q "^pinshim: waiting for another 'pinshim apply'" "$T/err"
	[ ! -s "$T/out" ]
	exec {first}>&-
	wait $!
	unset "RUNNING[$!]"
	assert_out "published /etc/pinshim/policy.ini: 1 section, 1 pin"
}

@test "many at once: the last good policy is the host's" {
	local n pids=()
	start_host
	for n in 1 2 3 4 5 6 7 8; do
		section "$([ $((n % 2)) = 0 ] && echo api || echo nobody)" "h$n.example.com" >"$T/new$n.ini"
	done
	for n in 1 2 3 4 5 6 7 8; do
		"${ON_HOST[@]}" "${BARE[@]}" "$PINSHIM" apply "$T/new$n.ini" >"$T/out$n" 2>&1 3>&- &
		pids+=($!)
	done
	for n in "${pids[@]}"; do
		wait "$n"
	done
	grep -L '^published ' "$T"/out[0-9] | diff /dev/null -
	snapshot_is_current
}

# SPDX-License-Identifier: MIT
#
# Every way in which people and tools replace a policy is seen by the next handshake, in a file, a
# folder and the host's policy; and what looking for it costs.

load common

# --- ways to replace the policy FILE by standard input

by_rename() {
	cat >"$1.new"
	mv "$1.new" "$1"
}

in_place() {
	cat >"$1"
}

by_deleting() {
	rm -f "$1"
	cat >"$1"
}

by_mtime_kept() { # as rsync -t and tar do
	cat >"$1.new"
	touch -r "$T" "$1.new"
	mv "$1.new" "$1"
}

# As Kubernetes does with a ConfigMap: FILE is a link through ..data, which is swapped.
by_swapping_data() {
	local folder=${1%/*} version
	version=$(mktemp -d "$folder/..2026_XXXXXX")
	chmod 755 "$version"
	cat >"$version/${1##*/}"
	ln -s "${version##*/}" "$folder/..data_tmp"
	mv -T "$folder/..data_tmp" "$folder/..data"
	[ -L "$1" ] || ln -sf "..data/${1##*/}" "$1"
}

# Handshakes, resumed where that is allowed, see each change of FILE in each way.
changes_are_seen() { # FILE START-COMMAND...
	local way file=$1 max n=0
	shift
	start_server line api
	for max in ${VERSIONS:-1.2 1.3}; do
		for way in by_rename in_place by_deleting by_mtime_kept by_swapping_data; do
			echo "$way, TLS $max"
			rm -rf "$file" "${file%/*}"/..*_*
			section api | $way "$file"
			"$@" via=resume "max=$max"
			accepted_again
			accepted_again
			assert_fact reused=1
			section nobody | $way "$file"
			refused_again
			section api | $way "$file"
			accepted_again
			end "$LOOP_PID"
			n=$((n + 3))
		done
	done
	assert_data $n
}

@test "a file of \$PINSHIM_POLICY" {
	mkdir "$T/pins"
	POLICY=$T/pins/p.ini
	SHIMMED=("${SHIMMED_ALONE[@]}" "PINSHIM_POLICY=$POLICY")
	changes_are_seen "$POLICY" start_loop
}

@test "a folder of \$PINSHIM_POLICY" {
	mkdir "$T/pins"
	SHIMMED=("${SHIMMED_ALONE[@]}" "PINSHIM_POLICY=$T/pins")
	changes_are_seen "$T/pins/p.ini" start_loop
}

@test "the host's policy.d" {
	start_host
	mkdir "$HOME_DIR/policy.d"
	VERSIONS=1.3
	changes_are_seen "$HOME_DIR/policy.d/p.ini" loop_on_host
}

@test "the host's policy.ini" {
	start_host
	VERSIONS=1.3
	changes_are_seen "$HOME_DIR/policy.ini" loop_on_host
}

@test "pinshim apply" {
	start_server line api
	start_host
	mkdir "$T/new"
	section api >"$T/new.ini"
	apply "$T/new.ini"
	loop_on_host
	accepted_again
	section nobody >"$T/new.ini"
	apply "$T/new.ini"
	refused_again
	section api >"$T/new.ini"
	apply "$T/new.ini"
	accepted_again
	printf '[*.example.com]\npin = %s\n' "$(pin api)" | tee "$T/new.ini" >"$T/new/a.ini"
	sed -i 's/\*\.//' "$T/new.ini"
	apply "$T/new.ini"
	apply "$T/new"
	accepted_again
	sed -i "s,= .*,= $(pin nobody)," "$T/new/a.ini"
	apply "$T/new"
	refused_again
	assert_data 3
}

# Files that come and go in FOLDER.
files_come_and_go() { # FOLDER START-COMMAND...
	local folder=$1
	shift
	start_server line api
	section api localhost >"$folder/a.ini"
	"$@"
	accepted_again
	printf '[api.example.com]\npin = %s\n' "$(pin nobody)" >"$folder/b.ini"
	refused_again
	mv "$folder/b.ini" "$folder/.b.ini"
	accepted_again
	mv "$folder/.b.ini" "$folder/c.ini"
	refused_again
	rm "$folder/c.ini"
	accepted_again
	section api localhost >"$folder/b.ini" # twice: bad
	accepted_again
	accepted_again
	assert_events 1 '.verdict == "policy-error"'
	section nobody >"$folder/b.ini"
	refused_again
	assert_data 5
}

@test "files come and go in a folder of \$PINSHIM_POLICY" {
	mkdir "$T/pins"
	SHIMMED=("${SHIMMED_ALONE[@]}" "PINSHIM_POLICY=$T/pins")
	files_come_and_go "$T/pins" start_loop
}

@test "files come and go in the host's policy.d" {
	start_host
	mkdir "$HOME_DIR/policy.d"
	files_come_and_go "$HOME_DIR/policy.d" loop_on_host
}

@test "the host's policy.d comes and goes" {
	start_server line api
	start_host
	section api localhost >"$HOME_DIR/policy.ini"
	loop_on_host
	accepted_again
	mkdir "$HOME_DIR/policy.d"
	printf '[api.example.com]\npin = %s\n' "$(pin nobody)" >"$HOME_DIR/policy.d/b.ini"
	refused_again
	rm -r "$HOME_DIR/policy.d"
	accepted_again
	assert_data 2
}

@test "a ca-file" {
	start_server line api
	cp "$PKI/ca.pem" "$T/ca.pem"
	printf '%s\n' "log = $T/events" '[api.example.com]' 'verify = full' "ca-file = $T/ca.pem" | policy
	start_loop
	accepted_again
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null \
		-subj /CN=Other -days 2 -out "$T/ca.pem" 2>"$T/req"
	refused_again
	cp "$PKI/ca.pem" "$T/ca.pem"
	accepted_again
	rm "$T/ca.pem"
	accepted_again
	accepted_again
	assert_events 1 '.verdict == "policy-error"'
	cp "$PKI/ca.pem" "$T/ca.pem"
	accepted_again
	assert_data 5
}

@test "two writes in place, one right after the other" {
	local n
	start_server line api
	section api >"$POLICY"
	start_loop
	for ((n = 0; n < 10; n++)); do
		section api >"$POLICY"
		section nobody >"$POLICY"
		refused_again
		section nobody >"$POLICY"
		section api >"$POLICY"
		accepted_again
	done
	assert_data 10
}

# --- which handshake is the next

@test "a handshake that begins right after a failed one, or a question, on the same SSL" {
	local way
	for way in connect write ciphers; do
		echo "$way"
		run_shimmed "$OBJECTS/next" "$way"
		assert_rc 0
	done
}

@test "handshakes that begin in several threads at once, and after one was cancelled" {
	run_shimmed "$OBJECTS/next" threads
	assert_rc 0
	run_shimmed "$OBJECTS/next" cancelled
	assert_rc 0
}

# --- what it costs

looks() { # how often the library looked at each of its files since the last call, and where
	sed -n "\\,^[a-z]* $T/,p; \\,^[a-z]* /etc/pinshim,p; \\,^[a-z]* /var/lib/pinshim,p" "$T/count" |
		grep -v -F -e "$PKI" -e "$T/events" | sort | uniq -c | sed 's/^ *//'
	: >"$T/count"
}

one_look_each() { # FILE...: each was looked at once, and nothing else
	looks >"$T/looks"
	printf '1 stat %s\n' "$@" | sort | diff - "$T/looks" || fail "not one look at each"
}

counted() { # COMMAND...: sets UNDER
	UNDER=("$@" "LD_PRELOAD=$OBJECTS/count.so:$LIB" "COUNT_TO=$T/count")
}

@test "a handshake that needs no reload costs one stat a file" {
	local max via verify drive
	mkdir "$T/pins"
	section api >"$T/pins/a.ini"
	printf '[localhost]\nverify = full\nca-file = %s\n' "$T/ca.pem" >"$T/pins/b.ini"
	cp "$PKI/ca.pem" "$T/ca.pem"
	counted "${BARE[@]}"
	for max in 1.2 1.3; do
		for via in '' resume; do
			for verify in peer callback; do
				for drive in '' write; do
					echo "TLS $max, ${via:-full}, $verify, ${drive:-connect}"
					start_server line api
					start_loop_under "${UNDER[@]}" "PINSHIM_POLICY=$T/pins" -- \
						"max=$max" "via=$via" "verify=$verify" "drive=$drive"
					accepted_again
					looks >/dev/null
					accepted_again
					[ -z "$via" ] || assert_fact reused=1
					one_look_each "$T/pins" "$T/pins/a.ini" "$T/pins/b.ini" "$T/ca.pem"
					accepted_again
					one_look_each "$T/pins" "$T/pins/a.ini" "$T/pins/b.ini" "$T/ca.pem"
					end "$LOOP_PID"
					end "$SERVER"
				done
			done
		done
	done
}

@test "... also refused, with the host's policy, a bad one, and the last good one" {
	start_server line api
	start_host
	section nobody >"$T/new.ini"
	apply "$T/new.ini"
	counted "${ON_HOST[@]}" "${BARE[@]}"
	start_loop_under "${UNDER[@]}" "PINSHIM_POLICY=$T/none.ini" --
	refused_again
	looks >/dev/null
	refused_again
	one_look_each /etc/pinshim/policy.ini /etc/pinshim/policy.d "$SNAPSHOT" "$T/none.ini"
	echo nonsense >"$HOME_DIR/policy.ini"
	refused_again
	looks >/dev/null
	refused_again
	one_look_each /etc/pinshim/policy.ini /etc/pinshim/policy.d "$SNAPSHOT" "$T/none.ini"
	end "$LOOP_PID"
	start_loop_under "${UNDER[@]}" --
	refused_again
	looks >/dev/null
	refused_again
	one_look_each /etc/pinshim/policy.ini /etc/pinshim/policy.d "$SNAPSHOT"
	assert_no_data
}

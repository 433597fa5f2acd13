# SPDX-License-Identifier: MIT
#
# Logs that cannot be written: the verdict stands, the program lives, no line is cut, and what is lost
# is counted and told with the next event that can be written.
# shellcheck disable=SC2030,SC2031,SC2154 # set by the rig; a test is a subshell

load ../lib/rig
load ../lib/loop

logged_policy() { # LOG...: what is accepted is told as well; repeats of a refusal would be folded
	{
		printf 'log = %s\n' "$@"
		printf '%s\n' "log-accepted = yes" "[api.example.com]" "pin = $(pin api)"
	} | policy
}

start_behind() { # [COMMAND...]: in front of the client
	start_loop_under "$@" "${SHIMMED[@]:UNLIMITED}" --
}

times() { # COUNT COMMAND...
	local i
	for ((i = 0; i < $1; i++)); do
		"${@:2}"
	done
}

assert_lost() { # LOG NUMBER...: what each line says, all of them JSON
	local lost
	lost=$(while IFS= read -r line; do jq -r .lost <<<"$line"; done <"$1" | xargs)
	[ "$lost" = "${*:2}" ] || fail "lost: $lost; in: $(<"$1")"
}

# Of COUNT events some are there, each on a line of its own, and the last that is tells of the others.
assert_all() { # LOG COUNT
	local sums
	[ -z "$(tail -c 1 "$1")" ] || fail "the last line is cut"
	sums=$(while IFS= read -r line; do jq -r .lost <<<"$line"; done <"$1" |
		awk '{ n++; lost += $1 } END { print n + lost, (lost > 0) }')
	[ "$sums" = "$2 1" ] || fail "of $2 events these are there: $sums: $(<"$1")"
}

small() { # SIZE: a command that gets a small disk of its own at $T/small
	mkdir -p "$T/small"
	SMALL=(unshare -m bash -euc "mount -t tmpfs -o size=$1 none '$T/small'; exec \"\$@\"" -)
}

fill() { # FOLDER
	! cat /dev/zero >"$1/filler" 2>/dev/null || fail "the disk has no end"
}

@test "a full disk" {
	local folder
	start_server line api
	logged_policy "$T/small/log"
	small 16k
	start_behind "${SMALL[@]}"
	folder=/proc/$LOOP_PID/root$T/small
	accepted_again
	fill "$folder"
	times 5 accepted_again # more than the log's last page has room for, and no line ends where it does
	rm "$folder/filler"
	times 2 accepted_again
	assert_all "$folder/log" 8
	assert_data 8
}

@test "a disk that many processes fill" {
	start_server line api
	logged_policy "$T/small/log"
	small 20k
	# shellcheck disable=SC2016 # expanded by the inner shell
	try "${SMALL[@]}" bash -c 'for i in {1..24}; do "$@" >"$0.$i" & pids+=" $!"; done
		for pid in $pids; do wait "$pid" || exit; done
		cp "${0%/*}/small/log" "$0.log"' "$T/many" "${SHIMMED[@]}" \
		"$CLIENT" connect "$PORT" "ca=$PKI/ca.pem" sni=api.example.com
	assert_rc 0
	[ "$(wc -l <"$T/many.log")" -ge 10 ] || fail "the disk was full at once"
	[ "$(wc -l <"$T/many.log")" -lt 24 ] || fail "the disk was never full"
	[ -z "$(tail -c 1 "$T/many.log")" ] || fail "the last line is cut"
	jq -es 'all(.verdict == "accepted")' "$T/many.log" || fail "a line is cut"
	assert_data 24
}

@test "standard error on a full disk" {
	local folder
	start_server line api
	logged_policy stderr
	small 16k
	SMALL=(unshare -m bash -euc "mount -t tmpfs -o size=16k none '$T/small'; exec \"\$@\" 2>'$T/small/log'" -)
	start_behind "${SMALL[@]}"
	folder=/proc/$LOOP_PID/root$T/small
	accepted_again
	fill "$folder"
	times 40 accepted_again # more than what was left of the page
	[ -z "$(tail -c 1 "$folder/log")" ] || fail "the last line is cut"
	[ "$(wc -l <"$folder/log")" -lt 40 ] || fail "the disk was never full"
	rm "$folder/filler"
	accepted_again
	[ $(($(grep -c ' accepted api' "$folder/log") + $(sed -n 's/^pinshim:   \(.*\) earlier mess.*/\1/p' "$folder/log"))) = 42 ] ||
		fail "not all are counted: $(<"$folder/log")"
}

@test "the limit of a file's size" {
	start_server line api
	logged_policy "$T/log"
	start_behind prlimit --fsize=3000:unlimited
	times 5 accepted_again
	prlimit --pid "$LOOP_PID" --fsize=unlimited:unlimited
	times 2 accepted_again
	assert_all "$T/log" 7
	assert_data 7
}

@test "no descriptor is free" {
	start_server line api
	logged_policy "$T/log"
	start_behind prlimit --nofile=4:100
	times 2 accepted_again
	[ ! -e "$T/log" ] || fail "there was one"
	prlimit --pid "$LOOP_PID" --nofile=100:100
	times 2 accepted_again
	assert_lost "$T/log" 2 0
	assert_data 4
}

@test "no folder, a folder in the log's place, a pipe that nobody reads" {
	start_server line api
	logged_policy "$T/folder/log"
	start_behind
	accepted_again
	mkdir -p "$T/folder/log"
	accepted_again
	rmdir "$T/folder/log"
	mkfifo "$T/folder/log"
	accepted_again
	rm "$T/folder/log"
	times 2 accepted_again
	assert_lost "$T/folder/log" 3 0
	assert_data 5
}

@test "a pipe that is read after all" {
	local reader
	start_server line api
	logged_policy "$T/log"
	mkfifo "$T/log"
	start_behind
	times 2 accepted_again
	exec {reader}<>"$T/log"
	times 2 accepted_again
	timeout 60 head -n 2 <&"$reader" >"$T/read" || fail "not two lines"
	exec {reader}>&-
	assert_lost "$T/read" 2 0
}

@test "a closed standard error, and another log" {
	start_server line api
	logged_policy stderr "$T/log"
	# shellcheck disable=SC2016 # expanded by the inner shell
	start_behind bash -c 'exec "$@" 2>&-' -
	times 2 accepted_again
	assert_lost "$T/log" 1 1
	assert_data 2
}

@test "the verdict on a wrong key stands" {
	local log
	start_server line api
	mkdir "$T/folder"
	for log in /dev/full "$T/folder" "$T/missing/log" stderr; do
		printf '%s\n' "log = $log" "[api.example.com]" "pin = $(pin nobody)" | policy
		# shellcheck disable=SC2016 # expanded by the inner shell
		run_shimmed bash -c 'exec "$@" 2>&-' - \
			"$CLIENT" connect "$PORT" "ca=$PKI/ca.pem" sni=api.example.com
		assert_rc 1
		assert_fact handshake=failed 'error=certificate verify failed' verify_result=50
	done
	assert_refused_inside
}

# --- syslog

@test "syslog, beside a program that has opened it for itself" {
	start_server line api
	printf '%s\n' "log = syslog" "log-accepted = yes" "[api.example.com]" "pin = $(pin api)" | policy
	# shellcheck disable=SC2016 # expanded by the inner shell
	try unshare -m bash -euc 'mount -t tmpfs none /dev
		/usr/bin/python3 "$1" "$2" & receiver=$!
		until [ -e "$2.ready" ]; do kill -0 "$receiver"; sleep 0.02; done
		shift 2
		"$@" && rc=0 || rc=$?
		kill "$receiver"; wait "$receiver" || :
		exit $rc' - "$ROOT/tests/faults/syslog.py" "$T/received" "${SHIMMED[@]}" \
		"$BIN/syslogger" "$PKI" api api.example.com
	assert_rc 0
	assert_fact through=1
	[ "$(sed 's/\[[0-9]*\]/[N]/g; s/^\(<[0-9]*>\)[A-Z][a-z][a-z] [ 0-9]* [0-9:]* /\1/' "$T/received")" = \
"<142>mine[N]: before
<84>pinshim[N]: syslogger[N]: accepted api.example.com: pin matched (pins.ini:3 [api.example.com], name from SNI)
<142>mine[N]: after" ] || fail "received: $(<"$T/received")"
}

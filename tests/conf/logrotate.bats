#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The rotation of a log of JSON lines. Needs root, as logrotate does for files of root.

load ../lib/rig

# The file, for logs in $T/log; logrotate wants it to be root's.
configure() {
	mkdir "$T/log"
	sed "s|/var/log/pinshim|$T/log|" "$ROOT/conf/logrotate-pinshim" >"$T/logrotate"
}

rotate() { # OPTION...
	try "${BARE[@]}" /usr/sbin/logrotate --state "$T/state" "$@" "$T/logrotate"
	assert_rc 0
	assert_err_lacks error
}

log_event() {
	client connect
	assert_rc 1
	assert_fact handshake=failed
}

@test "logrotate understands it" {
	configure
	rotate -d
	assert_err 'rotating pattern: .*/log/\*\.jsonl'
	rotate
	sed -i 's/maxsize/maxsighs/' "$T/logrotate"
	try "${BARE[@]}" /usr/sbin/logrotate --state "$T/state" -d "$T/logrotate"
	assert_err "unknown option 'maxsighs'"
}

@test "no event is lost when the log is rotated" {
	local i
	configure
	: >"$T/log/x.jsonl"
	chmod 622 "$T/log/x.jsonl"
	start_server line api
	pin_policy api.example.com nobody
	sed -i "1i log = $T/log/x.jsonl" "$POLICY"
	for i in 1 2 3; do
		log_event
		rotate -f
		# The new one is like the old one, so that the same programs can write it.
		[ "$(stat -c '%a %s' "$T/log/x.jsonl")" = '622 0' ]
	done
	log_event
	[ "$(cd "$T/log" && echo *)" = 'x.jsonl x.jsonl.1 x.jsonl.2.gz x.jsonl.3.gz' ]
	for i in x.jsonl x.jsonl.1 x.jsonl.2.gz x.jsonl.3.gz; do
		[ "$(zcat -f "$T/log/$i" | jq -r .reason)" = no-pin-match ]
	done
}

@test "a program that runs on writes into the new file" {
	configure
	start_server line api
	printf 'log = %s\nlog-accepted = yes\n[api.example.com]\npin = %s\n' "$T/log/x.jsonl" "$(pin api)" |
		policy
	mkfifo "$T/steps"
	exec 7<>"$T/steps"
	"${SHIMMED[@]}" /usr/bin/python3 -c 'if True:
		import socket, ssl, sys
		context = ssl.create_default_context(cafile=sys.argv[2])
		for step in sys.stdin:
			with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as plain:
				context.wrap_socket(plain, server_hostname="api.example.com").close()
			print(step.strip(), flush=True)
		' "$PORT" "$PKI/ca.pem" <"$T/steps" >"$T/done" 3>&- 7>&- &
	started $!
	echo before >&7
	wait_for grep -sq before "$T/done"
	rotate -f
	echo after >&7
	wait_for grep -sq after "$T/done"
	[ "$(jq -r .reason "$T/log/x.jsonl.1")" = pin-match ]
	[ "$(jq -r .reason "$T/log/x.jsonl")" = pin-match ]
}

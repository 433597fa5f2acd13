# SPDX-License-Identifier: MIT
#
# Which program `exempt' means: the file that the kernel says it was started from.
# shellcheck disable=SC2154 # set by the rig

load ../lib/rig

exempt() { # PATTERN
	printf '%s\n' "exempt = $1" "[api.example.com]" "pin = $(pin nobody)" | policy
}

program() { # COMMAND...: the client, started somehow
	try "${SHIMMED[@]}" "$@" connect "$PORT" "ca=$PKI/ca.pem" sni=api.example.com
}

exempted() {
	assert_rc 0
	assert_fact handshake=ok
	assert_quiet
}

judged() {
	assert_rc 1
	assert_fact handshake=failed
	assert_err 'refused api.example.com: no pin matched'
}

@test "links, copies and what is left of a file" {
	local folder
	folder=$(realpath "$T")/programs
	mkdir "$folder" "$folder/below"
	cp "$CLIENT" "$folder/program"
	ln "$folder/program" "$folder/hard"
	ln -s program "$folder/soft"
	cp "$CLIENT" "$folder/below/program"
	start_server line api
	exempt "$folder/program"
	program "$folder/program"
	exempted
	program "$folder/../programs/program"
	exempted
	program "$folder/soft" # what counts is the file that it leads to
	exempted
	program "$folder/hard" # another path of it
	judged
	program "$folder/below/program"
	judged
	# shellcheck disable=SC2016 # expanded by the inner shell
	program bash -c 'exec {fd}<"$0"; rm "$0"; exec /proc/self/fd/$fd "$@"' "$folder/program"
	judged
	cp "$CLIENT" "$folder/program"
	exempt "$folder/soft"
	program "$folder/soft"
	judged
	assert_data 3
}

@test "patterns" {
	local folder pattern
	folder=$(realpath "$T")/programs
	mkdir -p "$folder"
	cp "$CLIENT" "$folder/program"
	start_server line api
	for pattern in "$folder/*" "$folder/progra?" "${folder%/*}/*/program" "*/program"; do
		exempt "$pattern"
		program "$folder/program"
		[ "$pattern" != "*/program" ] || break
		exempted
	done
	assert_rc 1 # not an absolute path: a bad policy
	assert_err 'bad policy: .*pins.ini:1:'
	for pattern in "${folder%/*}/*" "${folder%/*}?programs/program" "$folder?program" \
		"$folder/program?" "$folder/PROGRAM"; do
		exempt "$pattern"
		program "$folder/program"
		judged
	done
	assert_data 3
}

@test "a program of which nobody says where it is" {
	start_server line api
	exempt "$CLIENT"
	program "$CLIENT"
	exempted
	# shellcheck disable=SC2016 # expanded by the inner shell
	program unshare -m bash -euc 'mount -t tmpfs none /proc; exec "$@"' - "$CLIENT"
	judged
	exempt '/*'
	# shellcheck disable=SC2016 # expanded by the inner shell
	program unshare -m bash -euc 'mount -t tmpfs none /proc; exec "$@"' - "$CLIENT"
	judged
	assert_data 1
}

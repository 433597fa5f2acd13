# SPDX-License-Identifier: MIT
#
# A client that goes on running and makes a handshake each time it is told to, for tests in which the
# policy changes meanwhile. Comes after rig.bash.
# shellcheck shell=bash disable=SC2154 # what rig.bash sets

start_loop() { # [KEY=VALUE...]
	start_loop_under "${SHIMMED[@]}" -- "$@"
}

start_loop_under() { # COMMAND... -- [KEY=VALUE...]
	local under=()
	while [ "$1" != -- ]; do
		under+=("$1")
		shift
	done
	coproc LOOP { exec "${under[@]}" "$CLIENT" loop "$PORT" "ca=$PKI/ca.pem" sni=api.example.com \
		"${@:2}" 2>"$T/err" 3>&-; }
	started "$LOOP_PID"
}

again() { # one more handshake; what the client says is in $T/out
	local line
	: >"$T/out"
	echo go >&"${LOOP[1]}"
	while IFS= read -r -t 60 -u "${LOOP[0]}" line; do
		[ "$line" != done= ] || return 0
		echo "$line" >>"$T/out"
	done
	fail "the client ended"
}

accepted_again() {
	again
	assert_fact handshake=ok answer=ok
}

refused_again() {
	again
	assert_fact handshake=failed 'error=certificate verify failed'
}

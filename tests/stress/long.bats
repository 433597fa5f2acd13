# SPDX-License-Identifier: MIT
#
# What long lives do to the preloaded library, and it to them: memory, descriptors, threads. Not for
# builds with a sanitizer, which has its own idea of memory. PINSHIM_HANDSHAKES sets the number of
# handshakes of the long run.
# shellcheck disable=SC2034 # what common.bash reads

load common

# --- long lives

@test "thousands of handshakes leave no memory, descriptor or thread behind" {
	shimmed "$BIN/stress" pin many "${PINSHIM_HANDSHAKES:-5000}"
}

@test "... nor with a verification of the shim's own" {
	shimmed "$BIN/stress" pin-ca many 1500
	shimmed "$BIN/stress" full many 1500
}

@test "... nor when all are refused" {
	shimmed "$BIN/stress" pin refused 1500
}

# --- programs without TLS

watched() { # PROGRAM [ARG...]: whether it opened the policy
	timeout -k 5 60 env -i PATH=/usr/bin:/bin "WATCH_PRELOAD=$LIB" "PINSHIM_POLICY=$POLICY" \
		"$BIN/watch" "$POLICY" "$@" 3>&-
}

@test "a program that makes no TLS context never opens the policy" {
	echo nonsense >"$POLICY"
	[ "$(watched /bin/true 2>&1)" = untouched ]
	[ "$(watched /bin/ls / 2>&1 | tail -n 1)" = untouched ]
	[ "$(watched "$BIN/stress" pin none 2>&1)" = untouched ]
	[ "$(watched /usr/bin/openssl version 2>&1 | tail -n 1)" = untouched ]
	[ "$(watched /usr/bin/openssl dgst -sha256 /bin/true 2>&1 | tail -n 1)" = untouched ]
}

@test "... one that does opens it" {
	echo nonsense >"$POLICY"
	[ "$(watched /usr/bin/openssl ciphers 2>&1 | tail -n 1)" = opened ]
}

@test "a policy that is not there does not concern a program without TLS" {
	LOG=stderr
	shimmed /bin/true 2>"$T/err"
	shimmed "$BIN/stress" pin none 2>>"$T/err"
	[ ! -s "$T/err" ]
}

# --- memory errors

@test "valgrind has nothing to say" {
	local kind
	for kind in 'pin one' 'pin one-wrong' 'pin-ca one' 'pin-ca one-wrong' 'full one'; do
		echo "$kind"
		rc=0
		# shellcheck disable=SC2086 # two words
		LOG=stderr shimmed valgrind --quiet --error-exitcode=99 --leak-check=full \
			--errors-for-leak-kinds=definite --log-file="$T/valgrind" \
			"$BIN/stress" $kind >"$T/out" 2>"$T/err" || rc=$?
		cat "$T/valgrind" "$T/err"
		case $kind in
		*wrong) [ $rc = 1 ] && grep -q 'refused api.example.com' "$T/err" ;;
		*) [ $rc = 0 ] && [ ! -s "$T/err" ] ;;
		esac
	done
}

# SPDX-License-Identifier: MIT
#
# The decision against a second, naive model of it (model.py): random policies, names and servers,
# first as the library's pure code decides, from a text and from a snapshot, then as real handshakes end. PINSHIM_SEED and
# PINSHIM_CASES, PINSHIM_HANDSHAKES and PINSHIM_EACH (handshakes a policy) set another run's size.

HERE=$BATS_TEST_DIRNAME
SEED=${PINSHIM_SEED:-1}

setup() {
	T=$BATS_TEST_TMPDIR
	LIB=$(realpath "$BUILD/libpinshim.so")
}

differ() { # CASES [RULE]: RULE is one that the model gets wrong
	env -i PATH=/usr/bin:/bin /usr/bin/python3 -B "$HERE/differ.py" "$PROGRAMS/decide" "$SEED" "$@"
}

soak() { # HANDSHAKES EACH [VARIABLE=VALUE...]: with snapshots where COMMAND makes them
	env -i PATH=/usr/bin:/bin /usr/bin/python3 -B "$HERE/plan.py" "$T" "$SEED" $(($1 / $2 + 2))
	env -i PATH=/usr/bin:/bin "HOME=$T" "${@:3}" PINSHIM_LOG=none "PINSHIM_POLICY=$T/a.ini:$T/b.ini" \
		"$PROGRAMS/soak" "$T" "$1" "$2" "$SEED" 512 ${COMMAND:+"$COMMAND"} 3>&-
}

@test "random policies, names and servers: the library decides as the model does" {
	differ "${PINSHIM_CASES:-100000}" >"$T/out" || {
		tail -n 60 "$T/out"
		return 1
	}
	cat "$T/out"
	# Every kind of answer has come up.
	for answer in 'accepted pin-match' 'accepted checks-passed' 'accepted expired-policy' \
		'learned tofu-first-use' 'refused denied-key' 'refused no-pin-match' 'refused ct-missing' \
		'refused chain-not-verified' 'refused name-mismatch' 'refused no-certificate' \
		'refused tofu-changed' 'refused unlisted' 'refused unnamed' 'would-refuse no-pin-match' \
		'unjudged unlisted' 'unjudged unnamed'; do
		grep -q " $answer\$" "$T/out"
	done
}

@test "... and a model that gets one rule wrong is found out" {
	local rule rc
	for rule in 'first section' 'star is deep' 'any is every' 'names are bytes' \
		'expires a day later' 'no top deny'; do
		echo "$rule"
		rc=0
		differ 20000 "$rule" >"$T/out" || rc=$?
		[ $rc = 1 ]
		grep -q '^library: ' "$T/out"
	done
}

@test "handshakes of a process whose policies change end as the model says" {
	soak "${PINSHIM_HANDSHAKES:-12000}" "${PINSHIM_EACH:-200}" "LD_PRELOAD=$LIB"
}

@test "... with snapshots, good, stale, foreign and damaged ones" {
	COMMAND=$(realpath "$BUILD/pinshim") soak "${PINSHIM_HANDSHAKES:-12000}" "${PINSHIM_EACH:-200}" "LD_PRELOAD=$LIB"
}

@test "... and without the library they do not" {
	local rc=0
	soak 2000 100 2>"$T/err" || rc=$?
	cat "$T/err"
	[ $rc = 1 ]
	grep -q ': 1, not 0$' "$T/err"
}

@test "... valgrind has nothing to say of them" {
	env -i PATH=/usr/bin:/bin /usr/bin/python3 -B "$HERE/plan.py" "$T" "$SEED" 12
	env -i PATH=/usr/bin:/bin "HOME=$T" "LD_PRELOAD=$LIB" PINSHIM_LOG=none \
		"PINSHIM_POLICY=$T/a.ini:$T/b.ini" valgrind --quiet --error-exitcode=99 --leak-check=full \
		--errors-for-leak-kinds=definite "$PROGRAMS/soak" "$T" 300 30 "$SEED" 100000 3>&-
}

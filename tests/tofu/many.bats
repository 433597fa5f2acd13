# SPDX-License-Identifier: MIT
#
# Many processes meet a server for the first time at once, some of them an impostor: one key is kept,
# and whoever was shown another is refused.
# shellcheck disable=SC2154 # set by the rig

load ../lib/rig

PROCESSES=50

meet() { # NUMBER: the honest server and the impostor in turn
	local port=${PORTS[$1 % 2]} rc=0
	: <"$T/start" # until all may go
	"${SHIMMED[@]}" "$CLIENT" connect "$port" "ca=$PKI/ca.pem" sni=api.example.com \
		>"$MET/out.$1" 2>"$MET/err.$1" || rc=$?
	echo "$rc" >"$MET/rc.$1"
}

meet_at_once() {
	local i go pids=()
	rm -rf "$MET"
	mkdir "$MET"
	for ((i = 0; i < PROCESSES; i++)); do
		meet "$i" 3>&- &
		pids+=($!)
	done
	sleep 1
	exec {go}>"$T/start"
	wait "${pids[@]}"
	exec {go}>&-
}

# Of the I-th the exit code is RC, and it said that.
assert_met() { # I RC PATTERN
	[ "$(<"$MET/rc.$1")" = "$2" ] || fail "process $1: $(<"$MET/rc.$1") $(<"$MET/err.$1")"
	grep -qE "$3" "$MET/err.$1" || fail "process $1 did not say $3: $(<"$MET/err.$1")"
}

@test "fifty processes and two keys: one is learned, once, and everybody else is refused" {
	local i kept winner names=(api rotated) PORTS=() records=() servers=() expected=(0 0) round
	printf '%s\n' "log = stderr" "log-accepted = yes" "[api.example.com]" "tofu = yes" | policy
	for i in 0 1; do
		start_server line "${names[i]}"
		PORTS[i]=$PORT
		records[i]=$RECORD
		servers[i]=$SERVER
	done
	MET=$T/met
	mkfifo "$T/start"
	for round in 1 2; do
		meet_at_once
		[ "$(wc -l <"$STATE/known")" = 1 ] || fail "$(<"$STATE/known")"
		kept=$(cut -d' ' -f2 "$STATE/known")
		winner=0
		[ "$kept" = "$(pin api)" ] || winner=1
		[ "$kept" = "$(pin "${names[winner]}")" ]
		for ((i = 0; i < PROCESSES; i++)); do
			if ((i % 2 == winner)); then
				assert_met "$i" 0 'learned api|accepted api.example.com: pin matched'
			else
				assert_met "$i" 1 'refused api.example.com: the key is not the one of the first use'
			fi
		done
		[ "$(cat "$MET"/err.* | grep -c learned)" = 1 ] || fail "not learned once"
		((expected[winner] += PROCESSES / 2))
		"${BARE[@]}" "PINSHIM_STATE=$STATE" "$BUILD/pinshim" known forget api.example.com
		[ ! -s "$STATE/known" ]
	done
	# Not a byte for a server that was refused.
	for i in 0 1; do
		SERVER=${servers[i]} RECORD=${records[i]}
		assert_data $((expected[i]))
	done
}

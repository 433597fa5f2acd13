# SPDX-License-Identifier: MIT
#
# What a user would take instead: one client over loopback, by itself, with the shim, and in plain
# text to a local proxy that speaks TLS for it and knows one certificate. Sourced by scripts/bench.sh.
# shellcheck shell=bash disable=SC2154 # what common.bash and scripts/bench.sh set

start_stunnel() { # PORT SERVER-PORT CERTIFICATE: it compares the served certificate with that one
	cat >"stunnel-$1.conf" <<-END
		foreground = yes
		pid =
		debug = err
		[pin]
		client = yes
		accept = 127.0.0.1:$1
		connect = 127.0.0.1:$2
		verifyPeer = yes
		CAfile = $OUT/$3
	END
	"${CLEAN[@]}" stunnel4 "stunnel-$1.conf" >"stunnel-$1.log" 2>&1 </dev/null &
}

start_haproxy() { # PORT SERVER-PORT CERTIFICATE: its only trust anchor, which is no CA
	cat >"haproxy-$1.conf" <<-END
		global
			maxconn 1000
		defaults
			mode tcp
			timeout connect 10s
			timeout client 60s
			timeout server 60s
		listen pin
			bind 127.0.0.1:$1
			server it 127.0.0.1:$2 ssl verify required ca-file $OUT/$3 sni str(localhost) verifyhost localhost no-ssl-reuse
	END
	"${CLEAN[@]}" haproxy -db -f "haproxy-$1.conf" >"haproxy-$1.log" 2>&1 </dev/null &
}

# Sets PORT and PROXY, the process: of one that knows CERTIFICATE, in front of the server. Another port
# where it is taken.
start_proxy() { # PROXY CERTIFICATE
	local tries wait
	for ((tries = 0; tries < 20; tries++)); do
		PORT=$((20000 + RANDOM % 10000))
		"start_$1" "$PORT" "$server_port" "$2"
		PROXY=$!
		started "$PROXY"
		for ((wait = 0; wait < 250; wait++)); do
			kill -0 "$PROXY" 2>/dev/null || continue 2
			! (: <>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null || return 0
			sleep 0.02
		done
		end "$PROXY"
	done
	cat "$1-$PORT.log" >&2
	return 1
}

ask() { # VARIANT COUNT THREADS MIB: the command
	case $1 in
	stunnel | haproxy) printf '%s\n' ./client plain "${ports[$1]}" "${@:2}" ;;
	*) printf '%s\n' ./client one.pem "$server_port" "${@:2}" ;;
	esac
}

# Milliseconds of processor time that the server and the variant's proxy spent so far.
spent() { # VARIANT
	local pid
	for pid in "$server" ${pids[$1]:-}; do
		sed 's/.*) //' "/proc/$pid/stat"
	done | awk -v hz="$(getconf CLK_TCK)" '{ n += $12 + $13 } END { print n * 1000 / hz }'
}

# With the processor time of all who take part, divided by PARTS.
ask_and_count() { # PREFIX PARTS UNIT VARIANT COUNT THREADS MIB
	local command before own
	mapfile -t command < <(ask "${@:4}")
	before=$(spent "$4")
	measure proxies "$1" "$4" "${command[@]}"
	sample proxies "$1cpu" "$3" "$4" \
		"$(awk -v own="$own" -v before="$before" -v after="$(spent "$4")" -v n="$2" \
			'BEGIN { printf "%.4f", (own + after - before) / n }')"
}

proxies_once() {
	local variant count mib
	count=$(times 400)
	mib=$(times 512)
	for variant in "${variants[@]}"; do
		ask_and_count 1. "$count" ms "$variant" "$count" 1 0
	done
	for variant in "${variants[@]}"; do
		ask_and_count 8. "$((count / 8 * 8))" ms "$variant" $((count / 8)) 8 0
	done
	for variant in "${variants[@]}"; do
		ask_and_count bulk. "$mib" ms/MiB "$variant" 0 1 "$mib"
	done
}

count_bulk() { # VARIANT
	local said counts
	said=$(slope "$1" 1 5 client_read client_write -- ./bulk COUNT one.pem one.key one.pem)
	read -ra counts <<<"$said"
	sample proxies read instructions "$1" "${counts[1]}"
	sample proxies write instructions "$1" "${counts[2]}"
}

group_proxies() {
	local server server_port variant proxy variants command PORT PROXY
	declare -A ports=() pids=()
	variants=(bare control pin stunnel haproxy)
	make_policy 1 "pin = $(<one.pin)" >policies/pin.ini
	make_policy 1 "pin = $(<pki/nobody.pin)" >policies/wrong.ini

	"${CLEAN[@]}" ./server one.pem one.key >server.port 2>server.log </dev/null &
	server=$!
	started "$server"
	wait_for [ -s server.port ]
	server_port=$(<server.port)
	# Each of them refuses when it knows another certificate.
	mapfile -t command < <(ask bare 1 1 0)
	must_fail wrong "${command[@]}"
	for proxy in stunnel haproxy; do
		start_proxy "$proxy" another.pem
		must_fail "$proxy" ./client plain "$PORT" 1 1 0
		start_proxy "$proxy" one.pem
		ports[$proxy]=$PORT
		pids[$proxy]=$PROXY
	done

	for variant in bare control pin; do
		meanwhile count_bulk "$variant"
	done
	counted
	control_is proxies read bare 640000 645000
	control_is proxies write bare 640000 645000
	each_round proxies_once

	summarise proxies bare
	printf '\nOne client over loopback, one connection after the other (full TLS 1.3 handshake, 64 bytes asked for)\n'
	table proxies bare '1.rate:connections a second:time' '8.rate:of 8 threads, a second:time' -- "${variants[@]}"
	printf '\nHow long such a connection takes with its request\n'
	table proxies bare '1.p50:half of them, ms:time' '1.p99:99 of 100, ms:time' -- "${variants[@]}"
	printf '\nA download of %s MiB\n' "$(times 512)"
	table proxies bare 'bulk.bulk:MB/s:time' -- "${variants[@]}"
	printf '\nProcessor time of all who take part: client, proxy and server\n'
	table proxies bare '1.cpu:a connection, ms:time' 'bulk.cpu:a MiB, ms:time' -- "${variants[@]}"
	printf '\nInstructions of the client for each MiB, in records of 16 KiB\n'
	table proxies bare 'read:read:count' 'write:written:count' -- bare control pin
}

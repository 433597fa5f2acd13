# SPDX-License-Identifier: MIT
#
# Handshakes of a client and a server in one process, over memory: a second, and in instructions.
# Sourced by scripts/bench.sh.
# shellcheck shell=bash disable=SC2154 # what common.bash and scripts/bench.sh set

# What a kind is tried with. `one': a certificate that signs for itself, so that the client verifies
# one signature and a percentage is largest; everywhere else a chain of three.
variants_of() { # KIND
	case $1 in
	one) echo bare empty control idle other pin full ;;
	*) echo bare empty control idle other pin pin-ca full ;;
	esac
}

ends() { # KIND COUNT THREADS: the command
	case $1 in
	one) printf '%s\n' ./handshake full13 "$2" "$3" one.pem one.key one.pem ;;
	*) printf '%s\n' ./handshake "$1" "$2" "$3" pki/api-chain.pem pki/api.key pki/root.pem ;;
	esac
}

# The policies of `pin' and `full' accept both certificates; that of `pin-ca' demands the chain's root.
handshake_policies() {
	local both
	both=("pin = $(<pki/api.pin)" "pin = $(<one.pin)")
	make_policy 1 "${both[@]}" >policies/pin.ini
	make_policy 1 "${both[@]}" 'verify = full' >policies/full.ini
	make_policy 1 "pin-ca = $(<pki/root.pin)" >policies/pin-ca.ini
	make_policy 1 "pin = $(<pki/nobody.pin)" >policies/wrong.ini
	make_policy 1 "pin-ca = $(<pki/other.pin)" >policies/wrong-ca.ini
	printf '[elsewhere.example.org]\npin = %s\n' "$(<pki/nobody.pin)" >policies/other.ini
}

handshakes_once() { # KIND THREADS
	local kind=$1 threads=$2 variant count command
	count=$(times 300)
	[ "$kind" != ticket13 ] && [ "$kind" != id12 ] || count=$((count * 2))
	mapfile -t command < <(ends "$kind" $((count / threads > 0 ? count / threads : 1)) "$threads")
	for variant in $(variants_of "$kind"); do
		measure handshakes "$kind.$threads." "$variant" "${command[@]}"
	done
}

all_handshakes_once() {
	local kind
	for kind in one full13 full12 ticket13 id12; do
		handshakes_once "$kind" 1
	done
	handshakes_once full13 2
	handshakes_once full13 64
}

count_handshakes() { # KIND VARIANT
	local command said counts
	mapfile -t command < <(ends "$1" COUNT 1)
	said=$(slope "$2" 5 45 client_step -- "${command[@]}")
	read -ra counts <<<"$said"
	sample handshakes "$1.both" instructions "$2" "${counts[0]}"
	sample handshakes "$1.client" instructions "$2" "${counts[1]}"
}

handshake_table() { # KIND TITLE
	printf '\n%s\n' "$2"
	# shellcheck disable=SC2046 # a list of words
	table handshakes bare "$1.1.rate:a second:time" "$1.1.cpu:us of a processor:time" -- $(variants_of "$1")
	# shellcheck disable=SC2046 # a list of words
	table handshakes bare "$1.both:instructions, both sides:count" "$1.client:the client alone:count" \
		-- $(variants_of "$1")
}

group_handshakes() {
	local kind variant command
	handshake_policies
	mapfile -t command < <(ends full13 1 1)
	must_fail wrong "${command[@]}"
	must_fail wrong-ca "${command[@]}"

	for kind in one full13 full12 ticket13 id12; do
		for variant in $(variants_of "$kind"); do
			[ -z "$TINY" ] || [ "$kind$variant" = onebare ] || [ "$kind$variant" = onecontrol ] ||
				continue
			meanwhile count_handshakes "$kind" "$variant"
		done
	done
	counted
	for kind in $([ -n "$TINY" ] || echo full13 full12 ticket13 id12) one; do
		control_is handshakes "$kind.client" bare 990000 1050000
	done
	each_round all_handshakes_once

	summarise handshakes bare
	handshake_table one 'Full TLS 1.3 handshakes, P-256, one certificate, client and server in one process'
	handshake_table full13 'The same with a chain of three certificates'
	handshake_table full12 'Full TLS 1.2 handshakes, chain of three'
	handshake_table ticket13 'Resumed TLS 1.3 handshakes, by ticket; each brings a new ticket'
	handshake_table id12 'Resumed TLS 1.2 handshakes, by session id'
	printf '\nFull TLS 1.3 handshakes in several threads, chain of three, all threads together\n'
	# shellcheck disable=SC2046 # a list of words
	table handshakes bare 'full13.2.rate:2 threads, a second:time' \
		'full13.64.rate:64 threads, a second:time' -- $(variants_of full13)
}

# SPDX-License-Identifier: MIT
#
# Clients that look libssl's functions up: a wrong pin is refused, a right one is not in the way,
# and whatever else a program asks the dynamic loader is answered as without the shim.
# shellcheck disable=SC2154 # set by the rig

load ../lib/rig
load dl/build

setup_file() {
	build_dl
}

# The same environment as the shim gets, without the shim, since sanitizers answer for the loader.
unshimmed() {
	BARE+=(${PRELOAD_FIRST:+"LD_PRELOAD=$PRELOAD_FIRST"})
}

by_talker() { # HOW FILE [NAME]
	"${AS[@]}" "$SYMBOLIC" "$DL/talker" "$1" "$2" "$PORT" "$PKI/ca.pem" "${3:-api.example.com}"
}

wrong_and_right() { # HOW FILE
	pin_policy api.example.com nobody
	start_server line api
	AS=("${SHIMMED[@]}")
	try by_talker "$@"
	assert_rc 1
	assert_fact handshake=failed ssl_error=1 'error=certificate verify failed' verify_result=50 \
		"verify_text=pin mismatch for api.example.com (pins.ini:2)"
	assert_err '^pinshim: talker\[[0-9]+\]: refused api.example.com: no pin matched'
	assert_refused_inside

	pin_policy api.example.com api
	start_server line api
	try by_talker "$@"
	assert_accepted
	AS=("${BARE[@]}")
	try by_talker "$@"
	keep bare
	pin_policy elsewhere.example.org nobody
	AS=("${SHIMMED[@]}")
	try by_talker "$@"
	assert_same_as bare
	assert_data 3
}

@test "dlsym by the handle of libssl" { wrong_and_right dlsym libssl.so.3; }
@test "dlvsym by the handle of libssl" { wrong_and_right dlvsym libssl.so.3; }
@test "dlsym by the handle of a library that needs libssl" { wrong_and_right dlsym "$DL/plugin.so"; }
@test "a plugin that brings libssl" { wrong_and_right local "$DL/plugin.so"; }

looks_up() { # FILE NAME...: with a policy and without one, beside what there is without the shim
	try "${BARE[@]}" "$DL/seeker" "$@"
	assert_rc 0
	keep bare
	try "${SHIMMED_ALONE[@]}" "$DL/seeker" "$@"
	assert_same_as bare
	pin_policy api.example.com nobody
	run_shimmed "$DL/seeker" "$@"
	assert_rc 0
	diff <(sed '/ none$/!s/ [^ ]*$/ libpinshim.so/' "$T/bare.out") "$T/out"
}

@test "each listed function that is looked up is ours under a policy, else its own" {
	local names
	mapfile -t names < <(sed -n 's/^HOOK(\(.*\))$/\1/p' "$ROOT/shim/entry/hooks.def")
	looks_up libssl.so.3 "${names[@]}"
	# Not of every libssl, but all that the oldest has.
	[ "$(grep -c libssl "$T/bare.out")" -ge 12 ]
	grep -q '^X509_verify_cert_error_string libcrypto' "$T/bare.out"
	grep -q '^getaddrinfo libc' "$T/bare.out"
	looks_up "$DL/plugin.so" "${names[@]}"
	grep -q '^SSL_connect libssl' "$T/bare.out"
	looks_up libc.so.6 dlsym dlvsym dlopen dlmopen
}

same_answers() {
	unshimmed
	try "${BARE[@]}" "$DL/seeker" "$DL/seek-plugin.so"
	assert_rc 0
	keep bare
	# It does find things, by each of its ways, and each object finds others.
	local from
	for from in program library plugin; do
		grep -q "^$from RTLD_NEXT: .*+0x" "$T/bare.out"
		grep -q "^$from libssl, version: libssl.so.3+0x" "$T/bare.out"
		grep -q "^$from not found after an error: none, error: .*undefined symbol: SSL_connect, version" \
			"$T/bare.out"
		[ -n "$PRELOAD_FIRST" ] || grep -q "^$from by its RUNPATH: loaded" "$T/bare.out"
	done
	pin_policy api.example.com nobody
	try "${SHIMMED[@]}" "$DL/seeker" "$DL/seek-plugin.so"
	assert_rc 0
	diff "$T/bare.out" "$T/out"
	diff "$T/bare.err" "$T/err"
	try "${SHIMMED_ALONE[@]}" "$DL/seeker" "$DL/seek-plugin.so"
	diff "$T/bare.out" "$T/out"
	diff "$T/bare.err" "$T/err"
}

@test "a program, a library and a plugin find what they find without the shim" { same_answers; }
@test "... when every function is bound at once" {
	BARE+=(LD_BIND_NOW=1)
	SHIMMED+=(LD_BIND_NOW=1)
	SHIMMED_ALONE+=(LD_BIND_NOW=1)
	same_answers
}

# --- in company

among() { # OBJECT: before the shim and after it
	local first=${PRELOAD_FIRST:+$PRELOAD_FIRST:}
	BEFORE=("${SHIMMED[@]}" "LD_PRELOAD=$first$1:$LIB")
	AFTER=("${SHIMMED[@]}" "LD_PRELOAD=$first$LIB:$1")
}

@test "another preloaded dlsym, behind the shim or before it, still answers" {
	among "$DL/other.so"
	pin_policy api.example.com nobody
	start_server line api
	AS=("${AFTER[@]}")
	try by_talker dlsym libssl.so.3
	assert_rc 1
	assert_err 'refused api.example.com: no pin matched'
	assert_refused_inside
	local order
	unshimmed
	try "${BARE[@]}" "LD_PRELOAD=${PRELOAD_FIRST:+$PRELOAD_FIRST:}$DL/other.so" \
		"$DL/seeker" "$DL/seek-plugin.so"
	assert_rc 0
	grep -q '^program RTLD_NEXT: other.so+0x' "$T/out"
	keep bare
	for order in BEFORE AFTER; do
		local -n as=$order
		try "${as[@]}" "$DL/seeker" "$DL/seek-plugin.so"
		diff "$T/bare.out" "$T/out"
		diff "$T/bare.err" "$T/err"
	done
}

# SPDX-License-Identifier: MIT
#
# The rig of the end-to-end tests: servers that record what they were sent, clean environments with
# and without the shim, and assertions on both ends. Every process that is started here is ended by
# its id. Nothing leaves loopback, nothing is skipped.
#
# BUILD is the folder of what is tested. For sanitizers, PRELOAD_FIRST is what to preload before the
# shim, and TEST_ENVIRONMENT holds VARIABLE=VALUEs that programs get besides.
# shellcheck shell=bash disable=SC2034 # what bats files read

ROOT=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
BUILD=$(realpath "${BUILD:-$ROOT/build}")
LIB=$BUILD/libpinshim.so
CLIENT=$BUILD/tests/client
C_SERVER=$BUILD/tests/server
umask 022 # whatever the caller's: policies that others could write are not used

setup() {
	T=$BATS_TEST_TMPDIR
	POLICY=$T/pins.ini
	local extra
	read -ra extra <<<"${TEST_ENVIRONMENT:-}"
	LIMIT=(timeout -k 5 120)
	# Where a command goes on without it: of programs in the background, which are ended by their own id.
	UNLIMITED=${#LIMIT[@]}
	BARE=("${LIMIT[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "HOME=$T" "${extra[@]}")
	STATE=$T/state
	SHIMMED_ALONE=("${BARE[@]}" "LD_PRELOAD=${PRELOAD_FIRST:+$PRELOAD_FIRST:}$LIB" "PINSHIM_STATE=$STATE")
	SHIMMED=("${SHIMMED_ALONE[@]}" "PINSHIM_POLICY=$POLICY")
	SERVE_AS=("${BARE[@]}")
	declare -gA RUNNING=()
}

teardown() {
	local pid rc=0
	for pid in "${!RUNNING[@]}"; do # bats looks at what this returns alone
		end "$pid" || rc=1
	done
	return $rc
}

# Of programs that load with RTLD_DEEPBIND: sanitizers end them, unless the shim comes first and takes
# the flag away.
shim_first() {
	SHIMMED+=("LD_PRELOAD=$LIB${PRELOAD_FIRST:+:$PRELOAD_FIRST}")
}

# What cannot be ended in good time is killed, and the test fails.
end() { # PID: of a background process that `started' noted
	local killed=
	kill "$1" || true
	timeout 20 tail -s 0.01 --pid "$1" -f /dev/null || {
		killed=$(tr '\0' ' ' <"/proc/$1/cmdline")
		kill -KILL "$1" || true
	}
	wait "$1" || true
	unset "RUNNING[$1]"
	[ -z "$killed" ] || fail "did not end when told to: $killed"
}

started() { # PID
	RUNNING[$1]=1
}

fail() { # MESSAGE...
	local file
	printf '%s\n' "$*"
	for file in "$POLICY" "$T/out" "$T/err" "$RECORD"; do
		[ -e "$file" ] || continue
		printf -- '--- %s\n' "$file"
		head -c 4096 "$file"
	done
	return 1
}

wait_for() { # COMMAND...: until it succeeds, a minute at most
	local until=$((SECONDS + 60))
	while [ $SECONDS -lt $until ]; do
		"$@" && return 0
		sleep 0.02
	done
	fail "waited in vain for: $*"
}

listens() { # SOCKET: bound is not enough
	grep -qE "^[^ ]+ [^ ]+ [^ ]+ 00010000 .* $1\$" /proc/net/unix
}

# --- servers

start_server() { # PROTOCOL CERTIFICATE [OPTION...]
	local proto=$1 name=$2
	shift 2
	RECORD=$(mktemp "$T/record.XXXXXX")
	start_listening /usr/bin/python3 "$ROOT/tests/lib/server.py" \
		"$proto" "$RECORD.port" "$RECORD" "$PKI/$name-chain.pem" "$PKI/$name.key" "$@"
}

# For pre-shared keys, anonymous suites and early data.
start_c_server() { # CERTIFICATE [CIPHERS]
	RECORD=$(mktemp "$T/record.XXXXXX")
	start_listening "$C_SERVER" "$RECORD.port" "$RECORD" "$PKI/$1-chain.pem" "$PKI/$1.key" "${@:2}"
}

start_listening() { # COMMAND...: writes its port to $RECORD.port
	"${SERVE_AS[@]:UNLIMITED}" "$@" 3>&- &
	SERVER=$!
	started "$SERVER"
	wait_for [ -e "$RECORD.port" ]
	PORT=$(<"$RECORD.port")
}

# A relay gives a connection that has neither name nor address.
relay() {
	"${BARE[@]:UNLIMITED}" socat "UNIX-LISTEN:$T/relay,fork" "TCP:127.0.0.1:$PORT" 3>&- &
	started $!
	wait_for listens "$T/relay"
	PORT=$T/relay
}

# Ends the server, which first reads what it has been sent: the record is complete after this.
stop_server() {
	[ -z "$SERVER" ] || end "$SERVER"
	SERVER=
}

connections() { # [FILTER]: the number of connections in the record for which jq's FILTER holds
	jq -s "map(select(${1:-true})) | length" "$RECORD"
}

assert_data() { # COUNT: this many connections brought application data
	stop_server
	[ "$(connections '.data > 0')" = "$1" ] ||
		fail "expected application data on $1 connections"
}

assert_no_data() {
	stop_server
	[ "$(connections '.data > 0')" = 0 ] || fail "the server received application data"
}

# The server was asked, and neither got data nor could finish a handshake.
assert_refused_inside() {
	assert_no_data
	[ "$(connections)" -gt 0 ] || fail "nobody connected"
	[ "$(connections '.handshake == "ok"')" = 0 ] || fail "a handshake was completed"
}

# --- policies and pins

policy() { # standard input becomes the policy
	cat >"$POLICY"
}

pin() { # NAME: of the key of a certificate
	cat "$PKI/$1.pin"
}

pin_cert() {
	cat "$PKI/$1.cert"
}

pin_policy() { # HOST NAME: a policy that pins HOST to the key of NAME
	policy <<-END
		; one section
		[$1]
		pin = $(pin "$2")
	END
}

# --- programs

# Runs a command and keeps its output in $T/out and $T/err and its exit code in $rc.
try() {
	rc=0
	"$@" >"$T/out" 2>"$T/err" 3>&- || rc=$?
	[ "$rc" != 124 ] || fail "timed out: $*"
}

run_bare() {
	try "${BARE[@]}" "$@"
}

run_shimmed() {
	try "${SHIMMED[@]}" "$@"
}

# In a mount namespace in which what stands in $T/etc lies over /etc. Needs root.
in_host() { # COMMAND...: output, error and exit code as with `try'
	# shellcheck disable=SC2016 # expanded by the inner shell
	try unshare -m bash -euc '
		mkdir -p "$1/layers"
		mount -t tmpfs none "$1/layers"
		mkdir "$1/layers/upper" "$1/layers/work"
		cp -a "$1/etc/." "$1/layers/upper"
		mount -t overlay overlay \
			-o "lowerdir=/etc,upperdir=$1/layers/upper,workdir=$1/layers/work" /etc
		[ ! -e /var/lib/pinshim ] || mount -t tmpfs -o mode=755 none /var/lib/pinshim
		shift
		exec "$@"' - "$T" "$@"
}

# The test client (e2e/clients/client.c) against the server; later KEY=VALUEs win.
client() { # SCENARIO [KEY=VALUE...]
	run_shimmed "$CLIENT" "$1" "$PORT" "ca=$PKI/ca.pem" sni=api.example.com "${@:2}"
}

client_bare() { # SCENARIO [KEY=VALUE...]
	run_bare "$CLIENT" "$1" "$PORT" "ca=$PKI/ca.pem" sni=api.example.com "${@:2}"
}

keep() { # NAME: puts what the last run said aside, as $T/NAME.out, $T/NAME.err and $NAME_rc
	mv "$T/out" "$T/$1.out"
	mv "$T/err" "$T/$1.err"
	printf -v "$1_rc" %s "$rc"
}

# --- assertions on the client

assert_rc() {
	[ "$rc" = "$1" ] || fail "exit code $rc, expected $1"
}

assert_out() { # TEXT: the whole standard output
	[ "$(<"$T/out")" = "$1" ] || fail "standard output is not: $1"
}

assert_err() { # PATTERN...: each is found on standard error (grep -E)
	local pattern
	for pattern in "$@"; do
		grep -qE -- "$pattern" "$T/err" || fail "standard error lacks: $pattern"
	done
}

assert_err_lacks() { # PATTERN
	! grep -E -- "$1" "$T/err" || fail "standard error has: $1"
}

assert_quiet() {
	assert_err_lacks pinshim
}

same_text() { # FILE: without what differs from run to run, ids and times
	sed -E 's/^[0-9A-F]{16}:error/ID:error/; s/[0-9]+/N/g' "$1"
}

# The last run said what the run kept as NAME said.
assert_same_as() { # NAME
	local code=$1_rc
	assert_rc "${!code}"
	diff "$T/$1.out" "$T/out" || fail "standard output differs"
	diff <(same_text "$T/$1.err") <(same_text "$T/err") || fail "standard error differs"
}

assert_fact() { # KEY=VALUE...: the client printed each
	local fact
	for fact in "$@"; do
		grep -qxF -- "$fact" "$T/out" || fail "the client did not say: $fact"
	done
}

# The client got through, and not a word was said about it.
assert_accepted() {
	assert_rc 0
	assert_fact handshake=ok answer=ok
	assert_quiet
}

# The client saw what it sees when verification fails, and was told why.
assert_refused() { # NAME [PATTERN]
	assert_rc 1
	assert_fact handshake=failed ssl_error=1 'error=certificate verify failed' verify_result=50
	assert_err "^pinshim: client\[[0-9]+\]: refused $1: ${2:-}"
}

# --- events

# The policy logs to $T/events as well as to standard error.
logged() {
	printf 'log = %s\nlog = stderr\n' "$T/events"
}

assert_event() { # FILTER: some line of the log fulfils it (jq)
	jq -se "any($1)" "$T/events" >"$T/jq" 2>&1 ||
		fail "no event with $1 in: $(cat "$T/events" "$T/jq" 2>&1)"
}

# SPDX-License-Identifier: MIT
#
# scripts/clients.sh itself, given a few programs that are at hand anyway: they pass with the library,
# and the same checks notice objects that do too little or too much. All programs: make check-clients.

bats_require_minimum_version 1.5.0

FEW=(curl 'curl -k' 'openssl s_client' 'python asyncio' 'ruby Net::HTTP')

setup() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	BUILT=$(realpath "${BUILD:-$ROOT/build}")
}

clients() { # ARGUMENT...
	run --separate-stderr env "BUILD=$FOLDER" "$ROOT/scripts/clients.sh" "$@"
	printf '%s\n' "$output" "$stderr"
}

# An object in the place of the library; the source is on standard input.
instead() {
	FOLDER=$BATS_TEST_TMPDIR/build
	mkdir "$FOLDER"
	ln -s "$BUILT/pinshim" "$FOLDER/pinshim"
	gcc -w -shared -fPIC -o "$FOLDER/libpinshim.so" -x c -
	clients --tap "${FEW[@]}"
	[ "$status" = 1 ]
	[ "$(grep -c '^not ok' <<<"$output")" = ${#FEW[@]} ]
}

noticed() { # CHECK TEXT: of every program
	[ "$(grep -cE "^# .*: $1: $2" <<<"$output")" = ${#FEW[@]} ]
}

@test "a few programs, one of which cannot be covered" {
	FOLDER=$BUILT
	clients "${FEW[@]}" wget
	[ "$status" = 0 ]
	[[ ${lines[-1]} =~ ^6\ programs,\ [0-9]+\ checks:\ [0-9]+\ passed,\ 0\ failed$ ]]
	grep -qE '^curl +7[^ ]+ +libssl 3[^ ]+, libcurl.so.4 +SSL_connect, .* +sni +refused$' <<<"$output"
	grep -qE '^python asyncio .* SSL_do_handshake, memory buffer +sni +refused$' <<<"$output"
	grep -qE '^wget .* GnuTLS +as said$' <<<"$output"
}

@test "an object that does nothing" {
	instead <<<'int nothing;'
	noticed wrong '1 handshakes were finished'
	noticed broken '1 handshakes were finished'
	noticed report 'events: \[\]'
	noticed right 'events: \[\]'
}

@test "an object that refuses everything" {
	instead <<<'void *SSL_CTX_new(void *m) { return 0; } void *SSL_CTX_new_ex(void *l, char *q, void *m) { return 0; }'
	noticed right 'the server did not get'
	noticed other 'the server did not get'
	noticed wrong 'nobody connected'
}

@test "an object that speaks when it has nothing to say" {
	instead <<-'END'
		#include <unistd.h>
		__attribute__((constructor)) static void speak(void) { write(2, "hello\n", 6); }
	END
	noticed other "err: 'hello', not"
}

@test "no program of that name" {
	FOLDER=$BUILT
	clients nobody
	[ "$status" = 1 ]
	[[ $stderr == *"clients.sh: no program is called 'nobody'; 'scripts/clients.sh --list' prints them"* ]]
}

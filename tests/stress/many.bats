# SPDX-License-Identifier: MIT
#
# What many threads, forks, several libraries and odd ones do to the preloaded library.

load common

# --- threads

@test "each verdict of sixteen threads is that of a policy in force" {
	shimmed "$BIN/stress" pin threads 200
}

@test "... with pin-ca" {
	shimmed "$BIN/stress" pin-ca threads 40
}

# --- processes

@test "contexts and policies across fork, vfork and threads" {
	shimmed "$BIN/stress" pin forks
}

# --- several libraries

plugins() { # NAME...: each is accepted under its own pin, refused under another's, alone elsewhere
	local round n
	shimmed "$BIN/plugins" "${@/#/$BIN/}" >"$T/out"
	for ((round = 0; round < 3; round++)); do
		for ((n = 0; n < $#; n++)); do
			echo "$n right=1 wrong=0 other=1"
		done
	done >"$T/expected"
	diff "$T/expected" "$T/out"
}

@test "a plugin that brings libssl, loaded RTLD_LOCAL" { plugins first.so; }
@test "a libssl under another name" { plugins plugin2.so; }
@test "a libssl that looks at itself first" { plugins plugin3.so; }
@test "three libssl at once" { plugins first.so plugin2.so plugin3.so; }
@test "three libssl at once, in another order" { plugins plugin3.so plugin2.so first.so; }

@test "another libssl beside the one that is linked" {
	shimmed env "LD_LIBRARY_PATH=$BIN" "$BIN/stress" pin foreign "$(echo "$BIN"/li2ssl.so*)"
	shimmed env "LD_LIBRARY_PATH=$BIN" "$BIN/stress" pin foreign "$(echo "$BIN"/li3ssl.so*)"
}

# --- libraries that are no OpenSSL, or lack half of it

@test "a libssl that lacks a function: its clients are refused, and why is said" {
	LOG=stderr
	printf '[api.example.com]\npin = sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n' >"$POLICY"
	shimmed "$BIN/stubclient1" >"$T/out" 2>"$T/err"
	[ "$(<"$T/out")" = connect=-1 ]
	cat "$T/err"
	grep -q '^pinshim: stubclient1\[[0-9]*\]: refused .*: it cannot be judged: .*/libstub1.so lacks SSL_CTX_set_security_callback' "$T/err"
}

@test "... and as an event" {
	LOG=$T/events
	printf '[api.example.com]\npin = sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n' >"$POLICY"
	shimmed "$BIN/stubclient1"
	jq -e '.verdict == "refused" and .reason == "internal-error" and (.library | endswith("libstub1.so"))' "$LOG"
}

@test "... also under a bad policy" {
	shimmed "$BIN/stubclient1" >"$T/out"
	[ "$(<"$T/out")" = connect=-1 ]
}

@test "... without a policy it is left alone" {
	LOG=stderr
	shimmed env -u PINSHIM_POLICY "$BIN/stubclient1" >"$T/out" 2>"$T/err"
	[ "$(<"$T/out")" = connect=1 ]
	[ ! -s "$T/err" ]
}

@test "... also where every handshake is recorded, of which it can tell none" {
	LOG=stderr
	shimmed env -u PINSHIM_POLICY "PINSHIM_EVENTS=$T/events" "$BIN/stubclient1" >"$T/out" 2>"$T/err"
	[ "$(<"$T/out")" = connect=1 ]
	[ ! -s "$T/err" ]
	printf '[api.example.com]\npin = sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n' >"$POLICY"
	shimmed env "PINSHIM_EVENTS=$T/events" "$BIN/stubclient1" >"$T/out"
	[ "$(<"$T/out")" = connect=-1 ]
	jq -se 'length == 1 and .[0].verdict == "refused" and .[0].reason == "internal-error"' "$T/events"
}

@test "a library that merely has OpenSSL's names is left alone" {
	LOG=stderr
	printf '[api.example.com]\npin = sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n' >"$POLICY"
	shimmed "$BIN/stubclient2" >"$T/out" 2>"$T/err"
	[ "$(<"$T/out")" = connect=1 ]
	[ ! -s "$T/err" ]
}

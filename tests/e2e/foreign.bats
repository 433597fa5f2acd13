# SPDX-License-Identifier: MIT
#
# Unmodified programs, and libraries of others, that do not bind to the shim by themselves: they look
# libssl's functions up, or load with RTLD_DEEPBIND what is linked with it. With a libssl that looks
# at itself first each is also run under a library without the hooks for that, where a wrong pin must
# do nothing: so the tests are about these hooks.
# shellcheck disable=SC2154 # set by the rig

load ../lib/rig
load ../lib/four
load dl/build

HOST=api.example.com

setup_file() {
	build_dl
	env -i PATH=/usr/bin:/bin make -s -C "$BATS_TEST_DIRNAME/../.." DLSYM=no "BUILD=$DL/build" \
		"$DL/build/libpinshim.so"
	env -i PATH=/usr/bin:/bin "HOME=$DL" nim compile -d:ssl --hints:off --verbosity:0 \
		"--nimcache:$DL/nim" "-o:$DL/nim-get" "$BATS_TEST_DIRNAME/dl/get.nim"
	# Compiles what the script needs, and ends for want of arguments.
	env -i PATH=/usr/bin:/bin "HOME=$DL" "XDG_CACHE_HOME=$DL/cache" \
		sbcl --script "$BATS_TEST_DIRNAME/dl/get.lisp" >/dev/null 2>&1 || [ -d "$DL/cache" ]
}

without_the_hooks() {
	pin_policy "$HOST" nobody
	start_server "$proto" api
	AS=("${BARE[@]}" "LD_PRELOAD=$DL/build/libpinshim.so" "PINSHIM_POLICY=$POLICY")
	try "by_$program"
	assert_rc 0
	assert_quiet
	assert_data 1
}

# By the system's libssl, and by one that looks at itself first.
both() { # PROGRAM PROTOCOL HOST EXIT
	shim_first
	four "$@"
	echo "looks at itself first"
	BARE+=("$SYMBOLIC")
	SHIMMED+=("$SYMBOLIC")
	four "$@"
}

found() { # PROGRAM PROTOCOL HOST EXIT
	local program=$1 proto=$2 HOST=$3 CA=$PKI/ca.pem AS
	both "$@"
	echo "no hooks"
	without_the_hooks
}

by_talker() {
	"${AS[@]}" "$DL/talker" "$how" "$file" "$PORT" "$CA" "$HOST" | grep -x answer=ok
}

by_qt() { # BINDING CLASS
	"${AS[@]}" QT_QPA_PLATFORM=offscreen /usr/bin/python3 "$ROOT/tests/e2e/dl/qt.py" \
		"$@" "$HOST" "$PORT" "$CA"
}

by_pyqt5_socket() { by_qt PyQt5 socket; }
by_pyqt5_manager() { by_qt PyQt5 manager; }
by_pyqt6_socket() { by_qt PyQt6 socket; }
by_pyqt6_manager() { by_qt PyQt6 manager; }

by_nim() {
	"${AS[@]}" "$DL/nim-get" "$HOST" "$PORT" "$CA"
}

by_sbcl() {
	"${AS[@]}" "XDG_CACHE_HOME=$DL/cache" sbcl --script "$ROOT/tests/e2e/dl/get.lisp" "$HOST" "$PORT" "$CA"
}

by_php() { # ARGUMENT...: standard input is the script
	"${AS[@]}" /usr/bin/php -d display_errors=stderr -d log_errors=0 -- "$HOST" "$PORT" "$CA"
}

by_php_curl() {
	by_php <<-'END'
		<?php
		$curl = curl_init("https://$argv[1]/");
		curl_setopt_array($curl, [CURLOPT_CONNECT_TO => ["$argv[1]:443:127.0.0.1:$argv[2]"],
			CURLOPT_CAINFO => $argv[3], CURLOPT_RETURNTRANSFER => true]);
		$answer = curl_exec($curl);
		echo $answer;
		exit(curl_errno($curl));
	END
}

by_php_pgsql() {
	by_php <<-'END'
		<?php
		try {
			$db = new PDO("pgsql:host=$argv[1] hostaddr=127.0.0.1 port=$argv[2] user=u dbname=d
				gssencmode=disable sslmode=verify-full sslrootcert=$argv[3]");
			echo $db->query("select 1")->fetchColumn();
		} catch (PDOException $problem) {
			fwrite(STDERR, $problem->getMessage());
			exit(3);
		}
	END
}

by_ctypes() {
	"${AS[@]}" /usr/bin/python3 - "$HOST" "$PORT" "$CA" <<-'END'
		import ctypes, os, sys
		host, port, ca = sys.argv[1:]
		curl = ctypes.CDLL("libcurl.so.4", mode=os.RTLD_NOW | os.RTLD_LOCAL | os.RTLD_DEEPBIND)
		curl.curl_easy_init.restype = curl.curl_slist_append.restype = ctypes.c_void_p
		handle = ctypes.c_void_p(curl.curl_easy_init())
		to = ctypes.c_void_p(curl.curl_slist_append(None, f"{host}:443:127.0.0.1:{port}".encode()))
		curl.curl_easy_setopt(handle, 10002, f"https://{host}/".encode())  # CURLOPT_URL
		curl.curl_easy_setopt(handle, 10065, ca.encode())  # CURLOPT_CAINFO
		curl.curl_easy_setopt(handle, 10243, to)  # CURLOPT_CONNECT_TO
		sys.exit(curl.curl_easy_perform(handle))
	END
}

@test "a client that looks up libssl" {
	local how=dlsym file=libssl.so.3
	found talker line api.example.com untrusted
}
@test "a plugin by RTLD_DEEPBIND" {
	local how=deepbind file=$DL/plugin.so
	found talker line api.example.com untrusted
}
@test "a plugin by dlmopen and RTLD_DEEPBIND" {
	local how=base file=$DL/plugin.so
	found talker line api.example.com untrusted
}
@test "PyQt5: QSslSocket" { found pyqt5_socket http api.example.com untrusted; }
@test "PyQt5: QNetworkAccessManager" { found pyqt5_manager http api.example.com untrusted; }
@test "PyQt6: QSslSocket" { found pyqt6_socket http api.example.com untrusted; }
@test "PyQt6: QNetworkAccessManager" { found pyqt6_manager http api.example.com untrusted; }
@test "nim: net" { found nim http api.example.com untrusted; }
@test "sbcl: cl+ssl, which looks in every object and so comes upon the shim" {
	both sbcl http api.example.com untrusted
}
@test "php: curl" { found php_curl http api.example.com untrusted; }
@test "php: pdo_pgsql" { found php_pgsql postgres api.example.com untrusted; }
@test "python: libcurl by ctypes and RTLD_DEEPBIND" { found ctypes http api.example.com untrusted; }

# --- what is not reached, or not to be touched

@test "a namespace of its own is not reached: it is as if there were no shim" {
	pin_policy "$HOST" nobody
	start_server line api
	try "${SHIMMED[@]}" "$DL/talker" namespace "$DL/plugin.so" "$PORT" "$PKI/ca.pem" "$HOST"
	assert_rc 0
	assert_quiet
	assert_data 1
}

@test "libgnutls-openssl, which has OpenSSL's names, is passed on untouched" {
	local wrapper=libgnutls-openssl.so.27 how
	printf '%s\n' "unlisted = refuse" "unnamed = refuse" "deny = $(pin api)" | policy
	start_server line api --max TLSv1_2
	for how in wrapped wrapped-linked; do
		try "${SHIMMED[@]}" "$DL/$how" "$wrapper" "$PORT"
		assert_rc 0
		assert_fact "SSL_connect $wrapper" "SSL_CTX_new $wrapper" connect=1 answer=ok
		assert_quiet
	done
	assert_data 2
}

# --- as early as can be

@test "a preloaded malloc that looks for the real one, before the shim and behind it" {
	pin_policy "$HOST" nobody
	local order
	for order in "$DL/early.so:$LIB" "$LIB:$DL/early.so"; do
		try "${SHIMMED[@]}" "LD_PRELOAD=$order" /usr/bin/python3 -c 'import ssl; print(1)'
		assert_rc 0
		assert_out 1
		[ ! -s "$T/err" ] || fail "$(<"$T/err")"
	done
}

@test "dlsym while the loader is at work on the program" {
	pin_policy "$HOST" nobody
	run_bare "$DL/resolver"
	assert_out resolved
	run_shimmed "$DL/resolver"
	assert_rc 0
	assert_out resolved
}

@test "dlsym before the loader has come to the shim finds nothing, and does no harm" {
	pin_policy "$HOST" nobody
	run_bare "$DL/resolver-library"
	assert_out resolved
	run_shimmed "$DL/resolver-library"
	assert_rc 0
	assert_out "not resolved"
}

# SPDX-License-Identifier: MIT
#
# `pinshim host' on a whole host: what is held to the policy after `enable', and what keeps a library
# from being enabled. The server says whether data arrived.
# shellcheck disable=SC2016,SC2154 # expanded on the host; set by the rig

load common

# For the scripts: asks the server as an unmodified program would, and notes its exit code.
ASK='ask() { rc=0; curl -sS --cacert "$PKI/ca.pem" --connect-to "api.example.com:443:127.0.0.1:$PORT" \
	https://api.example.com/ >/dev/null || rc=$?; echo "$1 $rc"; }; '

@test "enabled, a wrong pin is refused without any variable; disabled, programs are bare" {
	start_server http api
	host_section "pin = $(pin nobody)"
	on_host "$ASK"'
		ask before
		pinshim host enable
		ask enabled
		pinshim host disable
		ask disabled'
	assert_rc 0
	assert_said '^before 0$'
	assert_said '^enabled 60$'
	assert_said '^disabled 0$'
	assert_err '^curl: \(60\) .*pin mismatch for api\.example\.com \(policy\.ini:2\)$'
	assert_data 2
	[ "$(connections '.handshake == "ok"')" = 2 ] || fail "a handshake was completed"
}

@test "enabled, the right pin passes" {
	start_server http api
	host_section "pin = $(pin api)"
	on_host "$ASK"'pinshim host enable; ask enabled; pinshim host disable'
	assert_rc 0
	assert_said '^enabled 0$'
	assert_quiet
	assert_data 1
}

@test "enabled, the variables of a program hold besides" {
	start_server http api
	host_section "pin = $(pin api)"
	pin_policy api.example.com nobody
	on_host "$ASK"'pinshim host enable; PINSHIM_POLICY=$T/pins.ini ask both'
	assert_rc 0
	assert_said '^both 60$'
	assert_no_data
}

@test "an upgrade is enabled as it was, by a rename" {
	host_section "pin = $(pin api)"
	on_host '
		pinshim host enable
		cp /usr/local/lib/libpinshim.so /usr/local/lib/new
		mv /usr/local/lib/new /usr/local/lib/libpinshim.so
		pinshim host enable
		cat /etc/ld.so.preload'
	assert_rc 0
	assert_said 'has the library already; nothing was changed$'
	[ "$(tail -n 1 "$T/out")" = "$INSTALLED" ] || fail "not the one entry"
	assert_quiet
}

@test "the host's policy: bad refuses, none is only told, one that refuses all does not disturb the proof" {
	mkdir -p "$T/etc/pinshim"
	echo nonsense >"$T/etc/pinshim/policy.ini"
	on_host 'pinshim host enable || { echo "enable $?"; test ! -e /etc/ld.so.preload; }'
	assert_rc 0
	assert_out "enable 1"
	assert_err "^pinshim: the host's policy is bad" '^/etc/pinshim/policy\.ini:1: '
	printf '%s\n' 'unlisted = refuse' 'unnamed = refuse' >"$T/etc/pinshim/policy.ini"
	on_host 'pinshim host enable'
	assert_rc 0
	assert_quiet
	rm -r "$T/etc/pinshim"
	on_host 'pinshim host enable'
	assert_rc 0
	assert_err '^pinshim: warning: there is no host policy yet'
}

# Puts a library that is built from standard input in the place of ours, and tries to enable it. The file is
# left as it was, with its times.
spoiled() { # PATTERN [COMPILER-OPTION...]
	mkdir -p "$T/local/lib" "$T/etc"
	gcc -shared -fPIC -x c -o "$T/local/lib/libpinshim.so" - "${@:2}"
	printf '# mine\n' >"$T/etc/ld.so.preload"
	refused_host "$1"
}

refused_host() { # PATTERN [SCRIPT]: a script that spoils something before
	on_host "${2:-}"'
		identity=$(stat -c "%i %Y %Z %a" /etc/ld.so.preload)
		rc=0
		pinshim host enable || rc=$?
		printf "# mine\n" | cmp - /etc/ld.so.preload
		[ "$identity" = "$(stat -c "%i %Y %Z %a" /etc/ld.so.preload)" ]
		[ -z "$(find /etc -maxdepth 1 -name ".ld.so*")" ]
		exit $rc'
	assert_rc 1
	assert_err "^pinshim: $1"
	assert_out ""
}

@test "libraries that break programs" {
	spoiled "canary: '/bin/true' \(a program\) exits with 127, not 0, .*undefined symbol: nowhere" <<-END
		extern int nowhere;
		int *f(void) { return &nowhere; }
	END
	spoiled "canary: '/bin/true' \(a program whose functions .* exits with 127, not 0, .*undefined symbol: nowhere" <<-END
		int nowhere(void);
		int f(void) { return nowhere(); }
	END
	# As of a newer glibc.
	mkdir "$T/newer"
	echo 'int f(void) { return 0; }' | gcc -shared -fPIC -nostdlib -x c -o "$T/newer/libc.so.6" - \
		-Wl,-soname,libc.so.6 -Wl,--version-script=<(echo 'GLIBC_2.99 { f; };')
	spoiled "canary: '/bin/true' \(a program\) exits with 1, not 0, .*version .GLIBC_2\.99" -nostdlib -x none \
		"$T/newer/libc.so.6" <<-END
		int f(void);
		int g(void) { return f(); }
	END
	spoiled "canary: '/bin/true' \(a program\) is ended by signal" <<-END
		__attribute__((constructor)) static void f(void) { __builtin_trap(); }
	END
	spoiled "canary: '/bin/true' \(a program\) prints something else .*: gotcha" <<-END
		#include <stdio.h>
		__attribute__((constructor)) static void f(void) { puts("gotcha"); }
	END
	spoiled "canary: '/bin/sh' \(a shell\) has another standard error .*: gotcha" <<-END
		#include <stdio.h>
		#include <string.h>
		extern char *program_invocation_short_name;
		__attribute__((constructor)) static void f(void)
		{
			if (!strcmp(program_invocation_short_name, "sh"))
				fputs("gotcha\n", stderr);
		}
	END
	spoiled "canary: '/bin/true' \(a program of another user\) exits with 9, not 0" <<-END
		#include <stdlib.h>
		#include <unistd.h>
		__attribute__((constructor)) static void f(void) { if (getuid()) _exit(9); }
	END
}

@test "a library that breaks setuid programs alone, which see no LD_PRELOAD" {
	spoiled "canary: '/.*' \(a setuid program\) exits with 9, not 0" <<-END
		#include <sys/auxv.h>
		#include <unistd.h>
		__attribute__((constructor)) static void f(void) { if (getauxval(AT_SECURE)) _exit(9); }
	END
}

@test "libraries that do not pin" {
	spoiled ".* does not refuse a wrong pin: the server got the program's data$" <<<'int nothing;'
	# It fails the handshake, but after it was done.
	spoiled ".* does not refuse a wrong pin: the server finished the handshake$" <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		int SSL_connect(void *ssl)
		{
			return ((int (*)(void *))dlsym(RTLD_NEXT, "SSL_connect"))(ssl), -1;
		}
	END
	# It says what a refusal would, but refuses nothing.
	spoiled ".* does not refuse a wrong pin: the server finished the handshake$" <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		int SSL_connect(void *ssl)
		{
			return ((int (*)(void *))dlsym(RTLD_NEXT, "SSL_connect"))(ssl), -1;
		}
		long SSL_get_verify_result(const void *ssl) { return 50; }
	END
	spoiled 'a handshake under .* with a wrong pin does not end as a refusal: ' <<-END
		int SSL_connect(void *ssl) { return -1; }
	END
	# It refuses whatever the pin.
	spoiled 'a handshake under .* with the right pin does not pass: ' <<-END
		int SSL_connect(void *ssl) { return -1; }
		long SSL_get_verify_result(const void *ssl) { return 50; }
	END
}

@test "files that are no library for every program" {
	mkdir -p "$T/etc"
	printf '# mine\n' >"$T/etc/ld.so.preload"
	local lib=/usr/local/lib/libpinshim.so
	refused_host "there is no library to enable" "rm $lib"
	refused_host ".*' is not a whole ELF file" "echo garbage >$lib"
	refused_host ".*' is for another architecture than the shim" \
		"printf '\1' | dd of=$lib bs=1 seek=4 conv=notrunc status=none"
	refused_host ".*libpinshim\.so' is not open to every user \(mode 0600\)" "chmod 600 $lib"
	refused_host ".*libpinshim\.so' can be written by others than root \(mode 0775\)" "chmod 775 $lib"
	refused_host ".*libpinshim\.so' is owned by uid 65534" "chown 65534 $lib"
	refused_host ".*'/usr/local/lib' can be written by others than root \(mode 0777\)" \
		"chmod 777 /usr/local/lib"
	refused_host ".*'/usr/local/lib' is not open to every user" "chmod 700 /usr/local/lib"
	refused_host ".*'/usr/local/open' can be written by others" \
		"mkdir -m 777 /usr/local/open; mv $lib /usr/local/open; ln -s ../open/libpinshim.so $lib"
	refused_host ".*' is on a file system that is mounted noexec" \
		"cd /usr/local/lib; mount --bind . .; mount -o remount,bind,noexec /usr/local/lib; cd /"
}

@test "a sticky folder is safe: nobody but root takes root's file out of it" {
	host_section "pin = $(pin api)"
	on_host 'chmod 1777 /usr/local/lib; pinshim host enable; pinshim host status'
	assert_rc 0
	assert_quiet
}

@test "paths that ld.so.preload cannot hold" {
	mkdir -p "$T/etc"
	printf '# mine\n' >"$T/etc/ld.so.preload"
	local folder
	for folder in 'a b' 'a:b' 'a#b'; do
		# Beside the command; there is no installed one.
		on_host '
			mkdir "/usr/local/$1"
			mv /usr/local/lib/libpinshim.so /usr/local/bin/pinshim "/usr/local/$1"
			rc=0
			"/usr/local/$1/pinshim" host enable || rc=$?
			printf "# mine\n" | cmp - /etc/ld.so.preload
			exit $rc' - "$folder"
		assert_rc 1
		assert_err "cannot hold the path '/usr/local/$folder/libpinshim\.so'"
	done
}

@test "a 32-bit program: its loader's message is told beforehand" {
	mkdir -p "$T/local/bin" "$T/etc"
	as --32 -o "$T/small.o" - <<-END
		.globl _start
		_start: movl \$1, %eax
			xorl %ebx, %ebx
			int \$0x80
	END
	printf '.globl f\nf: ret\n' | as --32 -o "$T/needed.o" -
	ld -m elf_i386 -shared -o "$T/local/bin/libneeded.so" "$T/needed.o"
	ld -m elf_i386 -dynamic-linker /lib/ld-linux.so.2 -rpath /usr/local/bin -o "$T/local/bin/small" \
		--no-as-needed "$T/small.o" "$T/local/bin/libneeded.so"
	on_host 'small; pinshim host enable'
	assert_rc 0
	assert_err "warning: programs of another word size, such as '/usr/local/bin/small', run without" \
		'wrong ELF class: ELFCLASS64'
	assert_said 'put in'
}

# Root, but without the right to mount: as in many containers.
@test "without mount namespaces, LD_PRELOAD tries what it can, and that is said" {
	host_section "pin = $(pin api)"
	on_host 'capsh --drop=cap_sys_admin -- -c "pinshim host enable"; cat /etc/ld.so.preload'
	assert_rc 0
	assert_err 'warning: no mount namespace can be had \(Operation not permitted\)' \
		'warning: no setuid program was tried'
	assert_said "^$INSTALLED$"
	spoiled 'canary: .* exits with 9, not 0' <<-END
		#include <unistd.h>
		__attribute__((constructor)) static void f(void) { _exit(9); }
	END
	on_host '! capsh --drop=cap_sys_admin -- -c "pinshim host enable"; printf "# mine\n" | cmp - /etc/ld.so.preload'
	assert_rc 0
	assert_err 'canary: .* exits with 9, not 0'
}

@test "where root cannot become another user, as in some containers" {
	host_section "pin = $(pin api)"
	on_host 'capsh --drop=cap_setuid,cap_setgid -- -c "pinshim host enable"; cat /etc/ld.so.preload'
	assert_rc 0
	assert_err 'warning: no setuid program was tried, since there is no other user to run one as$'
	assert_said "^$INSTALLED$"
}

@test "only root changes the file" {
	on_host 'for word in enable disable; do
			! setpriv --reuid 65534 --regid 65534 --clear-groups pinshim host $word
		done
		test ! -e /etc/ld.so.preload'
	assert_rc 0
	assert_err '^pinshim: host enable: only root can change /etc/ld\.so\.preload; use sudo$' \
		'^pinshim: host disable: only root can change /etc/ld\.so\.preload; use sudo$'
}

@test "disable works when the library is gone" {
	on_host '
		pinshim host enable
		rm /usr/local/lib/libpinshim.so
		pinshim host disable
		test ! -e /etc/ld.so.preload'
	assert_rc 0
	assert_said "took out $INSTALLED"
}

@test "this machine's own file is as it was" {
	[ ! -e /etc/ld.so.preload ] || ! grep -q pinshim /etc/ld.so.preload
}

# SPDX-License-Identifier: MIT
#
# Programs for every case that `pinshim scan' tells apart, built into $S. What no compiler is at hand
# for (Go, Rust) is a C program that has the traces by which such a program is told.
# shellcheck shell=bash

build_samples() {
	export S=$BATS_FILE_TMPDIR/samples
	mkdir -p "$S/deep" "$S/old" "$S/new"
	sample() { # FILE ARGUMENT...: of the source on standard input
		env -i PATH=/usr/bin:/bin gcc -std=gnu11 -Wall -Werror -O1 -x c - -x none -o "$S/$1" "${@:2}"
	}
	local tls='#include <openssl/ssl.h>
		int tls(void);
		int tls(void) { return !SSL_CTX_new(TLS_client_method()) || !OpenSSL_version(0); }'
	local main='int main(void) { return 0; }'
	local needs='int tls(void); int main(void) { return tls(); }'
	local static=(-l:libssl.a -l:libcrypto.a)

	sample plain <<<"$main"
	sample plain-static -static <<<"$main"
	sample linked -lssl -lcrypto <<<"$tls int main(void) { return tls(); }"
	sample waits -lssl -lcrypto <<<"$tls
		#include <stdio.h>
		#include <unistd.h>
		int main(void) { tls(); puts(\"ready\"); fflush(stdout); pause(); }"

	# Through libraries, where RUNPATH and RPATH lead, and where RUNPATH does not.
	sample libtls.so -shared -fPIC -Wl,-soname,libtls.so -lssl -lcrypto <<<"$tls"
	sample through '-Wl,--enable-new-dtags,-rpath,$ORIGIN' "$S/libtls.so" <<<"$needs"
	cp "$S/libtls.so" "$S/deep/"
	sample deep/libmiddle.so -shared -fPIC -Wl,-soname,libmiddle.so "$S/deep/libtls.so" \
		<<<'int tls(void); int middle(void); int middle(void) { return tls(); }'
	local middle='int middle(void); int main(void) { return middle(); }'
	sample old/program '-Wl,--disable-new-dtags,-rpath,${ORIGIN}/../deep' "-Wl,-rpath-link,$S/deep" \
		"$S/deep/libmiddle.so" <<<"$middle"
	sample new/program '-Wl,--enable-new-dtags,-rpath,$ORIGIN/../deep' "-Wl,-rpath-link,$S/deep" \
		"$S/deep/libmiddle.so" <<<"$middle"

	# A daemon, whose module is where it looks for modules.
	mkdir -p "$S/usr/sbin" "$S/usr/lib/apache2/modules"
	cp "$S/plain" "$S/usr/sbin/apache2"
	cp "$S/plain" "$S/usr/sbin/apache3"
	cp "$S/libtls.so" "$S/usr/lib/apache2/modules/mod_ssl.so"

	# Interpreters, which have their modules below the prefix of their library.
	interpreter() { # PROGRAM LIBRARY MODULE
		mkdir -p "$S/$(dirname "$1")" "$S/$(dirname "$2")" "$S/$(dirname "$3")"
		sample "$2" -shared -fPIC "-Wl,-soname,${2##*/}" <<<'int run(void); int run(void) { return 0; }'
		sample "$1" "-Wl,-rpath,$S/$(dirname "$2")" "$S/$2" \
			<<<'int run(void); int main(void) { return run(); }'
		cp "$S/libtls.so" "$S/$3"
	}
	interpreter pypy/bin/pypy3 pypy/lib/libpypy3.9-c.so pypy/lib/pypy3.9/_pypy_openssl.pypy39-pp73.so
	interpreter tcl/bin/tclsh tcl/lib/libtcl8.6.so tcl/lib/tcltk/machine/tcltls1.7/tcltls.so
	interpreter prolog/bin/swipl prolog/lib/libswipl.so.9 prolog/lib/swi-prolog/lib/machine/ssl4pl.so
	interpreter R/bin/exec/R R/lib/libR.so R/site-library/curl/libs/curl.so
	mkdir -p "$S/lua/bin" "$S/lua/lib/machine/lua/5.3"
	cp "$S/plain" "$S/lua/bin/lua5.3"
	cp "$S/libtls.so" "$S/lua/lib/machine/lua/5.3/_openssl.so"

	# A library that has its TLS in a module below a third folder.
	mkdir -p "$S/opt/lib" "$S/opt/libexec/machine/gensio/2.6"
	sample opt/lib/libgensio.so.4 -shared -fPIC -Wl,-soname,libgensio.so.4 <<<"$main"
	sample gensio '-Wl,-rpath,$ORIGIN/opt/lib' -Wl,--no-as-needed "$S/opt/lib/libgensio.so.4" <<<"$main"
	cp "$S/libtls.so" "$S/opt/libexec/machine/gensio/2.6/libgensio_ssl.so"

	sample loads -ldl <<<'
		#include <dlfcn.h>
		int main(void) { return !dlsym(dlopen("libssl.so.3", RTLD_NOW), "TLS_client_method"); }'
	sample looks-up -ldl <<<'
		#include <dlfcn.h>
		int main(int argc, char **argv) { return !dlsym(dlopen(argv[1], RTLD_NOW), "SSL_CTX_new"); }'

	sample static "-static" "${static[@]}" <<<"$tls int main(void) { return tls(); }" 2>/dev/null
	sample inside "${static[@]}" <<<"$tls int main(void) { return tls(); }"
	strip "$S/static" "$S/inside"
	sample libinside.so -shared -fPIC -Wl,-soname,libinside.so -Wl,--exclude-libs,ALL "${static[@]}" <<<"$tls"
	sample through-inside '-Wl,-rpath,$ORIGIN' "$S/libinside.so" <<<"$needs"

	sample go <<<"
		__attribute__((used, section(\".go.buildinfo\"))) char info[] = \"\\xff Go buildinf:\";
		__attribute__((used)) const char name[] = \"main.crypto/tls.(*Conn).Handshake\"; $main"
	sample go-plain <<<"
		__attribute__((used, section(\".go.buildinfo\"))) char info[] = \"\\xff Go buildinf:\"; $main"
	sample haskell <<<"
		__attribute__((used)) const char name[] = \"tls-1.5.8-x:Network.TLS.Struct.ClientHello\"; $main"
	sample busybox -static <<<"
		__attribute__((used)) const char text[] = \"got bad TLS record (len:%d) while expecting %s\"; $main"
	sample rust <<<"
		__attribute__((used)) const char source[] = \"/x/rustls-0.21.7/src/client/hs.rs\"; $main"
	sample boring <<<"
		__attribute__((used)) const char source[] = \"third_party/boringssl/ssl/ssl_lib.cc\"; $main"
	# Says such words, and has nothing of it.
	sample talk <<<'
		#include <stdio.h>
		int main(void) { return puts("libssl.so, OpenSSL 3.0.0 1 Jan 2022, ALL:!COMPLEMENTOFDEFAULT")
			+ puts("crypto/tls.(*Conn).Read"); }'
	sample musl -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1 -lssl -lcrypto \
		<<<"$tls int main(void) { return tls(); }"
	unset -f sample
}

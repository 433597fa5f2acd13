#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Installs what a group of tasks needs and this machine lacks: deps.sh GROUP... (Debian packages).
# Says nothing when nothing is missing. It asks nothing, removes nothing, and lets no daemon of a
# package start.
# shellcheck disable=SC2086 # lists of words
set -euo pipefail

cd "${BASH_SOURCE[0]%/*}/.."
PATH=$PATH:/usr/sbin:/sbin
RC=/usr/sbin/policy-rc.d

packages() { # GROUP
	case $1 in
	build) echo gcc libc6-dev libssl-dev libinih-dev libjansson-dev libelf-dev ;;
	demo) echo curl openssl ;;
	bench) echo curl gnuplot-nox haproxy openssl stunnel4 valgrind ;;
	abi) echo gcc-aarch64-linux-gnu gcc-i686-linux-gnu qemu-user ;;
	lint) echo clang clang-format clang-tidy cppcheck mandoc shellcheck ;;
	test)
		echo bats binutils clang clang-format libclang-rt-dev libcmocka-dev mandoc shellcheck
		echo attr curl gnuplot-nox haproxy iproute2 jq libc6-i386 libcap2-bin openssl procps publicsuffix python3 \
			util-linux valgrind wget
		echo liblwp-protocol-https-perl libwww-perl nginx-light php-cli postgresql-client \
			redis-tools ruby socat stunnel4 syslog-ng-core
		echo bind9-dnsutils httperf libio-socket-ssl-perl libnet-ssleay-perl mariadb-client-core \
			monitoring-plugins-basic postfix swaks
		echo cl-plus-ssl cl-usocket libcurl4 libgnutls-openssl27 nim php-curl php-pgsql \
			python3-pyqt5 python3-pyqt6 sbcl
		echo apparmor bash-completion logrotate systemd
		;;
	# What the programs of tests/clients are in, or that one which CLIENT names. Needs python3.
	clients) /usr/bin/python3 -B tests/clients/run.py --list-packages ${CLIENT:+"$CLIENT"} ;;
	suites) echo curl dpkg-dev gnutls-bin iproute2 libcurl4 libio-socket-ssl-perl libnet-ssleay-perl \
		nghttp2-proxy openssl perl php-cli python3 ruby stunnel4 util-linux ;;
	*)
		echo "deps.sh: '$1' is no group; write build, demo, test, clients, suites, abi, lint or bench" >&2
		return 2
		;;
	esac
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

wanted=
for group; do
	wanted+=" $(packages "$group")"
done
command -v dpkg-query >/dev/null || {
	echo "deps.sh: this is no Debian; see to these yourself:" $wanted >&2
	exit 0
}
missing=$(comm -23 <(printf '%s\n' $wanted | sort -u) \
	<(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
		sed -n 's/^installed //p' | sort -u))
[ -n "$missing" ] || exit 0

echo "installing:" $missing
[ -e $RC ] || {
	trap 'as_root rm -f $RC' EXIT
	printf '#!/bin/sh\nexit 101\n' | as_root tee $RC >/dev/null
	as_root chmod 755 $RC
}
apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
update() {
	as_root "${apt[@]}" update </dev/null
}
# Somebody else may be at it: apt does not wait for that lock.
update || { sleep 20 && update; } || { sleep 40 && update; }
as_root "${apt[@]}" install -y --no-remove --no-install-recommends $missing </dev/null

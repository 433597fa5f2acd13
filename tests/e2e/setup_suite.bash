# SPDX-License-Identifier: MIT
#
# Once for all end-to-end tests: the certificates. Fails at once when a program is missing, so that
# no test can be passed over in silence.

# shellcheck source=tests/lib/suite.bash
. "${BASH_SOURCE[0]%/*}/../lib/suite.bash"

setup_suite() {
	need "the end-to-end tests" curl openssl perl ruby php redis-cli nginx socat stunnel4 syslog-ng jq \
		unshare \
		mariadb dig httperf posttls-finger swaks /usr/lib/nagios/plugins/check_tcp \
		gcc make nim sbcl \
		/usr/bin/python3 /usr/lib/postgresql/*/bin/psql || return 1
	# What the tests of foreign.bats load.
	env -i /usr/bin/python3 -c 'if True:
		import ctypes, PyQt5.QtNetwork, PyQt6.QtNetwork
		ctypes.CDLL("libcurl.so.4"), ctypes.CDLL("libgnutls-openssl.so.27")' || return 1
	env -i /usr/bin/php -r 'exit(extension_loaded("curl") && extension_loaded("pdo_pgsql") ? 0 : 1);' || {
		echo "the end-to-end tests need php's curl and pdo_pgsql"
		return 1
	}
	make_certificates
}

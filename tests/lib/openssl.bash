# SPDX-License-Identifier: MIT
#
# openssl's own server, which tells of every message that it receives. Loaded behind rig.bash.
# shellcheck shell=bash disable=SC2034,SC2154 # set and used by the rig and its tests

start_openssl() { # CERTIFICATE [OPTION...]: what it says goes to $T/server
	: >"$T/server"
	"${BARE[@]:UNLIMITED}" openssl s_server -accept 127.0.0.1:0 -www -msg -cert "$PKI/$1.pem" \
		-cert_chain "$PKI/int.pem" -key "$PKI/$1.key" "${@:2}" >"$T/server" 2>&1 3>&- &
	SERVER=$!
	started "$SERVER"
	wait_for grep -q '^ACCEPT' "$T/server"
	PORT=$(sed -n 's/^ACCEPT.*://p; T; q' "$T/server")
}

stop_openssl() {
	end "$SERVER"
	SERVER=
}

# Messages of the handshake that it received, "Certificate" and the like.
received() { # MESSAGE
	grep -c "^<<<.*Handshake.*, $1$" "$T/server"
}

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Shows on this machine alone what pinning does: curl reaches a server whose key is pinned, and does
# not reach it when another key is. Succeeds only when both were seen. Leaves nothing behind.
set -euo pipefail

BUILD=$(realpath "${BUILD:-build}")
DIR=$(mktemp -d)
SERVER=
trap 'kill $SERVER 2>/dev/null || :; rm -rf "$DIR"' EXIT
cd "$DIR"

say() {
	printf '\n# %s\n' "$@"
}

# Echoes a command, and runs it as its reader would: nothing is inherited but the way to pinshim.
run() { # COMMAND
	printf '$ %s\n' "$1"
	env -i "PATH=$BUILD:/usr/bin:/bin" "HOME=$DIR" sh -c "$1"
}

make_key() { # NAME
	run "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \\
    -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout $1.key -out $1.pem 2>openssl.log" || {
		cat openssl.log
		return 1
	}
}

failed() { # MESSAGE
	printf '\n# The demo failed: %s\n' "$1"
	cat server.log
	exit 1
}

say 'Two keys for one name: the server has the first.'
make_key server
make_key another

say 'A TLS server on this machine.'
echo "\$ openssl s_server -www -cert server.pem -key server.key &"
: >server.log
env -i /usr/bin/openssl s_server -www -accept 127.0.0.1:0 -cert server.pem -key server.key \
	>server.log 2>&1 </dev/null &
SERVER=$!
PORT=
for ((i = 0; i < 500; i++)); do
	PORT=$(sed -n 's/^ACCEPT .*:\([0-9]*\).*/\1/p' server.log)
	[ -z "$PORT" ] || break
	sleep 0.02
done
[ -n "$PORT" ] || failed 'the server did not start'
curl="curl --silent --show-error --cacert server.pem --output page https://localhost:$PORT/"

say 'A policy that pins the key of the server, from its certificate.'
run 'pinshim pin server.pem >right.ini'
run 'cat right.ini'

say 'With it, curl gets through: the key is the pinned one.'
rc=0
run "pinshim run -p right.ini $curl" 2>err || rc=$?
cat err
echo "# curl's exit code: $rc"
[ $rc = 0 ] && grep -q -i '<html' page || failed 'a right pin was not accepted'

say 'A policy that pins the other key. The certificate is as good as before: curl trusts it.'
run 'pinshim pin another.pem >wrong.ini'
run "$curl" || failed 'curl alone does not get through'

say 'But under this policy the handshake is aborted, and curl says why.'
rm page
rc=0
run "pinshim run -p wrong.ini $curl" 2>err || rc=$?
cat err
echo "# curl's exit code: $rc (60: the server's certificate cannot be accepted)"
[ $rc = 60 ] && [ ! -e page ] || failed 'a wrong pin was not refused'
grep -q '^curl: .*pin mismatch for localhost (.*wrong.ini:' err || failed 'curl does not say why'

say 'The right pin was accepted, the wrong one refused.'

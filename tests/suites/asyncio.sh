# SPDX-License-Identifier: MIT
#
# CPython's tests of asyncio, whose handshakes never block and are driven through memory.
# shellcheck shell=bash disable=SC2034 # see scripts/suites.sh

# shellcheck source=tests/suites/cpython.sh
source "$SUITES/cpython.sh"

minimum=600
handshakes=200

run() {
	cpython_modules test_asyncio.test_{ssl,sslproto,events,streams,sendfile,sock_lowlevel,base_events,selector_events}
}

# SPDX-License-Identifier: MIT
"""Programs of the command line that fetch by HTTP."""

from frame import Program
from servers.http import Http, Http2

URL = "https://{host}:{port}/"

PROGRAMS = [
    Program(
        name="curl",
        packages="curl",
        server=Http(),
        command=("curl", "-sS", URL),
    ),
    Program(
        name="curl -k",
        packages="curl",
        server=Http(),
        command=("curl", "-ksS", URL),
        verifies=False,
        refusal=60,
    ),
    Program(
        name="curl, HTTP/2",
        packages="curl",
        server=Http2(),
        command=("curl", "-sS", "--http2", URL),
    ),
    Program(
        name="openssl s_client",
        packages="openssl",
        server=Http(),
        command=(
            "openssl", "s_client", "-quiet", "-verify_quiet", "-verify_return_error",
            "-verify_hostname", "{host}", "-connect", "{host}:{port}",
        ),
        stdin="GET / HTTP/1.0\r\n\r\n",
        noise=(r"^[0-9A-F]{16}:error",),
    ),
    Program(
        name="wget",
        packages="wget",
        server=Http(),
        command=("wget", "-q", "-O", "-", "--tries=1", URL),
        scan=("no",),
        uncovered="GnuTLS",
    ),
]

# SPDX-License-Identifier: MIT
"""Programs that the library does not reach: under a wrong pin they go on as if nothing were.

`pinshim scan' has to say so of each, and the table gives the reason.
"""

from frame import Program
from servers.http import Http

URL = "https://{host}:{port}/"
REQUEST = "GET / HTTP/1.0\r\n\r\n"


def uncovered(why, **more):
    return Program(uncovered=why, **{"server": Http(), "scan": ("no",), **more})


PROGRAMS = [
    uncovered(
        "GnuTLS",
        name="cadaver",
        packages="cadaver",
        command=("cadaver", URL),
        stdin="quit\n",
        server=Http(expect=b"OPTIONS /"),
    ),
    uncovered(
        "GnuTLS",
        name="openconnect",
        packages="openconnect",
        command=("openconnect", "--authenticate", "--non-inter", "--cafile={ca}", "{host}:{port}"),
        server=Http(expect=b"POST /"),
        noise=(r"^Connected to .*$",),
    ),
    uncovered(
        "GnuTLS",
        name="apt, method https",
        packages="apt",
        command=("/usr/lib/apt/methods/https",),
        stdin=(
            "601 Configuration\nConfig-Item: Acquire::https::CAInfo={ca}\n\n"
            "600 URI Acquire\nURI: https://{host}:{port}/x\nFilename: {home}/x\n\n"
        ),
        noise=(r"^Last-Modified: .*$", r"^Send-Config.*$"),
    ),
    uncovered(
        "NSS",
        name="tstclnt",
        packages="libnss3-tools",
        command=(
            "sh", "-c", 'certutil -N -d . --empty-password && certutil -A -d . -n ca -t C,, -i "$0"/root.pem && '
            '{ printf "GET / HTTP/1.0\\r\\n\\r\\n"; sleep 1; } | timeout 3 tstclnt -d . -h "$1" -p "$2" -4',
            # It does not end when the server does.
            "{pki}", "{host}", "{port}",
        ),
        scanned="/usr/bin/tstclnt",
        server=Http(expect=b"GET /"),
    ),
    uncovered(
        "Go",
        name="hey",
        packages="hey",
        command=("sh", "-c", 'hey -n 1 -c 1 "$0" | grep -o "200..1 responses"', URL),
        scanned="/usr/bin/hey",
    ),
    uncovered(
        "Haskell's own",
        name="pandoc",
        packages="pandoc",
        command=("pandoc", "-f", "html", "-t", "plain", URL),
        # Its Lua filters may use libssl.
        scan=("no", "partly"),
    ),
    uncovered(
        "gains privileges, so that the loader ignores LD_PRELOAD",
        name="socat, setgid",
        packages="socat",
        command=(
            "sh", "-c", 'cp /usr/bin/socat . && chgrp nogroup socat && chmod g+s socat && '
            'exec ./socat -t5 - "OPENSSL:$0:$1,cafile=$2"', "{host}", "{port}", "{ca}",
        ),
        stdin=REQUEST,
        scanned="{home}/socat",
        # By the host's policy alone.
        scan=("yes",),
    ),
]

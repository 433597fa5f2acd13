# SPDX-License-Identifier: MIT
"""VPNs on TLS."""

from frame import Program
from servers.vpn import Fortinet, Sstp

PROGRAMS = [
    Program(
        name="openfortivpn",
        packages="openfortivpn",
        server=Fortinet(),
        command=("openfortivpn", "-c", "/dev/null", "-u", "u", "-p", "p", "--ca-file={ca}", "{host}:{port}"),
    ),
    Program(
        name="sstpc",
        packages="sstp-client",
        server=Sstp(),
        command=(
            "sstpc", "--log-stderr", "--nolaunchpppd", "--ca-cert", "{ca}", "--tls-ext",
            "--user", "u", "--password", "p", "{host}:{port}",
        ),
        # It looks at the certificate when it has sent its request, and ends with an error in any case, here.
        verifies=False,
        refusal=255,
        # What it makes of the server's silence is chance.
        noise=(r"(^\w{3} \d\d \S+ sstpc\[\d+\].*\n)+", r"^\*\*Error.*$"),
    ),
]

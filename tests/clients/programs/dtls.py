# SPDX-License-Identifier: MIT
"""Clients of DTLS."""

from frame import Program
from servers.dtls import Coap, Dtls

PROGRAMS = [
    Program(
        name="coap-client-openssl",
        packages="libcoap3-bin",
        server=Coap(),
        # What it sends as the name, whatever it is asked for.
        section="localhost",
        command=("coap-client-openssl", "-B", "3", "-R", "{ca}", "-v", "0", "coaps://{host}:{port}/hello"),
    ),
    Program(
        name="openssl s_client -dtls",
        packages="openssl",
        server=Dtls(b"one\n"),
        command=(
            "sh", "-c",
            "{ echo one; sleep 1; } | openssl s_client -dtls -quiet -no_ign_eof -verify_quiet -verify_return_error "
            '-connect "$0"',
            "{host}:{port}",
        ),
        scanned="/usr/bin/openssl",
        noise=(r"^[0-9A-F]{16}:error",),
    ),
    Program(
        name="socat, OPENSSL-DTLS-CLIENT:",
        packages="socat",
        server=Dtls(b"one\n"),
        command=("socat", "-t1", "-", "OPENSSL-DTLS-CLIENT:{host}:{port},cafile={ca}"),
        stdin="one\n",
    ),
    Program(
        name="ncat --udp --ssl",
        packages="ncat",
        server=Dtls(b"one\n"),
        command=("ncat", "--udp", "--ssl-verify", "--ssl-trustfile", "{ca}", "-i", "1s", "{host}", "{port}"),
        stdin="one\n",
    ),
]

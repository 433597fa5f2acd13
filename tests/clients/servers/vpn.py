# SPDX-License-Identifier: MIT
"""The far ends of VPNs, up to where a client has shown who it is."""

from servers.base import Server
from servers.http import Http


class Sstp(Server):
    """SSTP: HTTP for a start; what follows is not answered."""

    expect = b"SSTP_DUPLEX_POST"

    def speak(self, peer):
        peer.until(b"\r\n\r\n")
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n")
        peer.more()


class Fortinet(Http):
    """Takes no password."""

    expect = b"POST /remote/logincheck"

    def answer(self, method, path, headers, body):
        return (200, {}, b"ret=0") if method == "POST" else (200, {}, b"")

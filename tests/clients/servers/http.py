# SPDX-License-Identifier: MIT
"""HTTP/1 and HTTP/2, and WebSocket, as far as clients need it."""

import base64
import hashlib

from servers.base import Server

HELLO = b"hello\n"


class Http(Server):
    """HTTP/1, kept alive from 1.1 on: every request is answered 200."""

    expect = b"GET /"
    kind = "text/plain"

    def __init__(self, expect=None, port=None, alpn=None, body=HELLO, kind=None):
        self.expect = expect or self.expect
        self.port = port or self.port
        self.alpn = self.alpn if alpn is None else alpn
        self.body = body
        self.kind = kind or self.kind

    def answer(self, method, path, headers, body):
        """Status, further headers, and body of the answer."""
        return 200, {}, self.body

    def speak(self, peer):
        while True:
            first, *lines = peer.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
            method, path, version = first.split(" ", 2)
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
            body = self._body(peer, headers)
            status, extra, answer = self.answer(method, path, headers, body)
            last = version == "HTTP/1.0" or headers.get("connection", "").lower() == "close"
            head = {"Content-Type": self.kind, "Content-Length": str(len(answer)), **extra}
            if last:
                head["Connection"] = "close"
            text = "".join(f"{name}: {value}\r\n" for name, value in head.items())
            peer.send(f"HTTP/1.1 {status} Fine\r\n{text}\r\n".encode() + (b"" if method == "HEAD" else answer))
            if last:
                return

    @staticmethod
    def _body(peer, headers):
        if headers.get("expect", "").lower() == "100-continue":
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return peer.exactly(int(headers.get("content-length", 0)))
        body = b""
        while size := int(peer.until(b"\r\n").partition(b";")[0], 16):
            body += peer.exactly(size)
            peer.until(b"\r\n")
        peer.until(b"\r\n")
        return body


class Http2(Server):
    """HTTP/2: every stream that the client ends is answered 200."""

    expect = b"PRI * HTTP/2.0"
    alpn = ("h2",)

    @staticmethod
    def _frame(kind, flags, stream, payload=b""):
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

    def speak(self, peer):
        peer.until(b"SM\r\n\r\n")
        peer.send(self._frame(4, 0, 0))
        while True:
            head = peer.exactly(9)
            kind, flags = head[3], head[4]
            stream = int.from_bytes(head[5:], "big")
            payload = peer.exactly(int.from_bytes(head[:3], "big"))
            if kind == 4 and not flags & 1:
                peer.send(self._frame(4, 1, 0))
            elif kind == 6 and not flags & 1:
                peer.send(self._frame(6, 1, 0, payload))
            elif kind in (0, 1) and flags & 1:
                # 0x88 is `:status: 200' of HPACK's own table.
                peer.send(self._frame(1, 4, stream, b"\x88") + self._frame(0, 1, stream, HELLO))


class WebSocket(Server):
    """One message is answered with `hello', whatever it is."""

    expect = b"Sec-WebSocket-Key"

    def speak(self, peer):
        lines = peer.until(b"\r\n\r\n").split(b"\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(b":") for line in lines)}
        key = headers[b"sec-websocket-key"] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        peer.send(
            b"HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + base64.b64encode(hashlib.sha1(key).digest()) + b"\r\n\r\n"
        )
        while True:
            head = peer.exactly(2)
            peer.exactly(4 + (head[1] & 0x7F))
            if head[0] & 0xF == 8:
                peer.send(b"\x88\x02\x03\xe8")
                return
            peer.send(bytes([0x81, len(HELLO)]) + HELLO)


class Svn(Http):
    """Subversion asks what there is with OPTIONS, and goes away when that is nothing."""

    expect = b"OPTIONS /repo"

    def answer(self, method, path, headers, body):
        return 404, {}, b""

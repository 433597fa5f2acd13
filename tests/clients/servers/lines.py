# SPDX-License-Identifier: MIT
"""What takes lines and says nothing, or little: logs, metrics, passive checks."""

import hashlib
import hmac
import json
import struct
import zlib

from servers.base import Server


class Sink(Server):
    """Reads lines, says nothing."""

    def __init__(self, expect):
        self.expect = expect

    def speak(self, peer):
        while True:
            peer.until(b"\n")


class Nrpe(Server):
    """Every packet is answered with `OK - fine', in version 3 of the protocol."""

    expect = b"check_users"

    def speak(self, peer):
        version, kind, _, code, _, length = struct.unpack("!hhIhhi", peer.exactly(16))
        peer.exactly(length)
        text = b"OK - fine\0"
        head = (version, 2)
        rest = struct.pack("!hhi", 0, 0, len(text)) + text
        # The sum is made as if it were zero itself.
        check = zlib.crc32(struct.pack("!hhI", *head, 0) + rest)
        peer.send(struct.pack("!hhI", *head, check) + rest)


class Zabbix(Server):
    """Zabbix's server, for an agent that asks for its active checks: there are none."""

    # What follows is compressed.
    expect = b"ZBXD"

    def speak(self, peer):
        peer.exactly(5)
        length, _ = struct.unpack("<II", peer.exactly(8))
        peer.exactly(length)
        answer = json.dumps({"response": "success", "data": []}).encode()
        peer.send(b"ZBXD\1" + struct.pack("<II", len(answer), 0) + answer)


class Radius(Server):
    """RADIUS over TLS (RFC 6614): every request is accepted."""

    expect = b"somebody"
    secret = b"radsec"

    def speak(self, peer):
        while True:
            head = peer.exactly(20)
            peer.exactly(int.from_bytes(head[2:4], "big") - 20)
            # Access-Accept with a Message-Authenticator, which is made as if it were zero itself.
            begin = bytes([2, head[1]]) + (38).to_bytes(2, "big")
            signed = begin + head[4:] + b"\x50\x12" + bytes(16)
            attributes = b"\x50\x12" + hmac.new(self.secret, signed, hashlib.md5).digest()
            authenticator = hashlib.md5(begin + head[4:] + attributes + self.secret).digest()
            peer.send(begin + authenticator + attributes)

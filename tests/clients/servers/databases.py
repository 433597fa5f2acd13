# SPDX-License-Identifier: MIT
"""Databases: PostgreSQL, MariaDB, Redis, MongoDB and OVSDB, each with one answer to all questions."""

import json
import struct

from servers.base import Server

GREETING = b"hello"


class Postgres(Server):
    """The start-up without a password; every query is answered with one row."""

    expect = b"Q\0"

    def agree(self, peer):
        # A client that wants Kerberos first, or to go on without TLS, says so with another number.
        while True:
            while len(peer.buffer) < 8:
                peer.more()
            number = peer.buffer[4:8]
            if number == struct.pack("!I", 80877104):
                peer.exactly(8)
                peer.send(b"N")
            elif number == struct.pack("!I", 80877103):
                peer.exactly(8)
                peer.send(b"S")
                return True
            else:
                return False

    def speak(self, peer):
        peer.exactly(struct.unpack("!I", peer.exactly(4))[0] - 4)
        self.tell(peer, b"R", struct.pack("!I", 0))
        for key, value in ((b"server_version", b"15.0"), (b"client_encoding", b"UTF8"),
                           (b"standard_conforming_strings", b"on"), (b"DateStyle", b"ISO, MDY"),
                           (b"integer_datetimes", b"on"), (b"TimeZone", b"UTC")):
            self.tell(peer, b"S", key + b"\0" + value + b"\0")
        self.tell(peer, b"Z", b"I")
        while True:
            kind = peer.exactly(1)
            text = peer.exactly(struct.unpack("!I", peer.exactly(4))[0] - 4)
            if kind == b"X":
                return
            if kind == b"Q":
                if text[:6].upper() == b"SELECT":
                    self.row(peer)
                self.done(peer, text)
                self.tell(peer, b"Z", b"I")
            elif kind == b"P":
                self.tell(peer, b"1", b"")
            elif kind == b"B":
                self.tell(peer, b"2", b"")
            elif kind == b"C":
                self.tell(peer, b"3", b"")
            elif kind == b"D":
                if text[:1] == b"S":
                    self.tell(peer, b"t", b"\0\0")
                self.columns(peer)
            elif kind == b"E":
                self.values(peer)
                self.done(peer, b"SELECT")
            elif kind == b"S":
                self.tell(peer, b"Z", b"I")

    def tell(self, peer, kind, body):
        peer.send(kind + struct.pack("!I", len(body) + 4) + body)

    def columns(self, peer):
        column = b"greeting\0" + struct.pack("!IHIhiH", 0, 0, 25, -1, -1, 0)
        self.tell(peer, b"T", struct.pack("!H", 1) + column)

    def values(self, peer):
        self.tell(peer, b"D", struct.pack("!HI", 1, len(GREETING)) + GREETING)

    def row(self, peer):
        self.columns(peer)
        self.values(peer)

    def done(self, peer, query):
        verb = query.split(b" ")[0].rstrip(b";\0").upper()
        self.tell(peer, b"C", (verb + b" 1" if verb == b"SELECT" else verb) + b"\0")


class Mariadb(Server):
    """The log-in without a password; every SELECT is answered with one row."""

    expect = b"greeting"

    def packet(self, number, body):
        return len(body).to_bytes(3, "little") + bytes([number & 0xFF]) + body

    def agree(self, peer):
        """It asks for TLS with half a log-in; one that goes on in plain text says all of it."""
        can = 0x1 | 0x200 | 0x800 | 0x2000 | 0x8000 | 0x80000
        peer.send(
            self.packet(
                0,
                b"\x0a10.11.0-MariaDB\0"
                + struct.pack("<I8sxHBHHB10x", 1, b"12345678", can & 0xFFFF, 33, 2, can >> 16, 21)
                + b"123456789012\0mysql_native_password\0",
            )
        )
        while len(peer.buffer) < 8:
            peer.more()
        size, wants = struct.unpack("<II", peer.buffer[:8])
        if size & 0xFFFFFF != 32 or not wants & 0x800:
            return False
        peer.exactly(36)
        return True

    def speak(self, peer):
        def receive():
            head = peer.exactly(4)
            return head[3], peer.exactly(int.from_bytes(head[:3], "little"))

        fine = struct.pack("<BBBHH", 0, 0, 0, 2, 0)
        end = struct.pack("<BHH", 0xFE, 0, 2)
        column = b"\3def\0\0\0\x08greeting\0" + struct.pack("<BHIBHB2x", 12, 33, 64, 253, 0, 0)
        row = bytes([len(GREETING)]) + GREETING
        number, _ = receive()
        peer.send(self.packet(number + 1, fine))
        while True:
            number, command = receive()
            if command[:1] == b"\x01":
                return
            asks = command[:1] == b"\x03" and command[1:7].upper() == b"SELECT"
            for body in (b"\1", column, end, row, end) if asks else (fine,):
                number += 1
                peer.send(self.packet(number, body))


class Redis(Server):
    """Arrays of bulk strings, as clients send them."""

    expect = b"$4\r\n"
    answers = {
        b"PING": b"+PONG",
        b"COMMAND": b"*0",
        b"CONFIG": b"*2\r\n$4\r\nsave\r\n$0\r\n",
        b"GET": b"$5\r\nhello",
        b"PSYNC": b"+FULLRESYNC " + 40 * b"0" + b" 0",
        b"INFO": b"$19\r\nredis_version:7.0.0",
        b"HELLO": b"-NOPROTO only the old one",
    }

    def speak(self, peer):
        while True:
            count = int(peer.until(b"\r\n")[1:])
            words = [peer.exactly(int(peer.until(b"\r\n")[1:]) + 2) for _ in range(count)]
            peer.send(self.answers.get(words[0][:-2].upper(), b"+OK") + b"\r\n")


class Mongo(Server):
    """A primary to which every command is fine, in the protocol's old and its new form."""

    expect = b"ping"

    def document(self, **items):
        body = b""
        for key, value in items.items():
            if isinstance(value, bool):
                kind, value = b"\x08", bytes([value])
            elif isinstance(value, float):
                kind, value = b"\x01", struct.pack("<d", value)
            else:
                kind, value = b"\x10", struct.pack("<i", value)
            body += kind + key.encode() + b"\0" + value
        return struct.pack("<i", len(body) + 5) + body + b"\0"

    def speak(self, peer):
        answer = self.document(
            isWritablePrimary=True,
            ismaster=True,
            maxBsonObjectSize=16777216,
            maxMessageSizeBytes=48000000,
            maxWriteBatchSize=100000,
            minWireVersion=0,
            maxWireVersion=13,
            ok=1.0,
        )
        while True:
            size, number, _, code = struct.unpack("<4i", peer.exactly(16))
            peer.exactly(size - 16)
            if code == 2004:
                kind, body = 1, struct.pack("<iqii", 8, 0, 0, 1) + answer
            else:
                kind, body = 2013, struct.pack("<IB", 0, 0) + answer
            peer.send(struct.pack("<4i", len(body) + 16, 1, number, kind) + body)


class Ovsdb(Server):
    """JSON-RPC, one object after the other without anything between."""

    expect = b"list_dbs"

    def speak(self, peer):
        decoder = json.JSONDecoder()
        while True:
            peer.more()
            while peer.buffer.strip():
                try:
                    asked, end = decoder.raw_decode(peer.buffer.decode())
                except ValueError:
                    break
                peer.buffer = peer.buffer[end:]
                known = asked["method"] == "list_dbs"
                answer = {"id": asked["id"], "error": None}
                answer["result"] = ["Open_vSwitch"] if known else asked["params"]
                peer.send(json.dumps(answer).encode())

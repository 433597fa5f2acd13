# SPDX-License-Identifier: MIT
"""Message queues: MQTT, AMQP 0-9-1, STOMP and Kafka. They take all and hold one message."""

import struct

from servers.base import Server


class Mqtt(Server):
    """Versions 3.1.1 and 5. Whoever subscribes gets one message."""

    expect = b"\0\1t"

    def speak(self, peer):
        five = False
        while True:
            kind = peer.exactly(1)[0]
            body = peer.exactly(self.length(peer))
            what = kind >> 4
            properties = b"\0" if five else b""
            if what == 1:  # CONNECT
                five = body[6] == 5
                peer.send(b"\x20\x03\0\0\0" if five else b"\x20\x02\0\0")
            elif what == 3 and kind & 6:  # PUBLISH that wants an answer
                topic = struct.unpack("!H", body[:2])[0]
                peer.send(b"\x40\x02" + body[2 + topic : 4 + topic])
            elif what == 8:  # SUBSCRIBE
                self.tell(peer, 0x90, body[:2] + properties + b"\0")
                self.tell(peer, 0x30, b"\0\1t" + properties + b"hello")
            elif what == 10:  # UNSUBSCRIBE
                self.tell(peer, 0xB0, body[:2] + properties + properties)
            elif what == 12:  # PINGREQ
                peer.send(b"\xd0\0")
            elif what == 14:  # DISCONNECT
                return

    def tell(self, peer, kind, body):
        peer.send(bytes([kind, len(body)]) + body)

    def length(self, peer):
        size = shift = 0
        while True:
            byte = peer.exactly(1)[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return size


class Amqp(Server):
    """Every method that wants an answer is told that it is done."""

    expect = b"PLAIN"

    def speak(self, peer):
        long = lambda text: struct.pack("!I", len(text)) + text
        answers = {
            (10, 11): (10, 30, struct.pack("!HIH", 2047, 131072, 0)),  # start-ok: tune
            (10, 40): (10, 41, b"\0"),  # open
            (10, 50): (10, 51, b""),  # close
            (20, 10): (20, 11, long(b"")),  # channel: open
            (20, 40): (20, 41, b""),  # close
            (40, 10): (40, 11, b""),  # exchange: declare
            (50, 10): (50, 11, b"\1q" + struct.pack("!II", 0, 0)),  # queue: declare
            (60, 10): (60, 11, b""),  # qos
            (60, 70): (60, 72, b"\0"),  # get: empty
            (85, 10): (85, 11, b""),  # confirm
        }
        peer.exactly(8)
        start = b"\0\x09" + long(b"") + long(b"PLAIN AMQPLAIN") + long(b"en_US")
        self.tell(peer, 0, 10, 10, start)
        while True:
            kind, channel, size = struct.unpack("!BHI", peer.exactly(7))
            payload = peer.exactly(size + 1)
            if kind != 1:
                continue
            asked = struct.unpack("!HH", payload[:4])
            if asked in answers:
                self.tell(peer, channel, *answers[asked])
            if asked == (10, 50):
                return

    def tell(self, peer, channel, thing, method, body):
        payload = struct.pack("!HH", thing, method) + body
        peer.send(struct.pack("!BHI", 1, channel, len(payload)) + payload + b"\xce")


class Stomp(Server):
    expect = b"SEND"

    def speak(self, peer):
        while True:
            lines = peer.until(b"\0").lstrip(b"\r\n").replace(b"\r", b"").split(b"\n")
            if lines[0] in (b"CONNECT", b"STOMP"):
                peer.send(b"CONNECTED\nversion:1.1\nsession:1\nheart-beat:0,0\n\n\0\n")
            for line in lines:
                if line.startswith(b"receipt:"):
                    peer.send(b"RECEIPT\nreceipt-id:" + line[8:].strip() + b"\n\n\0\n")
            if lines[0] == b"DISCONNECT":
                return


class Kafka(Server):
    """One broker, this one, with one topic of one partition, in old versions of the protocol."""

    expect = b"hello"

    def speak(self, peer):
        text = lambda word: struct.pack("!H", len(word)) + word
        while True:
            request = peer.exactly(struct.unpack("!I", peer.exactly(4))[0])
            key, version, number = struct.unpack("!HHI", request[:8])
            if key == 18:  # versions
                apis = ((0, 0, 2), (1, 0, 2), (3, 0, 1), (18, 0, 0))
                answer = struct.pack("!HI", 35 if version else 0, len(apis))
                answer += b"".join(struct.pack("!HHH", *api) for api in apis)
            elif key == 3:  # metadata
                newer = version > 0
                answer = struct.pack("!II", 1, 0) + text(b"api.example.com")
                answer += struct.pack("!I", self.port) + (b"\xff\xff\0\0\0\0" if newer else b"")
                answer += struct.pack("!IH", 1, 0) + text(b"t") + (b"\0" if newer else b"")
                answer += struct.pack("!IHIIIIII", 1, 0, 0, 0, 1, 0, 1, 0)
            elif key == 0:  # produce
                answer = struct.pack("!I", 1) + text(b"t") + struct.pack("!IIHq", 1, 0, 0, 0)
                answer += struct.pack("!q", -1) if version > 1 else b""
                answer += struct.pack("!I", 0) if version > 0 else b""
            else:
                raise ValueError
            peer.send(struct.pack("!II", len(answer) + 4, number) + answer)

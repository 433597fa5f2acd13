# SPDX-License-Identifier: MIT
"""Names, directories, files and talk: DNS over TLS, LDAP, FTP, IRC, XMPP, SIP, and others' lines."""

import struct

from servers.base import Server


class Dns(Server):
    """DNS over TLS: every question is answered with one address."""

    expect = b"\3www\7example"

    def speak(self, peer):
        while True:
            asked = peer.exactly(struct.unpack("!H", peer.exactly(2))[0])
            question = asked[12 : asked.index(b"\0", 12) + 5]
            head = asked[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
            reply = head + question + struct.pack("!HHHIH4B", 0xC00C, 1, 1, 60, 4, 192, 0, 2, 1)
            peer.send(struct.pack("!H", len(reply)) + reply)


class Ldaps(Server):
    """One entry is found whatever is searched. Lengths are below 65,536."""

    expect = b"cn=hello"

    def speak(self, peer):
        self.answer(peer)

    def answer(self, peer):
        """Whether it ended with StartTLS."""
        done = self.ber(0x0A, b"\0") + self.ber(0x04) + self.ber(0x04)
        text = lambda word: self.ber(0x04, word)
        values = self.ber(0x31, text(b"hello"))
        entry = text(b"cn=hello") + self.ber(0x30, self.ber(0x30, text(b"cn") + values))
        while True:
            peer.exactly(1)
            size = peer.exactly(1)[0]
            if size & 0x80:
                size = int.from_bytes(peer.exactly(size & 0x7F), "big")
            message = peer.exactly(size)
            number, kind = message[: 2 + message[1]], message[2 + message[1]]
            if kind == 0x42:  # unbind
                return False
            if kind == 0x63:  # search
                peer.send(self.ber(0x30, number + self.ber(0x64, entry)))
            # Bind, search, or the extended request that StartTLS is; an answer's tag is one more.
            peer.send(self.ber(0x30, number + self.ber(0x65 if kind == 0x63 else kind + 1, done)))
            if kind == 0x77:
                return True

    def ber(self, tag, body=b""):
        size = bytes([len(body)]) if len(body) < 0x80 else b"\x82" + struct.pack("!H", len(body))
        return bytes([tag]) + size + body


class Ldap(Ldaps):
    def agree(self, peer):
        return self.answer(peer)


class Ftp(Server):
    """No data connection is ever offered."""

    expect = b"USER"

    def agree(self, peer):
        peer.line("220 ready")
        return self.answer(peer)

    def speak(self, peer):
        self.answer(peer)

    def answer(self, peer):
        """Whether it ended with AUTH TLS."""
        while True:
            verb = peer.until(b"\r\n").split(b" ")[0].upper()
            lines = {
                b"AUTH": ("234 go on",),
                b"USER": ("331 and the password",),
                b"PASS": ("230 welcome",),
                b"PWD": ('257 "/" is here',),
                b"SYST": ("215 UNIX Type: L8",),
                b"FEAT": ("211-These", " AUTH TLS", " PBSZ", " PROT", "211 End"),
                b"CWD": ("250 fine",),
                b"QUIT": ("221 bye",),
            }.get(verb, ("200 fine",))
            for line in lines:
                peer.line(line)
            if verb == b"QUIT":
                return False
            if verb == b"AUTH":
                return True


class Ftps(Ftp):
    def agree(self, peer):
        return peer.asks_for_tls()

    def speak(self, peer):
        peer.line("220 ready")
        super().speak(peer)


class Irc(Server):
    expect = b"NICK"

    def speak(self, peer):
        nick = "me"
        while True:
            verb, *words = peer.until(b"\n").decode().split()
            verb = verb.upper()
            if verb == "CAP" and words[0].upper() == "LS":
                peer.line(":irc CAP * LS :")
            elif verb == "NICK":
                nick = words[0].lstrip(":")
            elif verb == "USER":
                for number in ("001", "002", "003", "004", "422"):
                    peer.line(f":irc {number} {nick} :welcome")
            elif verb == "PING":
                peer.line(f":irc PONG irc {words[-1]}")
            elif verb == "JOIN":
                peer.line(f":{nick}!u@h JOIN {words[0]}")
            elif verb == "QUIT":
                peer.line("ERROR :bye")
                return


class Xmpp(Server):
    """STARTTLS, a log-in, a resource; every question is answered with nothing."""

    port = 5222
    expect = b"</auth>"

    def stream(self, peer, features):
        peer.until(b"<stream:stream")
        peer.until(b">")
        peer.line(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='1' version='1.0' "
            "xmlns:stream='http://etherx.jabber.org/streams' from='api.example.com'>"
            f"<stream:features>{features}</stream:features>"
        )

    def agree(self, peer):
        tls = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
        self.stream(peer, f"<starttls {tls}><required/></starttls>")
        peer.until(b"<starttls")
        peer.until(b">")
        peer.buffer = b""
        peer.send(f"<proceed {tls}/>".encode())
        return peer.asks_for_tls()

    def speak(self, peer):
        name = "xmlns='urn:ietf:params:xml:ns:xmpp-"
        self.stream(peer, f"<mechanisms {name}sasl'><mechanism>PLAIN</mechanism></mechanisms>")
        peer.until(b"</auth>")
        peer.line(f"<success {name}sasl'/>")
        self.stream(peer, f"<bind {name}bind'/><session {name}session'/>")
        while True:
            peer.until(b"<iq")
            head = peer.until(b">").replace(b"'", b'"').decode()
            inner = b"" if head.endswith("/") else peer.until(b"</iq>")
            number = head.split(' id="')[1].split('"')[0]
            body = f"<bind {name}bind'><jid>me@api.example.com/it</jid></bind>"
            body = body if b"xmpp-bind" in inner else ""
            peer.line(f"<iq type='result' id='{number}'>{body}</iq>")


class Sip(Server):
    """Every request is answered 200."""

    expect = b"SIP/2.0"
    kept = (b"via", b"v", b"from", b"f", b"to", b"t", b"call-id", b"i", b"cseq", b"contact")

    def speak(self, peer):
        while True:
            first, *fields = peer.until(b"\r\n\r\n").lstrip(b"\r\n").split(b"\r\n")
            named = [(field.split(b":")[0].strip().lower(), field) for field in fields]
            for name, field in named:
                if name in (b"content-length", b"l"):
                    peer.exactly(int(field.split(b":")[1]))
            if first.startswith((b"SIP", b"ACK")):
                continue
            peer.line("SIP/2.0 200 OK")
            for name, field in named:
                if name in (b"to", b"t") and b"tag=" not in field:
                    field += b";tag=1"
                if name in self.kept:
                    peer.line(field.decode())
            peer.line("Content-Length: 0")
            peer.line("")


class Line(Server):
    """Every line is answered."""

    expect = b"hello"

    def speak(self, peer):
        try:
            while True:
                peer.until(b"\n")
                peer.line("ok")
        except EOFError:
            pass


class Telnet(Server):
    """Asks for the kind of terminal, and ends with the answer."""

    expect = b"\xff\xfb\x18"

    def speak(self, peer):
        peer.send(b"\xff\xfd\x18")
        while self.expect not in peer.buffer:
            peer.more()

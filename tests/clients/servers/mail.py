# SPDX-License-Identifier: MIT
"""Mail and news: SMTP, IMAP, POP3 and NNTP.

Those with STARTTLS come twice: a name with an S at its end is TLS from the first byte.
"""

from servers.base import Server


class Smtp(Server):
    """One extension before TLS, the others in it."""

    expect = b"\r\n.\r\n"
    greeting = "220 api.example.com ESMTP"

    def agree(self, peer):
        peer.line(self.greeting)
        return self.answer(peer, ("STARTTLS",))

    def speak(self, peer):
        if not peer.tls:
            self.answer(peer, ())
            return
        self.answer(peer, ("AUTH PLAIN LOGIN",))

    def answer(self, peer, extensions):
        """Whether it ended with STARTTLS."""
        while True:
            verb = peer.until(b"\r\n")[:8].upper()
            if verb == b"STARTTLS" and "STARTTLS" in extensions:
                peer.line("220 go on")
                return True
            if verb[:4] == b"EHLO":
                for extension in ("api.example.com", *extensions):
                    peer.line("250-" + extension)
                peer.line("250 8BITMIME")
            elif verb[:4] == b"AUTH":
                peer.line("235 welcome")
            elif verb[:4] == b"DATA":
                peer.line("354 go on")
                peer.until(b"\r\n.\r\n")
                peer.line("250 taken")
            elif verb[:4] == b"QUIT":
                peer.line("221 bye")
                return False
            else:
                peer.line("250 fine")


class Smtps(Smtp):
    def agree(self, peer):
        return peer.asks_for_tls()

    def speak(self, peer):
        peer.line(self.greeting)
        super().speak(peer)


class Imap(Server):
    """One empty folder."""

    expect = b"LOGIN"
    fixed = {
        b"LIST": ('* LIST () "/" "INBOX"',),
        b"LSUB": ('* LSUB () "/" "INBOX"',),
        b"NAMESPACE": ('* NAMESPACE (("" "/")) NIL NIL',),
        b"SEARCH": ("* SEARCH",),
        b"STATUS": ('* STATUS "INBOX" (MESSAGES 0 RECENT 0 UNSEEN 0 UIDNEXT 1 UIDVALIDITY 1)',),
        b"SELECT": (
            "* FLAGS (\\Seen \\Deleted)",
            "* OK [PERMANENTFLAGS (\\Seen \\Deleted)] these",
            "* 0 EXISTS",
            "* 0 RECENT",
            "* OK [UIDVALIDITY 1] it",
            "* OK [UIDNEXT 1] it",
        ),
        b"LOGOUT": ("* BYE",),
    }
    fixed[b"EXAMINE"] = fixed[b"SELECT"]

    def agree(self, peer):
        peer.line("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready")
        return self.answer(peer, "STARTTLS LOGINDISABLED")

    def speak(self, peer):
        self.answer(peer, "AUTH=PLAIN" if peer.tls else "")

    def answer(self, peer, abilities):
        """Whether it ended with STARTTLS."""
        while True:
            tag, *words = peer.until(b"\r\n").split(b" ")
            words = [word.upper() for word in words]
            verb = words[1] if words[0] == b"UID" else words[0]
            lines = self.fixed.get(verb, ())
            if verb == b"CAPABILITY":
                lines = ("* CAPABILITY IMAP4rev1 " + abilities,)
            elif verb == b"AUTHENTICATE" and len(words) == 2:
                peer.line("+ ")
                peer.until(b"\r\n")
            for line in lines:
                peer.line(line)
            peer.line(tag.decode() + " OK done")
            if verb == b"LOGOUT":
                return False
            if verb == b"STARTTLS":
                return True


class Imaps(Imap):
    def agree(self, peer):
        return peer.asks_for_tls()

    def speak(self, peer):
        peer.line("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready")
        super().speak(peer)


class Pop(Server):
    """An empty box."""

    expect = b"USER"

    def agree(self, peer):
        peer.line("+OK ready")
        return self.answer(peer, ("STLS",))

    def speak(self, peer):
        self.answer(peer, ("USER",))

    def answer(self, peer, abilities):
        """Whether it ended with STLS."""
        while True:
            verb = peer.until(b"\r\n").split(b" ")[0].upper()
            if verb == b"STLS":
                peer.line("+OK go on")
                return True
            if verb == b"CAPA":
                lines = ("+OK these", "UIDL", "TOP", *abilities, ".")
            elif verb in (b"LIST", b"UIDL"):
                lines = ("+OK none", ".")
            elif verb == b"AUTH":
                lines = ("-ERR not here",)
            else:
                lines = ("+OK 0 0",)
            for line in lines:
                peer.line(line)
            if verb == b"QUIT":
                return False


class Pops(Pop):
    def agree(self, peer):
        return peer.asks_for_tls()

    def speak(self, peer):
        peer.line("+OK ready")
        super().speak(peer)


class Nntps(Server):
    """One group without articles."""

    expect = b"MODE READER"

    def speak(self, peer):
        peer.line("200 ready")
        while True:
            verb, *words = peer.until(b"\r\n").upper().split()
            lines = {
                b"MODE": ("200 ready",),
                b"CAPABILITIES": ("101 these", "VERSION 2", "READER", "LIST ACTIVE OVERVIEW.FMT", "."),
                b"NEWGROUPS": ("231 none", "."),
                b"GROUP": ("211 0 1 0 local.test",),
                b"DATE": ("111 20260101000000",),
                b"QUIT": ("205 bye",),
            }.get(verb, ("500 what",))
            if verb == b"LIST":
                active = words[:1] in ([], [b"ACTIVE"])
                lines = ("215 these", *(("local.test 0 1 y",) if active else ()), ".")
            for line in lines:
                peer.line(line)
            if verb == b"QUIT":
                return

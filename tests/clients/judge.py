# SPDX-License-Identifier: MIT
"""What is wrong with the runs of a row: pure, so that nothing but what was seen decides.

Every check is a function that returns None when all is well, else one line that says what is not.
"""

import re

from frame import HOST


def served(run, server):
    """The server got, deciphered, what it waits for, and nothing in plain text."""
    if server.expect not in run.data:
        return f"the server did not get {server.expect!r} but {run.data[:80]!r}"
    return f"in plain text came {run.plain[:80]!r}" if run.plain else None


def told_nothing(run, farewell=b"$^"):
    """The server was asked, and got nothing but FAREWELL (a regular expression)."""
    if not run.connections:
        return "nobody connected"
    if re.sub(farewell, b"", run.data):
        return f"the server got {run.data[:80]!r}"
    return f"in plain text came {run.plain[:80]!r}" if re.sub(farewell, b"", run.plain) else None


def kept_from(run, farewell=b"$^"):
    """The same, and no handshake came to its end."""
    return f"{len(run.shaken)} handshakes were finished" if run.shaken else told_nothing(run, farewell)


def same(run, bare):
    """What the program did and said is what it does and says without the library."""
    for what in ("code", "out", "err"):
        ours, theirs = getattr(run, what), getattr(bare, what)
        if ours != theirs:
            return f"{what}: {_difference(ours, theirs)}"
    return None


def _difference(ours, theirs):
    if not isinstance(ours, str):
        return f"{ours}, not {theirs}"
    new, old = ours.splitlines(), theirs.splitlines()
    for line, other in zip(new + [None], old + [None]):
        if line != other:
            return f"{line!r}, not {other!r}"
    return f"{len(new)} lines, not {len(old)}"


def first(*complaints):
    """The first that is one."""
    return next((complaint for complaint in complaints if complaint), None)


class Judge:
    """The checks of one row. PINS: of api (what is served), int (its issuer) and nobody."""

    def __init__(self, program, pins):
        self.program = program
        self.pins = pins
        # For the table: the library's events under a right pin, and what drive.c has measured.
        self.seen = []
        self.drives = []

    def failed_as_it_does(self, run, untrusted):
        """The exit code is the program's own for a certificate that it does not trust."""
        program = self.program
        if run.code is None:
            return "it did not end"
        if program.refusal is not None:
            wanted = program.refusal
        elif program.verifies:
            wanted = untrusted.code
        else:
            return "it ended as if all were well" if run.code == 0 else None
        return None if run.code == wanted else f"ended with {run.code}, not {wanted}: {run.said[-300:]!r}"

    def message(self, run, kind):
        """The library's text, whole, on the program's standard error."""
        name = re.escape(self.program.section)
        head = rf"^pinshim: [^\[\]\n]+\[\d+\]: refused {name}: "
        if kind == "broken":
            text = head + (
                r"bad policy: \S+/broken\.ini:4: pin 'sha256/AAAA' is 3 bytes, not 32; "
                r"'pinshim pin HOST' prints one$"
            )
        else:
            pin = {name: re.escape(value) for name, value in self.pins.items()}
            text = (
                head + rf"no pin matched \(wrong\.ini:3 \[{name}\], [^)\n]+\)\n"
                rf"pinshim:   served {pin['api']} CN={re.escape(HOST)}, issued by CN=Example Intermediate\n"
                rf"pinshim:   served {pin['int']} CN=Example Intermediate\n"
                rf"pinshim:   pinned {pin['nobody']} \(wrong\.ini:4, pin\)$"
            )
        if not re.search(text, run.said, re.M):
            return f"standard error has not the message, but {run.said[:400]!r}"
        return None

    def events(self, run, verdict, count=None):
        """Each event is of VERDICT; there are COUNT of them (None: at least one)."""
        told = [event["verdict"] for event in run.events]
        if not told or any(word != verdict for word in told):
            return f"events: {told}"
        return f"{len(told)} events of {count} handshakes" if count not in (None, len(told)) else None

    def refused(self, run, untrusted, kind):
        return first(
            kept_from(run, self.program.farewell),
            self.failed_as_it_does(run, untrusted),
            self.message(run, kind),
            self.events(run, "refused"),
        )

    def unharmed(self, run, bare):
        return first(served(run, self.program.server), same(run, bare))

    def scan(self, told):
        covered = told.get("covered")
        if covered not in self.program.scan:
            return f"scan says {covered}: {told.get('reason')}"
        if not self.program.uncovered and "run" not in told.get("how", ()):
            return f"scan says that `run' does not reach it: {told.get('reason')}"
        return None

    def driven(self, run, bare):
        return first(same(run, bare), None if run.drives else "the observer saw no handshake")

    def checks(self, trial, observer):
        """All of them, in order: (name, complaint or None). Runs are made as they are needed."""
        program = self.program
        bare = trial.bare()
        yield "bare", first(served(bare, program.server), None if bare.code is not None else "it did not end")
        if program.uncovered:
            wrong = trial.shimmed("wrong")
            yield "passes unpinned", first(
                served(wrong, program.server), same(wrong, bare),
                self.unseen(wrong),
            )
            yield "scan", self.scan(trial.scan())
            return
        untrusted = trial.bare("untrusted") if program.verifies else None
        if program.verifies:
            # Some look at the certificate when the handshake is over.
            yield "untrusted", first(
                told_nothing(untrusted, program.farewell),
                None if same(untrusted, bare) else "it did and said what it does when all is well",
            )
        right = trial.shimmed("right")
        yield "right", first(self.unharmed(right, bare), self.events(right, "accepted", len(right.shaken)))
        self.seen = right.events
        wrong = trial.shimmed("wrong")
        if program.fallback:
            yield "wrong", self.fell_back(wrong)
        else:
            yield "wrong", self.refused(wrong, untrusted, "wrong")
        report = trial.shimmed("report")
        yield "report", first(
            self.unharmed(report, bare), self.events(report, "would-refuse", len(report.shaken)),
        )
        other = trial.shimmed("other")
        yield "other", first(self.unharmed(other, bare), self.events(other, "accepted", len(other.shaken)))
        broken = trial.shimmed("broken")
        if program.fallback:
            yield "broken", self.fell_back(broken)
        else:
            yield "broken", self.refused(broken, untrusted, "broken")
        driven = trial.driven(observer)
        self.drives = driven.drives
        yield "driven", self.driven(driven, bare)
        yield "scan", self.scan(trial.scan())

    def unseen(self, run):
        """The library saw no handshake, or did not know the server's name."""
        told = [event["verdict"] for event in run.events if event["hostname"] == self.program.section]
        return f"events: {told}" if told else None

    def fell_back(self, run):
        """Nothing through TLS; what goes on in plain text is what the row says of it."""
        if run.data or run.shaken:
            return f"the server got {run.data[:80]!r}"
        return first(
            None if run.plain else "it did not go on in plain text: it is covered",
            self.events(run, "refused"),
        )

# SPDX-License-Identifier: MIT
"""What a row of the table of clients is: one real program, and what is to be expected of it.

A row is data alone. trial.py runs it, judge.py says what is wrong, run.py prints the table. Rows
stand in programs/*.py, each a list PROGRAMS; the servers they speak to are in servers/*.py.
"""

import dataclasses

# The name that every server has, by /etc/hosts and in its certificate.
HOST = "api.example.com"


@dataclasses.dataclass(frozen=True)
class Program:
    """One row.

    In `command', `poke', `env', `stdin' and `files' these are replaced: {host}, {address} and
    {port} of the server, {ca} (a file with the CA that signed its certificate; the system's
    trusted certificates are the same), {pki} (the folder of all certificates and keys), {home} (the
    program's own folder, where it is started).
    Everything is the same in each run, so that outputs can be compared to the byte.
    """

    name: str
    # Debian packages. The version of the first one is shown.
    packages: str
    # An instance of a class of servers/: what answers.
    server: object
    # Its words. No shell: one that is needed must be named, ["sh", "-c", ...].
    command: tuple
    # Path below {home} -> text; put there before each run.
    files: dict = dataclasses.field(default_factory=dict)
    # Packages that are not installed but laid over /usr, for this row alone: those that another
    # origin's package may stand in for. The first one's version is shown.
    beside: str = ""
    env: dict = dataclasses.field(default_factory=dict)
    stdin: str = ""
    # Regular expressions of what differs from run to run in the output; what matches is taken out.
    noise: tuple = ()
    # The name by which the policy is asked: the section's.
    section: str = HOST
    # False: the program verifies nothing by itself. Then a refusal has to end it otherwise than
    # a good run does, with `refusal' if that is given.
    verifies: bool = True
    # The exit code of a refusal, where it is not the one of an untrusted certificate; say why.
    refusal: int | None = None
    # A daemon does not end by itself. It is ended when this command is through, which is started
    # when `ready' (a path, or a TCP port) is there, without the library. Exit code and standard
    # output are the command's, standard error is the daemon's.
    poke: tuple = ()
    ready: str | int = ""
    # Or when so many connections to the server have ended.
    until: int = 0
    # The file to ask `pinshim scan' about; by default the first word of the command.
    scanned: str = ""
    # What scan has to say of it. Where it is not covered, why: then a wrong pin must do nothing.
    scan: tuple = ("yes", "partly")
    uncovered: str = ""
    # The program goes on in plain text when a handshake fails (the reason): nothing may come
    # through TLS under a wrong pin, and what comes in plain text is a limit that is known.
    fallback: str = ""
    # What it tells a server whose certificate it does not trust, in TLS or in plain text, by itself.
    # A regular expression.
    farewell: bytes = b"$^"
    # Seconds, for each run.
    timeout: float = 30


def fill(text, values):
    """TEXT with its {names} replaced; other braces stay."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text

# SPDX-License-Identifier: MIT
"""Runs one row in all the ways that judge.py asks about, and says what was seen.

A row has a network of its own, in which nothing leaves loopback and every port is free, and a
mount namespace of its own, in which HOST is an address of loopback and the tests' CA is the only
one that the system trusts. What it starts is ended by its id.
"""

import dataclasses
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

from frame import HOST, fill

# The policy of each run under the library. The section is always in line 3.
POLICIES = {
    "right": "log = stderr\n\n[{section}]\npin = {api}\n",
    "wrong": "log = stderr\n\n[{section}]\npin = {nobody}\n",
    "report": "mode = report\nlog = {log}\n[{section}]\npin = {nobody}\n",
    "other": "log = stderr\n\n[elsewhere.example.org]\npin = {nobody}\n",
    "broken": "log = stderr\n\n[{section}]\npin = sha256/AAAA\n",
}


@dataclasses.dataclass
class Run:
    """What was seen of a program, and of its server."""

    code: int | None
    # Without what the row calls noise; and standard error as it was.
    out: str
    err: str
    said: str
    # Dictionaries of servers.base.Connection.
    connections: list
    # The library's, one for each handshake.
    events: list
    # What drive.c has measured: function, who called it, and by what bytes moved.
    drives: list

    @property
    def shaken(self):
        return [c for c in self.connections if c.handshake == "ok"]

    @property
    def data(self):
        return b"".join(c.data for c in self.connections)

    @property
    def plain(self):
        return b"".join(c.plain for c in self.connections)


def settle(pki, folder, beside):
    """Makes the namespaces that we were started in what a row needs; BESIDE lies over /usr."""
    with socket.socket() as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, 0x8913, request))[1]  # SIOCGIFFLAGS
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))  # SIOCSIFFLAGS, IFF_UP
        # An address that is not 127.0.0.1, for getaddrinfo(3) with AI_ADDRCONFIG.
        address = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton("192.0.2.1"))
        fcntl.ioctl(any_socket, 0x8916, address)  # SIOCSIFADDR
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n127.0.0.1 {HOST}\n")
    certificates = folder / "certificates"
    certificates.mkdir()
    shutil.copy(pki / "ca.pem", certificates / "ca-certificates.crt")
    # One certificate a file, which is how a folder of them is read.
    for name in ("root", "other"):
        shutil.copy(pki / f"{name}.pem", certificates / f"{name}.pem")
    subprocess.run(["openssl", "rehash", str(certificates)], check=True, stderr=subprocess.DEVNULL)
    for over, under in ((hosts, "/etc/hosts"), (certificates, "/etc/ssl/certs")):
        subprocess.run(["mount", "--bind", str(over), under], check=True)
    if beside:
        layers = f"lowerdir={beside}/usr:/usr"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, "/usr"], check=True)


def wait_until(condition, seconds):
    """Whether CONDITION came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class Trial:
    """The runs of one row."""

    def __init__(self, program, build, pki, folder):
        self.program = program
        self.build = build
        self.pki = pki
        self.folder = folder
        self.home = folder / "home"
        folder.chmod(0o755)
        self.values = {
            "host": HOST,
            "address": "127.0.0.1",
            "port": program.server.port,
            "ca": pki / "ca.pem",
            "pki": pki,
            "home": self.home,
        }

    def environment(self, extra):
        names = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            **{name: fill(value, self.values) for name, value in self.program.env.items()},
        }
        return {**names, **extra}

    def bare(self, certificate="api"):
        return self.run("bare" if certificate == "api" else certificate, {}, certificate)

    def written_by_all(self, name):
        """An empty file; some programs give up root before they make a handshake."""
        path = self.folder / name
        path.write_text("")
        path.chmod(0o666)
        return path

    def driven(self, observer):
        """Under drive.c, which only watches."""
        record = self.written_by_all("drives")
        run = self.run("driven", {"LD_PRELOAD": str(observer), "DRIVE_RECORD": str(record)})
        run.drives = [line.split("\t") for line in record.read_text().splitlines()]
        return run

    def shimmed(self, kind):
        events = self.written_by_all(f"{kind}.events")
        policy = self.folder / f"{kind}.ini"
        policy.write_text(fill(POLICIES[kind], {
            "section": self.program.section,
            "log": self.written_by_all(f"{kind}.log"),
            **{name: (self.pki / f"{name}.pin").read_text().strip() for name in ("api", "nobody")},
        }))
        run = self.run(kind, {
            "LD_PRELOAD": str(self.build / "libpinshim.so"),
            "PINSHIM_POLICY": str(policy),
            "PINSHIM_EVENTS": str(events),
            "PINSHIM_STATE": str(self.folder / "state"),
        })
        run.events = [json.loads(line) for line in events.read_text().splitlines()]
        return run

    def scan(self):
        """What the command says of the program: (covered, how, reason)."""
        path = fill(self.program.scanned, self.values) or shutil.which(
            self.program.command[0], path="/usr/sbin:/usr/bin:/sbin:/bin")
        done = subprocess.run([self.build / "pinshim", "scan", "--json", path],
                              capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.stdout else {"covered": done.stderr}

    # --- one run

    def run(self, kind, extra, certificate="api"):
        program = self.program
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()
        self.folder.chmod(0o755)
        for name, text in program.files.items():
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(fill(text, self.values))
            path.chmod(0o700)
        out, err = self.folder / f"{kind}.out", self.folder / f"{kind}.err"
        program.server.start(self.pki / f"{certificate}-chain.pem", self.pki / f"{certificate}.key")
        try:
            for file in (out, err):
                file.write_bytes(b"")
            # "ab": a program that opens its /dev/stderr once more still writes behind what is there.
            with open(out, "ab") as out_file, open(err, "ab") as err_file:
                code = self._execute(self.environment(extra), out_file, err_file)
        finally:
            connections = program.server.stop()
        out, said = (path.read_bytes().decode("utf-8", "replace") for path in (out, err))
        return Run(code, self._quiet(out), self._quiet(said), said, connections, [], [])

    def _quiet(self, text):
        for pattern in self.program.noise:
            text = re.sub(pattern, "~", text, flags=re.M)
        return text

    def _start(self, words, environment, out, err, stdin):
        return subprocess.Popen(
            [fill(word, self.values) for word in words], cwd=self.home, env=environment,
            stdin=stdin, stdout=out, stderr=err, start_new_session=True,
        )

    def _execute(self, environment, out, err):
        """The exit code; None: it did not end in time."""
        program = self.program
        text = fill(program.stdin, self.values).encode()
        with open(self.folder / "stdin", "w+b") as stdin:
            stdin.write(text)
            stdin.seek(0)
            daemon = bool(program.poke or program.until)
            child = self._start(program.command, environment, err if program.poke else out, err, stdin)
            try:
                if not daemon:
                    return self._wait(child)
                if program.until:
                    self._until_asked(child)
                    return self._end(child)
                return self._poke(child, out, err)
            finally:
                # All that it has started, too.
                self._signal(child, signal.SIGKILL)
                child.wait()

    def _wait(self, child):
        try:
            return child.wait(self.program.timeout)
        except subprocess.TimeoutExpired:
            return None

    @staticmethod
    def _signal(child, number):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            pass

    def _end(self, child):
        if child.poll() is None:
            child.terminate()
        return self._wait(child)

    def _until_asked(self, child):
        wait_until(
            lambda: child.poll() is not None or self.program.server.ended() >= self.program.until,
            self.program.timeout,
        )

    def _poke(self, child, out, err):
        wait_until(lambda: child.poll() is not None or self._is_ready(), self.program.timeout)
        poke = self._start(self.program.poke, self.environment({}), out, err, subprocess.DEVNULL)
        try:
            return self._wait(poke)
        finally:
            self._signal(poke, signal.SIGKILL)
            poke.wait()
            self._end(child)

    def _is_ready(self):
        if isinstance(self.program.ready, str):
            return pathlib.Path(fill(self.program.ready, self.values)).exists()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.program.ready)) == 0

# SPDX-License-Identifier: MIT
"""DTLS, which Python does not speak: openssl s_server does, and says here what came out of it.

start() and stop() are those of base.Server. One program talks to it at a time.
"""

import os
import pathlib
import subprocess
import tempfile
import threading
import time

from servers.base import Connection


class Dtls:
    """Each datagram is answered with what `answer' makes of it: nothing."""

    port = 8443

    def __init__(self, expect):
        self.expect = expect

    def answer(self, datagram):
        return b""

    # --- for trial.py

    def start(self, chain, key):
        self._data = b""
        self._folder = tempfile.TemporaryDirectory(prefix="dtls.")
        self._secrets = pathlib.Path(self._folder.name, "secrets")
        self._said = pathlib.Path(self._folder.name, "said")
        # It wants the server's own certificate apart from those above it.
        own, end, above = chain.read_text().partition("-----END CERTIFICATE-----\n")
        chain_options = []
        for option, text in (("-cert", own + end), ("-cert_chain", above)):
            if text:
                file = pathlib.Path(self._folder.name, option)
                file.write_text(text)
                chain_options += [option, str(file)]
        with open(self._said, "wb") as said:
            self._server = subprocess.Popen(
                ["openssl", "s_server", "-dtls", "-quiet", "-accept", f"127.0.0.1:{self.port}",
                 *chain_options, "-key", str(key), "-keylogfile", str(self._secrets)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
                env={"PATH": "/usr/bin:/bin"},
            )
        self._reader = threading.Thread(target=self._talk, daemon=True)
        self._reader.start()
        self._wait_until_bound()

    def ended(self):
        return 0

    def stop(self):
        """One Connection, if any client said hello."""
        # What was sent is read before it is ended.
        time.sleep(0.2)
        self._server.terminate()
        self._server.wait()
        self._reader.join(10)
        self._server.stdin.close()
        self._server.stdout.close()
        # There are secrets only when the client has gone on after the certificate.
        shaken = self._secrets.exists() and b"CLIENT_RANDOM" in self._secrets.read_bytes()
        said = self._said.read_text(errors="replace")
        self._folder.cleanup()
        handshake = "ok" if shaken else said.partition("SSL routines:")[2] or None
        return [Connection(handshake=handshake, data=self._data)] if handshake else []

    def _talk(self):
        while datagram := os.read(self._server.stdout.fileno(), 65536):
            self._data += datagram
            answer = self.answer(datagram)
            if answer:
                os.write(self._server.stdin.fileno(), answer)

    def _wait_until_bound(self):
        """A datagram that comes before is lost, and sent again only after a second."""
        mine = f":{self.port:04X} "
        while self._server.poll() is None:
            if mine in pathlib.Path("/proc/net/udp").read_text(encoding="ascii"):
                return
            time.sleep(0.01)


class Coap(Dtls):
    """CoAP: a request that can be confirmed is answered 2.05 with `hello'."""

    def __init__(self):
        super().__init__(expect=b"\x45hello")

    def answer(self, datagram):
        length = datagram[0] & 0x0F
        return bytes([0x60 | length, 0x45]) + datagram[2 : 4 + length] + b"\xffhello\n"

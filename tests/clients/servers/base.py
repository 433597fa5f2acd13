# SPDX-License-Identifier: MIT
"""Fake servers for real clients, which write down what came: the judge of every run.

A server knows what a client said in TLS, what it said in plain text where it should not have, and
how each handshake ended. It never asks the client. A protocol is a subclass of Server: `agree' is
what is said in plain text before TLS, `speak' is what follows.
"""

import dataclasses
import socket
import ssl
import threading

from reader import Reader


@dataclasses.dataclass
class Connection:
    """What the server knows of one connection."""

    # None: there was none. "ok", or libssl's word for how it failed.
    handshake: str | None = None
    sni: str | None = None
    alpn: str | None = None
    version: str | None = None
    reused: bool | None = None
    # What came in TLS, deciphered; and in plain text instead of TLS, or after it had failed.
    data: bytes = b""
    plain: bytes = b""


class Peer(Reader):
    """The client's end: first in plain text, then in TLS."""

    def __init__(self, plain, record):
        self.record = record
        self.buffer = b""
        self.tls = self.shaking = None
        # Whether what comes in plain text is what should have come in TLS.
        self.exposed = False
        self._socket = plain
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()

    # --- for protocols

    def more(self):
        """Reads what there is; EOFError at the end."""
        data = self._decipher() if self.tls else self._receive()
        if self.tls:
            self.record.data += data
        elif self.exposed:
            self.record.plain += data
        self.buffer += data

    def send(self, data):
        if not self.tls:
            self._socket.sendall(data)
            return
        self.tls.write(data)
        self._flush()

    def line(self, text):
        """Sends a line of TEXT."""
        self.send(text.encode() + b"\r\n")

    # --- for servers

    def asks_for_tls(self):
        """Whether what comes next is a ClientHello: TLS's type of a handshake record."""
        if not self.buffer:
            self.more()
        return self.buffer[:1] == b"\x16"

    def handshake(self, context):
        """Raises ssl.SSLError or EOFError when there is none."""
        tls = self.shaking = context.wrap_bio(self._in, self._out, server_side=True)
        self._in.write(self.buffer)
        self.buffer = b""
        try:
            self._pump(tls.do_handshake)
        finally:
            self.record.version = tls.version()
        self.record.reused = tls.session_reused
        self.record.alpn = tls.selected_alpn_protocol()
        self.tls = tls

    def rest_in_plain_text(self):
        """What comes in the place of TLS, until the end: TLS's own records are not meant."""
        rest = self._in.read()
        try:
            while True:
                rest += self._receive()
                # Who has said something may now wait for an answer.
                self._socket.settimeout(2)
        except (EOFError, OSError):
            pass
        while len(rest) >= 5 and 0x14 <= rest[0] <= 0x17 and rest[1] == 3:
            rest = rest[5 + int.from_bytes(rest[3:5], "big") :]
        self.record.plain += rest

    def bye(self):
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        self._flush()

    def close(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    def _receive(self):
        data = self._socket.recv(65536)
        if not data:
            raise EOFError
        return data

    def _flush(self):
        data = self._out.read()
        if data:
            self._socket.sendall(data)

    def _pump(self, action):
        while True:
            try:
                result = action()
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
                self._in.write(self._receive())
            except ssl.SSLError:
                self._flush()
                raise

    def _decipher(self):
        try:
            data = self._pump(lambda: self.tls.read(65536))
        except ssl.SSLError as error:
            raise EOFError from error
        if not data:
            raise EOFError
        return data


class Server:
    """A protocol on TLS over TCP. start() and stop() are all that trial.py calls."""

    # What the server must have been told when a run went well.
    expect = b""
    # None: the client is not asked for ALPN.
    alpn = ()
    port = 8443
    # Further ports that the server listens on: those where clients try it in plain text.
    also = ()
    highest = ssl.TLSVersion.TLSv1_3
    # How many are sent after a handshake of TLS 1.3.
    tickets = 2

    def __init__(self, **others):
        """OTHERS stand in the place of what the class has."""
        for name, value in others.items():
            setattr(self, name, value)

    def agree(self, peer):
        """What is said in plain text before; whether the client then wants TLS."""
        return peer.asks_for_tls()

    def speak(self, peer):
        raise NotImplementedError

    # --- for trial.py

    def start(self, chain, key):
        """Listens, and shows the certificates of the files CHAIN with KEY."""
        self.records = []
        self._threads = []
        self._ended = 0
        self._lock = threading.Lock()
        self._context = self._prepare(chain, key)
        self._listeners = [
            socket.create_server((address, port), backlog=64)
            for port in (self.port, *self.also)
            for address in ("127.0.0.1",)
        ]
        self._accepting = [
            threading.Thread(target=self._accept, args=(listener,), daemon=True) for listener in self._listeners
        ]
        for thread in self._accepting:
            thread.start()

    def ended(self):
        """How many connections have come to their end."""
        with self._lock:
            return self._ended

    def stop(self):
        """Takes what is still in the queue, reads all that was sent: the list of Connections."""
        for listener in self._listeners:
            listener.settimeout(0)
            # Wakes the one who waits; what comes of it is no connection.
            try:
                while True:
                    self._take(listener)
            except OSError:
                pass
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()
        # First those who may be about to start another.
        for thread in self._accepting:
            thread.join(10)
        for thread in self._threads:
            thread.join(10)
        return [record for record in self.records if record.handshake or record.plain]

    def _prepare(self, chain, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        context.maximum_version = self.highest
        context.num_tickets = self.tickets
        if self.alpn:
            context.set_alpn_protocols(list(self.alpn))
        self._names = {}
        context.sni_callback = lambda tls, name, _: self._names.__setitem__(tls, name)
        return context

    def _accept(self, listener):
        try:
            while True:
                self._take(listener)
        except OSError:
            pass

    def _take(self, listener):
        plain, _ = listener.accept()
        plain.settimeout(20)
        record = Connection()
        thread = threading.Thread(target=self._serve, args=(plain, record), daemon=True)
        with self._lock:
            self.records.append(record)
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain, record):
        peer = Peer(plain, record)
        try:
            self._converse(peer, record)
        except (EOFError, OSError, ValueError):
            pass
        finally:
            peer.close()
            with self._lock:
                self._ended += 1

    def _converse(self, peer, record):
        if not self.agree(peer):
            peer.exposed = True
            record.plain += peer.buffer
            self.speak(peer)
            return
        try:
            peer.handshake(self._context)
        except (ssl.SSLError, EOFError, OSError) as error:
            record.handshake = getattr(error, "reason", None) or type(error).__name__
            peer.rest_in_plain_text()
            return
        finally:
            record.sni = self._names.pop(peer.shaking, None)
        record.handshake = "ok"
        self.speak(peer)
        peer.bye()

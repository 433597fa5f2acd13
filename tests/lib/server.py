#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A TLS server on loopback that writes down what it was sent.

The judge of every end-to-end test: for each connection it appends one JSON line to the record,
above all how many bytes of application data came. It must never lose a connection: SIGTERM makes
it take what is still in the listen queue, read what was already sent, write the lines and end.
"""

import argparse
import json
import os
import select
import socket
import ssl
import struct
import threading

import ending
from reader import Reader

HELLO = b"hello\n"


class Tally(Reader):
    """A connection that counts what it reads."""

    def __init__(self, line):
        self.conn = None
        self.buffer = b""
        self.line = line

    def more(self):
        data = self.conn.recv(65536)
        if not data:
            raise EOFError
        if not self.line["data"]:
            self.line["head"] = data[:64].hex()
        self.line["data"] += len(data)
        self.buffer += data

    def send(self, data):
        self.conn.sendall(data)


def speak_http(peer):
    """HTTP, kept alive from 1.1 on: every request is answered 200."""
    while True:
        head = peer.until(b"\r\n\r\n")
        lower = head.lower()
        if b"content-length:" in lower:
            peer.exactly(int(lower.split(b"content-length:")[1].split(b"\r\n")[0]))
        last = head.split(b"\r\n")[0].endswith(b"/1.0") or b"connection: close" in lower
        peer.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%s\r\n%s"
            % (len(HELLO), b"Connection: close\r\n" if last else b"", HELLO)
        )
        if last:
            return


def speak_line(peer):
    """Every line is answered `ok'."""
    while True:
        peer.until(b"\n")
        peer.send(b"ok\n")


def speak_sink(peer):
    """Reads, says nothing, and hangs up when it hears `bye': syslog."""
    while not peer.until(b"\n").endswith(b"bye"):
        pass


def speak_redis(peer):
    """Arrays of bulk strings, as clients send them."""
    while True:
        count = int(peer.until(b"\r\n")[1:])
        words = []
        for _ in range(count):
            size = int(peer.until(b"\r\n")[1:])
            words.append(peer.exactly(size + 2)[:-2])
        command = words[0].upper()
        if command == b"PING":
            peer.send(b"+PONG\r\n")
        elif command == b"CLIENT":
            peer.send(b"+OK\r\n")
        elif command == b"COMMAND":
            peer.send(b"*0\r\n")
        else:
            peer.send(b"-ERR unknown command\r\n")


def message(kind, body):
    return kind + struct.pack("!I", len(body) + 4) + body


def speak_postgres(peer):
    """The start-up without a password, then every simple query is answered with one row."""
    peer.exactly(struct.unpack("!I", peer.exactly(4))[0] - 4)
    ready = message(b"Z", b"I")
    peer.send(message(b"R", struct.pack("!I", 0)))
    for key, value in ((b"server_version", b"15.0"), (b"client_encoding", b"UTF8")):
        peer.send(message(b"S", key + b"\0" + value + b"\0"))
    peer.send(ready)
    while True:
        kind = peer.exactly(1)
        peer.exactly(struct.unpack("!I", peer.exactly(4))[0] - 4)
        if kind == b"X":
            return
        column = b"greeting\0" + struct.pack("!IHIhiH", 0, 0, 25, -1, -1, 0)
        peer.send(message(b"T", struct.pack("!H", 1) + column))
        peer.send(message(b"D", struct.pack("!HI", 1, len(HELLO) - 1) + HELLO[:-1]))
        peer.send(message(b"C", b"SELECT 1\0") + ready)


def mariadb_packet(number, body):
    return len(body).to_bytes(3, "little") + bytes([number & 0xFF]) + body


def speak_mariadb(peer):
    """The log-in without a password, then every query is answered with one row."""

    def receive():
        head = peer.exactly(4)
        return head[3], peer.exactly(int.from_bytes(head[:3], "little"))

    fine = struct.pack("<BBBHH", 0, 0, 0, 2, 0)
    end = struct.pack("<BHH", 0xFE, 0, 2)
    column = b"\3def\0\0\0\x08greeting\0" + struct.pack("<BHIBHB2x", 12, 33, 64, 253, 0, 0)
    row = bytes([len(HELLO) - 1]) + HELLO[:-1]
    number, _ = receive()
    peer.send(mariadb_packet(number + 1, fine))
    while True:
        number, command = receive()
        if command[:1] == b"\x01":
            return
        answer = (b"\1", column, end, row, end) if command[:1] == b"\x03" else (fine,)
        for body in answer:
            number += 1
            peer.send(mariadb_packet(number, body))


def speak_dns(peer):
    """DNS over TLS: every question is answered with one address."""
    while True:
        asked = peer.exactly(struct.unpack("!H", peer.exactly(2))[0])
        question = asked[12 : asked.index(b"\0", 12) + 5]
        head = asked[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
        answer = struct.pack("!HHHIH4B", 0xC00C, 1, 1, 60, 4, 192, 0, 2, 1)
        reply = head + question + answer
        peer.send(struct.pack("!H", len(reply)) + reply)


def speak_smtp(peer):
    """SMTP after the greeting; tells whether the client ended it with STARTTLS."""
    while True:
        verb = peer.until(b"\r\n")[:8].upper()
        if verb == b"STARTTLS":
            peer.send(b"220 go on\r\n")
            return True
        if verb[:4] == b"EHLO":
            peer.send(b"250-api.example.com\r\n250 STARTTLS\r\n")
        elif verb[:4] == b"DATA":
            peer.send(b"354 go on\r\n")
            peer.until(b"\r\n.\r\n")
            peer.send(b"250 ok\r\n")
        elif verb[:4] == b"QUIT":
            peer.send(b"221 bye\r\n")
            return False
        else:
            peer.send(b"250 ok\r\n")


def speak_smtps(peer):
    """SMTP in TLS from the first byte."""
    peer.send(b"220 api.example.com ESMTP\r\n")
    speak_smtp(peer)


SPEAK = {
    "http": speak_http,
    "line": speak_line,
    "sink": speak_sink,
    "redis": speak_redis,
    "postgres": speak_postgres,
    "mariadb": speak_mariadb,
    "dns": speak_dns,
    "smtp": speak_smtp,
    "smtps": speak_smtps,
}


# What is said in plain text first, and whether the client then asked for TLS. What comes after
# that may be on its way already, so that not a byte too much is taken.


def agree_postgres(peer):
    if peer.conn.recv(8, socket.MSG_PEEK | socket.MSG_WAITALL)[4:] != struct.pack("!I", 80877103):
        return False
    peer.conn.recv(8, socket.MSG_WAITALL)
    peer.send(b"S")
    return True


def agree_mariadb(peer):
    """Of the greeting the client must like the abilities; it asks for TLS with half a log-in."""
    can = 0x1 | 0x200 | 0x800 | 0x8000 | 0x80000
    salt = b"12345678"
    peer.send(
        mariadb_packet(
            0,
            b"\x0a10.11.0-MariaDB\0"
            + struct.pack("<I8sxHBHHB10x", 1, salt, can & 0xFFFF, 33, 2, can >> 16, 21)
            + b"123456789012\0mysql_native_password\0",
        )
    )
    size, wants = struct.unpack("<II", peer.conn.recv(8, socket.MSG_PEEK | socket.MSG_WAITALL))
    if size & 0xFFFFFF != 32 or not wants & 0x800:
        return False
    peer.conn.recv(36, socket.MSG_WAITALL)
    return True


def agree_smtp(peer):
    peer.send(b"220 api.example.com ESMTP\r\n")
    return speak_smtp(peer)


AGREE = {"postgres": agree_postgres, "mariadb": agree_mariadb, "smtp": agree_smtp}


def close(conn):
    try:
        conn.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    conn.close()


def serve(options, context, plain, names):
    """One connection, from accept to its line in the record."""
    line = {"handshake": None, "sni": None, "version": None, "reused": None, "data": 0, "head": ""}
    peer = Tally(line)
    try:
        plain.settimeout(30)
        peer.conn = plain
        # What a client says that goes on without TLS is data.
        if options.proto in AGREE:
            line["handshake"] = "plain text"
            if not AGREE[options.proto](peer):
                SPEAK[options.proto](peer)
                return
            line.update(handshake=None, data=0, head="")
        tls = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        peer.conn = tls
        try:
            tls.do_handshake()
            line["handshake"] = "ok"
        except ssl.SSLError as error:
            line["handshake"] = error.reason or str(error)
        except OSError as error:
            line["handshake"] = type(error).__name__
        line["sni"] = names.pop(tls, None)
        line["version"] = tls.version()
        line["reused"] = tls.session_reused
        if line["handshake"] == "ok":
            SPEAK[options.proto](peer)
            tls.settimeout(0)
            tls.unwrap()
    except (EOFError, OSError, ValueError):
        pass
    finally:
        close(peer.conn)
        text = json.dumps(line) + "\n"
        os.write(options.record, text.encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("proto", choices=SPEAK)
    parser.add_argument("port_file")
    parser.add_argument("record_file")
    parser.add_argument("chain")
    parser.add_argument("key")
    parser.add_argument("--min", default="TLSv1_2")
    parser.add_argument("--max", default="TLSv1_3")
    parser.add_argument("--no-tickets", action="store_true")
    parser.add_argument("--weak", action="store_true", help="show also weak signatures")
    parser.add_argument("--curve", help="the only one; X25519 is what clients try first")
    parser.add_argument("--client-ca", help="demand a certificate of the client")
    options = parser.parse_args()
    options.record = os.open(options.record_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if options.weak:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(options.chain, options.key)
    context.minimum_version = ssl.TLSVersion[options.min]
    context.maximum_version = ssl.TLSVersion[options.max]
    if options.no_tickets:
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
    if options.curve:
        context.set_ecdh_curve(options.curve)
    if options.client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(options.client_ca)
    names = {}
    context.sni_callback = lambda tls, name, _: names.__setitem__(tls, name)

    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    wake = ending.asked_for()
    with open(options.port_file + ".new", "w", encoding="ascii") as file:
        print(listener.getsockname()[1], file=file)
    os.rename(options.port_file + ".new", options.port_file)

    threads = []
    while True:
        ready, _, _ = select.select([listener, wake], [], [])
        if listener not in ready:
            break
        conn, _ = listener.accept()
        # The thread works on a copy, so that its reading can still be ended from here.
        thread = threading.Thread(target=serve, args=(options, context, conn.dup(), names))
        thread.start()
        threads.append((thread, conn))
    for thread, conn in threads:
        try:
            conn.shutdown(socket.SHUT_RD)
        except OSError:
            pass
        thread.join()


main()

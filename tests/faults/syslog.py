#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Is /dev/log, and writes each datagram as a line to the file that is named, until it is ended."""

import signal
import socket
import sys

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
with open(sys.argv[1], "wb", buffering=0) as out:
    open(sys.argv[1] + ".ready", "w").close()
    while True:
        out.write(log.recv(65536).rstrip(b"\0\n") + b"\n")

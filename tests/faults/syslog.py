#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Is /dev/log, and writes each datagram as a line to the file that is named; SIGTERM ends it when it
has written all that has come."""

import pathlib
import select
import socket
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import ending

wake = ending.asked_for()
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
with open(sys.argv[1], "wb", buffering=0) as out:
    open(sys.argv[1] + ".ready", "w").close()
    while log in select.select([log, wake], [], [])[0]:
        out.write(log.recv(65536).rstrip(b"\0\n") + b"\n")

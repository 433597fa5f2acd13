#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Three tests of one handshake each: it completes; it does not wait when it must not; and what the
server says about it at last is heard. Prints OUTCOME NAME."""

import socket
import ssl
import threading
import time


def serve(end, patience, certificate_of_client):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("cert", "key")
    if certificate_of_client:
        context.verify_mode = ssl.CERT_REQUIRED
    time.sleep(patience)
    try:
        with context.wrap_socket(end, server_side=True) as connection:
            connection.sendall(b"hello")
            connection.recv(1)
    except OSError:
        pass


def connection(patience=0, certificate_of_client=False, wait=True):
    ours, theirs = socket.socketpair()
    threading.Thread(target=serve, args=(theirs, patience, certificate_of_client), daemon=True).start()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations("cert")
    ours.setblocking(wait)
    return context.wrap_socket(ours, do_handshake_on_connect=False)


def completes():
    client = connection()
    client.do_handshake()
    return client.recv(5) == b"hello"


def does_not_wait():
    client = connection(patience=0.2, wait=False)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return True
    return False


def hears_the_alert():
    client = connection(certificate_of_client=True)
    try:
        client.do_handshake()
        client.recv(5)
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")
    return False


for test in (completes, does_not_wait, hears_the_alert):
    print("passed" if test() else "failed", test.__name__, flush=True)

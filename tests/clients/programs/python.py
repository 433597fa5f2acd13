# SPDX-License-Identifier: MIT
"""Python: its standard library, and what Debian packages on top of it."""

import scripts
from servers.http import Http, Http2, WebSocket

def python(name, packages, script, server=Http(), **more):
    # Addresses of objects and times, in what is said of an exception.
    return scripts.python(f"python {name}", packages, server, script, noise=(r"0x[0-9a-f]+", r"\d+\.\d+"), **more)


PROGRAMS = [
    python(
        "urllib",
        packages="python3",
        script="""
import urllib.request
print(urllib.request.urlopen("https://{host}:{port}/").read())
""",
    ),
    python(
        "http.client, unverified",
        packages="python3",
        script="""
import http.client, ssl
client = http.client.HTTPSConnection("{host}", {port}, context=ssl._create_unverified_context())
client.request("GET", "/")
print(client.getresponse().read())
""",
        verifies=False,
        refusal=1,
    ),
    python(
        "asyncio",
        packages="python3",
        script="""
import asyncio
async def main():
    reader, writer = await asyncio.open_connection("{host}", {port}, ssl=True)
    writer.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
    print(await reader.read())
    writer.close()
asyncio.run(main())
""",
    ),
    python(
        "threads, one context",
        packages="python3",
        script="""
import concurrent.futures, ssl, urllib.request
context = ssl.create_default_context()
def get(number):
    return urllib.request.urlopen(f"https://{host}:{port}/{number}", context=context).read()
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(list(pool.map(get, range(8))))
""",
    ),
    python(
        "urllib3",
        packages="python3-urllib3",
        script="""
import urllib3
print(urllib3.PoolManager(retries=False).request("GET", "https://{host}:{port}/").data)
""",
    ),
    python(
        "requests",
        packages="python3-requests",
        script="""
import requests
print(requests.get("https://{host}:{port}/").text)
""",
    ),
    python(
        "httplib2",
        packages="python3-httplib2",
        script="""
import httplib2
print(httplib2.Http().request("https://{host}:{port}/")[1])
""",
    ),
    python(
        "aiohttp",
        packages="python3-aiohttp",
        script="""
import aiohttp, asyncio
async def main():
    async with aiohttp.ClientSession() as session:
        async with session.get("https://{host}:{port}/") as answer:
            print(await answer.text())
asyncio.run(main())
""",
    ),
    python(
        "httpx",
        packages="python3-httpx",
        script="""
import httpx
print(httpx.get("https://{host}:{port}/", verify="{ca}").text)
""",
    ),
    python(
        "httpx on trio, HTTP/2",
        packages="python3-httpx python3-h2 python3-trio",
        server=Http2(),
        script="""
import httpx, trio
async def main():
    async with httpx.AsyncClient(http2=True, verify="{ca}") as client:
        print((await client.get("https://{host}:{port}/")).text)
trio.run(main)
""",
    ),
    python(
        "trio",
        packages="python3-trio",
        script="""
import trio
async def main():
    stream = await trio.open_ssl_over_tcp_stream("{host}", {port})
    await stream.send_all(b"GET / HTTP/1.0\\r\\n\\r\\n")
    print(await stream.receive_some())
trio.run(main)
""",
    ),
    python(
        "tornado",
        packages="python3-tornado",
        script="""
import asyncio
from tornado.httpclient import AsyncHTTPClient
async def main():
    print((await AsyncHTTPClient().fetch("https://{host}:{port}/", ca_certs="{ca}")).body)
asyncio.run(main())
""",
    ),
    python(
        "twisted",
        packages="python3-twisted python3-openssl python3-service-identity",
        script="""
import sys
from twisted.internet import reactor
from twisted.web.client import Agent, readBody
code = 0
def failed(problem):
    global code
    code = 3
    print(problem.value, file=sys.stderr)
answer = Agent(reactor).request(b"GET", b"https://{host}:{port}/")
answer.addCallback(readBody).addCallback(print).addErrback(failed).addBoth(lambda _: reactor.stop())
reactor.run()
sys.exit(code)
""",
    ),
    python(
        "pyOpenSSL",
        packages="python3-openssl",
        script="""
import socket
from OpenSSL import SSL
context = SSL.Context(SSL.TLS_CLIENT_METHOD)
context.load_verify_locations("{ca}")
context.set_verify(SSL.VERIFY_PEER, lambda connection, cert, error, depth, good: good)
tls = SSL.Connection(context, socket.create_connection(("{host}", {port})))
tls.set_tlsext_host_name(b"{host}")
tls.set_connect_state()
tls.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
print(tls.recv(4096))
""",
    ),
    python(
        "M2Crypto",
        packages="python3-m2crypto",
        script="""
from M2Crypto import SSL, httpslib
context = SSL.Context()
context.load_verify_locations("{ca}")
context.set_verify(SSL.verify_peer | SSL.verify_fail_if_no_peer_cert, 5)
client = httpslib.HTTPSConnection("{host}", {port}, ssl_context=context)
client.request("GET", "/")
print(client.getresponse().read())
""",
    ),
    python(
        "gevent",
        packages="python3-gevent",
        script="""
import gevent.monkey
gevent.monkey.patch_all()
import urllib.request
def get():
    return urllib.request.urlopen("https://{host}:{port}/").read()
jobs = [gevent.spawn(get) for _ in range(3)]
print([job.get() for job in jobs])
""",
    ),
    python(
        "eventlet",
        packages="python3-eventlet python3-urllib3",
        script="""
import eventlet
eventlet.monkey_patch()
import urllib3
print(urllib3.PoolManager(retries=False).request("GET", "https://{host}:{port}/").data)
""",
    ),
    python(
        "websockets",
        packages="python3-websockets",
        server=WebSocket(),
        script="""
import asyncio, websockets
async def main():
    async with websockets.connect("wss://{host}:{port}/") as socket:
        await socket.send("one")
        print(await socket.recv())
asyncio.run(main())
""",
    ),
    scripts.pypy(
        name="pypy urllib",
        packages="pypy3",
        server=Http(),
        text="""
import urllib.request
print(urllib.request.urlopen("https://{host}:{port}/").read())
""",
    ),
    python(
        "PyQt5, QSslSocket",
        packages="python3-pyqt5",
        script="""
import sys
from PyQt5.QtNetwork import QSslSocket
tls = QSslSocket()
tls.connectToHostEncrypted("{host}", {port})
if not tls.waitForEncrypted(20000):
    print(tls.errorString(), file=sys.stderr)
    sys.exit(3)
tls.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
tls.waitForDisconnected(20000)
print(tls.readAll())
""",
    ),
    python(
        "pycurl",
        packages="python3-pycurl",
        script="""
import pycurl, sys
client = pycurl.Curl()
client.setopt(client.URL, "https://{host}:{port}/")
client.perform()
""",
        scanned="/usr/lib/python3/dist-packages/pycurl.cpython-311-x86_64-linux-gnu.so",
        scan=("no",),
        uncovered="GnuTLS, by libcurl-gnutls",
    ),
    python(
        "libsoup",
        packages="python3-gi gir1.2-soup-2.4 glib-networking",
        script="""
import sys
import gi
gi.require_version("Soup", "2.4")
from gi.repository import Soup
message = Soup.Message.new("GET", "https://{host}:{port}/")
status = Soup.Session().send_message(message)
print(status, message.props.response_body.data)
sys.exit(status != 200)
""",
        scanned="/usr/lib/x86_64-linux-gnu/gio/modules/libgiognutls.so",
        scan=("no",),
        uncovered="GnuTLS, by glib-networking",
    ),
]

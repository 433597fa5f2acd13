# SPDX-License-Identifier: MIT
"""qt.py BINDING socket|manager HOST PORT CA: asks a server on loopback by Qt, which looks libssl's
functions up. Exits with the problem as text when there is one."""

import importlib
import sys

binding, how, host, port, ca = sys.argv[1:]
core = importlib.import_module(binding + ".QtCore")
net = importlib.import_module(binding + ".QtNetwork")

app = core.QCoreApplication([])
net.QNetworkProxy.setApplicationProxy(net.QNetworkProxy(net.QNetworkProxy.ProxyType.NoProxy))
configuration = net.QSslConfiguration.defaultConfiguration()
configuration.setCaCertificates(net.QSslCertificate.fromPath(ca))


def by_socket():
    socket = net.QSslSocket()
    socket.setSslConfiguration(configuration)
    socket.setPeerVerifyName(host)
    socket.connectToHostEncrypted("127.0.0.1", int(port))
    if not socket.waitForEncrypted(10000):
        sys.exit(socket.errorString())
    socket.write(b"GET / HTTP/1.0\r\n\r\n")
    while socket.waitForReadyRead(10000):
        pass
    print(bytes(socket.readAll()))


def by_manager():
    manager = net.QNetworkAccessManager()
    request = net.QNetworkRequest(core.QUrl(f"https://127.0.0.1:{port}/"))
    request.setSslConfiguration(configuration)
    request.setPeerVerifyName(host)
    reply = manager.get(request)
    loop = core.QEventLoop()
    reply.finished.connect(loop.quit)
    loop.exec() if hasattr(loop, "exec") else loop.exec_()
    if reply.error() != net.QNetworkReply.NetworkError.NoError:
        sys.exit(reply.errorString())
    print(bytes(reply.readAll()))


{"socket": by_socket, "manager": by_manager}[how]()

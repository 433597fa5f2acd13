# SPDX-License-Identifier: MIT
#
# get HOST PORT CA: asks a server on loopback by Nim's own library, which looks libssl's functions up.

import std/[net, os, strutils]

let
  context = newContext(verifyMode = CVerifyPeer, caFile = paramStr(3))
  socket = newSocket()
try:
  socket.connect("127.0.0.1", Port(parseInt(paramStr(2))))
  context.wrapConnectedSocket(socket, handshakeAsClient, paramStr(1))
  socket.send("GET / HTTP/1.0\r\n\r\n")
  echo socket.recvLine(timeout = 10000)
except SslError as problem:
  stderr.writeLine(problem.msg)
  quit(3)

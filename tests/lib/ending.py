# SPDX-License-Identifier: MIT
"""The end of a server of the tests, which SIGTERM asks for, as something that select() sees."""

import signal
import socket

_wake, _waker = socket.socketpair()


def asked_for():
    """A socket that is readable once SIGTERM has come.

    A handler alone is not enough: Python runs it between two of its own instructions, and a signal
    that comes just before a system call waits for that to return.
    """
    _waker.setblocking(False)
    signal.set_wakeup_fd(_waker.fileno())
    signal.signal(signal.SIGTERM, lambda *_: None)
    return _wake

# SPDX-License-Identifier: MIT
"""Trojan: two lines of its own, then what the tunnel carries, here HTTP."""

from servers.http import Http


class Trojan(Http):
    def speak(self, peer):
        # The digest of the password; command and address.
        peer.until(b"\r\n")
        peer.until(b"\r\n")
        super().speak(peer)

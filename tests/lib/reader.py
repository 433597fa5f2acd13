# SPDX-License-Identifier: MIT
"""Reading from a stream by lines and lengths, for the tests' servers. Never waits for more than asked."""


class Reader:
    """What has come and was not taken yet is in `buffer'. more() adds to it; EOFError at the end."""

    buffer = b""

    def more(self):
        raise NotImplementedError

    def until(self, end):
        """All before END, which is taken away."""
        while end not in self.buffer:
            self.more()
        head, _, self.buffer = self.buffer.partition(end)
        return head

    def exactly(self, count):
        while len(self.buffer) < count:
            self.more()
        head, self.buffer = self.buffer[:count], self.buffer[count:]
        return head

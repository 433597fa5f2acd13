# SPDX-License-Identifier: MIT
"""Rows that are a script of a language: the script is a file of its own in {home}."""

from frame import Program


def script(suffix, words):
    def row(name, packages, server, text, **more):
        return Program(
            name=name,
            packages=packages,
            server=server,
            command=(*words, "it" + suffix),
            files={"it" + suffix: text, **more.pop("files", {})},
            **more,
        )

    return row


python = script(".py", ("/usr/bin/python3",))
pypy = script(".py", ("pypy3",))
perl = script(".pl", ("perl",))
ruby = script(".rb", ("/usr/bin/ruby",))
php = script(".php", ("php", "-d", "display_errors=stderr", "-d", "log_errors=0"))

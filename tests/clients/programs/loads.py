# SPDX-License-Identifier: MIT
"""Load generators, and what times or tries a server.

Most of them verify nothing, and count what failed instead of failing. Then grep says whether one
request was served, and its exit code is what a refusal is known by.
"""

from frame import Program
from servers.http import Http, Http2

URL = "https://{host}:{port}/"
HTTEST = """\
CLIENT
_REQ {host} SSL:{port}
__GET / HTTP/1.1
__Host: {host}
__
_WAIT
END
"""


def counter(command, counted, **more):
    """COMMAND, a line for sh in which $0 is the URL, ends well if a line matches COUNTED."""
    return Program(
        command=("sh", "-c", f"{command} | grep -aoE '{counted}'", URL),
        scanned=f"/usr/bin/{command.split()[0]}",
        **{"server": Http(), "verifies": False, "refusal": 1, **more},
    )


PROGRAMS = [
    counter(
        'siege -b -c 1 -r 1 --no-parser "$0"', '"transactions":[^1-9]*1',
        name="siege",
        packages="siege",
    ),
    counter(
        # For a second, as often as it goes.
        'wrk -t 1 -c 1 -d 1 "$0"', "[1-9][0-9]* requests in",
        name="wrk",
        packages="wrk",
        noise=(r"\d+(?= requests)",),
    ),
    counter(
        'h2load -n 1 -c 1 -t 1 "$0"', "1 succeeded",
        name="h2load",
        packages="nghttp2-client",
        server=Http2(),
    ),
    counter(
        'slowhttptest -c 1 -l 2 -u "$0"', "service available: .*YES",
        name="slowhttptest",
        packages="slowhttptest",
    ),
    Program(
        name="httperf --ssl",
        packages="httperf",
        server=Http(),
        command=("httperf", "--ssl", "--server={host}", "--port={port}", "--num-conns=1"),
        noise=(r"\d+\.\d+",),
        verifies=False,
    ),
    Program(
        name="openssl s_time",
        packages="openssl",
        server=Http(),
        command=(
            "sh", "-c", 'openssl s_time -new -time 1 -www / -verify 3 -CAfile "$0" -connect "$1" >log', "{ca}",
            "{host}:{port}",
        ),
        scanned="/usr/bin/openssl",
        verifies=False,
        noise=(r"^[0-9A-F]{16}:error",),
    ),
    Program(
        name="httest",
        packages="httest",
        server=Http(),
        command=("httest", "conf"),
        files={"conf": HTTEST},
        verifies=False,
    ),
    Program(
        name="httping -l",
        packages="httping",
        server=Http(),
        command=("httping", "-l", "-G", "-c", "1", URL),
        noise=(r" *[0-9./]+ ms", r"time \d+ms"),
        verifies=False,
        refusal=127,
    ),
]

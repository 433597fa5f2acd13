# SPDX-License-Identifier: MIT
"""Load generators, and tools that try or time a server.

Most of them verify nothing, and count what failed instead of failing. So grep says whether one
request was answered, and its exit code is what a refusal is known by.
"""

from frame import Program
from servers.http import Http, Http2

URL = "https://{host}:{port}/"
REQUEST = "GET / HTTP/1.0\r\n\r\n"


def counter(name, packages, command, counted, **more):
    """COMMAND, a line for sh, whose {URL} is $0, ends with 0; a line matches COUNTED if it was served."""
    return Program(
        name=name,
        packages=packages,
        command=("sh", "-c", f"{command} | grep -aoE '{counted}'", URL),
        scanned=f"/usr/bin/{command.split()[0]}",
        **{"server": Http(), "verifies": False, "refusal": 1, **more},
    )


PROGRAMS = [
    counter("ab", "apache2-utils", 'ab -q -n 1 "$0"', "HTML transferred: +6 bytes"),
    counter("siege", "siege", 'siege -b -c 1 -r 1 --no-parser "$0"', '"transactions":[^1-9]*1'),
    # For a second, as often as it goes.
    counter("wrk", "wrk", 'wrk -t1 -c1 -d1 "$0"', "[1-9][0-9]* requests in", noise=(r"\d+",)),
    counter("h2load", "nghttp2-client", 'h2load -n1 -c1 -t1 "$0"', "1 succeeded", server=Http2()),
    counter(
        "slowhttptest", "slowhttptest", 'slowhttptest -c 1 -l 2 -u "$0"', "service available: .*YES",
    ),
    Program(
        name="httperf",
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
        command=("sh", "-c", 'openssl s_time -new -time 1 -www / -verify 3 -CAfile "$0" -connect "$1" >log', "{ca}", "{host}:{port}"),
        scanned="/usr/bin/openssl",
        verifies=False,
    ),
    Program(
        name="httest",
        packages="httest",
        server=Http(),
        command=("httest", "script"),
        files={"script": "CLIENT\n_REQ {host} SSL:{port}\n__GET / HTTP/1.1\n__Host: {host}\n__\n_WAIT\nEND\n"},
        verifies=False,
    ),
    Program(
        name="httping -l",
        packages="httping",
        server=Http(),
        command=("httping", "-l", "-G", "-c", "1", URL),
        noise=(r" *\d+\.\d+ ms", r"= [0-9./]+ ms", r"time \d+ms"),
        verifies=False,
        refusal=127,
    ),
]

# SPDX-License-Identifier: MIT
"""Python, its standard library and its asynchronous frameworks."""

from frame import Program
from servers.http import Http

URL = "https://{host}:{port}/"


def python(name, packages, script, server=Http(), **more):
    """A script is its own file, so that what it imports is what Debian installs."""
    return Program(
        name=f"python: {name}",
        packages=packages,
        server=server,
        command=("/usr/bin/python3", "get.py"),
        files={"get.py": script},
        **more,
    )


PROGRAMS = [
    python(
        "urllib",
        packages="python3",
        script=f"""
import urllib.request
print(urllib.request.urlopen("{URL}").read())
""",
    ),
    python(
        "asyncio",
        packages="python3",
        script="""
import asyncio, ssl
async def main():
    reader, writer = await asyncio.open_connection("{host}", {port}, ssl=ssl.create_default_context())
    writer.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
    print(await reader.read())
asyncio.run(main())
""",
    ),
]

# SPDX-License-Identifier: MIT
"""Programs of the command line that fetch by HTTP, browse, or bring files and repositories."""

from frame import Program
from servers.http import Http, Http2, Svn

URL = "https://{host}:{port}/"

PROGRAMS = [
    Program(
        name="curl",
        packages="curl",
        server=Http(),
        command=("curl", "-sS", URL),
    ),
    Program(
        name="curl -k",
        packages="curl",
        server=Http(),
        command=("curl", "-ksS", URL),
        verifies=False,
        refusal=60,
    ),
    Program(
        name="curl, HTTP/2",
        packages="curl",
        server=Http2(),
        command=("curl", "-sS", "--http2", URL),
    ),
    Program(
        name="curl, several at a time",
        packages="curl",
        server=Http(),
        command=("curl", "-sS", "--no-progress-meter", "--parallel", "--parallel-immediate", "-H", "Connection: close",
                 URL + "1", URL + "2", URL + "3"),
    ),
    Program(
        name="openssl s_client",
        packages="openssl",
        server=Http(),
        command=(
            "openssl", "s_client", "-quiet", "-verify_quiet", "-verify_return_error",
            "-verify_hostname", "{host}", "-connect", "{host}:{port}",
        ),
        stdin="GET / HTTP/1.0\r\n\r\n",
        noise=(r"^[0-9A-F]{16}:error",),
    ),
    Program(
        name="openssl ocsp",
        packages="openssl",
        server=Http(expect=b"POST /"),
        command=("openssl", "ocsp", "-issuer", "{pki}/int.pem", "-cert", "{pki}/api.pem", "-url", URL),
        verifies=False,
        noise=(r"^[0-9A-F]{16}:error",),
        refusal=1,
    ),
    Program(
        name="socat",
        packages="socat",
        server=Http(),
        command=("socat", "-t5", "-", "OPENSSL:{host}:{port},cafile={ca}"),
        stdin="GET / HTTP/1.0\r\n\r\n",
        noise=(r"^\S+ \S+ socat\[\d+\]",),
    ),
    Program(
        name="w3m",
        packages="w3m",
        server=Http(),
        command=("w3m", "-dump", URL),
    ),
    Program(
        name="links",
        packages="links",
        server=Http(),
        command=("links", "-source", URL),
    ),
    Program(
        name="axel",
        packages="axel",
        server=Http(),
        command=("axel", "-q", "-o", "got", URL),
    ),
    Program(
        name="httrack",
        packages="httrack",
        server=Http(),
        command=("httrack", "-q", "-r1", "-s0", "-I0", "-O", "{home}/got", URL),
        verifies=False,
        # It writes down what failed, and is content.
        refusal=0,
        noise=(r"^Mirror launched on .*",),
    ),
    Program(
        name="nghttp",
        packages="nghttp2-client",
        server=Http2(),
        command=("nghttp", URL),
        verifies=False,
        # It says how many requests were not processed, and is content.
        refusal=0,
    ),
    Program(
        name="davix-get",
        packages="davix",
        server=Http(),
        command=("davix-get", "--capath", "/etc/ssl/certs", URL + "file"),
    ),
    Program(
        name="fossil",
        packages="fossil",
        server=Http(expect=b"POST /"),
        command=("fossil", "clone", URL, "{home}/got"),
        env={"USER": "somebody"},
        noise=(r"sent: \d+ ",),
    ),
    Program(
        name="svn",
        packages="subversion",
        server=Svn(),
        command=("svn", "--non-interactive", "info", URL + "repo"),
    ),
    Program(
        name="hg",
        packages="mercurial",
        server=Http(),
        command=("hg", "identify", URL + "repo"),
    ),
    Program(
        name="http (httpie)",
        packages="httpie",
        server=Http(),
        command=("http", "--ignore-stdin", "--print=b", URL),
    ),
    Program(
        name="wget",
        packages="wget",
        server=Http(),
        command=("wget", "-q", "-O", "-", "--tries=1", URL),
        scan=("no",),
        uncovered="GnuTLS",
    ),
    Program(
        name="wget2",
        packages="wget2",
        server=Http(),
        command=("wget2", "-q", "-O", "-", "--tries=1", "--no-http2", URL),
        scan=("no",),
        uncovered="GnuTLS",
    ),
    Program(
        name="aria2c",
        packages="aria2",
        server=Http(),
        command=("aria2c", "-q", "--async-dns=false", "-d", "{home}", "-o", "got", URL + "file"),
        scan=("no",),
        uncovered="GnuTLS",
    ),
    Program(
        name="lynx",
        packages="lynx",
        server=Http(),
        command=("lynx", "-source", URL),
        scan=("no",),
        uncovered="GnuTLS",
    ),
    Program(
        name="elinks",
        packages="elinks",
        server=Http(),
        command=("elinks", "-source", URL),
        # It also holds a perl, whose modules are covered.
        scan=("partly",),
        uncovered="GnuTLS",
    ),
    Program(
        name="git",
        packages="git",
        server=Http(),
        command=("git", "ls-remote", URL + "repo"),
        scanned="/usr/lib/git-core/git-remote-https",
        scan=("no",),
        uncovered="GnuTLS, by libcurl-gnutls",
    ),
    Program(
        name="gron",
        packages="gron",
        server=Http(body=b"{}\n", kind="application/json"),
        command=("gron", URL),
        scan=("no",),
        uncovered="Go's own TLS",
    ),
]

# SPDX-License-Identifier: MIT
"""Checks of monitoring systems, and what tries or looks at servers."""

from frame import Program
from servers.http import Http

URL = "https://{host}:{port}/"
PLUGINS = "/usr/lib/nagios/plugins"

PROGRAMS = [
    Program(
        name="check_http -S",
        packages="monitoring-plugins-basic",
        server=Http(),
        command=(f"{PLUGINS}/check_http", "-S", "--sni", "-H", "{host}", "-p", "{port}"),
        noise=(r"\d\.\d{3,}", r"^[0-9A-F]{16}:error"),
        verifies=False,
        refusal=2,
    ),
    Program(
        name="check_tcp -S",
        packages="monitoring-plugins-basic",
        server=Http(),
        command=(f"{PLUGINS}/check_tcp", "-S", "-H", "{host}", "-p", "{port}", "-E", "-s", r"GET / HTTP/1.0\r\n\r\n", "-e", "HTTP"),
        noise=(r"\d\.\d{3,}", r"^[0-9A-F]{16}:error"),
        verifies=False,
        refusal=2,
    ),
    Program(
        name="unbound-anchor",
        packages="unbound-anchor",
        server=Http(),
        command=("unbound-anchor","-v","-v","-F","-a","root.key","-c","{ca}","-u","{host}","-P","{port}","-f","/etc/hosts"),
    ),
    Program(
        name="sslscan",
        packages="sslscan",
        server=Http(),
        command=("sslscan","--no-colour","--show-certificate","{host}:{port}"),
    ),
    Program(
        name="nmap http-title",
        packages="nmap",
        server=Http(),
        command=("nmap","-Pn","-sT","-n","-p","{port}","--script","+http-title","127.0.0.1"),
        noise=(r"",),
    ),
    Program(
        name="hydra https-get",
        packages="hydra",
        server=Http(),
        command=("hydra","-l","u","-p","p","-s","{port}","-S","-I","{host}","https-get","/"),
    ),
    Program(
        name="medusa http SSL",
        packages="medusa",
        server=Http(),
        command=("medusa","-h","{host}","-u","u","-p","p","-n","{port}","-s","-M","http"),
    ),
    Program(
        name="monit",
        packages="monit",
        server=Http(),
        command=("monit","-I","-c","{home}/rc"),
        files={"rc":"set daemon 1\nset log /dev/stderr\nset pidfile {home}/pid\nset idfile {home}/id\nset statefile {home}/state\nset ssl options { verify: enable, CACertificateFile: \"{ca}\" }\ncheck host api with address {host}\n  if failed port {port} protocol https for 1 cycles then alert\n"},
        until=1,
    ),
]

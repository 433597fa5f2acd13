# SPDX-License-Identifier: MIT
"""What carries logs, metrics and requests of other daemons to a server."""

from frame import Program
from servers.lines import Radius, Sink
from servers.http import Http

SYSLOG_NG = """\
@version: 3.38
options { stats-freq(0); time-reopen(1); };
source in { stdin(flags(no-parse)); };
destination out {
	network("{host}" port({port}) transport("tls") tls(ca-file("{ca}") peer-verify(yes) sni(yes)));
};
log { source(in); destination(out); };
"""

RSYSLOG = """\
global(workDirectory="{home}" defaultNetstreamDriverCAFile="{ca}")
module(load="imtcp")
input(type="imtcp" port="5140" address="127.0.0.1")
action(type="omfwd" target="{host}" port="{port}" protocol="tcp" StreamDriver="ossl" StreamDriverMode="1"
	StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="{host}")
"""

RADSECPROXY = """\
ListenUDP 127.0.0.1:1812
LogLevel 5
LogDestination file:///dev/stderr
tls default {
	CACertificateFile {ca}
}
client 127.0.0.1 {
	type udp
	secret testing123
}
server {host} {
	type tls
	secret radsec
	port {port}
	certificateNameCheck on
	statusServer off
}
realm * {
	server {host}
}
"""

PROGRAMS = [
    Program(
        name="syslog-ng",
        packages="syslog-ng-core",
        server=Sink(b"one"),
        command=(
            "syslog-ng", "-Fe", "--no-caps", "-f", "{home}/conf", "-R", "{home}/persist", "-c", "{home}/control",
            "--pidfile", "{home}/pid",
        ),
        files={"conf": SYSLOG_NG},
        stdin="one\ntwo\n",
        noise=(r"^\[\S+\]", r"fd='\d+'", r"AF_INET\([^)]*\)"),
    ),
    Program(
        name="carbon-c-relay",
        packages="carbon-c-relay",
        server=Sink(b"one.two 1 1"),
        command=("carbon-c-relay", "-f", "{home}/conf", "-C", "{ca}", "-p", "2003"),
        files={"conf": "listen type linemode 2003 proto tcp;\ncluster out forward {host}:{port} transport plain ssl;\nmatch * send to out stop;\n"},
        poke=("sh", "-c", "echo one.two 1 1 | socat - TCP:127.0.0.1:2003; sleep 2"),
        ready=2003,
    ),
    Program(
        name="radsecproxy, TLS",
        packages="radsecproxy freeradius-utils",
        server=Radius(),
        command=("radsecproxy", "-f", "-c", "{home}/conf"),
        files={"conf": RADSECPROXY},
        poke=("sh", "-c", "sleep 1; echo User-Name=somebody,User-Password=x,Message-Authenticator=0 | radclient -x -r 1 -t 3 127.0.0.1 auth testing123"),
    ),
]

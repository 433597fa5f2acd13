# SPDX-License-Identifier: MIT
"""What carries logs, metrics and requests of other daemons to a server."""

from frame import Program
from servers.lines import Sink

SYSLOG_NG = """\
@version: 3.38
options { stats-freq(0); time-reopen(1); };
source in { stdin(flags(no-parse)); };
destination out {
	network("{host}" port({port}) transport("tls") tls(ca-file("{ca}") peer-verify(yes) sni(yes)));
};
log { source(in); destination(out); };
"""

CARBON = """\
listen type linemode 2003 proto tcp;
cluster out forward {host}:{port} transport plain ssl;
match * send to out stop;
"""

PROGRAMS = [
    Program(
        name="syslog-ng",
        packages="syslog-ng-core",
        server=Sink(b"one"),
        # Two lines through a pipe, which it cannot do without. It ends by itself after them.
        command=(
            "sh", "-c",
            "printf 'one\\ntwo\\n' | exec syslog-ng -Fe --no-caps -f conf -R persist -c control --pidfile pid",
        ),
        scanned="/usr/sbin/syslog-ng",
        files={"conf": SYSLOG_NG},
        noise=(r"^\[\S+\]", r"fd='\d+'", r"AF_INET\([^)]*\)"),
    ),
    Program(
        name="carbon-c-relay",
        packages="carbon-c-relay",
        server=Sink(b"one.two 1 1"),
        command=("carbon-c-relay", "-f", "{home}/conf", "-C", "{ca}", "-l", "{home}/log"),
        files={"conf": CARBON},
        # It says nothing of what goes well.
        poke=("sh", "-c", "echo one.two 1 1 | socat - TCP:127.0.0.1:2003; sleep 2; ! grep -o 'failed to.*' log"),
        ready=2003,
        # What it could not deliver it tries for long when it is ended.
        timeout=6,
    ),
]
